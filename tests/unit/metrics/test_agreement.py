"""Kappas against scikit-learn and statsmodels, agreement against tables made by hand."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa
from statsmodels.stats.inter_rater import fleiss_kappa as fleiss_oracle

from bulbinspect.metrics.agreement import (
    agreement_between,
    agreement_within,
    all_right,
    cohen_kappa,
    effectiveness,
    fleiss_kappa,
    share_of_answers,
    truth_answers,
)

PASS, REJECT, REVIEW = range(3)


def counted(answers, num_answers=3):
    """Return counts (N, C) of the answers of an appraiser, a list for each bulb."""
    return np.array([np.bincount(one, minlength=num_answers) for one in answers])


# One appraiser, three trials on six bulbs; the truth of each.
TRUTH = [PASS, PASS, PASS, REJECT, REJECT, REJECT]
ANNA = [
    [PASS, PASS, PASS],
    [PASS, REJECT, PASS],
    [REJECT, REJECT, REJECT],
    [REJECT, REJECT, REJECT],
    [REJECT, PASS, REVIEW],
    [PASS, PASS, PASS],
]
BERT = [[PASS], [PASS], [REJECT], [REJECT], [REJECT], []]


def test_within_is_the_share_of_bulbs_that_got_the_same_answer_every_time():
    rate = agreement_within(counted(ANNA))
    assert (rate.num_hits, rate.num_bulbs) == (4, 6)
    exact = stats.binomtest(4, 6).proportion_ci(method="exact")
    assert (rate.low, rate.high) == pytest.approx((exact.low, exact.high))


def test_who_was_asked_once_cannot_disagree_with_itself():
    assert agreement_within(counted([[PASS], [REJECT]])) is None
    assert agreement_within(counted([[PASS], [REJECT, REJECT]])).num_bulbs == 1


def test_effectiveness_is_of_bulbs_and_wants_every_trial_right():
    rate = effectiveness(counted(ANNA), TRUTH)
    assert (rate.num_hits, rate.num_bulbs) == (2, 6)


def test_miss_and_false_alarm_rate_are_of_trials():
    defective = np.array(TRUTH) == REJECT
    miss = share_of_answers(counted(ANNA), PASS, defective)
    assert (miss.num_hits, miss.num_trials, miss.num_bulbs) == (4, 9, 3)
    alarm = share_of_answers(counted(ANNA), REJECT, ~defective)
    assert (alarm.num_hits, alarm.num_trials) == (4, 9)
    assert share_of_answers(counted(ANNA), REVIEW, defective).num_hits == 1
    assert share_of_answers(counted(ANNA), PASS, np.zeros(6, bool)) is None


def test_between_is_of_the_bulbs_that_all_were_asked_about():
    both = [counted(ANNA), counted(BERT)]
    rate = agreement_between(both)
    assert (rate.num_hits, rate.num_bulbs) == (3, 5)
    right = all_right(both, TRUTH)
    assert (right.num_hits, right.num_bulbs) == (2, 5)
    assert agreement_between([counted(ANNA), np.zeros((6, 3), int)]) is None


# The worked example of the trade, as secondary sources reproduce it: 50 bulbs, 16 of them
# defective, three trials; rows are the first, columns the second, reject before pass.
PUBLISHED = {
    "A and B": ([[44, 6], [3, 97]], 0.86),
    "B and C": ([[42, 5], [9, 94]], 0.79),
    "A and C": ([[43, 7], [8, 92]], 0.78),
    "A and truth": ([[45, 5], [3, 97]], 0.88),
    "B and truth": ([[45, 2], [3, 100]], 0.92),
    "C and truth": ([[42, 9], [6, 93]], 0.77),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_cohens_kappa_is_the_published_one(name):
    table, expected = PUBLISHED[name]
    first, second = np.repeat([(0, 0), (0, 1), (1, 0), (1, 1)], np.ravel(table), axis=0).T
    kappa = cohen_kappa(truth_answers(first, 2), truth_answers(second, 2))
    assert round(kappa.value, 2) == expected
    assert kappa.value == pytest.approx(cohens_kappa(table).kappa)
    # one trial of each bulb: the asymptotic interval is about the same
    asymptotic = cohens_kappa(table)
    assert kappa.low == pytest.approx(asymptotic.kappa_low, abs=0.04)
    assert kappa.high == pytest.approx(asymptotic.kappa_upp, abs=0.04)


@pytest.mark.parametrize(
    ("name", "miss", "alarm"), [("A", 6.3, 4.9), ("B", 6.3, 2.0), ("C", 12.5, 8.8)]
)
def test_miss_and_false_alarm_rates_are_the_published_ones(name, miss, alarm):
    (caught, alarms), (missed, passed) = PUBLISHED[f"{name} and truth"][0]
    defective = np.repeat([True, False], [16, 34])
    answers = np.zeros((50, 2), int)  # how they fell on bulbs does not matter for the share
    answers[defective] = spread(caught, missed, 16)
    answers[~defective] = spread(alarms, passed, 34)
    rounded = {"abs": 0.0501}  # they are given to a tenth of a percent
    found = share_of_answers(answers, 1, defective), share_of_answers(answers, 0, ~defective)
    assert [100 * one.share for one in found] == [
        pytest.approx(miss, **rounded),
        pytest.approx(alarm, **rounded),
    ]


def spread(rejects, passes, num_bulbs):
    """Return answers of three trials on each bulb, columns reject and pass."""
    trials = np.repeat([0, 1], [rejects, passes]).reshape(num_bulbs, 3)
    return counted(trials, 2)


def test_fleiss_kappa_of_two_who_agree_on_seven_of_ten_is_the_published_one():
    pairs = [[0, 0]] * 4 + [[1, 1]] * 3 + [[0, 1]] * 3
    assert fleiss_kappa(counted(pairs, 2)).value == pytest.approx(0.39393939)


ANSWERS = st.integers(2, 4).flatmap(
    lambda trials: st.lists(
        st.lists(st.integers(0, 2), min_size=trials, max_size=trials), min_size=2, max_size=12
    )
)


@given(ANSWERS)
def test_fleiss_kappa_is_that_of_statsmodels(answers):
    counts = counted(answers)
    kappa = fleiss_kappa(counts)
    if len(np.unique(answers)) == 1:
        assert kappa is None
    else:
        assert kappa.value == pytest.approx(fleiss_oracle(counts, method="fleiss"))


TRIALS = st.lists(st.integers(0, 2), min_size=1, max_size=3)


@given(st.lists(st.tuples(TRIALS, TRIALS), min_size=2, max_size=10))
def test_cohens_kappa_is_that_of_sklearn_over_all_pairs_of_trials(bulbs):
    one, other = zip(*bulbs, strict=True)
    kappa = cohen_kappa(counted(one), counted(other))
    pairs = [
        (first, second, 1 / (len(a) * len(b)))
        for a, b in bulbs
        for first, second in itertools.product(a, b)
    ]
    first, second, weights = zip(*pairs, strict=True)
    if len({*first, *second}) == 1:
        assert kappa is None
    else:
        expected = cohen_kappa_score(first, second, sample_weight=weights)
        assert kappa.value == pytest.approx(expected, abs=1e-9)


def test_the_interval_of_kappa_holds_the_truth_as_often_as_it_says():
    random = np.random.default_rng(0)
    share, alike = 0.4, 0.7  # with this chance both simply answer the same: kappa is `alike`
    held = 0
    for _ in range(120):
        first = random.random(80) < share
        second = np.where(random.random(80) < alike, first, random.random(80) < share)
        kappa = cohen_kappa(truth_answers(first, 2), truth_answers(second, 2))
        held += kappa.low <= alike <= kappa.high
    assert held / 120 >= 0.90  # 0.95, less two and a half standard errors


def test_trials_that_only_repeat_the_first_do_not_narrow_the_interval():
    random = np.random.default_rng(1)
    first, second = random.random((2, 60)) < 0.5
    once = cohen_kappa(truth_answers(first, 2), truth_answers(second, 2))
    assert cohen_kappa(5 * truth_answers(first, 2), truth_answers(second, 2)) == once


def test_perfect_agreement_has_no_interval_because_bulbs_show_no_spread():
    kappa = cohen_kappa(truth_answers(TRUTH, 2), truth_answers(TRUTH, 2))
    assert (kappa.value, kappa.low, kappa.high) == (1, None, None)


def test_one_answer_to_everything_has_no_kappa():
    same = truth_answers([PASS] * 5, 3)
    assert cohen_kappa(same, same) is None
    assert fleiss_kappa(2 * same) is None
    assert cohen_kappa(same, truth_answers([PASS, REJECT] * 2 + [PASS], 3)).value == 0


def test_nobody_asked_is_no_agreement():
    nobody = np.zeros((3, 3), int)
    assert cohen_kappa(nobody, nobody) is None
    assert fleiss_kappa(nobody) is None
    assert effectiveness(nobody, [0, 0, 0]) is None


@pytest.mark.parametrize("answers", [[1, 2], [[1, -1]]])
def test_what_cannot_be_counts_is_refused(answers):
    with pytest.raises(ValueError, match=r"\(N, C\)|never"):
        fleiss_kappa(answers)


def test_the_truth_of_other_bulbs_is_refused():
    with pytest.raises(ValueError, match="truth of 6 bulbs"):
        effectiveness(counted(ANNA), [0, 1])
