"""A network made for one size and number of views ships as it is, and takes nothing else."""

import numpy as np
import pytest
import torch

from bulbinspect.bulb import ViewsIn
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import BulbInspectError
from bulbinspect.export.ship import Judgeable, ship
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec, build_model

SIZE = {"height_px": 40, "width_px": 48}


@pytest.mark.parametrize("num_views", [1, 4])
def test_the_network_of_answer_3_ships_and_judges_any_number_of_bulbs(tmp_path, num_views):
    torch.manual_seed(0)
    spec = ModelSpec(
        num_classes=2, trunk="dense_siamese", view_pooling="concat", num_views=num_views, **SIZE
    )
    network = build_model(spec).eval()
    generator = np.random.default_rng(0)
    views = generator.integers(0, 256, (40, num_views, 40, 48), dtype=np.uint8)
    present = np.ones((40, num_views), bool)
    bundle = ship(
        network,
        tmp_path / "bundle.onnx",
        model=spec,
        preprocess=PreprocessSpec(**SIZE),
        classes=("good", "defect"),
        view_names=[str(view) for view in range(num_views)],
        views_in=ViewsIn.FILES,
        gate=None,
        val=Judgeable(views, present, np.arange(40) % 2),
        provenance={},
    )
    assert ModelSpec.from_dict(bundle.metadata.model) == spec
    runtime = Runtime(bundle, device="cpu")
    for num in (1, 3):
        logits, view_logits = runtime.run(views[:num], present[:num])
        with torch.inference_mode():
            tensors = torch.from_numpy(views[:num]), torch.from_numpy(present[:num])
            features = network.view_features(*tensors)
            np.testing.assert_allclose(logits, network(*tensors).numpy(), atol=1e-5)
            alone = network.judge_each_view(features).numpy()
            np.testing.assert_allclose(view_logits, alone, atol=1e-5)
    with pytest.raises(BulbInspectError):
        runtime.run(np.repeat(views, 2, 1)[:1], np.ones((1, 2 * num_views), bool))
