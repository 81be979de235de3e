import csv
import json
import math

import numpy as np
import pytest
from scipy import stats
from scipy.special import expit, logit
from tests.overlapping import DEFECTIVE, GOOD, calibrate, point_of
from tests.page import Page

from bulbinspect.bundle.bundle import read_bundle
from bulbinspect.data.manifest import read_manifest
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.metrics.platt import fit_sigmoid


def level_odds(levels):
    """Return what the tiny bundle says of flat bulbs, as log-odds of a defect."""
    return 8 * np.array(levels) / 255 - 4


def test_the_promise_is_that_of_the_bulb_that_clopper_and_pearson_name(
    bulbinspect, manifest, tmp_path
):
    manifest()
    before = (tmp_path / "bundle.onnx").read_bytes()
    done = calibrate(bulbinspect, "--max-escape", "0.2")
    assert done.exit_code == 0, done.stderr
    allowed = max(k for k in range(30) if stats.beta.ppf(0.95, k + 1, 30 - k) <= 0.2)
    slope, offset = fit_sigmoid(level_odds(GOOD + DEFECTIVE), np.arange(60) >= 30)
    probability = expit(slope * level_odds(DEFECTIVE) + offset)
    point = point_of(tmp_path / "line.onnx")
    assert probability[allowed - 1] < point.reject_threshold < probability[allowed]
    assert point.pass_threshold == point.reject_threshold
    assert point.escape_rate == pytest.approx(allowed / 30)
    overkilled = sum(level >= DEFECTIVE[allowed] for level in GOOD)
    assert point.overkill_rate == pytest.approx(overkilled / 30)
    assert (point.rule, point.chosen_on) == ("max_escape", "val")
    assert point.promise["max_escape"] == 0.2
    assert point.promise["escape_bound"] == pytest.approx(
        stats.beta.ppf(0.95, allowed + 1, 30 - allowed)
    )
    assert f"{allowed} of 30 defective bulbs, {100 * allowed / 30:.3g} %" in done.stdout
    assert (tmp_path / "bundle.onnx").read_bytes() == before


def test_the_new_bundle_says_from_which_bulbs_and_bundle_it_is(bulbinspect, manifest, tmp_path):
    path = manifest()
    calibrate(bulbinspect, "--max-escape", "0.2")
    old, new = read_bundle(tmp_path / "bundle.onnx"), read_bundle(tmp_path / "line.onnx")
    assert new.metadata.provenance["calibrated"] == {
        "model": old.sha256,
        "manifest_sha256": read_manifest(path).sha256,
        "split": "val",
    }
    calibration = new.metadata.calibration
    slope, offset = fit_sigmoid(level_odds(GOOD + DEFECTIVE), np.arange(60) >= 30)
    assert calibration.temperature == pytest.approx(1 / slope, rel=1e-4)
    assert calibration.bias == pytest.approx(offset, abs=1e-4)
    assert (calibration.num_good, calibration.num_defective) == (30, 30)
    assert calibration.production_prevalence is None


@pytest.mark.parametrize(
    "wanted",
    [
        ("--max-escape", "0.2"),
        ("--max-overkill", "0.15"),
        ("--max-escape", "0.15", "--max-overkill", "0.15", "--review"),
        ("--max-escape", "0.1", "--max-overkill", "0.1", "--conformal"),
        ("--max-escape", "0.2", "--prevalence", "0.01"),
        ("--cost-escape", "20", "--cost-overkill", "1", "--prevalence", "0.1"),
        ("--max-escape", "0.2", "--keep-calibration"),
        (),
    ],
)
def test_evaluating_the_new_bundle_gives_the_rates_that_it_states(
    bulbinspect, manifest, tmp_path, wanted
):
    manifest()
    done = calibrate(bulbinspect, *wanted)
    assert done.exit_code == 0, done.stderr
    bundle = read_bundle(tmp_path / "line.onnx")
    point = bundle.metadata.operating_point
    table = read_manifest(tmp_path / "manifest.csv").bulbs
    answers = list(Inspector(bundle, threads=1).inspect(table))
    for label, name, rate in (
        ("defect", "pass", point.escape_rate),
        ("good", "reject", point.overkill_rate),
        ("good", "review", point.review_rate_good),
        ("defect", "review", point.review_rate_defective),
    ):
        verdicts = [
            answer.verdict
            for bulb, answer in zip(table, answers, strict=True)
            if bulb.label == label
        ]
        assert verdicts.count(name) / 30 == pytest.approx(rate)
    assert len(answers) == 60


def test_a_stated_prevalence_moves_probabilities_and_threshold_alike(
    bulbinspect, manifest, tmp_path
):
    manifest()
    calibrate(bulbinspect, "--max-escape", "0.2")
    done = calibrate(bulbinspect, "--max-escape", "0.2", "--prevalence", "0.01", out="rare.onnx")
    plain, rare = point_of(tmp_path / "line.onnx"), point_of(tmp_path / "rare.onnx")
    # not exactly: midway between two probabilities is not midway between their log-odds
    moved = logit(plain.reject_threshold) + logit(0.01)
    assert logit(rare.reject_threshold) == pytest.approx(moved, abs=0.02)
    assert (plain.escape_rate, plain.overkill_rate) == (rare.escape_rate, rare.overkill_rate)
    assert "1 % on the line, 50 % where it was fitted" in done.stdout
    assert "no prevalence was stated" not in done.stderr
    bulbinspect(
        *("calibrate", "--model", "rare.onnx", "--manifest", "manifest.csv"),
        *("--out", "again.onnx", "--max-escape", "0.2"),
    )
    assert read_bundle(tmp_path / "again.onnx").metadata.calibration == (
        read_bundle(tmp_path / "rare.onnx").metadata.calibration
    )


def test_costs_give_the_threshold_of_bayes(bulbinspect, manifest, tmp_path):
    manifest()
    done = calibrate(
        *(bulbinspect, "--cost-escape", "19", "--cost-overkill", "1", "--prevalence", "0.1")
    )
    point = point_of(tmp_path / "line.onnx")
    assert point.reject_threshold == pytest.approx(0.05)
    assert point.rule == "lowest_cost"
    cost = 0.1 * 19 * point.escape_rate + 0.9 * point.overkill_rate
    assert f"cost per bulb      {cost:.4g}; no threshold costs less than" in done.stdout


def test_kept_calibration_stays_as_it_was(bulbinspect, manifest, tmp_path):
    manifest()
    done = calibrate(bulbinspect, "--max-escape", "0.2", "--keep-calibration")
    assert read_bundle(tmp_path / "line.onnx").metadata.calibration is None
    assert "the bundle has no calibration" in done.stderr
    done = calibrate(
        *(bulbinspect, "--max-escape", "0.2", "--keep-calibration", "--prevalence", "0.1"),
        out="other.onnx",
    )
    assert done.exit_code == 2
    assert "no calibration to keep" in done.stderr


def test_unjudged_bulbs_are_counted_left_out_and_said(bulbinspect, manifest, tmp_path):
    manifest()
    for view in range(4):
        (tmp_path / "defect30" / f"{view}.png").write_bytes(b"no picture")
    (tmp_path / "good3" / "0.png").unlink()
    done = calibrate(bulbinspect, "--max-escape", "0.2")
    point = point_of(tmp_path / "line.onnx")
    assert (point.num_good, point.num_defective) == (29, 29)
    assert "judged             58 of 60 bulbs" in done.stdout
    assert "left out, because of not_a_picture: 1" in done.stderr
    assert "left out, because of missing_file: 1" in done.stderr


def test_too_few_defective_bulbs_are_refused_with_the_number(bulbinspect, manifest, tmp_path):
    manifest()
    (tmp_path / "defect30" / "0.png").unlink()  # refused before anything is judged
    done = calibrate(bulbinspect, "--max-escape", "0.01")
    assert done.exit_code == 2
    assert "need 299 defective bulbs, there are 30" in done.stderr
    assert not (tmp_path / "line.onnx").exists()


def test_two_rates_that_need_a_review_band_say_so(bulbinspect, manifest):
    manifest()
    done = calibrate(bulbinspect, "--max-escape", "0.15", "--max-overkill", "0.15")
    assert done.exit_code == 2
    assert "no one threshold keeps both rates" in done.stderr


def test_notes_say_what_the_numbers_rest_on(bulbinspect, manifest):
    manifest(groups=True)
    done = calibrate(bulbinspect, "--max-escape", "0.2")
    assert "the epoch was chosen on val" in done.stderr
    assert "the 30 defective bulbs are of 15 groups" in done.stderr
    assert "no prevalence was stated: probabilities are those of a mix with 50 %" in done.stderr


def test_without_a_wish_it_is_the_best_balanced_accuracy(bulbinspect, manifest, tmp_path):
    manifest()
    done = calibrate(bulbinspect)
    assert done.exit_code == 0
    assert point_of(tmp_path / "line.onnx").rule == "best_balanced_accuracy"
    assert "confidence" not in done.stdout


def test_the_report_holds_page_figures_and_table(bulbinspect, manifest, tmp_path):
    manifest()
    done = calibrate(bulbinspect, "--max-escape", "0.2", "--report", "report")
    assert done.exit_code == 0, done.stderr
    folder = tmp_path / "report"
    assert {one.name for one in folder.iterdir()} == {
        "calibration.html",
        "calibration.json",
        "reliability.csv",
    }
    figures = json.loads((folder / "calibration.json").read_text())
    assert figures["operating_point"] == point_of(tmp_path / "line.onnx").to_dict()
    assert figures["num_judged"] == figures["num_bulbs"] == 60
    with (folder / "reliability.csv").open() as file:
        rows = list(csv.DictReader(file))
    for side in ("before", "after"):
        mine = [row for row in rows if row["calibration"] == side]
        assert sum(int(row["count"]) for row in mine) == 60
        assert figures[side]["expected_calibration_error"] < 0.5
        defective = sum(float(row["share_defective"]) * int(row["count"]) for row in mine)
        assert defective == pytest.approx(30)
    raw = expit(level_odds(GOOD + DEFECTIVE))
    first = next(row for row in rows if row["calibration"] == "before")
    inside = raw < float(first["high"])
    assert float(first["mean_probability"]) == pytest.approx(raw[inside].mean(), rel=1e-4)
    page = Page((folder / "calibration.html").read_text(encoding="utf-8"))
    assert len(page.all("svg")) == 2
    assert len(page.all("circle")) == len(rows)
    assert not page.all("script")
    assert all(math.isfinite(float(one["cy"])) for one in page.all("circle"))
    assert read_bundle(tmp_path / "line.onnx").sha256[:12] in page.text
