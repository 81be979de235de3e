"""What is measured of a run, against what can be computed by hand."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from tests.ordered_bundle import (
    THRESHOLD,
    defect_probability_by_hand,
    rejected_by_hand,
    write_ordered,
)

from bulbinspect.bulb import Bulb, View, ViewsIn
from bulbinspect.data.manifest import read_manifest
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.errors import BundleError
from bulbinspect.export.ship import Judgeable, ship
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.evaluation.evaluate import evaluate
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.variations import all_orders, shifts, subsets
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.study.measure import measure_run, take_evenly

SIZE_PX = 40


def run_of(tmp_path_factory, folder, **values):
    """Ship an untrained network into a run folder of its own."""
    folder = tmp_path_factory.mktemp(folder)
    spec = ModelSpec(num_classes=2, num_views=4, height_px=SIZE_PX, width_px=SIZE_PX, **values)
    torch.manual_seed(3)
    network = build_model(spec).eval()
    for name, weight in network.named_parameters():
        if name.endswith("head.linear.weight"):
            weight.data.mul_(30)  # untrained, it hardly tells one bulb from another
    generator = np.random.default_rng(0)
    views = generator.integers(0, 256, (12, 4, SIZE_PX, SIZE_PX)).astype(np.uint8)
    ship(
        network,
        folder / "bundle.onnx",
        model=spec,
        preprocess=PreprocessSpec(SIZE_PX, SIZE_PX),
        classes=("good", "defect"),
        view_names=("1", "2", "3", "4"),
        views_in=ViewsIn.FILES,
        gate=None,
        val=Judgeable(views, np.ones((12, 4), bool), np.arange(12) % 2),
        provenance={"seed": 0},
    )
    return folder


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Draw 16 bulbs, all of them test."""
    folder = tmp_path_factory.mktemp("drawn") / "set"
    write_set(folder, num_bulbs=16, size_px=SIZE_PX, seed=1, fractions=(0, 0, 1))
    return folder


@pytest.fixture(scope="module")
def bulbs(drawn):
    return read_manifest(drawn / "manifest.csv").bulbs


@pytest.fixture(scope="module")
def invariant(tmp_path_factory):
    return run_of(tmp_path_factory, "siamese", view_pooling="max")


@pytest.fixture(scope="module")
def order_bound(tmp_path_factory):
    values = {"standardise": False, "sharpness": 4.0}  # untrained it tells more bulbs apart then
    return run_of(tmp_path_factory, "concat", view_pooling="concat", **values)


def test_an_order_invariant_network_changes_no_verdict(invariant, bulbs):
    found = measure_run(invariant, bulbs)
    for name, number in (("orders", 24), ("shifts", 4)):
        assert found[name]["num_bulbs"] == 16
        assert found[name]["num_orders"] == number
        assert (found[name]["changed_bulbs"], found[name]["mean_changed"]) == (0, 0.0)
        assert found[name]["largest_change"] < 1e-5
    assert found["reshots"] is None
    assert found["named_side"] is None


@pytest.mark.parametrize("judge_orders", ["all", "cyclic"])
def test_a_baseline_averaged_over_orders_changes_in_no_other_ones(
    tmp_path_factory, bulbs, judge_orders
):
    run = run_of(tmp_path_factory, "averaged", name="early_fusion", judge_orders=judge_orders)
    found = measure_run(run, bulbs, varied_bulbs=4)
    assert found["shifts"]["largest_change"] < 1e-5
    assert (found["orders"]["largest_change"] < 1e-5) == (judge_orders == "all")


def test_an_order_bound_network_changes(order_bound, bulbs):
    found = measure_run(order_bound, bulbs)
    assert found["orders"]["largest_change"] >= found["shifts"]["largest_change"] > 1e-4
    assert found["orders"]["changed_bulbs"] >= found["shifts"]["changed_bulbs"] > 0


@pytest.mark.parametrize("run", ["invariant", "order_bound"])
def test_with_all_views_the_figures_are_those_of_evaluate(run, bulbs, request, tmp_path):
    folder = request.getfixturevalue(run)
    found = measure_run(folder, bulbs)["fewer_views"]
    inspector = Inspector(_bundle(folder))
    expected = evaluate(inspector, bulbs, tmp_path)
    assert list(found) == ["4", "3", "2", "1"]
    assert found["4"] == {name: expected[name] for name in found["4"]}
    assert set(found["4"]) == {"auroc", "escape_rate", "overkill_rate"}
    assert found["1"] != found["4"]


def test_what_is_measured_is_plain_json(order_bound, bulbs, drawn):
    found = measure_run(order_bound, bulbs, reshots=bulbs, truth=drawn / "truth.csv")
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert set(found) == {"orders", "shifts", "reshots", "fewer_views", "named_side"}


def test_changes_by_order_are_those_computed_by_hand(by_hand):
    run, bulbs, levels = by_hand()
    found = measure_run(run, bulbs)
    for name, orders in (("orders", all_orders(4)), ("shifts", shifts(4))):
        probability = np.array(
            [[defect_probability_by_hand(row[order]) for order in orders] for row in levels]
        )
        changed = (probability >= THRESHOLD) != (probability[:, :1] >= THRESHOLD)
        assert 0 < changed.any(1).sum() < 20
        assert found[name] == {
            "num_bulbs": 20,
            "num_orders": len(orders),
            "changed_bulbs": changed.any(1).sum(),
            "mean_changed": pytest.approx(changed.mean()),
            "largest_change": pytest.approx(
                np.abs(probability - probability[:, :1]).max(), rel=1e-4
            ),
        }


def test_fewer_views_are_the_mean_over_their_choices(by_hand):
    run, bulbs, levels = by_hand()
    found = measure_run(run, bulbs)["fewer_views"]
    defective = np.array([bulb.label == "defect" for bulb in bulbs])
    for size in (1, 2, 3, 4):
        probability = np.array(
            [
                [defect_probability_by_hand(row * mask) for mask in subsets(4, size)]
                for row in levels
            ]
        )
        rejected = probability >= THRESHOLD
        assert found[str(size)] == {
            "auroc": pytest.approx(np.mean([roc_auc_score(defective, p) for p in probability.T])),
            "escape_rate": pytest.approx(1 - rejected[defective].mean()),
            "overkill_rate": pytest.approx(rejected[~defective].mean()),
        }


def test_reshots_count_bodies_whose_shots_differ(by_hand):
    run, bulbs, levels = by_hand()
    found = measure_run(run, bulbs, reshots=bulbs[:-1])["reshots"]
    probability = np.array([defect_probability_by_hand(row) for row in levels])[:18].reshape(9, 2)
    verdicts = probability >= THRESHOLD
    assert found == {
        "num_bulbs": 9,  # the shot without another is no body that could change
        "changed_bulbs": (verdicts[:, 0] != verdicts[:, 1]).sum(),
        "largest_change": pytest.approx(np.abs(np.diff(probability)).max(), rel=1e-4),
    }
    assert 0 < found["changed_bulbs"] < 9


def test_shots_of_a_drawn_body_are_told_by_its_group(order_bound, tmp_path, bulbs):
    write_set(tmp_path / "set", num_bulbs=5, size_px=SIZE_PX, num_shots=3, fractions=(0, 0, 1))
    shots = read_manifest(tmp_path / "set" / "manifest.csv").bulbs
    found = measure_run(order_bound, bulbs, varied_bulbs=1, reshots=shots)["reshots"]
    assert len(shots) == 15
    assert found["num_bulbs"] == 5
    assert found["largest_change"] > 0


def test_bulbs_that_the_gate_refuses_are_left_out_and_counted(by_hand):
    run, bulbs, levels = by_hand(gate=Gate(min_brightness=0.1))
    fit = (levels / 255 >= 0.1).all(1)
    found = measure_run(run, bulbs, reshots=bulbs)
    assert 0 < fit.sum() < 20
    assert found["orders"]["num_bulbs"] == found["shifts"]["num_bulbs"] == fit.sum()
    assert found["reshots"]["num_bulbs"] == fit.reshape(10, 2).all(1).sum()
    defective = np.array([bulb.label == "defect" for bulb in bulbs])
    rejected = np.array([rejected_by_hand(row) for row in levels])
    assert found["fewer_views"]["4"]["escape_rate"] == pytest.approx(
        1 - rejected[defective & fit].mean()
    )


def test_nothing_judged_measures_nothing(by_hand):
    run, bulbs, _ = by_hand(gate=Gate(min_brightness=1.0))
    found = measure_run(run, bulbs, reshots=bulbs)
    assert found["orders"] == {
        "num_bulbs": 0, "num_orders": 24, "changed_bulbs": 0, "mean_changed": None,
        "largest_change": None,
    }  # fmt: skip
    assert found["fewer_views"]["2"] == dict.fromkeys(found["fewer_views"]["4"])
    assert found["reshots"]["largest_change"] is None


def test_orders_and_fewer_views_are_gone_through_for_some_bulbs_of_each_class(by_hand):
    run, bulbs, levels = by_hand()
    found = measure_run(run, bulbs, varied_bulbs=6)
    some = [bulbs.index(bulb) for bulb in take_evenly(bulbs, 6)]
    changed = [
        any(rejected_by_hand(row[o]) != rejected_by_hand(row) for o in all_orders(4))
        for row in levels[some]
    ]
    assert (found["orders"]["num_bulbs"], found["orders"]["changed_bulbs"]) == (6, sum(changed))
    alone = measure_run(run, take_evenly(bulbs, 6))
    assert found["fewer_views"] == alone["fewer_views"] != measure_run(run, bulbs)["fewer_views"]


@pytest.mark.parametrize(
    ("labels", "number", "kept"),
    [
        ("ggggdd", 4, [0, 1, 4, 5]),
        ("ggggdd", 5, [0, 1, 2, 4, 5]),
        ("gdgdgc", 3, [0, 1, 5]),
        ("gd", 9, [0, 1]),
        ("gd", None, [0, 1]),
        ("gd", 0, []),
    ],
)
def test_bulbs_are_taken_evenly_over_their_classes(labels, number, kept):
    bulbs = [Bulb(str(place), (), label) for place, label in enumerate(labels)]
    assert [int(bulb.bulb_id) for bulb in take_evenly(bulbs, number)] == kept


def test_a_bundle_without_verdicts_is_refused(tmp_path, tiny_bundle):
    tiny_bundle(tmp_path / "bundle.onnx", classes=("apple", "pear"))
    with pytest.raises(BundleError, match="gives no verdicts"):
        measure_run(tmp_path, [])


@pytest.mark.parametrize("num_views", [1, 2, 6])
def test_any_number_of_views_can_be_measured(tmp_path, tiny_metadata, draw_bulb, num_views):
    names = tuple(str(n) for n in range(num_views))
    places = np.linspace(1, 2, num_views)
    write_ordered(tmp_path / "bundle.onnx", tiny_metadata(view_names=names), places)
    folder = draw_bulb(tmp_path / "b", list(range(40, 40 + num_views)))
    bulb = Bulb("b", tuple(View(name, folder / f"{name}.png") for name in names), "good")
    found = measure_run(tmp_path, [bulb])
    assert list(found["fewer_views"]) == [str(n) for n in range(num_views, 0, -1)]
    assert found["shifts"]["num_orders"] == num_views
    orders = found["orders"]
    assert orders is None if num_views == 6 else orders["num_orders"] == [1, 2][num_views - 1]


def _bundle(folder: Path):
    from bulbinspect.bundle.bundle import read_bundle

    return read_bundle(folder / "bundle.onnx")
