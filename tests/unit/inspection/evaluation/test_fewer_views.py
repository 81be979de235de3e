"""Rates with fewer views, against probabilities computed by hand."""

import itertools

import numpy as np
import pytest
from tests.ordered_bundle import defect_probability_by_hand, write_ordered

from bulbinspect.bulb import Bulb, View
from bulbinspect.errors import UsageError
from bulbinspect.inspection.evaluation.fewer_views import fewer_views
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.metrics.operating_point import OperatingPoint

LEVELS = {  # label, gray levels; the last view counts four times as much as the first
    "a": ("good", [20, 30, 40, 50]),
    "b": ("good", [90, 80, 100, 60]),
    "c": ("defect", [60, 70, 80, 250]),
    "d": ("defect", [250, 240, 230, 160]),
    "e": ("defect", [200, 210, 190, 220]),
}
POINT = OperatingPoint(0.4, 0.2, "by_hand", "val", 9, 9, 0.0, 0.0)


@pytest.fixture
def bulbs(tmp_path, draw_bulb):
    made = []
    for name, (label, levels) in LEVELS.items():
        folder = draw_bulb(tmp_path / name, levels)
        views = tuple(View(str(n), folder / f"{n}.png") for n in range(4))
        made.append(Bulb(name, views, label))
    return made


@pytest.fixture
def inspector(tmp_path, tiny_metadata):
    def make(**changes):
        metadata = tiny_metadata(operating_point=POINT, **changes)
        return Inspector(write_ordered(tmp_path / "ordered.onnx", metadata), threads=1)

    return make


def by_hand(mask):
    """Return escape, overkill and review rate with the views of a mask alone."""
    ends = {"good": [], "defect": []}
    for label, levels in LEVELS.values():
        probability = defect_probability_by_hand(np.multiply(levels, mask))
        ends[label].append("pass" if probability < 0.2 else "?" if probability < 0.4 else "reject")
    every = ends["good"] + ends["defect"]
    return (
        ends["defect"].count("pass") / 3,
        ends["good"].count("reject") / 2,
        every.count("?") / 5,
    )


def test_rates_of_every_set_are_those_computed_by_hand(inspector, bulbs):
    figures = fewer_views(inspector(), bulbs)
    assert (figures["num_bulbs"], figures["left_out"]) == (5, {})
    sets = {tuple(row["views"]): row for row in figures["by_views"]}
    assert len(sets) == 15
    for mask in itertools.product([False, True], repeat=4):
        if not any(mask):
            continue
        row = sets[tuple(str(n) for n in range(4) if mask[n])]
        assert row["absent"] == [str(n) for n in range(4) if not mask[n]]
        rates = (row["escape_rate"], row["overkill_rate"], row["review_rate"])
        assert rates == pytest.approx(by_hand(mask))
    assert len({row["escape_rate"] for row in sets.values()}) > 1


def test_the_curve_is_the_mean_over_the_sets_and_their_worst(inspector, bulbs):
    figures = fewer_views(inspector(), bulbs)
    assert [one["num_views"] for one in figures["by_number"]] == [4, 3, 2, 1]
    assert [one["num_sets"] for one in figures["by_number"]] == [1, 4, 6, 4]
    three = [by_hand(np.arange(4) != absent) for absent in range(4)]
    curve = figures["by_number"][1]
    assert curve["escape_rate"] == pytest.approx(np.mean([one[0] for one in three]))
    assert curve["worst_escape_rate"] == pytest.approx(np.max([one[0] for one in three]))
    assert curve["overkill_rate"] == pytest.approx(np.mean([one[1] for one in three]))


@pytest.mark.parametrize(("least", "judged"), [(None, [4]), (3, [4, 3]), (1, [4, 3, 2, 1])])
def test_it_is_said_which_bulbs_the_line_would_not_judge(inspector, bulbs, least, judged):
    figures = fewer_views(inspector(min_views=least), bulbs)
    said = [one["num_views"] for one in figures["by_number"] if one["judged_on_line"]]
    assert said == judged
    assert all(row["judged_on_line"] == (row["num_views"] in judged) for row in figures["by_views"])


def test_bulbs_that_are_not_judged_whole_are_left_out_and_counted(inspector, bulbs):
    bulbs[0].views[1].path.write_bytes(b"")
    bulbs[1] = Bulb("b", bulbs[1].views[:3], "good")
    figures = fewer_views(inspector(min_views=3), bulbs)
    assert figures["num_bulbs"] == 3
    assert figures["left_out"] == {"empty_file": 1, "missing_view": 1}
    assert figures["by_views"][0]["overkill_rate"] is None
    assert figures["by_number"][0]["overkill_rate"] is None


def test_an_answer_that_is_not_finite_never_passes(tiny_bundle, bulbs):
    """The bundle divides by the brightness of each view, and absent ones are black."""
    figures = fewer_views(Inspector(tiny_bundle(graph={"nan_when_black": True})), bulbs)
    whole, *fewer = figures["by_views"]
    assert (whole["num_non_finite"], whole["num_defective"]) == (0, 3)
    for row in fewer:
        assert (row["num_non_finite"], row["num_escape"], row["escape_rate"]) == (5, 0, None)
    assert figures["by_number"][1]["escape_rate"] is None


def test_of_many_views_not_every_set_is_gone_through(tmp_path, tiny_metadata, draw_bulb):
    metadata = tiny_metadata(view_names=tuple("1234567"))
    bundle = write_ordered(tmp_path / "seven.onnx", metadata, [1 / 7] * 7)
    folder = draw_bulb(tmp_path / "a", [100 + n for n in range(7)])
    views = tuple(View(str(n + 1), folder / f"{n}.png") for n in range(7))
    figures = fewer_views(Inspector(bundle, threads=1), [Bulb("a", views, "good")])
    assert [one["num_sets"] for one in figures["by_number"]] == [1, 7, 7]


def test_without_a_good_class_no_verdict_can_change(tiny_bundle):
    with pytest.raises(UsageError, match="no good class"):
        fewer_views(Inspector(tiny_bundle(classes=("apple", "pear"))), [])
