"""Every network ships, and its bundle does what it does, absent views included."""

import numpy as np
import pytest
import torch
from tests.networks import EVERY_NETWORK, SIZE, name_of, network_of, views_of

from bulbinspect.bulb import ViewsIn
from bulbinspect.bundle.bundle import write_bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.export.graph import export_graph
from bulbinspect.export.ship import Judgeable, ship
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec

PREPROCESS = PreprocessSpec(**SIZE)
SHIPPED = [values for values in EVERY_NETWORK if values.keys() != {"view_pooling"}]
LIKE_ANOTHER = {  # their graphs hold nothing that those of others do not
    *("early_fusion-shuffle_weights", "early_fusion-average_weights", "per_view_kernels-concat"),
    *("concat-all", "cyclic-all", "per_view_kernels-all", "single_view-first-cyclic"),
}


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(v, marks=[pytest.mark.slow] * (name_of(v) in LIKE_ANOTHER), id=name_of(v))
        for v in SHIPPED
    ],
)
def test_every_network_ships_and_judges_any_number_of_bulbs(tmp_path, values):
    """The view poolings of the siamese network are shipped in test_ship.py."""
    network = network_of(values, num_classes=2)
    spec = ModelSpec(num_classes=2, num_views=4, **SIZE, **values)
    views = views_of(40).byte().numpy()
    bundle = ship(
        network,
        tmp_path / "bundle.onnx",
        model=spec,
        preprocess=PREPROCESS,
        classes=("good", "defect"),
        view_names=("0", "1", "2", "3"),
        views_in=ViewsIn.FILES,
        gate=None,
        val=Judgeable(views, np.ones((40, 4), bool), np.arange(40) % 2),
        provenance={},
    )
    assert bundle.metadata.agreement["changed_verdicts"] == 0
    assert ModelSpec.from_dict(bundle.metadata.model) == spec
    runtime = Runtime(bundle, device="cpu")
    for num in (1, 3):
        views = views_of(num, seed=num).byte()
        present = torch.ones(num, 4, dtype=torch.bool)
        present[0, 1] = False
        logits, view_logits = runtime.run(views.numpy(), present.numpy())
        with torch.inference_mode():
            expected, expected_of_views = network.judge_with_views(views, present)
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-4)
        there = present.numpy()
        np.testing.assert_allclose(
            view_logits[there], expected_of_views.numpy()[there], rtol=1e-4, atol=1e-4
        )
        blank = torch.where(present[..., None, None], views, 255)
        np.testing.assert_array_equal(runtime.run(blank.numpy(), there)[0], logits)


@pytest.mark.parametrize("num_classes", [2, 3])
def test_the_evidence_map_leaves_the_graph_and_is_what_the_answer_is_made_from(
    tmp_path, num_classes
):
    network = network_of({"name": "evidence"}, num_classes=num_classes)
    classes = ("good", "crack", "dent")[:num_classes]
    names = ("0", "1", "2", "3")
    metadata = BundleMetadata(classes=classes, view_names=names, preprocess=PREPROCESS)
    graph = export_graph(network, PREPROCESS, num_views=4)
    runtime = Runtime(write_bundle(tmp_path / "b.onnx", graph, metadata), device="cpu")
    assert runtime.has_evidence
    views, present = views_of(3).byte(), torch.ones(3, 4, dtype=torch.bool)
    present[0, 1] = False
    logits, _, evidence = runtime.run_with_evidence(views.numpy(), present.numpy())
    with torch.inference_mode():
        _, _, expected = network.judge_with_evidence(views, present)
    there = present.numpy()
    np.testing.assert_allclose(evidence[there], expected.numpy()[there], rtol=1e-4, atol=1e-4)
    np.testing.assert_array_equal(runtime.run(views.numpy(), there)[0], logits)
    if num_classes == 2:  # the bulb is one smooth maximum over the map, of sharpness 1
        for bulb in range(3):
            places = evidence[bulb][there[bulb]].astype(float)
            expected_logit = np.log(np.mean(np.exp(places)))
            assert logits[bulb, 1] - logits[bulb, 0] == pytest.approx(expected_logit, abs=1e-4)


def test_a_graph_without_a_map_says_so(tiny_bundle):
    runtime = Runtime(tiny_bundle())
    views = np.zeros((2, 4, 16, 16), np.uint8)
    assert not runtime.has_evidence
    assert runtime.run_with_evidence(views, np.ones((2, 4), bool))[2] is None


@pytest.mark.parametrize("num_views", [1, 2, 5])
@pytest.mark.parametrize("join", ["or", "first"])
def test_single_views_are_judged_and_joined_for_any_number_of_them(tmp_path, num_views, join):
    network = network_of({"name": "single_view", "join": join}, num_classes=2, num_views=None)
    graph = export_graph(network, PREPROCESS, num_views=4)
    names = tuple(map(str, range(num_views)))
    metadata = BundleMetadata(classes=("good", "x"), view_names=names, preprocess=PREPROCESS)
    runtime = Runtime(write_bundle(tmp_path / "b.onnx", graph, metadata), device="cpu")
    views, present = views_of(3, num_views).byte(), torch.ones(3, num_views, dtype=torch.bool)
    present[0, : num_views - 1] = False  # of the first bulb the last view alone is there
    with torch.inference_mode():
        expected = network(views, present)
    found = runtime.run(views.numpy(), present.numpy())[0]
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_an_average_over_orders_holds_the_weights_of_the_network_once():
    plain = export_graph(network_of({"name": "early_fusion"}), PREPROCESS, num_views=4)
    network = network_of({"name": "early_fusion", "judge_orders": "all"})
    assert len(export_graph(network, PREPROCESS, num_views=4)) < len(plain) + 300_000
