"""The changes in other orders, against what is computed by hand for each bulb and order."""

import itertools

import numpy as np
import pytest
from tests.calibrations import calibration_of
from tests.foreign_graph import foreign_graph
from tests.ordered_bundle import defect_probability_by_hand, write_ordered

from bulbinspect.bulb import Bulb, Verdict, View
from bulbinspect.bundle.foreign import ForeignSpec, foreign_bundle, read_foreign
from bulbinspect.errors import DataError, UsageError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.certification.certificate import to_dict
from bulbinspect.inspection.certification.certify import certify
from bulbinspect.inspection.certification.orders import other_orders
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.metrics.operating_point import OperatingPoint

LEVELS = {  # the places weigh 0.1, 0.2, 0.3 and 0.4; the threshold is half of the gray range
    "even": ([100, 101, 102, 103], "good"),
    "turns": ([20, 20, 200, 220], "defect"),
    "near": ([90, 140, 150, 130], "good"),
    "bright": ([250, 240, 230, 220], "defect"),
    "odd": ([10, 200, 30, 40], "defect"),
}
CALIBRATION = calibration_of(temperature=2.0, bias=1.5)
OTHERS = list(itertools.permutations(range(4)))[1:]
TURNS = [(1, 2, 3, 0), (2, 3, 0, 1), (3, 0, 1, 2)]


@pytest.fixture
def bulbs(tmp_path, draw_bulb):
    def draw(levels=LEVELS):
        made = []
        for bulb_id, (row, label) in levels.items():
            folder = draw_bulb(tmp_path / bulb_id, row)
            views = tuple(View(str(n), folder / f"{n}.png") for n in range(len(row)))
            made.append(Bulb(bulb_id, views, label=label))
        return made

    return draw


@pytest.fixture
def ordered(tmp_path, tiny_metadata):
    return Inspector(write_ordered(tmp_path / "ordered.onnx", tiny_metadata()), threads=2)


def by_hand(orders):
    """Return the probabilities as given (N,), and in each of the orders (N, O)."""
    rows = [levels for levels, _ in LEVELS.values()]
    given = [defect_probability_by_hand(row) for row in rows]
    turned = [[defect_probability_by_hand([row[v] for v in o]) for o in orders] for row in rows]
    return np.array(given), np.array(turned)


@pytest.mark.parametrize(("only_shifts", "orders"), [(False, OTHERS), (True, TURNS)])
def test_figures_are_those_computed_by_hand(ordered, bulbs, only_shifts, orders):
    changes = certify(ordered, bulbs(), other_orders(4))
    figures = changes.figures(only_shifts=only_shifts)
    given, turned = by_hand(orders)
    change = np.abs(turned - given[:, None])
    changed = (turned >= 0.5) != (given >= 0.5)[:, None]
    assert 0 < changed.any(1).sum() < len(LEVELS)  # the case says something
    assert figures["num_orders"] == len(orders)
    assert figures["largest_change"] == pytest.approx(change.max(), rel=1e-4)
    assert figures["median_change"] == pytest.approx(np.median(change.max(1)), rel=1e-4)
    assert figures["changed_verdicts"] == changed.sum()
    assert figures["changed_bulbs"] == changed.any(1).sum()
    assert figures["not_finite"] == 0
    passed = np.column_stack([given, turned]) < 0.5
    good = np.array([label == "good" for _, label in LEVELS.values()])
    assert (figures["num_good"], figures["num_defective"]) == (2, 3)
    assert figures["defective_passed_as_given"] == passed[~good, 0].sum()
    assert figures["defective_passed_somewhere"] == passed[~good].any(1).sum()
    assert figures["good_stopped_as_given"] == (~passed[good, 0]).sum()
    assert figures["good_stopped_somewhere"] == (~passed[good]).any(1).sum()
    assert not changes.certified()


def test_the_worst_come_first_and_name_the_orders_of_their_extremes(ordered, bulbs):
    bundle = ordered.bundle
    plain = to_dict(certify(ordered, bulbs(), other_orders(4)), bundle, 1e-5)
    given, turned = by_hand(OTHERS)
    change = np.abs(turned - given[:, None]).max(1)
    changed = ((turned >= 0.5) != (given >= 0.5)[:, None]).any(1)
    ids = list(LEVELS)
    expected = sorted(range(len(ids)), key=lambda place: (not changed[place], -change[place]))
    assert [row["bulb_id"] for row in plain["bulbs"]] == [ids[place] for place in expected]
    for row, place in zip(plain["bulbs"], expected, strict=True):
        levels, _ = LEVELS[row["bulb_id"]]
        assert row["largest_change"] == pytest.approx(change[place], rel=1e-4)
        assert row["defect_probability"] == pytest.approx(given[place], rel=1e-4)
        for name, extreme in (("lowest", turned[place].min()), ("highest", turned[place].max())):
            assert row[name]["defect_probability"] == pytest.approx(extreme, rel=1e-4)
            again = defect_probability_by_hand([levels[int(view)] for view in row[name]["order"]])
            assert again == pytest.approx(extreme, rel=1e-4)
            assert row[name]["verdict"] == ("reject" if extreme >= 0.5 else "pass")


def test_a_network_without_places_is_certified(tiny_bundle, bulbs):
    changes = certify(Inspector(tiny_bundle()), bulbs(), other_orders(4))
    assert changes.certified()
    assert changes.figures()["changed_verdicts"] == 0
    assert changes.figures()["largest_change"] < 1e-6


def test_the_tolerance_is_kept_to_the_digit(ordered, bulbs):
    """Without a changed verdict the largest change decides, and itself is still allowed."""
    some = bulbs({"even": LEVELS["even"]})
    changes = certify(ordered, some, other_orders(4))
    largest = changes.figures()["largest_change"]
    assert changes.figures()["changed_bulbs"] == 0
    assert changes.certified(largest)
    assert not changes.certified(np.nextafter(largest, 0))


def test_a_changed_verdict_is_never_certified(ordered, bulbs):
    changes = certify(ordered, bulbs(), other_orders(4))
    assert not changes.certified(1.0)


def test_an_answer_that_is_not_finite_in_some_order_is_never_certified(tmp_path, bulbs):
    """The graph divides by the brightness of the first place; the black view comes third."""
    path = tmp_path / "foreign.onnx"
    path.write_bytes(foreign_graph(divided=True))
    bundle = foreign_bundle(
        read_foreign(path),
        ForeignSpec(answer="logits", defective=1),
        view_names=("0", "1", "2", "3"),
        preprocess=PreprocessSpec(16, 16),
        threshold=0.99,
    )
    changes = certify(Inspector(bundle), bulbs({"a": ([9, 8, 0, 7], "good")}), other_orders(4))
    assert not changes.certified(1.0)
    figures = changes.figures()
    assert (figures["largest_change"], figures["median_change"]) == (None, None)
    assert figures["not_finite"] == figures["changed_verdicts"] == 6
    assert figures["good_stopped_somewhere"] == 1
    assert (changes.verdicts == Verdict.UNJUDGED).sum() == 6
    (row,) = to_dict(changes, bundle, 1e-5)["bulbs"]
    assert (row["largest_change"], row["not_finite"]) == (None, 6)
    assert row["highest"]["defect_probability"] < 0.1


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"operating_point": OperatingPoint(0.6, 0.4, "by_hand", "val", 9, 9, 0.0, 0.0)},
        {"calibration": CALIBRATION},
    ],
)
def test_verdicts_are_those_that_the_inspector_gives_when_cameras_are_changed(
    tmp_path, tiny_metadata, bulbs, changes
):
    ordered = Inspector(write_ordered(tmp_path / "ordered.onnx", tiny_metadata(**changes)))
    made = bulbs()
    review = "operating_point" in changes
    changes = certify(ordered, made, other_orders(4))
    assert (Verdict.REVIEW in changes.verdicts) == review
    for column, order in enumerate(changes.orders.rows):
        turned = [
            Bulb(bulb.bulb_id, tuple(View(str(p), bulb.views[v].path) for p, v in enumerate(order)))
            for bulb in made
        ]
        answers = list(ordered.inspect(turned))
        assert [one.verdict for one in answers] == changes.verdicts[:, column].tolist()
        probability = [one.defect_probability for one in answers]
        np.testing.assert_allclose(changes.probability[:, column], probability, rtol=1e-6)


def test_unjudged_bulbs_are_left_out_and_counted(ordered, bulbs):
    made = bulbs()
    made[1].views[2].path.unlink()
    changes = certify(ordered, made, other_orders(4))
    assert [bulb.bulb_id for bulb in changes.bulbs] == ["even", "near", "bright", "odd"]
    plain = to_dict(changes, ordered.bundle, 1e-5)
    assert (plain["num_bulbs"], plain["num_judged"]) == (5, 4)
    assert plain["left_out"] == {"missing_file": 1}


def test_where_nothing_was_judged_nothing_is_certified(ordered, bulbs):
    made = bulbs({"short": ([1, 2, 3], "good"), "long": ([1, 2, 3, 4, 5], "good")})
    with pytest.raises(DataError, match="none of 2 bulbs was judged") as caught:
        certify(ordered, made, other_orders(4))
    assert "1 missing_view" in caught.value.problems
    assert any("short" in line for line in caught.value.problems)


def test_without_a_good_class_there_are_no_verdicts_to_change(tiny_bundle, bulbs):
    with pytest.raises(UsageError, match="no good class"):
        certify(Inspector(tiny_bundle(classes=("apple", "pear"))), bulbs(), other_orders(4))


def test_unlabelled_bulbs_are_no_mistakes(ordered, bulbs):
    some = bulbs({name: (levels, "") for name, (levels, _) in LEVELS.items()})
    figures = certify(ordered, some, other_orders(4)).figures()
    counts = [value for name, value in figures.items() if "good" in name or "defective" in name]
    assert counts == [0] * 6
