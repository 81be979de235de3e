import json
import re

import pytest
from tests.fold_runs import FoldRuns, Said

from bulbinspect.errors import BulbInspectError, DataError
from bulbinspect.inspection.labels.out_of_fold import read_out_of_fold

GOOD, BAD = (0.9, 0.1), (0.2, 0.8)


@pytest.fixture
def runs(tmp_path, tiny_bundle):
    said = {
        "a": Said("good", GOOD, group="lot 1"), "b": Said("defect", BAD, group="lot 1"),
        "c": Said("good", GOOD, fold=1), "d": Said("defect", BAD, fold=1),
        "e": Said("good", None, fold=2), "f": Said("defect", BAD, fold=2),
    }  # fmt: skip
    return FoldRuns(tmp_path, tiny_bundle, said).write()


def problems_of(runs):
    with pytest.raises(DataError, match="these runs do not answer for each bulb once") as caught:
        read_out_of_fold(runs.folders, runs.manifest)
    return list(caught.value.problems)


def change(runs, run, **facts):
    """Change the first line of the predictions of a run."""
    path = runs.folders[run] / "predictions-test.jsonl"
    first, *rest = path.read_text().splitlines(keepends=True)
    path.write_text(json.dumps({**json.loads(first), **facts}) + "\n" + "".join(rest))


def test_each_bulb_has_the_answer_of_the_run_that_never_saw_it(runs):
    found = read_out_of_fold(runs.folders, runs.manifest)
    assert {bulb_id: one.run for bulb_id, one in found.answers.items()} == {
        "a": "0", "b": "0", "c": "1", "d": "1", "e": "2", "f": "2",
    }  # fmt: skip
    assert found.answers["b"].prediction.class_probabilities == BAD
    assert found.answers["e"].prediction.reason == "too_dark"
    assert found.classes == ("good", "defect")
    assert {one.reject_threshold for one in found.answers.values()} == {0.5}


def test_the_run_of_a_missing_fold_is_missed(runs):
    folders = {name: folder for name, folder in runs.folders.items() if name != "1"}
    with pytest.raises(DataError) as caught:
        read_out_of_fold(folders, runs.manifest)
    assert caught.value.problems == (
        "all runs: 2 bulbs in no run's test (is the run of a fold missing?): 'c', 'd'",
    )


def test_a_bulb_that_two_runs_judge_is_refused(runs):
    runs.write_run(1, "again")
    assert problems_of(runs) == ["1 and again: 2 bulbs in the test of each: 'c', 'd'"]


def test_a_group_on_both_sides_is_refused(runs):
    path = runs.folders["0"] / "split.csv"
    path.write_text(path.read_text().replace("b,test", "b,train"))
    change(runs, "0")
    lines = (runs.folders["0"] / "predictions-test.jsonl").read_text().splitlines(keepends=True)
    (runs.folders["0"] / "predictions-test.jsonl").write_text(lines[0])
    assert problems_of(runs) == [
        "0: 1 group both in its test and in what it learnt from: 'lot 1'",
        "all runs: 1 bulb in no run's test (is the run of a fold missing?): 'b'",
    ]


def test_predictions_that_are_not_those_of_the_test_are_refused(runs):
    change(runs, "1", bulb_id="a")
    assert problems_of(runs) == [
        "1: 1 bulb in its test, and not judged: 'c'",
        "1: 1 bulb judged, and not in its test: 'a'",
        "0 and 1: 1 bulb in the test of each: 'a'",
        "all runs: 1 bulb in no run's test (is the run of a fold missing?): 'c'",
    ]


def test_a_bulb_judged_twice_by_one_run_is_refused(runs):
    change(runs, "1", bulb_id="d")
    assert "1: 1 bulb judged twice: 'd'" in problems_of(runs)


@pytest.mark.parametrize(
    ("facts", "what"),
    [
        ({"model": "0" * 64}, "judged by another bundle than bundle.onnx"),
        ({"probabilities": {"good": 0.9}}, "without a probability for each class"),
        ({"probabilities": {}}, "without a probability for each class"),
        ({"probabilities": {"good": float("nan"), "defect": 0.1}}, "without a probability"),
        ({"probabilities": {"good": 0.9, "defect": 0.9}}, "without a probability"),
        ({"probabilities": {"good": "0.9", "defect": "0.1"}}, "without a probability"),
        ({"verdict": "unjudged"}, "without a probability"),
    ],
)
def test_answers_that_cannot_be_taken_are_refused(runs, facts, what):
    change(runs, "0", **facts)
    (problem,) = problems_of(runs)
    assert problem.startswith("0: 1 bulb ")
    assert what in problem
    assert problem.endswith(": 'a'")


def test_runs_on_another_manifest_are_refused(runs):
    path = runs.root / "manifest.csv"
    path.write_text(path.read_text().replace(",good,", ",fine,"))
    assert len(problems_of(runs)) == 3
    assert all(
        "if labels were corrected since, train the folds anew" in one for one in problems_of(runs)
    )


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("predictions-test.jsonl", None, "a run with data.folds and data.fold writes it"),
        ("predictions-test.jsonl", "{}\n", "is not what a run writes"),
        ("predictions-test.jsonl", "[1]\n", "is not what a run writes"),
        ("predictions-test.jsonl", "}\n", "is not what a run writes"),
        ("predictions-test.jsonl", "\x00\n", "is not what a run writes"),
        ("bundle.onnx", None, "there is no such file"),
        ("bundle.onnx", "x", "not an ONNX file"),
        ("split.csv", None, "cannot be read"),
        ("split.csv", "bulb_id\n", "no column 'split'"),
    ],
)
def test_a_broken_run_is_named(runs, file, content, says):
    path = runs.folders["1"] / file
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(BulbInspectError, match=re.escape(says)) as caught:
        read_out_of_fold(runs.folders, runs.manifest)
    assert f"{runs.folders['1']}" in str(caught.value)
