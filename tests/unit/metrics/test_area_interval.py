"""Intervals of areas: how often they hold the truth, and formulas written out by hand."""

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import average_precision_score

from bulbinspect.metrics.area_interval import auroc_interval, average_precision_interval

DISTANCE = 1.5  # between the means of two normal distributions
AUROC = stats.norm.cdf(DISTANCE / np.sqrt(2))


def draw(random, *, num_good, num_defective):
    defective = np.arange(num_good + num_defective) >= num_good
    return defective, random.normal(size=len(defective)) + DISTANCE * defective


def test_the_interval_holds_the_true_auroc_as_often_as_it_says():
    random = np.random.default_rng(0)
    held = 0
    for _ in range(400):
        low, high = auroc_interval(*draw(random, num_good=60, num_defective=30))
        held += low <= AUROC <= high
    assert 0.92 <= held / 400 <= 0.98


def test_the_interval_holds_the_true_average_precision_about_as_often_as_it_says():
    random = np.random.default_rng(0)
    truth, values = draw(random, num_good=200_000, num_defective=100_000)
    true = average_precision_score(truth, values)
    held = 0
    for _ in range(400):
        low, high = average_precision_interval(*draw(random, num_good=60, num_defective=30))
        held += low <= true <= high
    assert 0.92 <= held / 400 <= 1  # it is known to be a little too wide


def test_the_auroc_interval_is_that_of_the_written_out_formula():
    truth, values = draw(np.random.default_rng(3), num_good=20, num_defective=10)
    wins = (values[truth][:, None] > values[~truth]).astype(float)
    area = wins.mean()
    variance = np.var(wins.mean(1), ddof=1) / 10 + np.var(wins.mean(0), ddof=1) / 20
    middle = np.log(area / (1 - area))
    width = stats.norm.ppf(0.95) * np.sqrt(variance) / (area * (1 - area))
    expected = [1 / (1 + np.exp(-one)) for one in (middle - width, middle + width)]
    np.testing.assert_allclose(auroc_interval(truth, values, confidence=0.9), expected)


def test_the_interval_of_the_average_precision_is_computed_by_hand():
    truth, values = [True, False, True, False], [0.9, 0.8, 0.7, 0.1]  # 1/2 x (1/1 + 2/3) = 5/6
    middle, width = np.log(5), 1.959963985 / np.sqrt(2 * 5 / 36)
    expected = [1 / (1 + np.exp(-one)) for one in (middle - width, middle + width)]
    np.testing.assert_allclose(average_precision_interval(truth, values), expected)


@pytest.mark.parametrize("interval", [auroc_interval, average_precision_interval])
@pytest.mark.parametrize(
    ("truth", "values"),
    [
        ([True, True], [0.1, 0.2]),
        ([False, False], [0.1, 0.2]),
        ([], []),
        ([True, False], [np.nan, 0.2]),
        ([False, False, True, True], [0.1, 0.2, 0.3, 0.4]),  # parted wholly
    ],
)
def test_where_nothing_is_known_there_is_no_interval(interval, truth, values):
    assert interval(truth, values) is None


@pytest.mark.parametrize("interval", [auroc_interval, average_precision_interval])
def test_senseless_confidence_is_refused(interval):
    with pytest.raises(ValueError, match="confidence is"):
        interval([True, False, True, False], [0.9, 0.8, 0.7, 0.1], confidence=1)
