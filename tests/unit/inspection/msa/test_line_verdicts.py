import json

import pytest

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.msa.line_verdicts import read_verdicts
from bulbinspect.inspection.rows import to_json

MANIFEST = "a" * 64
SOUND = [
    Prediction("a", Verdict.PASS, "m", defect_probability=0.25, class_probabilities=(0.75, 0.25)),
    Prediction("b", Verdict.UNJUDGED, "m", reason="truncated"),
    Prediction("c", Verdict.REVIEW, "m", defect_probability=1.0, class_probabilities=(0.0, 1.0)),
]


@pytest.fixture
def results(tmp_path):
    def write(predictions=SOUND, *lines, manifest=None):
        classes = ("good", "defect")
        text = "".join(f"{one}\n" for one in (*(to_json(p, classes) for p in predictions), *lines))
        (tmp_path / "predictions.jsonl").write_text(text)
        if manifest is not None:
            (tmp_path / "metrics.json").write_text(json.dumps({"manifest_sha256": manifest}))
        return tmp_path

    return write


def test_verdicts_are_read_back_as_they_were_given(results):
    found = read_verdicts(results(manifest=MANIFEST), manifest_sha256=MANIFEST)
    assert (list(found.predictions), found.model, found.notes) == (SOUND, "m", ())


def test_where_nothing_says_which_manifest_was_judged_it_is_noted(results):
    (note,) = read_verdicts(results(), manifest_sha256=MANIFEST).notes
    assert "shots go by their ids" in note


def test_verdicts_on_another_manifest_are_refused(results):
    with pytest.raises(DataError, match="another manifest"):
        read_verdicts(results(manifest="b" * 64), manifest_sha256=MANIFEST)


def test_verdicts_of_two_bundles_are_refused(results):
    other = Prediction("d", Verdict.UNJUDGED, "n", reason="truncated")
    with pytest.raises(DataError, match="verdicts of 2 bundles"):
        read_verdicts(results([*SOUND, other]), manifest_sha256=MANIFEST)
    with pytest.raises(DataError, match="verdicts of 0 bundles"):
        read_verdicts(results([]), manifest_sha256=MANIFEST)


def test_a_folder_without_verdicts_is_wrong_use(tmp_path):
    with pytest.raises(UsageError, match=r"no predictions\.jsonl"):
        read_verdicts(tmp_path, manifest_sha256=MANIFEST)


PASSED = json.loads(to_json(SOUND[0], ("good", "defect")))


@pytest.mark.parametrize(
    "line",
    [
        "not JSON",
        "[]",
        "{}",
        "3",
        "[" * 100_000,
        json.dumps({**PASSED, "verdict": "fine"}),
        json.dumps({**PASSED, "verdict": []}),
        json.dumps({**PASSED, "verdict": "unjudged"}),
        json.dumps({**PASSED, "defect_probability": None}),
        json.dumps({**PASSED, "defect_probability": "0.1"}),
        json.dumps({**PASSED, "defect_probability": True}),
        json.dumps({**PASSED, "defect_probability": 1.5}),
        json.dumps({**PASSED, "defect_probability": float("nan")}),
        json.dumps({**PASSED, "bulb_id": 7}),
        json.dumps({**PASSED, "views": 7}),
    ],
)
def test_a_line_that_is_no_prediction_is_named(results, line):
    with pytest.raises(DataError, match="line 4: not a prediction"):
        read_verdicts(results(SOUND, line), manifest_sha256=MANIFEST)


def test_bytes_that_are_no_text_are_refused(results):
    folder = results()
    (folder / "predictions.jsonl").write_bytes(b"\xff\xfe\n")
    with pytest.raises(DataError, match="not UTF-8"):
        read_verdicts(folder, manifest_sha256=MANIFEST)
    results(manifest=MANIFEST)
    (folder / "metrics.json").write_bytes(b"{\xff")
    with pytest.raises(DataError, match="cannot be read as JSON"):
        read_verdicts(folder, manifest_sha256=MANIFEST)
