"""Bulbs in other orders of their views and with fewer views, against what is computed by hand."""

import itertools
import math

import numpy as np
import pytest
from scipy.special import expit, logit
from tests.calibrations import calibration_of
from tests.ordered_bundle import PLACES, defect_probability_by_hand, write_ordered

from bulbinspect.bulb import Bulb, Verdict, View
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import UsageError
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.load import load_views
from bulbinspect.inspection import inspector as inspector_file
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.variations import all_orders, judge_varied, shifts, subsets

LEVELS = {"a": [30, 60, 90, 120], "b": [200, 10, 250, 40], "c": [5, 6, 7, 8]}


@pytest.fixture
def bulb(tmp_path, draw_bulb):
    def draw(bulb_id, levels=None, **facts):
        levels = LEVELS[bulb_id] if levels is None else levels
        folder = draw_bulb(tmp_path / bulb_id, levels)
        views = tuple(View(str(n), folder / f"{n}.png") for n in range(len(levels)))
        return Bulb(bulb_id, views, **facts)

    return draw


@pytest.fixture
def ordered(tmp_path, tiny_metadata):
    def make(**changes):
        bundle = write_ordered(tmp_path / "ordered.onnx", tiny_metadata(**changes))
        return Inspector(bundle, device="cpu", threads=2)

    return make


@pytest.mark.parametrize("num_views", [1, 2, 3, 4])
def test_orders_are_all_there_are_and_begin_with_the_given_one(num_views):
    orders = [tuple(order) for order in all_orders(num_views)]
    assert sorted(orders) == sorted(itertools.permutations(range(num_views)))
    assert orders[0] == tuple(range(num_views))


@pytest.mark.parametrize("num_views", [0, 5, 9])
def test_so_many_orders_are_not_gone_through(num_views):
    with pytest.raises(ValueError, match=f"all orders of {num_views} views are"):
        all_orders(num_views)


@pytest.mark.parametrize("num_views", [1, 4, 6])
def test_shifts_keep_neighbours(num_views):
    orders = shifts(num_views)
    assert orders[0].tolist() == list(range(num_views))
    assert sorted(orders[:, 0]) == list(range(num_views))
    assert ((np.diff(orders, axis=1) % num_views) == 1 % num_views).all()


@pytest.mark.parametrize("num_views", [1, 4, 6])
def test_subsets_are_all_of_their_size(num_views):
    for size in range(1, num_views + 1):
        masks = subsets(num_views, size)
        assert len({tuple(mask) for mask in masks}) == len(masks) == math.comb(num_views, size)
        assert (masks.sum(1) == size).all()
    for size in (0, num_views + 1):
        with pytest.raises(ValueError, match="expected a number from 1"):
            subsets(num_views, size)


def test_every_order_gives_what_is_computed_by_hand(ordered, bulb):
    bulbs = [bulb(name) for name in LEVELS]
    varied = judge_varied(ordered(), bulbs, orders=all_orders(4))
    expected = [
        [defect_probability_by_hand([levels[view] for view in order]) for order in all_orders(4)]
        for levels in LEVELS.values()
    ]
    np.testing.assert_allclose(varied.by_order, expected, rtol=1e-5)
    np.testing.assert_array_equal(varied.by_order[:, 0], varied.as_given)
    assert varied.by_mask.shape == (3, 0)
    assert np.ptp(varied.by_order, axis=1).min() > 0.0005


def test_probabilities_are_calibrated_as_those_of_the_verdicts_are(ordered, bulb):
    calibration = calibration_of(temperature=2.0, bias=0.5, production_prevalence=0.1)
    bulbs = [bulb(name) for name in LEVELS]
    varied = judge_varied(ordered(calibration=calibration), bulbs, orders=all_orders(4))
    log_odds = logit([defect_probability_by_hand(levels) for levels in LEVELS.values()])
    expected = expit(log_odds / 2 + 0.5 + math.log(0.1 / 0.9))
    np.testing.assert_allclose(varied.by_order[:, 0], expected, rtol=1e-5)
    np.testing.assert_array_equal(varied.by_order[:, 0], varied.as_given)


def test_bulbs_that_were_judged_without_a_view_are_left_out_and_counted_as_that(ordered, bulb):
    bulbs = [bulb("bright", [250, 250, 250]), bulb("a")]
    varied = judge_varied(ordered(min_views=3), bulbs, orders=all_orders(4))
    assert [one.bulb_id for one in varied.bulbs] == ["a"]
    assert varied.unjudged == {"missing_view": 1}


def test_absent_views_do_not_count_and_keep_their_place(ordered, bulb):
    bulbs = [bulb(name) for name in LEVELS]
    masks = np.concatenate([subsets(4, size) for size in (1, 2, 3, 4)])
    varied = judge_varied(ordered(), bulbs, orders=shifts(4), masks=masks)
    expected = [
        [defect_probability_by_hand(np.multiply(levels, mask)) for mask in masks]
        for levels in LEVELS.values()
    ]
    np.testing.assert_allclose(varied.by_mask, expected, rtol=1e-5)
    assert varied.by_order.shape == (3, 4)


def test_a_network_without_places_gives_the_same_in_every_order(tiny_bundle, bulb):
    bulbs = [bulb(name) for name in LEVELS]
    varied = judge_varied(Inspector(tiny_bundle()), bulbs, orders=all_orders(4))
    assert np.ptp(varied.by_order, axis=1).max() < 1e-6
    assert np.ptp(varied.as_given) > 0.1


@pytest.mark.parametrize("number", [1, 7, 8, 9, 20])
def test_bulbs_keep_their_answers_over_the_borders_of_batches(ordered, bulb, number):
    levels = np.random.default_rng(number).integers(1, 255, (number, 4)).tolist()
    bulbs = [bulb(f"n{place}", one) for place, one in enumerate(levels)]
    varied = judge_varied(ordered(), bulbs, orders=[[3, 2, 1, 0]])
    expected = [[defect_probability_by_hand(one[::-1])] for one in levels]
    np.testing.assert_allclose(varied.by_order, expected, rtol=1e-4)
    assert varied.bulbs == tuple(bulbs)


def test_what_the_inspector_leaves_unjudged_is_left_out_and_counted(ordered, bulb):
    inspector = ordered(gate=Gate(min_brightness=0.1, remembered_bulbs=100))
    cut = bulb("cut", [60, 61, 62, 63])
    cut.views[1].path.write_bytes(b"")
    bulbs = [
        bulb("dark", [60, 9, 60, 61]), bulb("a"), bulb("short", [60, 61, 62]), cut,
        bulb("again", LEVELS["a"]), bulb("e", [50, 51, 52, 53]),
    ]  # fmt: skip
    varied = judge_varied(inspector, bulbs, orders=all_orders(4), masks=subsets(4, 1))
    assert [one.bulb_id for one in varied.bulbs] == ["a", "e"]
    assert varied.by_order.shape == (2, 24)
    assert varied.by_mask.shape == (2, 4)
    expected = {one.bulb_id: one for one in inspector.inspect(bulbs)}
    reasons = [p.reason for p in expected.values() if p.verdict is Verdict.UNJUDGED]
    assert sorted(varied.unjudged.elements()) == sorted(reasons)
    assert {"too_dark", "missing_view", "frozen_camera"} < set(reasons)
    assert varied.predictions == (expected["a"], expected["e"])


def test_each_bulb_is_read_once(ordered, bulb, monkeypatch):
    read = []

    def counted(views, spec):
        read.append(views)
        return load_views(views, spec)

    monkeypatch.setattr(inspector_file, "load_views", counted)
    judge_varied(ordered(), [bulb("a"), bulb("b")], orders=all_orders(4), masks=subsets(4, 3))
    assert len(read) == 2


def test_nothing_judged_is_nothing_varied(ordered, bulb):
    varied = judge_varied(ordered(), [bulb("short", [1, 2])], orders=all_orders(4))
    assert (varied.bulbs, varied.by_order.shape) == ((), (0, 24))
    assert varied.unjudged == {"missing_view": 1}


def test_an_answer_that_is_not_finite_is_nan(tiny_bundle, bulb):
    """The bundle divides by the brightness of each view: a black one, which stands for absent."""
    inspector = Inspector(tiny_bundle(graph={"nan_when_black": True}))
    varied = judge_varied(inspector, [bulb("a")], masks=[[True] * 4, [True, True, True, False]])
    assert np.isnan(varied.by_mask).tolist() == [[False, True]]


def test_without_good_class_nothing_can_be_said(tiny_bundle, bulb):
    inspector = Inspector(tiny_bundle(classes=("apple", "pear")))
    with pytest.raises(UsageError, match="no good class"):
        judge_varied(inspector, [bulb("a")], orders=all_orders(4))


@pytest.mark.parametrize("orders", [[[0, 1, 2]], [[0, 1, 2, 2]], [[1, 2, 3, 4]], [0, 1, 2, 3]])
def test_what_is_no_order_is_refused(ordered, orders):
    with pytest.raises(ValueError, match="expected orders of the views 0 to 3"):
        judge_varied(ordered(), [], orders=orders)


@pytest.mark.parametrize("masks", [[[True] * 3], [[False] * 4], [True] * 4])
def test_what_is_no_mask_is_refused(ordered, masks):
    with pytest.raises(ValueError, match="expected masks of 4 views"):
        judge_varied(ordered(), [], masks=masks)


def test_the_inspector_hands_out_what_the_network_saw(ordered, bulb):
    inspector, bulbs = ordered(), [bulb("a"), bulb("short", [1, 2]), bulb("b")]
    given = list(inspector.inspect_with_pixels(bulbs))
    assert [prediction for prediction, _ in given] == list(inspector.inspect(bulbs))
    (_, first), (_, none), (_, last) = given
    assert none is None
    for pixels, one in ((first, bulbs[0]), (last, bulbs[2])):
        loaded = load_views(one.views, inspector.bundle.metadata.preprocess)
        np.testing.assert_array_equal(pixels, [view.pixels for view in loaded])


def test_another_runtime_may_be_asked(ordered, bulb, tmp_path, tiny_metadata):
    reversed_places = write_ordered(tmp_path / "other.onnx", tiny_metadata(), PLACES[::-1])
    varied = judge_varied(
        ordered(), [bulb("a")], orders=[[0, 1, 2, 3]], runtime=Runtime(reversed_places)
    )
    assert varied.by_order[0, 0] == pytest.approx(
        defect_probability_by_hand(LEVELS["a"][::-1]), rel=1e-5
    )
    assert varied.as_given[0] == pytest.approx(defect_probability_by_hand(LEVELS["a"]), rel=1e-5)
