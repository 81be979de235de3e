"""Each fault by itself, planted in a set that is otherwise in order."""

import shutil

import numpy as np
import pytest
from PIL import Image
from tests.data_set import DataSet, Row, face, problems

from bulbinspect.bulb import ViewsIn
from bulbinspect.data.check.check import check
from bulbinspect.data.check.look import plain_spec
from bulbinspect.data.check.source import find_source
from bulbinspect.errors import DataError, PictureError, UsageError
from bulbinspect.imaging.load import LoadedView


@pytest.fixture
def data(tmp_path):
    return DataSet(tmp_path).add_bulbs(6)


def only(result, code):
    (finding,) = [one for one in result.findings if one.code == code]
    return finding


def test_a_set_in_order_has_no_problems(data):
    assert problems(data.check()) == []


def test_the_same_pictures_as_a_folder_have_no_problems(data):
    assert problems(check(find_source(data.folder))) == []


def test_a_bad_row_is_named_by_its_line_and_the_others_are_looked_at(data):
    data.rows.insert(4, Row("", "0", "b9.png"))
    data.file(3, 2).write_bytes(b"no picture")
    result = data.check()
    assert only(result, "bad_row").places[0].line == 6
    assert problems(result) == [("bad_row", ("",)), ("refused_picture", ("b3/2",))]


def test_labels_groups_and_splits_that_disagree_within_a_bulb_are_named_by_line(data):
    data.change("b1", "2", label="crack")
    data.change("b2", "1", group="monday")
    data.change("b3", "3", split="test")
    result = data.check()
    for code, bulb, view in (
        ("labels_disagree", "b1", "2"),
        ("groups_disagree", "b2", "1"),
        ("splits_disagree", "b3", "3"),
    ):
        place = only(result, code).places[0]
        assert (place.bulb_id, place.view, place.line) == (bulb, view, data.line(bulb, view))
    assert result.num_problems == 3


def test_a_view_and_a_picture_that_are_listed_again(data):
    data.rows.append(Row("b5", "3", "elsewhere.png"))
    data.rows.append(Row("b5", "4", "b0_0.png"))
    result = data.check()
    assert [one.places[0].line for one in result.findings if one.code == "duplicate_view"] == [
        26,
        27,
    ]
    assert problems(result) == [("duplicate_view", ("",))] * 2


def test_two_files_for_one_view_in_a_folder(data):
    Image.fromarray(face(999)).save(data.folder / "b2_1.bmp")
    assert problems(check(find_source(data.folder))) == [("duplicate_view", ("b2/1", "b2/1"))]


def test_missing_and_surplus_views_are_named(data):
    data.drop("b1", "2")
    Image.fromarray(face(999)).save(data.folder / "top.png")
    data.rows.append(Row("b4", "top", "top.png"))
    result = data.check()
    assert problems(result) == [("missing_view", ("b1",)), ("surplus_view", ("b4/top",))]
    assert only(result, "missing_view").detail == "no view '2'; it has '0', '1', '3'"
    assert only(result, "missing_view").places[0].line == data.line("b1", "0")


def test_the_views_of_a_model_are_those_that_are_needed(data):
    result = data.check(view_names=("0", "1", "2", "3", "4"))
    assert {one.code for one in result.findings if one.kind.severity == "problem"} == {
        "missing_view"
    }
    assert result.num_problems == 6


def test_views_of_a_model_that_calls_all_otherwise_do_not_count(data):
    assert problems(data.check(view_names=("top", "left"))) == []


def test_an_empty_folder_is_a_bulb_without_views(data):
    (data.folder / "empty").mkdir()
    assert problems(check(find_source(data.folder))) == [("no_views", ("empty",))]


def test_a_file_whose_name_tells_no_view_is_named(data):
    Image.fromarray(face(999)).save(data.folder / "stray.png")
    assert problems(check(find_source(data.folder))) == [("unplaced_file", ("stray",))]


@pytest.mark.parametrize(
    ("content", "reason"),
    [(None, "missing_file"), (b"", "empty_file"), (b"GIF89a", "unsupported_format")],
)
def test_a_picture_that_is_refused_keeps_its_reason(data, content, reason):
    data.file(2, 1).unlink()
    if content is not None:
        data.file(2, 1).write_bytes(content)
    result = data.check()
    assert problems(result) == [("refused_picture", ("b2/1",))]
    assert only(result, "refused_picture").reason == reason


def test_colour_is_refused_unless_it_is_declared(data):
    pixels = np.stack([face(n) for n in (900, 901, 902)], axis=-1)
    Image.fromarray(pixels).save(data.file(2, 1))
    assert only(data.check(), "refused_picture").reason == "colour"
    assert problems(data.check(spec=plain_spec(colour="luma"))) == []


def test_a_picture_that_is_not_the_one_of_the_manifest_is_refused(data):
    data.rows[5].more["sha256"] = "0" * 64
    result = data.check()
    assert only(result, "refused_picture").reason == "changed"
    assert result.num_problems == 1


def test_a_blank_picture_is_blank_and_no_copy_of_other_blank_ones(data):
    for bulb in (1, 2, 3):
        Image.fromarray(np.full((64, 64), 3, np.uint8)).save(data.file(bulb, 0))
    assert problems(data.check()) == [("blank", (f"b{bulb}/0",)) for bulb in (1, 2, 3)]


def test_one_picture_as_two_views_is_said_once(data):
    shutil.copy(data.file(2, 0), data.file(2, 3))
    assert problems(data.check()) == [("identical_views", ("b2/0", "b2/3"))]


def test_a_picture_of_another_size_within_a_bulb_is_a_problem(data):
    Image.fromarray(face(999, (48, 64))).save(data.file(2, 1))
    result = data.check()
    assert problems(result) == [("mixed_sizes", ("b2/1",))]
    assert "3 of 64 x 64 px, 1 of 48 x 64 px" in only(result, "mixed_sizes").detail


def test_a_bulb_of_another_size_throughout_is_only_noted(data):
    for view in range(4):
        Image.fromarray(face(900 + view, (48, 64))).save(data.file(2, view))
    result = data.check()
    assert problems(result) == []
    assert only(result, "odd_size").detail == "4 pictures of 48 x 64 px"


def test_cameras_may_each_have_their_own_size(data):
    for bulb in range(6):
        Image.fromarray(face(900 + bulb, (48, 64))).save(data.file(bulb, 3))
    assert problems(data.check()) == []


def test_a_deep_picture_among_others_is_a_mixed_depth(data):
    Image.fromarray(face(999).astype(np.uint16)).save(data.file(2, 1))
    result = data.check()
    assert problems(result) == [("mixed_depths", ("b2/1",))]
    assert "1 of 16 bits" in only(result, "mixed_depths").detail


def test_a_group_in_two_splits_is_named_with_its_bulbs(data):
    for bulb, split in enumerate(("train", "train", "test", "val", "train", "train")):
        data.change(f"b{bulb}", group="monday" if bulb < 3 else f"day {bulb}", split=split)
    result = data.check()
    assert problems(result) == [("group_across_splits", ("b0", "b1", "b2"))]
    assert only(result, "group_across_splits").detail == "group 'monday': 1 in test, 2 in train"


def test_labels_of_views_must_give_that_of_the_bulb(data):
    data.change("b3", label="crack")
    for row in data.rows:
        row.more = {"view_label": "good"}
    data.change("b1", "2", more={"view_label": "crack"})
    data.change("b2", "2", more={"view_label": ""})
    assert problems(data.check()) == [
        ("view_labels_disagree", ("b1/2",)),
        ("view_labels_disagree", ("b3",)),
    ]


def test_a_defective_bulb_may_have_views_of_which_nothing_is_said(data):
    data.change("b3", label="crack", more={"view_label": "good"})
    data.change("b3", "1", more={"view_label": ""})
    assert problems(data.check()) == []


def test_a_gate_refuses_by_its_own_reason(data):
    seen = []

    def refusal(view):
        assert isinstance(view, LoadedView)
        seen.append(view)
        return PictureError("too_dark", "0.1 is below 0.2") if len(seen) == 1 else None

    result = data.check(refusal=refusal, threads=1)
    finding = only(result, "refused_by_gate")
    assert (finding.reason, finding.detail) == ("too_dark", "0.1 is below 0.2")
    assert len(seen) == 24


def test_a_picture_that_breaks_the_reader_is_a_finding_and_not_the_end(data, monkeypatch):
    def broken(views, spec):
        raise ZeroDivisionError("here")

    monkeypatch.setattr("bulbinspect.data.check.look.load_views", broken)
    result = data.check()
    assert {one.reason for one in result.findings if one.code == "refused_picture"} == {
        "unreadable"
    }
    assert result.num_problems == 24


def test_views_in_one_file_that_holds_too_few_are_missing(tmp_path):
    for bulb in range(4):
        pages = [Image.fromarray(face(10 * bulb + page)) for page in range(3 if bulb == 2 else 4)]
        pages[0].save(tmp_path / f"b{bulb}.tif", save_all=True, append_images=pages[1:])
    result = check(find_source(tmp_path, views_in=ViewsIn.PAGES))
    assert problems(result) == [("missing_view", ("b2/0", "b2/1", "b2/2", "b2/3"))]
    assert result.num_pictures == 16


def test_notes_say_classes_cameras_and_what_they_prove(data):
    for bulb in range(6):
        label = "crack" if bulb < 2 else "good"
        data.change(f"b{bulb}", label=label, split="test" if bulb < 4 else "train")
    data.file(1, 2).unlink()
    notes = [one.detail for one in data.check().findings if one.kind.severity == "note"]
    assert "test: 2 'good', 2 'crack'" in notes
    assert "train: 2 'good'" in notes
    assert "view '2': 6 pictures, 5 usable" in notes
    assert (
        "test: 2 defective bulbs without an error prove an escape rate of at most 77.6 % (at "
        "95 %), 299 one of 1 %; 2 good bulbs without an error prove an overkill rate of at most "
        "77.6 % (at 95 %)"
    ) in notes


def test_a_split_without_defective_bulbs_proves_nothing_of_escapes(data):
    notes = [one.detail for one in data.check().findings if one.code == "sample_size"]
    assert notes[0].startswith("all bulbs: no defective bulbs, so nothing is known of an escape")


def test_what_a_folder_passes_over_is_noted(data):
    (data.folder / "notes.txt").write_text("x")
    result = check(find_source(data.folder))
    assert "no pictures by their names, skipped: 1" in only(result, "passed_over").detail


def test_what_holds_no_bulbs_is_wrong_use(tmp_path):
    (tmp_path / "table.csv").write_text("name,age\nx,1\n")
    with pytest.raises(DataError, match="no column 'bulb_id'"):
        find_source(tmp_path / "table.csv")
    with pytest.raises(UsageError, match="does not exist"):
        find_source(tmp_path / "nowhere")
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="no bulbs"):
        find_source(tmp_path / "empty")


def test_what_is_said_of_a_folder_is_not_taken_for_a_manifest(data):
    manifest = data.write()
    with pytest.raises(UsageError, match="--pattern"):
        find_source(manifest, r"(?P<bulb>.)(?P<view>.)")
    with pytest.raises(UsageError, match="--views-in"):
        find_source(manifest, views_in=ViewsIn.PAGES)
    with pytest.raises(UsageError, match="--allow-outside"):
        find_source(data.folder, allow_outside=True)
