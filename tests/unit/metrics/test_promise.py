import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from bulbinspect.errors import DataError
from bulbinspect.metrics.promise import (
    allowed_errors,
    bulbs_needed,
    cost_per_bulb,
    highest_pass_threshold,
    lowest_cost_per_bulb,
    lowest_reject_threshold,
    threshold_for_cost,
)

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from mapie.risk_control import BinaryClassificationController, BinaryRisk

RATE = st.floats(0.005, 0.5)
CONFIDENCE = st.floats(0.5, 0.99)
PROBABILITY = st.one_of(st.sampled_from([0.0, 0.25, 0.5, 1.0]), st.floats(0, 1))


@given(st.integers(0, 400), RATE, CONFIDENCE)
def test_allowed_errors_are_those_whose_upper_bound_is_low_enough(num_bulbs, rate, confidence):
    allowed = allowed_errors(num_bulbs, max_rate=rate, confidence=confidence)
    errors = np.arange(num_bulbs)
    bounds = stats.beta.ppf(confidence, errors + 1, num_bulbs - errors)
    if not np.isclose(bounds, rate, rtol=1e-9).any():
        fitting = errors[bounds <= rate]
        assert allowed == (fitting[-1] if len(fitting) else None)


@pytest.mark.parametrize(("errors", "bulbs"), [(0, 299), (1, 473), (2, 628), (3, 773)])
def test_numbers_that_the_trade_knows_for_one_percent(errors, bulbs):
    """Wilks' formula for 99 % of the bulbs with a confidence of 95 %."""
    assert bulbs_needed(max_rate=0.01, errors=errors) == bulbs
    assert allowed_errors(bulbs, max_rate=0.01) == errors
    assert allowed_errors(bulbs - 1, max_rate=0.01) == (errors - 1 if errors else None)


@given(st.integers(0, 5), st.floats(0.01, 0.4), CONFIDENCE)
def test_bulbs_needed_is_the_smallest_number_that_does(errors, rate, confidence):
    needed = bulbs_needed(max_rate=rate, confidence=confidence, errors=errors)
    assert stats.binom.cdf(errors, needed, rate) <= (1 - confidence) * (1 + 1e-9)
    if needed > errors + 1:
        assert stats.binom.cdf(errors, needed - 1, rate) > (1 - confidence) * (1 - 1e-9)


def of_clopper_and_pearson(errors, num_bulbs):
    """Return the one-sided upper bounds at 95 %, by the beta distribution."""
    return stats.beta.ppf(0.95, errors + 1, num_bulbs - errors)


@given(st.lists(PROBABILITY, min_size=30, max_size=120), st.floats(0.1, 0.4))
def test_no_higher_threshold_keeps_the_promise_on_escapes(values, rate):
    bad = np.array(values)
    threshold = highest_pass_threshold(bad, max_escape=rate)
    cuts = np.append(bad, [0.0, math.nextafter(threshold, 2)])
    bounds = of_clopper_and_pearson(np.sum(bad < cuts[:, None], axis=1), len(bad))
    assert threshold in cuts
    np.testing.assert_array_equal(bounds <= rate + 1e-9, cuts <= threshold)


@given(st.lists(st.floats(0, 0.99), min_size=30, max_size=120), st.floats(0.1, 0.4))
def test_no_lower_threshold_keeps_the_promise_on_overkill(values, rate):
    good = np.array(values)
    threshold = lowest_reject_threshold(good, max_overkill=rate)
    cuts = np.append(good, [1.0, threshold])
    bounds = of_clopper_and_pearson(np.sum(good >= cuts[:, None], axis=1), len(good))
    assert math.nextafter(threshold, 0) in good
    np.testing.assert_array_equal(bounds <= rate + 1e-9, cuts >= threshold)


ESCAPES = BinaryRisk(lambda _, answer: answer == 0, lambda truth, _: truth == 1, False)
OVERKILL = BinaryRisk(lambda _, answer: answer == 1, lambda truth, _: truth == 0, False)


def of_mapie(risk, truth, values, candidates, *, rate, confidence):
    """Return the thresholds that MAPIE's fixed sequence keeps, in the order they are tried."""
    controller = BinaryClassificationController(
        lambda x: np.stack([1 - x[:, 0], x[:, 0]], axis=1),
        risk,
        rate,
        confidence,
        best_predict_param_choice=risk,
        list_predict_params=np.array(candidates),
        fwer_method="fixed_sequence",
    )
    return controller.calibrate(values[:, None], truth.astype(int)).valid_predict_params


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("num_bulbs", [64, 256, 1024])  # so that n times k/n is exactly k
def test_the_threshold_is_the_last_that_mapies_fixed_sequence_keeps(seed, num_bulbs):
    random = np.random.default_rng(seed)
    truth = np.repeat([False, True], num_bulbs)
    values = expit(random.normal(np.where(truth, 2, -2), 1.5))
    rate, confidence = [(0.05, 0.95), (0.1, 0.9), (0.2, 0.99)][seed % 3]
    rising = np.unique(values[truth])
    kept = of_mapie(ESCAPES, truth, values, rising, rate=rate, confidence=confidence)
    ours = highest_pass_threshold(values[truth], max_escape=rate, confidence=confidence)
    assert ours == kept.max()
    falling = np.nextafter(np.unique(values[~truth])[::-1], 1)
    kept = of_mapie(OVERKILL, truth, values, falling, rate=rate, confidence=confidence)
    ours = lowest_reject_threshold(values[~truth], max_overkill=rate, confidence=confidence)
    assert ours == kept.min()


def share_broken(choose, *, draws, num_bulbs, true_share_below, seed):
    """Return the share of simulated calibrations whose threshold breaks 5 % on the line."""
    random = np.random.default_rng(seed)
    broken = 0
    for _ in range(draws):
        threshold = choose(random.beta(4, 1, num_bulbs))
        broken += true_share_below(threshold) > 0.05
    return broken / draws


def naive(values):
    """Return the highest threshold that kept 5 % on these bulbs: what one would do by hand."""
    return float(np.sort(values)[int(0.05 * len(values))])


@pytest.mark.parametrize("num_bulbs", [60, 100, 300])
def test_promises_are_broken_in_no_more_than_the_allowed_share(num_bulbs):
    """The rate is known: the probabilities of the defective bulbs have a known distribution.

    Of 2,000 calibrations 5 % may break the promise; more by chance, than the limit once in 10,000.
    """
    line = stats.beta(4, 1)
    limit = stats.binom.ppf(1 - 1e-4, 2000, 0.05) / 2000
    facts = {"draws": 2000, "num_bulbs": num_bulbs, "seed": num_bulbs}

    def ours(values):
        return highest_pass_threshold(values, max_escape=0.05)

    def ours_of_good(values):  # the same line with its probabilities turned round
        return lowest_reject_threshold(1 - values, max_overkill=0.05)

    broken = share_broken(ours, true_share_below=line.cdf, **facts)
    turned = share_broken(ours_of_good, true_share_below=lambda cut: line.cdf(1 - cut), **facts)
    assert broken <= limit
    assert turned <= limit
    assert share_broken(naive, true_share_below=line.cdf, **facts) > 0.35


@pytest.mark.parametrize("num_bulbs", [60, 93, 300])
def test_the_share_of_broken_promises_is_what_the_order_of_bulbs_says(num_bulbs):
    """With k errors allowed the rate below is that of a beta variable: exact, without a draw."""
    allowed = allowed_errors(num_bulbs, max_rate=0.05)
    exact = stats.beta(allowed + 1, num_bulbs - allowed).sf(0.05)
    nearer = stats.beta(allowed + 2, num_bulbs - allowed - 1).sf(0.05)
    assert exact <= 0.05 < nearer


def test_equal_probabilities_break_no_promise():
    """Where one bulb in ten is at 0.3 the threshold stays at or below it, in all but few draws."""
    random = np.random.default_rng(0)
    broken = 0
    for _ in range(400):
        values = random.choice([0.3, 0.8, 0.9], 200, p=[0.1, 0.5, 0.4])
        broken += highest_pass_threshold(values, max_escape=0.05) > 0.3
    assert broken / 400 <= 0.05


def test_too_few_bulbs_are_refused_with_the_number_that_is_needed():
    with pytest.raises(DataError) as refusal:
        highest_pass_threshold(np.full(45, 0.9), max_escape=0.01)
    assert str(refusal.value) == (
        "escapes of at most 1 % with a confidence of 95 % need 299 defective bulbs, there are 45, "
        "which can show 6.44 % at best; to let 1, 2 or 3 bulbs be judged wrongly: 473, 628 or 773"
    )
    with pytest.raises(DataError, match=r"overkill of at most 5 % .* 59 good bulbs, there are 58"):
        lowest_reject_threshold(np.full(58, 0.1), max_overkill=0.05)
    assert lowest_reject_threshold(np.full(59, 0.1), max_overkill=0.05) == math.nextafter(0.1, 1)


def test_good_bulbs_at_one_leave_no_threshold():
    good = np.append(np.zeros(99), 1.0)
    with pytest.raises(DataError, match="1 of 100 good bulbs have a defect probability of 1"):
        lowest_reject_threshold(good, max_overkill=0.04)
    assert 0 < lowest_reject_threshold(good, max_overkill=0.05) < 1e-300


@pytest.mark.parametrize("odd", [math.nan, -0.1, 1.1])
def test_a_probability_that_is_none_gives_no_threshold(odd):
    for choose in (
        lambda values: highest_pass_threshold(values, max_escape=0.5),
        lambda values: lowest_reject_threshold(values, max_overkill=0.5),
    ):
        with pytest.raises(DataError, match="not from 0 to 1"):
            choose(np.append(np.full(99, 0.5), odd))
        with pytest.raises(ValueError, match=r"got \(1, 1\)"):
            choose([[0.5]])


@pytest.mark.parametrize("odd", [0.0, 1.0, math.nan])
def test_senseless_rates_are_refused(odd):
    with pytest.raises(ValueError, match="max_rate is"):
        allowed_errors(10, max_rate=odd)
    with pytest.raises(ValueError, match="confidence is"):
        bulbs_needed(max_rate=0.5, confidence=odd)


COSTS = {"cost_escape": 30.0, "cost_overkill": 1.0}


@given(st.floats(0.01, 1000), st.floats(0.01, 1000), st.floats(0, 1))
def test_rejecting_is_cheaper_from_the_threshold_on(escape, overkill, chance):
    threshold = threshold_for_cost(cost_escape=escape, cost_overkill=overkill)
    passing, rejecting = chance * escape, (1 - chance) * overkill
    if not math.isclose(chance, threshold, rel_tol=1e-9):
        assert (rejecting < passing) == (chance > threshold)


def test_no_threshold_costs_less_on_probabilities_that_are_true():
    random = np.random.default_rng(0)
    probability = expit(random.normal(-3, 2, 200_000))
    defective = random.random(len(probability)) < probability
    prevalence = float(defective.mean())

    def cost(threshold):
        rejected = probability >= threshold
        return np.mean(np.where(defective, 30.0 * ~rejected, 1.0 * rejected))

    chosen = cost(threshold_for_cost(**COSTS))
    for threshold in [0.01, 0.02, 0.05, 0.1, 0.5]:
        assert chosen < cost(threshold)
    least = lowest_cost_per_bulb(defective, probability, prevalence=prevalence, **COSTS)
    assert least <= chosen <= 1.005 * least


BULBS = st.lists(st.tuples(st.booleans(), PROBABILITY), min_size=2, max_size=30).filter(
    lambda bulbs: len({truth for truth, _ in bulbs}) == 2
)


@given(BULBS, st.floats(0.001, 0.9))
def test_the_lowest_cost_is_that_of_the_best_of_all_thresholds(bulbs, prevalence):
    truth, values = map(np.array, zip(*bulbs, strict=True))
    costs = [
        prevalence * 30 * np.mean(values[truth] < cut)
        + (1 - prevalence) * np.mean(values[~truth] >= cut)
        for cut in [*values, 2.0]
    ]
    found = lowest_cost_per_bulb(truth, values, prevalence=prevalence, **COSTS)
    assert found == pytest.approx(min(costs))


def test_cost_per_bulb_by_hand():
    """Of 1000 bulbs 2 are defective: 0.1 x 2 x 100 for escapes, 0.05 x 998 for overkill."""
    found = cost_per_bulb(
        escape_rate=0.1, overkill_rate=0.05, cost_escape=100, cost_overkill=1, prevalence=0.002
    )
    assert 1000 * found == pytest.approx(0.1 * 2 * 100 + 0.05 * 998)


@pytest.mark.parametrize("odd", [0, -1, math.inf, math.nan])
def test_senseless_costs_are_refused(odd):
    with pytest.raises(ValueError, match="costs are numbers above 0"):
        threshold_for_cost(cost_escape=odd, cost_overkill=1)
    with pytest.raises(ValueError, match="costs are numbers above 0"):
        threshold_for_cost(cost_escape=1, cost_overkill=odd)
    with pytest.raises(ValueError, match="good and defective"):
        lowest_cost_per_bulb([1, 1], [0.5, 0.5], prevalence=0.5, **COSTS)
