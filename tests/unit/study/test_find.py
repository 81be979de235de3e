import pytest

from bulbinspect.errors import UsageError
from bulbinspect.study.find import find_runs, names_of


def test_a_folder_above_the_runs_stands_for_all_of_them(runs):
    folders = [runs.add(name=name) for name in ("b/deep/er", "a")]
    assert find_runs([runs.root]) == (sorted(folders), [])
    assert find_runs(folders) == (sorted(folders), [])


def test_a_run_named_twice_counts_once(runs, tmp_path):
    folder = runs.add(name="a")
    (tmp_path / "link").symlink_to(folder)
    assert find_runs([runs.root, folder, tmp_path / "link"])[0] == [folder]


def test_unfinished_runs_are_left_out_and_named(runs):
    finished, begun = runs.add(name="a"), runs.add(name="b", finished=False)
    assert find_runs([runs.root]) == ([finished], [f"not finished, and left out: {begun}"])


def test_what_lies_in_a_run_is_no_run_of_its_own(runs):
    above = runs.add(name="a")
    runs.add(name="a/copy")
    assert find_runs([runs.root])[0] == [above]


def test_what_a_killed_writer_left_is_no_run(runs):
    finished = runs.add(name="a")
    runs.add(name=".a.0123456789ab.part")
    assert find_runs([runs.root]) == ([finished], [])


@pytest.mark.parametrize(
    ("place", "says"),
    [
        ("absent", "is no folder"),
        ("a-file", "is no folder"),
        ("empty", "there is no run in"),
        ("runs", "none of 1 runs is finished"),
    ],
)
def test_a_place_without_a_finished_run_is_refused(runs, tmp_path, place, says):
    runs.add(finished=False)
    (tmp_path / "empty").mkdir()
    (tmp_path / "a-file").touch()
    with pytest.raises(UsageError, match=says):
        find_runs([tmp_path / place])


def test_runs_are_named_by_what_tells_them_apart(runs):
    folders = [runs.add(name=name) for name in ("one/x", "two/x")]
    assert names_of(folders) == ["one/x", "two/x"]
    assert names_of(folders[:1]) == ["x"]
