"""A network that somebody else trained and exported, tried as torch itself would try it."""

import contextlib
import io
import itertools
import json
import warnings

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

SIDE = 24


def channels_network():
    """Return a network that takes the four views as channels, and minds their order."""
    torch.manual_seed(5)
    return nn.Sequential(
        nn.Conv2d(4, 8, 3, stride=2),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Linear(32, 3),
    ).eval()


@pytest.fixture
def pictures(tmp_path):
    generator, folder = np.random.default_rng(2), tmp_path / "pictures"
    folder.mkdir()
    made = {}
    for bulb in range(5):
        views = generator.integers(0, 256, (4, SIDE, SIDE)).astype(np.uint8) // (bulb + 1)
        for name, view in zip("abcd", views, strict=True):
            Image.fromarray(view).save(folder / f"{bulb}_{name}.png")
        made[str(bulb)] = views
    return made


def test_it_changes_by_as_much_as_torch_says(bulbinspect, pictures, tmp_path):
    network = channels_network()
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # the exporter's own
        torch.onnx.export(
            network,
            (torch.zeros(2, 4, SIDE, SIDE),),
            tmp_path / "theirs.onnx",
            dynamo=True,
            external_data=False,
            dynamic_shapes=({0: torch.export.Dim("batch")},),
        )
    options = ("--answer", "logits", "--good", "2", "--threshold", "0.6", "--scale", "-1,1")
    done = bulbinspect(
        "certify", "pictures", "--foreign", "theirs.onnx", *options, "--json", "out.json"
    )
    assert done.exit_code == 1, done.stderr
    plain = json.loads((tmp_path / "out.json").read_text())
    changes, changed = {}, 0
    for bulb, views in pictures.items():
        floats = torch.from_numpy(views).float() / 255 * 2 - 1
        orders = list(itertools.permutations(range(4)))
        with torch.inference_mode():
            logits = network(torch.stack([floats[list(order)] for order in orders]))
        defect = 1 - logits.double().softmax(1)[:, 2].numpy()
        changes[bulb] = np.abs(defect - defect[0]).max()
        changed += ((defect >= 0.6) != (defect[0] >= 0.6)).sum()
    found = {row["bulb_id"]: row["largest_change"] for row in plain["bulbs"]}
    assert found == pytest.approx(changes, abs=1e-6)
    assert plain["every_order"]["changed_verdicts"] == changed
    assert min(changes.values()) > 1e-3
