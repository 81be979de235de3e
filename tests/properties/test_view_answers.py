"""N pictures in, N answers out: other places for the views give the same answers elsewhere."""

import csv
import itertools
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from bulbinspect.bulb import Bulb, View, ViewsIn
from bulbinspect.export.ship import Judgeable, ship
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import write_predictions
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.nn.trunk import TRUNKS
from bulbinspect.nn.view_pooling import VIEW_POOLINGS

SIZE_PX = 40, 48
SMALL = ("compact", "resnet18", "dense_siamese")  # the others take a minute


def spec_of(part, name):
    large = part == "trunk" and name not in SMALL
    return pytest.param({part: name}, marks=[pytest.mark.slow] * large, id=name)


TRUNK_SPECS = [spec_of("trunk", name) for name in TRUNKS]
SPECS = [*(spec_of("view_pooling", name) for name in VIEW_POOLINGS), *TRUNK_SPECS]
PLAIN = ("compact", "resnet18", "resnet34", "resnet50")
SHAPES = [(1, 2), (2, 4), (1, 7)]  # B, V
VIEWS = ("back", "front", "left", "right")


def network_of(values, num_views=4):
    """Return a network in evaluation whose normalisations have seen noise, and let it pass."""
    torch.manual_seed(3)
    height, width = SIZE_PX
    spec = ModelSpec(num_classes=3, height_px=height, width_px=width, num_views=num_views, **values)
    network = build_model(spec).train()
    for layer in network.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1.0
    with torch.no_grad():
        network(pictures_of(4, num_views), torch.ones(4, num_views, dtype=torch.bool))
    return network.eval()


def pictures_of(num_bulbs, num_views):
    generator = torch.Generator().manual_seed(num_views)
    return torch.randint(0, 256, (num_bulbs, num_views, *SIZE_PX), generator=generator)


def answers(network, pictures):
    with torch.inference_mode():
        return network.judge_each_view(network.trunk(pictures))


def worst_difference(values, dtype):
    """Return how far what a view gives moves when views change places, over shapes and orders."""
    network, worst = network_of(values).to(dtype), 0.0
    for num_bulbs, num_views in SHAPES:
        pictures = network.scale(pictures_of(num_bulbs, num_views)).unsqueeze(2).to(dtype)
        expected = answers(network, pictures)
        assert expected.shape[:2] == (num_bulbs, num_views)
        assert expected.std(1).max() > 1e-3  # the views do differ
        for order in itertools.islice(itertools.permutations(range(num_views)), 1, None, 7):
            if order[0] == 0 and num_views > 4:
                continue
            found = answers(network, pictures[:, list(order)])
            worst = max(worst, float((found - expected[:, list(order)]).abs().max()))
            if num_views > 4:
                break
    return worst


@pytest.mark.parametrize("values", SPECS)
def test_answers_change_places_with_their_views_but_for_rounding(values):
    assert worst_difference(values, torch.float64) < 1e-13


@pytest.mark.parametrize("values", [spec for spec in SPECS if spec.id in {*PLAIN, *VIEW_POOLINGS}])
def test_plain_convolutions_give_the_same_bits_at_every_place(values):
    """A matrix product of many rows need not: dense layers, and what weighs channels."""
    for dtype in (torch.float32, torch.float64):
        assert worst_difference(values, dtype) == 0


@pytest.mark.parametrize("name", VIEW_POOLINGS)
def test_the_views_of_another_bulb_do_not_matter(name):
    network, pictures = network_of({"view_pooling": name}), pictures_of(2, 4)
    pictures = network.scale(pictures).unsqueeze(2)
    spoilt = pictures.clone()
    spoilt[1], spoilt[0, 1:] = 3.0, -3.0
    expected, found = answers(network, pictures), answers(network, spoilt)
    assert torch.equal(found[0, 0], expected[0, 0])
    assert not torch.equal(found[0, 1], expected[0, 1])


@pytest.fixture(scope="module", params=["max", "attention"])
def inspector(request, tmp_path_factory):
    """Ship an untrained network for the four views."""
    values = {"view_pooling": request.param}
    generator = np.random.default_rng(0)
    views = generator.integers(0, 256, (12, 4, *SIZE_PX)).astype(np.uint8)
    height, width = SIZE_PX
    spec = ModelSpec(num_classes=2, height_px=height, width_px=width, num_views=4, **values)
    torch.manual_seed(5)
    bundle = ship(
        build_model(spec).eval(),
        tmp_path_factory.mktemp("shipped") / "bundle.onnx",
        model=spec,
        preprocess=PreprocessSpec(*SIZE_PX),
        classes=("good", "defect"),
        view_names=VIEWS,
        views_in=ViewsIn.FILES,
        gate=None,
        val=Judgeable(views, np.ones((12, 4), bool), np.arange(12) % 2),
        provenance={"seed": 0},
    )
    return Inspector(bundle, device="cpu", threads=1)


def test_renamed_files_permute_the_rows_and_the_ranks(inspector, tmp_path):
    generator = np.random.default_rng(1)
    for name in VIEWS:
        level = generator.integers(40, 200)
        Image.fromarray(generator.integers(0, level, SIZE_PX).astype(np.uint8)).save(
            tmp_path / f"{name}.png"
        )
    bulbs, orders = [], list(itertools.permutations(range(4)))
    for number, order in enumerate(orders):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, place in zip(VIEWS, order, strict=True):
            shutil.copy(tmp_path / f"{VIEWS[place]}.png", folder / f"{name}.png")
        views = tuple(View(name, folder / f"{name}.png") for name in VIEWS)
        bulbs.append(Bulb(str(number), views))
    predictions = list(inspector.inspect(bulbs))
    expected = [(v.defect_probability, v.suspicion_rank) for v in predictions[0].views]
    assert sorted(rank for _, rank in expected) == [1, 2, 3, 4]
    assert len({probability for probability, _ in expected}) == 4
    for order, prediction in zip(orders, predictions, strict=True):
        found = [(v.defect_probability, v.suspicion_rank) for v in prediction.views]
        assert found == [expected[place] for place in order]
    write_predictions(tmp_path, predictions, inspector.bundle)
    with Path(tmp_path / "views.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["suspicion_rank"]) for row in rows[:4]] == [rank for _, rank in expected]
