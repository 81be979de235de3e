"""What docs/msa.md lists is what the code does, and its example runs."""

import csv
import re
from pathlib import Path

import pytest
from tests.doc_examples import DocExamples

from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.inspection.msa.appraisers import Appraiser, line_appraiser
from bulbinspect.inspection.msa.msa import ANSWER_COLUMNS, study_agreement
from bulbinspect.inspection.reshots import Copies, ReshotBulb
from bulbinspect.metrics.traffic_light import LIMITS

PAGE = DocExamples("msa.md")


def keys_of(values):
    """Return every key of a JSON object, and of the objects in it."""
    if isinstance(values, dict):
        return set(values).union(*map(keys_of, values.values()))
    return set().union(*map(keys_of, values)) if isinstance(values, list) else set()


def test_every_key_of_the_study_is_explained():
    bulb = ReshotBulb("one", "crack", False, (Bulb("a", ()), Bulb("b", ())))
    other = ReshotBulb("two", "good", False, (Bulb("c", ()), Bulb("d", ())))
    predictions = [Prediction(name, Verdict.REJECT, "m", defect_probability=0.9) for name in "abcd"]
    line = line_appraiser([bulb, other], predictions, ())
    facts = dict.fromkeys(("model", "manifest_sha256", "split", "gate_overrides", "warnings"))
    people = Appraiser("anna", line.answers)
    study = study_agreement([bulb, other], [line, people], Copies({}, 0), facts)
    counted = {"good", "defective", "2", *Verdict}  # keys that are what is counted
    assert {key for key in keys_of(study) - counted if f"`{key}`" not in PAGE.text} == set()


@pytest.mark.parametrize("column", ANSWER_COLUMNS)
def test_every_column_is_explained(column):
    assert f"`{column}`" in PAGE.text


def test_the_limits_are_those_of_the_code():
    table = re.findall(r"^\| ([\w -]+) \| (\d+) % or \w+ \| (\d+) % or \w+ \|", PAGE.text, re.M)
    found = {
        name.replace(" ", "_").replace("-", "_"): (int(first) / 100, int(second) / 100)
        for name, first, second in table
    }
    assert found == LIMITS


def test_the_example_marks_ten_defective_bulbs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_set(Path("reshots"), num_bulbs=24, num_shots=2, seed=7, size_px=32, difficulty="easy")
    (example,) = PAGE.sections["An example"]
    exec(compile(example, "docs/msa.md", "exec"), {})  # noqa: S102  # our own page
    with Path("reshots/manifest.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    limit = {row["group"] for row in rows if row["limit"] == "yes"}
    assert len(limit) == 10
    assert {row["label"] for row in rows if row["group"] in limit} == {"defect"}
    assert all((row["group"] in limit) == (row["limit"] == "yes") for row in rows)
