import csv
import json

import pytest
from tests.fold_runs import FoldRuns, Said
from tests.page import Page


@pytest.fixture
def runs(tmp_path, tiny_bundle):
    said = {
        "a": Said("good", (0.9, 0.1)), "b": Said("defect", (0.1, 0.9)),
        "c": Said("good", (0.9, 0.1), fold=1), "d": Said("defect", (0.2, 0.8), fold=1),
        "bad": Said("good", (0.05, 0.95), (0.1, 0.9, 0.2, 0.3), fold=1),
        "=fine": Said("defect", (0.7, 0.3)),
    }  # fmt: skip
    return FoldRuns(tmp_path, tiny_bundle, said)


def audit(bulbinspect, *more):
    return bulbinspect("audit-labels", "runs", "--manifest", "manifest.csv", "--out", "out", *more)


def test_doubtful_labels_are_listed_and_written(bulbinspect, runs, tmp_path):
    runs.write()
    done = audit(bulbinspect)
    assert done.exit_code == 0, done.stderr
    assert done.stdout.splitlines() == [
        "rank  bulb   label   looks   finding            margin",
        "1     =fine  defect  good    no_defective_side  -0.400",
        "2     bad    good    defect  other_label        -0.900",
    ]
    assert "label and answer disagree: 2" in done.stderr
    assert done.stderr.splitlines()[-1] == "results: out"
    with (tmp_path / "out" / "audit.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["bulb_id"] for row in rows] == ["'=fine", "bad", "d", "a", "b", "c"]
    assert [row["rank"] for row in rows] == ["1", "2", "3", "4", "5", "6"]
    assert rows[1] == {
        "rank": "2", "bulb_id": "bad", "label": "good", "suggested_label": "defect",
        "finding": "other_label", "confident": "yes", "normalized_margin": "-0.8999999999999999",
        "self_confidence": "0.05", "defect_probability": "0.95", "suspicious_view": "1",
        "verdict": "reject", "reason": "", "run": "1",
    }  # fmt: skip
    values = json.loads((tmp_path / "out" / "audit.json").read_text())
    assert values["findings"]["no_defective_side"] == 1


def test_the_page_shows_the_sides_of_doubtful_bulbs_side_by_side(bulbinspect, runs, tmp_path):
    runs.write()
    audit(bulbinspect)
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert [one["id"] for one in page.all("section")] == ["no_defective_side", "other_label"]
    assert [one["alt"] for one in page.all("img")] == [
        *(f"Bulb =fine, side {n}" for n in range(4)),
        "Bulb bad, side 0",
        "Bulb bad, side 1, the most suspicious",
        "Bulb bad, side 2",
        "Bulb bad, side 3",
    ]


def test_the_page_is_limited_and_the_table_is_not(bulbinspect, runs, tmp_path):
    runs.said["worse"] = Said("good", (0.01, 0.99))
    runs.write()
    audit(bulbinspect, "--show", "1")
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert len(page.all("li")) == 2
    assert "1 more are not shown here" in page.text
    assert len((tmp_path / "out" / "audit.csv").read_text().splitlines()) == 8


def test_a_bulb_without_an_answer_is_counted_and_the_exit_code_is_1(bulbinspect, runs, tmp_path):
    runs.said["dark"] = Said("good", None)
    runs.write()
    done = audit(bulbinspect)
    assert done.exit_code == 1
    assert "unjudged, so not ranked: 1" in done.stderr
    last = (tmp_path / "out" / "audit.csv").read_text().splitlines()[-1]
    assert last == ",dark,good,,unjudged,,,,,,unjudged,too_dark,0"


def test_runs_that_are_not_folds_are_refused_with_exit_code_2(bulbinspect, runs, tmp_path):
    runs.write()
    done = bulbinspect("audit-labels", "runs/0", "--manifest", "manifest.csv", "--out", "out")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "in no run's test (is the run of a fold missing?): 'bad', 'c', 'd'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_run_that_is_not_finished_is_said(bulbinspect, runs):
    runs.write()
    (runs.folders["1"] / "metrics.json").unlink()
    done = audit(bulbinspect)
    assert done.exit_code == 2
    assert "note: not finished, and left out: runs/1" in done.stderr


def test_results_are_never_overwritten(bulbinspect, runs, tmp_path):
    runs.write()
    (tmp_path / "out").mkdir()
    done = audit(bulbinspect)
    assert (done.exit_code, done.stdout) == (2, "")
    assert "out exists" in done.stderr


def test_names_do_not_reach_the_terminal_or_the_page_as_codes(bulbinspect, runs, tmp_path):
    runs.said["<img onerror=x>\x1b[2J"] = Said("good", (0.01, 0.99))
    runs.write()
    done = audit(bulbinspect)
    assert done.exit_code == 0, done.stderr
    assert "\x1b" not in done.stdout + done.stderr
    page = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8"))
    assert not [attrs for _, attrs in page.elements if "onerror" in attrs]
