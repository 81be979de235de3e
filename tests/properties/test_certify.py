"""Every network is certified for just those orders of the views under which it answers alike."""

import numpy as np
import pytest
import torch
from PIL import Image
from tests.calibrations import calibration_of
from tests.networks import (
    EVERY_NETWORK,
    EVERY_ORDER,
    SAME_UNDER,
    SHIFTS,
    SIZE,
    name_of,
    network_of,
    views_of,
)

from bulbinspect.bulb import Bulb, View
from bulbinspect.bundle.bundle import write_bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.export.graph import export_graph
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.certification.certify import TOLERANCE, certify
from bulbinspect.inspection.certification.orders import other_orders
from bulbinspect.inspection.inspector import Inspector

SAME = SAME_UNDER | {"single_view-first-cyclic": EVERY_ORDER}  # here no view is absent
QUICK = {"max", "cyclic", "early_fusion-stacked"}  # exporting each network takes seconds


@pytest.fixture(scope="module")
def bulbs(tmp_path_factory):
    folder, made = tmp_path_factory.mktemp("bulbs"), []
    for number, pixels in enumerate(views_of(6).byte().numpy()):
        views = []
        for name, view in enumerate(pixels):
            path = folder / f"{number}_{name}.png"
            Image.fromarray(view).save(path)
            views.append(View(str(name), path))
        made.append(Bulb(str(number), tuple(views)))
    return made


def undecided(network):
    """Return the calibration that puts the bulbs around a probability of a half.

    A network that is not trained may be so sure of every bulb that no change would show.
    """
    with torch.no_grad():
        logits = network(views_of(6), torch.ones(6, 4, dtype=torch.bool)).double()
    log_odds = logits[:, 1] - logits[:, 0]
    temperature = max(1.0, log_odds.std().item())  # below 1 it would enlarge rounding
    bias = -log_odds.mean().item() / temperature
    return calibration_of(temperature=temperature, bias=bias)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(v, marks=[pytest.mark.slow] * (name_of(v) not in QUICK), id=name_of(v))
        for v in EVERY_NETWORK
    ],
)
def test_every_network_is_certified_for_the_orders_it_does_not_mind(
    tmp_path, tiny_metadata, bulbs, values
):
    spec = PreprocessSpec(**SIZE)
    network = network_of(values, num_classes=2)
    graph = export_graph(network, spec, num_views=4)
    metadata: BundleMetadata = tiny_metadata(preprocess=spec, calibration=undecided(network))
    inspector = Inspector(write_bundle(tmp_path / "b.onnx", graph, metadata), device="cpu")
    changes = certify(inspector, bulbs, other_orders(4))
    same = SAME.get(name_of(values), EVERY_ORDER)
    assert changes.certified() == (same == EVERY_ORDER)
    minded = {
        tuple(order)
        for order, column in zip(changes.orders.rows.tolist(), changes.change.T, strict=True)
        if (column > TOLERANCE).any()
    }
    assert minded == EVERY_ORDER - same
    turned = certify(inspector, bulbs, other_orders(4, only_shifts=True))
    assert turned.certified() == (same >= SHIFTS)
    assert np.ptp([one.defect_probability for one in changes.given]) > TOLERANCE  # bulbs differ
