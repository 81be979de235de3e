"""Intervals and calibration of an evaluation, against statsmodels and tables made by hand."""

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint
from tests.calibrations import calibration_of

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.inspection.evaluation.figures import at_this_mix, error_rates, measure


def answer(probability):
    verdict = Verdict.PASS if probability < 0.3 else Verdict.REVIEW
    verdict = Verdict.REJECT if probability >= 0.6 else verdict
    return Prediction("b", verdict, "m", defect_probability=probability)


GOOD = [0.1] * 40 + [0.4] * 3 + [0.7] * 2
DEFECTIVE = [0.2] * 1 + [0.5] * 4 + [0.9] * 15
LABELS = ["good"] * len(GOOD) + ["defect"] * len(DEFECTIVE)


@pytest.fixture
def figures(tiny_metadata):
    return measure(LABELS, [answer(one) for one in GOOD + DEFECTIVE], tiny_metadata())


@pytest.mark.parametrize(
    ("rate", "count", "among"),
    [("escape_rate", 1, 20), ("overkill_rate", 2, 45), ("review_rate", 7, 65)],
)
def test_intervals_of_rates_are_those_of_statsmodels(figures, rate, count, among):
    assert figures[rate] == pytest.approx(count / among)
    ends = proportion_confint(count, among, alpha=0.05, method="beta")
    np.testing.assert_allclose(figures["intervals"][rate], ends)


def test_areas_lie_within_their_intervals(figures):
    for name in ("auroc", "average_precision"):
        low, high = figures["intervals"][name]
        assert 0.5 < low < figures[name] < high < 1


def test_calibration_is_that_of_a_table_made_by_hand(figures):
    table = figures["calibration"]["reliability"]
    assert [(row["count"], row["share_defective"]) for row in table] == [
        (40, 0), (1, 1), (3, 0), (4, 1), (2, 0), (15, 1),
    ]  # fmt: skip
    gaps = 40 * 0.1 + 1 * 0.8 + 3 * 0.4 + 4 * 0.5 + 2 * 0.7 + 15 * 0.1
    assert figures["calibration"]["expected_calibration_error"] == pytest.approx(gaps / 65)


def test_what_was_not_counted_has_no_rate_and_no_interval():
    none = np.zeros(0, bool)
    errors = error_rates(none, none, none)
    for name in ("escape", "overkill", "review"):
        assert (errors[f"{name}_rate"], errors[f"{name}_interval"]) == (None, None)
        assert errors[f"num_{name}"] == 0


def test_probabilities_of_a_line_are_brought_back_to_the_bulbs_at_hand(tiny_metadata):
    """At 1 % defective a bulb of 0.5 has odds of 1; at 50 % they are 99 times as high."""
    stated = calibration_of(prevalence=0.4, production_prevalence=0.01)
    metadata = tiny_metadata(calibration=stated)
    defective, probability = np.array([True, False]), np.array([0.5, 0.01])
    moved = at_this_mix(defective, probability, metadata)
    np.testing.assert_allclose(moved, [0.99, 0.5])
    np.testing.assert_array_equal(at_this_mix(defective, probability, tiny_metadata()), probability)
    one_class = at_this_mix(np.array([True, True]), probability, metadata)
    np.testing.assert_array_equal(one_class, probability)
