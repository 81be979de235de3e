import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import expit
from sklearn.calibration import CalibratedClassifierCV
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LogisticRegression

from bulbinspect.metrics.platt import fit_sigmoid


def drawn(seed, *, num_bulbs=300, slope=1.0, offset=0.0, scale=1.0, centre=0.0):
    random = np.random.default_rng(seed)
    values = random.normal(centre, scale, num_bulbs)
    defective = random.random(num_bulbs) < expit(slope * (values - centre) / scale + offset)
    defective[:2] = [True, False]
    return values, defective


def smoothed(defective):
    bad, good = defective.sum(), (~defective).sum()
    return np.where(defective, (bad + 1) / (bad + 2), 1 / (good + 2))


@given(st.integers(0, 10_000), st.floats(0.2, 4), st.floats(-2, 2))
def test_fit_is_the_binomial_regression_of_statsmodels(seed, slope, offset):
    values, defective = drawn(seed, slope=slope, offset=offset)
    target = smoothed(defective)
    model = sm.GLM(target, sm.add_constant(values), family=sm.families.Binomial())
    expected_offset, expected_slope = model.fit(tol=1e-12).params
    if expected_slope > 0.01:
        found = fit_sigmoid(values, defective)
        np.testing.assert_allclose(found, (expected_slope, expected_offset), rtol=1e-6, atol=1e-6)


def test_fit_is_the_sigmoid_calibration_of_scikit_learn():
    values, defective = drawn(4, slope=2, offset=-1)
    raw = LogisticRegression(C=1e6).fit(values[:, None], defective)
    calibrated = CalibratedClassifierCV(FrozenEstimator(raw), method="sigmoid")
    calibrated.fit(values[:, None], defective)
    slope, offset = fit_sigmoid(raw.decision_function(values[:, None]), defective)
    ours = expit(slope * raw.decision_function(values[:, None]) + offset)
    np.testing.assert_allclose(ours, calibrated.predict_proba(values[:, None])[:, 1], atol=1e-5)


@pytest.mark.parametrize(("scale", "centre"), [(1e-6, 0), (1e30, 0), (1, 1e6), (1e3, -1e5)])
def test_unit_and_origin_of_the_values_do_not_matter(scale, centre):
    plain, defective = drawn(1, slope=2, offset=-0.5)
    values, _ = drawn(1, scale=scale, centre=centre)
    slope, offset = fit_sigmoid(plain, defective)
    moved_slope, moved_offset = fit_sigmoid(values, defective)
    assert moved_slope * scale == pytest.approx(slope, rel=1e-6)
    assert moved_offset + moved_slope * centre == pytest.approx(offset, rel=1e-6)


def test_classes_parted_wholly_reach_the_smoothed_targets_and_no_more():
    values = np.array([-3.0] * 8 + [3.0] * 18)
    slope, offset = fit_sigmoid(values, values > 0)
    chances = expit(slope * np.array([-3, 3]) + offset)
    np.testing.assert_allclose(chances, [1 / 10, 19 / 20], rtol=1e-9)


def test_falling_values_get_an_almost_flat_sigmoid_that_keeps_their_order():
    values, defective = drawn(2, slope=3)
    slope, offset = fit_sigmoid(-values, defective)
    assert 0 < slope < 0.01
    share = smoothed(defective).mean()
    np.testing.assert_allclose(expit(slope * values + offset), share, atol=2e-3)


def test_values_that_are_all_the_same_get_the_share_of_defective_bulbs():
    defective = np.arange(40) < 10
    slope, offset = fit_sigmoid(np.full(40, 7.0), defective)
    assert slope == 1
    assert expit(7 + offset) == pytest.approx(smoothed(defective).mean())


@pytest.mark.parametrize(
    ("values", "defective", "said"),
    [
        ([0.0, 1.0], [True, True], "0 good and 2 defective"),
        ([], [], "0 good and 0 defective"),
        ([0.0, np.inf], [True, False], "finite values"),
        ([0.0], [True, False], "as many labels"),
    ],
)
def test_what_cannot_be_fitted_is_refused(values, defective, said):
    with pytest.raises(ValueError, match=said):
        fit_sigmoid(np.array(values), np.array(defective, bool))
