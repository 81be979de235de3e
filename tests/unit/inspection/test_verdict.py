import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.special import softmax as scipy_softmax
from tests.calibrations import calibration_of

from bulbinspect.bulb import Bulb, Prediction, Verdict, View
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.errors import BundleError
from bulbinspect.inspection.verdict import Judge, suspicion_ranks
from bulbinspect.metrics.calibration import Calibration
from bulbinspect.metrics.operating_point import OperatingPoint

VIEWS = (View("left", Path("l.png")), View("right", Path("r.png")))
BULB = Bulb("b", VIEWS)


@pytest.fixture(scope="module")
def judge_by(tiny_metadata):
    def make(
        threshold: float = 0.5,
        classes: tuple[str, ...] = ("good", "crack", "dent"),
        pass_below: float | None = None,
        calibration: Calibration | None = None,
    ):
        pass_below = threshold if pass_below is None else pass_below
        point = OperatingPoint(threshold, pass_below, "by_hand", "val", 9, 9, 0.0, 0.0)
        metadata = tiny_metadata(
            classes=classes,
            view_names=("left", "right"),
            operating_point=point,
            calibration=calibration,
        )
        return Judge(Bundle(b"", metadata, "f" * 64))

    return make


def answer(judge: Judge, logits: list[float], views: list[list[float]] | None = None) -> Prediction:
    view_logits = np.array(views or [logits] * 2, np.float32)
    return judge.judge(BULB, VIEWS, np.array(logits, np.float32), view_logits)


def test_a_good_bulb_passes(judge_by):
    prediction = answer(judge_by(), [math.log(8), 0, 0])
    assert prediction.verdict is Verdict.PASS
    assert (prediction.reason, prediction.label, prediction.defective_view) == ("", "good", "")
    assert prediction.defect_probability == pytest.approx(0.2)
    assert prediction.class_probabilities == pytest.approx((0.8, 0.1, 0.1))
    assert prediction.model == "f" * 64


def test_a_rejected_bulb_names_the_kind_and_the_side(judge_by):
    views = [[4, 0, 0], [0, 0, 9]]
    prediction = answer(judge_by(), [0, 1, 2], views)
    assert prediction.verdict is Verdict.REJECT
    assert (prediction.reason, prediction.label) == ("defect", "dent")
    assert prediction.defective_view == "right"
    assert [view.defect_probability for view in prediction.views] == pytest.approx(
        [1 - float(scipy_softmax(one)[0]) for one in views], rel=1e-6
    )


def test_a_reject_below_one_half_is_still_labelled_as_a_defect(judge_by):
    prediction = answer(judge_by(threshold=0.1), [math.log(4), 0, -9])
    assert prediction.verdict is Verdict.REJECT
    assert prediction.label == "crack"


def test_a_pass_above_one_half_is_still_labelled_as_good(judge_by):
    prediction = answer(judge_by(threshold=0.9), [0, 1, 0])
    assert (prediction.verdict, prediction.label) == (Verdict.PASS, "good")


def test_exactly_at_the_threshold_is_a_reject(judge_by):
    judge = judge_by(threshold=0.5, classes=("good", "defect"))
    assert answer(judge, [0, 0]).verdict is Verdict.REJECT


def test_threshold_zero_rejects_everything(judge_by):
    judge = judge_by(threshold=0.0, classes=("good", "defect"))
    assert answer(judge, [1e30, -1e30]).verdict is Verdict.REJECT


def test_the_good_class_is_found_by_its_name(judge_by):
    judge = judge_by(classes=("crack", "good"))
    assert answer(judge, [0, 5]).verdict is Verdict.PASS
    assert answer(judge, [5, 0]).verdict is Verdict.REJECT


def test_without_good_class_there_is_a_label_and_no_verdict(judge_by):
    prediction = answer(judge_by(classes=("apple", "pear", "plum")), [0, 3, 1])
    assert prediction.verdict is None
    assert (prediction.label, prediction.reason, prediction.defective_view) == ("pear", "", "")
    assert prediction.defect_probability is None
    assert all(view.defect_probability is None for view in prediction.views)


def test_a_good_class_without_operating_point_is_refused(tiny_metadata):
    with pytest.raises(BundleError, match="no operating point"):
        Judge(Bundle(b"", tiny_metadata(operating_point=None), "f" * 64))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("threshold", [0.0, 0.5, 1.0])
def test_a_number_that_is_not_finite_is_never_judged(judge_by, value, place, threshold):
    judge = judge_by(threshold, classes=("good", "defect"))
    for spoilt in ("logits", "views"):
        numbers = {"logits": np.zeros(2, np.float32), "views": np.zeros((2, 2), np.float32)}
        numbers[spoilt].flat[place % numbers[spoilt].size] = value
        prediction = judge.judge(BULB, VIEWS, numbers["logits"], numbers["views"])
        assert (prediction.verdict, prediction.reason) == (Verdict.UNJUDGED, "non_finite")
        assert prediction.defect_probability is None
        assert [view.view for view in prediction.views] == ["left", "right"]


FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


@given(hnp.arrays(np.float32, 3, elements=FINITE), st.floats(0, 1))
def test_pass_means_a_defect_probability_below_the_threshold(judge_by, logits, threshold):
    prediction = answer(judge_by(threshold), logits.tolist())
    probability = prediction.defect_probability
    assert 0 <= probability <= 1
    assert (prediction.verdict is Verdict.PASS) == (probability < threshold)
    expected = scipy_softmax(logits.astype(np.float64))[1:].sum()
    assert probability == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("defects", "ranks"),
    [
        ([0.2, 0.9, 0.5], [3, 1, 2]),
        ([0.5, 0.9, 0.5, 0.9], [3, 1, 4, 2]),  # of equals the first counts more
        ([0.0, 0.0], [1, 2]),
        ([None, 0.1, None, 0.7], [None, 2, None, 1]),  # a view without probability has no rank
        ([0.0, None], [1, None]),  # a probability of 0 is one
        ([None, None], [None, None]),
        ([], []),
    ],
)
def test_sides_are_ranked_by_their_defect_probability(defects, ranks):
    assert suspicion_ranks(defects) == ranks


@given(st.lists(st.none() | st.floats(0, 1), max_size=8))
def test_ranks_count_from_one_and_follow_the_probabilities(defects):
    ranks = suspicion_ranks(defects)
    known = [(rank, place) for place, rank in enumerate(ranks) if rank is not None]
    assert [rank for rank, _ in sorted(known)] == list(range(1, len(known) + 1))
    assert [rank is None for rank in ranks] == [defect is None for defect in defects]
    in_order = [(-defects[place], place) for _, place in sorted(known)]
    assert in_order == sorted(in_order)


def test_ties_name_the_first_side(judge_by):
    prediction = answer(judge_by(), [0, 5, 0], [[0, 5, 0], [0, 5, 0]])
    assert [view.suspicion_rank for view in prediction.views] == [1, 2]
    assert prediction.defective_view == "left"


def test_without_good_class_no_side_is_ranked(judge_by):
    prediction = answer(judge_by(classes=("apple", "pear", "plum")), [0, 3, 1])
    assert [view.suspicion_rank for view in prediction.views] == [None, None]


@pytest.mark.parametrize(
    ("defect", "verdict", "reason"),
    [
        (0.19, Verdict.PASS, ""),
        (0.21, Verdict.REVIEW, "near_threshold"),
        (0.69, Verdict.REVIEW, "near_threshold"),
        (0.71, Verdict.REJECT, "defect"),
    ],
)
def test_between_the_thresholds_a_person_looks_at_the_side_that_is_named(
    judge_by, defect, verdict, reason
):
    judge = judge_by(threshold=0.7, pass_below=0.2, classes=("good", "defect"))
    logits = [0.0, math.log(defect / (1 - defect))]
    prediction = answer(judge, logits, [[0, -3], [0, 2]])
    assert (prediction.verdict, prediction.reason) == (verdict, reason)
    assert prediction.defective_view == ("" if verdict is Verdict.PASS else "right")
    assert prediction.label == ("good" if verdict is Verdict.PASS else "defect")


def test_exactly_at_the_pass_threshold_is_a_review(judge_by):
    judge = judge_by(threshold=0.9, pass_below=0.5, classes=("good", "defect"))
    assert answer(judge, [0, 0]).verdict is Verdict.REVIEW


def test_calibration_changes_the_probabilities_of_bulb_and_views_and_so_the_verdict(judge_by):
    calibration = calibration_of(temperature=2.0, bias=-1.0)
    views = [[0.0, 4.0], [0.0, -2.0]]
    plain = answer(judge_by(classes=("good", "defect")), [0, 1.0], views)
    judged = answer(judge_by(classes=("good", "defect"), calibration=calibration), [0, 1.0], views)
    assert (plain.verdict, judged.verdict) == (Verdict.REJECT, Verdict.PASS)
    assert plain.defect_probability == pytest.approx(1 / (1 + math.exp(-1.0)))
    assert judged.defect_probability == pytest.approx(1 / (1 + math.exp(-(1.0 / 2 - 1))))
    alone = [view.defect_probability for view in judged.views]
    assert alone == pytest.approx([1 / (1 + math.exp(-(z / 2 - 1))) for z in (4.0, -2.0)])


def test_evidence_stays_with_its_view_and_is_left_out_where_it_is_no_number(judge_by):
    judge = judge_by(classes=("good", "defect"))
    logits, views = np.zeros(2, np.float32), np.zeros((2, 2), np.float32)
    maps = np.arange(12, dtype=np.float32).reshape(2, 2, 3)
    told = judge.judge(BULB, VIEWS, logits, views, maps)
    assert told.views[1].evidence == ((6.0, 7.0, 8.0), (9.0, 10.0, 11.0))
    maps[1, 0, 0] = np.float32(-3.8427)
    assert judge.judge(BULB, VIEWS, logits, views, maps).views[1].evidence[0][0] == -3.8427
    maps[0, 0, 0] = np.nan
    told = judge.judge(BULB, VIEWS, logits, views, maps)
    assert told.verdict is Verdict.REJECT
    assert [view.evidence for view in told.views] == [(), ()]
