import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from scipy.special import expit

from bulbinspect.errors import DataError, UsageError
from bulbinspect.metrics.choose_point import Wanted, choose_point, refuse_too_few
from bulbinspect.metrics.operating_point import OperatingPoint, best_balanced_accuracy
from bulbinspect.metrics.promise import lowest_cost_per_bulb

COSTS = {"cost_escape": 100.0, "cost_overkill": 1.0, "prevalence": 0.002}


def drawn(seed=0, *, good=400, bad=300, apart=4.0):
    random = np.random.default_rng(seed)
    truth = np.repeat([False, True], [good, bad])
    return truth, expit(random.normal(np.where(truth, apart / 2, -apart / 2), 1.0))


def choose(truth, values, **wanted):
    return choose_point(truth, values, Wanted(**wanted), chosen_on="val")


def of_clopper_and_pearson(errors, num_bulbs, confidence=0.95):
    return stats.beta.ppf(confidence, errors + 1, num_bulbs - errors)


WISHES = [
    {"max_escape": 0.02},
    {"max_overkill": 0.05, "confidence": 0.9},
    {"max_escape": 0.02, "max_overkill": 0.02, "review": True},
    {"max_escape": 0.1, "max_overkill": 0.1},
    {"max_escape": 0.02, "max_overkill": 0.02, "conformal": True},
    {"max_escape": 0.05, "prevalence": 0.01},
    COSTS,
    {},
]
RULES = [
    "max_escape",
    "max_overkill",
    "max_escape_and_overkill",
    "max_escape_and_overkill",
    "conformal",
    "max_escape",
    "lowest_cost",
    "best_balanced_accuracy",
]


@given(st.sampled_from(WISHES), st.integers(0, 100), st.floats(3, 6))
def test_rates_are_those_counted_at_the_thresholds(wanted, seed, apart):
    truth, values = drawn(seed, apart=apart)
    if wanted == {"max_escape": 0.1, "max_overkill": 0.1}:
        wanted = {**wanted, "review": True}
    point = choose(truth, values, **wanted)
    passed, rejected = values < point.pass_threshold, values >= point.reject_threshold
    assert point.escape_rate == np.mean(passed[truth])
    assert point.overkill_rate == np.mean(rejected[~truth])
    assert point.review_rate_good == pytest.approx(np.mean(~(passed | rejected)[~truth]))
    assert point.review_rate_defective == pytest.approx(np.mean(~(passed | rejected)[truth]))
    assert (point.num_good, point.num_defective, point.chosen_on) == (400, 300, "val")
    assert OperatingPoint.from_dict(point.to_dict()) == point
    has_band = bool(wanted.get("review") or wanted.get("conformal"))
    assert has_band or point.pass_threshold == point.reject_threshold


@pytest.mark.parametrize(
    ("wanted", "rule"),
    list(zip(WISHES, RULES, strict=True)),
)
def test_the_rule_and_its_numbers_are_kept_for_the_bundle(wanted, rule):
    point = choose(*drawn(), **wanted)
    assert point.rule == rule
    for name in ("max_escape", "max_overkill", "cost_escape", "cost_overkill", "prevalence"):
        assert point.promise.get(name) == wanted.get(name)
    for name, most in (("escape_bound", "max_escape"), ("overkill_bound", "max_overkill")):
        if most in wanted and not wanted.get("conformal"):
            assert point.promise[name] <= wanted[most]


def test_without_a_wish_nothing_is_promised():
    truth, values = drawn()
    point = choose(truth, values)
    assert point == best_balanced_accuracy(truth, values, chosen_on="val")
    assert not point.promise


def test_bounds_are_those_of_clopper_and_pearson():
    truth, values = drawn(3, apart=2.0)
    point = choose(truth, values, max_escape=0.05, confidence=0.9)
    escaped, overkilled = 300 * point.escape_rate, 400 * point.overkill_rate
    assert point.promise["escape_bound"] == pytest.approx(of_clopper_and_pearson(escaped, 300, 0.9))
    assert point.promise["overkill_bound"] == pytest.approx(
        of_clopper_and_pearson(overkilled, 400, 0.9)
    )
    assert of_clopper_and_pearson(escaped + 1, 300, 0.9) > 0.05


def test_of_one_threshold_between_two_promises_no_more_is_sure_than_they_say():
    point = choose(*drawn(apart=7.0), max_escape=0.03, max_overkill=0.04, review=True)
    assert point.pass_threshold == point.reject_threshold
    assert (point.promise["escape_bound"], point.promise["overkill_bound"]) == (0.03, 0.04)


def test_two_promises_that_no_threshold_keeps_need_a_review_band():
    truth, values = drawn(apart=2.0)
    wanted = {"max_escape": 0.02, "max_overkill": 0.02}
    with pytest.raises(DataError, match="no one threshold keeps both rates: escapes need it at or"):
        choose(truth, values, **wanted)
    point = choose(truth, values, review=True, prevalence=0.01, **wanted)
    assert point.pass_threshold < point.reject_threshold
    share = 0.99 * point.review_rate_good + 0.01 * point.review_rate_defective
    assert point.promise["review_share"] == pytest.approx(share)
    assert share > 0.1


def test_the_cheapest_threshold_is_that_of_the_costs_alone():
    truth, values = drawn(apart=3.0)
    point = choose(truth, values, **COSTS)
    assert point.pass_threshold == point.reject_threshold == pytest.approx(1 / 101)
    cost = 0.002 * 100 * point.escape_rate + 0.998 * point.overkill_rate
    assert point.promise["cost_per_bulb"] == pytest.approx(cost)
    assert cost >= lowest_cost_per_bulb(truth, values, **COSTS)


def test_no_threshold_is_a_bulbs_own_probability():
    truth, values = drawn(apart=3.0)
    for wanted in WISHES[:6]:
        if len(wanted) == 2 and "max_overkill" in wanted and "max_escape" in wanted:
            continue  # no one threshold
        point = choose(truth, values, **wanted)
        assert not np.isin([point.pass_threshold, point.reject_threshold], values).any()


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"max_escape": 1.0}, "max_escape is 1.0, expected a number between 0 and 1"),
        ({"max_overkill": 0.0}, "max_overkill is 0.0"),
        ({"confidence": math.nan}, "confidence is nan"),
        ({"prevalence": 2.0}, "prevalence is 2.0"),
        ({"cost_escape": 0.0}, "cost_escape is 0.0, expected a number above 0"),
        ({"cost_overkill": math.inf}, "cost_overkill is inf"),
        ({"review": True, "max_escape": 0.1}, "give max_escape, max_overkill"),
        ({"conformal": True}, "give max_escape, max_overkill"),
        ({"cost_escape": 1.0, "prevalence": 0.1}, "give cost_escape and cost_overkill"),
        ({"cost_escape": 1.0, "cost_overkill": 1.0}, "give the prevalence"),
        ({**COSTS, "max_escape": 0.1}, "by rates or by costs"),
        ({**COSTS, "review": True}, "a review band lies between two rates"),
    ],
)
def test_wishes_that_make_no_sense_are_refused(wanted, said):
    with pytest.raises(UsageError, match=said):
        Wanted(**wanted)


def test_bulbs_of_one_class_or_without_probability_are_refused():
    with pytest.raises(DataError, match="chosen on val: it needs good and defective"):
        choose([1, 1], [0.5, 0.5], max_escape=0.5)
    with pytest.raises(DataError, match="not from 0 to 1"):
        choose([0, 1], [0.5, math.nan], max_escape=0.5)
    with pytest.raises(DataError, match="need 299 defective bulbs, there are 298"):
        choose(*drawn(bad=298), max_escape=0.01)


def refusal_of(ask):
    try:
        ask()
    except DataError as error:
        return str(error)
    return None


@given(
    st.sampled_from([wish for wish in WISHES if wish]),
    st.integers(1, 400),
    st.integers(1, 400),
)
def test_too_few_bulbs_are_known_before_they_are_judged(wish, num_good, num_defective):
    truth, values = drawn(good=num_good, bad=num_defective, apart=30.0)  # told apart
    counts = {"num_good": num_good, "num_defective": num_defective}
    foreseen = refusal_of(lambda: refuse_too_few(Wanted(**wish), **counts))
    assert foreseen == refusal_of(lambda: choose(truth, values, **wish))
