"""What val was like ships in the bundle, for a later comparison."""

import numpy as np
import pytest
import torch

from bulbinspect.bulb import ViewsIn
from bulbinspect.bundle.bundle import read_bundle
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.export.ship import Judgeable, ship
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.drift.drift import reference_of
from bulbinspect.models.spec import ModelSpec, build_model

PREPROCESS = PreprocessSpec(height_px=32, width_px=32)


@pytest.mark.parametrize("num", [30, 10])
def test_the_reference_is_that_of_val_through_the_exported_graph(tmp_path, num):
    random = np.random.default_rng(0)
    views = random.integers(0, 200, (num, 4, 32, 32)).astype(np.uint8)
    present, target = np.ones((num, 4), bool), np.arange(num) % 3
    spec = ModelSpec(num_classes=3, max_level=255, num_views=4)
    torch.manual_seed(1)
    ship(
        build_model(spec).eval(),
        tmp_path / "bundle.onnx",
        model=spec,
        preprocess=PREPROCESS,
        classes=("good", "chip", "stain"),
        view_names=("a", "b", "c", "d"),
        views_in=ViewsIn.FILES,
        gate=None,
        val=Judgeable(views, present, target),
        provenance={},
    )
    bundle = read_bundle(tmp_path / "bundle.onnx")
    if num < 20:
        assert bundle.metadata.reference == {}
        return
    reference = reference_of(bundle.metadata)
    assert (reference.chosen_on, reference.num_bulbs) == ("val", num)
    for at, name in enumerate("abcd"):
        brightness = views[:, at].mean(axis=(1, 2)) / 255
        table = reference.cameras[name].measures["brightness"]
        assert table.counts == (num,)
        assert min(table.levels) == pytest.approx(brightness.min(), rel=1e-5)
        assert max(table.levels) == pytest.approx(brightness.max(), rel=1e-5)
    logits = Runtime(bundle, device="cpu").run(views, present)[0].astype(float)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    odds = np.log((shares[:, 1] + shares[:, 2]) / shares[:, 0])
    assert reference.log_odds.counts == (10, 20)
    assert min(reference.log_odds.levels) == pytest.approx(odds.min(), rel=1e-4, abs=1e-5)
    assert max(reference.log_odds.levels) == pytest.approx(odds.max(), rel=1e-4, abs=1e-5)
