"""What docs/concepts.md tells of parts, sizes and a pooling of one's own is so."""

import re
import runpy
from pathlib import Path

import pytest
import torch
from tests.networks import EVERY_ORDER, SAME_UNDER
from torch.utils.flop_counter import FlopCounterMode

from bulbinspect.export.agreement import MAX_DIFFERENCE, MIN_BULBS
from bulbinspect.models.order_average import JUDGE_ORDERS, MOST_VIEWS
from bulbinspect.models.single_view import JOINS
from bulbinspect.models.spec import MODELS, READ_BY, ModelSpec, build_model
from bulbinspect.nn.early_fusion import EARLY_FUSIONS
from bulbinspect.nn.spatial_pooling import SPATIAL_POOLINGS
from bulbinspect.nn.trunk import TRUNKS, build_trunk
from bulbinspect.nn.view_pooling import VIEW_POOLINGS, build_view_pooling

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "concepts.md").read_text(encoding="utf-8")


def rows(heading):
    """Return the cells of the table below a heading, without its head."""
    section = TEXT.split(f"\n## {heading}\n")[1].split("\n## ")[0]
    table = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)[1:]
    return [[cell.strip("` ") for cell in row.split("|")] for row in table]


def test_every_view_pooling_is_there_with_its_symmetry():
    promised = {row[0]: row[2] for row in rows("View pooling")}
    orders = {"any order": "every order", "cyclic": "every shift"}
    assert promised == {n: orders[build_view_pooling(n, 4).symmetry] for n in VIEW_POOLINGS}


def test_a_view_pooling_is_said_to_learn_where_it_has_weights():
    learnt = {row[0]: row[3] != "nothing" for row in rows("View pooling")}
    assert learnt == {n: bool([*build_view_pooling(n, 4).parameters()]) for n in VIEW_POOLINGS}


def test_every_spatial_pooling_is_there():
    assert [row[0] for row in rows("Spatial pooling")] == list(SPATIAL_POOLINGS)


def table(first_column):
    """Return the rows below the head that begins with it, by their first cell."""
    body = TEXT.split(f"\n| {first_column} |")[1].split("\n\n")[0]
    return {row.split("|")[1].strip("` "): row.split("|") for row in body.split("\n")[2:]}


def test_every_network_is_there_with_the_numbers_of_views_it_takes():
    said = {name: row[-2].strip() for name, row in table("`model=`").items()}
    numbers = {None: "any number of views", 4: "one number of views"}
    specs = [ModelSpec(num_classes=2, name=name, num_views=4) for name in MODELS]
    assert said == {spec.name: numbers[build_model(spec).num_views] for spec in specs}


@pytest.mark.parametrize(
    ("key", "family", "model"),
    [("model.fusion", EARLY_FUSIONS, "early_fusion"), ("model.join", JOINS, "single_view")],
)
def test_every_member_is_there_with_the_orders_it_ignores(key, family, model):
    rows = table(f"`{key}`")
    assert list(rows) == list(family)
    field = key.removeprefix("model.")
    for name, row in rows.items():
        same = SAME_UNDER.get(f"{model}-{name}", EVERY_ORDER)
        said = {1: "no other order", 6: "orders that leave it there", 24: "every order"}
        assert row[-2].strip() == said[len(same)], (field, name)


def test_averaging_has_the_limits_and_orders_that_are_said():
    assert MOST_VIEWS == 5
    assert {name: len(orders(4)) for name, orders in JUDGE_ORDERS.items()} == {
        "as_given": 1,
        "all": 24,
        "cyclic": 4,
    }
    assert "is refused for more than five, whose orders are 120" in TEXT.replace("\n", " ")
    assert READ_BY["memory"] == ("siamese", "single_view", "evidence")
    assert "in `siamese`,\n`single_view` and `evidence`" in TEXT


def test_every_trunk_is_there():
    assert sorted(row[0] for row in rows("Trunks")) == sorted(TRUNKS)


@pytest.mark.parametrize("row", rows("Trunks"), ids=lambda row: row[0])
def test_sizes_of_a_trunk_are_those_that_are_counted(row):
    name, features, parameters, multiplications = row
    counter = FlopCounterMode(display=False)  # counts an addition beside each multiplication
    with torch.device("meta"), counter:  # shapes alone: nothing is computed
        trunk = build_trunk(name, size_px=(128, 128)).eval()
        trunk(torch.zeros(1, 1, 128, 128))
    assert int(features) == trunk.out_features
    assert parameters == f"{sum(p.numel() for p in trunk.parameters()) / 1e6:.2f}"
    assert multiplications == f"{counter.get_total_flops() / 2e6:.0f}"


def test_the_proof_of_the_export_is_as_strict_as_said():
    assert f"at least {MIN_BULBS}," in TEXT
    assert f"more than {MAX_DIFFERENCE:f}".rstrip("0") in TEXT


def test_the_pooling_shown_is_one(tmp_path, monkeypatch):
    added, name = re.findall(r"```python\n(.+?)```", TEXT, re.DOTALL)
    imports = "from torch import Tensor\nfrom bulbinspect.nn.view_pooling import ViewPooling\n"
    (tmp_path / "pooling.py").write_text(f"{imports}{added}\nNEW = {{\n{name}}}\n")
    ((name, new),) = runpy.run_path(str(tmp_path / "pooling.py"))["NEW"].items()
    monkeypatch.setitem(VIEW_POOLINGS, name, new)
    assert f"`model.view_pooling={name}`" in TEXT

    features = torch.tensor([[[3.0], [4.0], [float("nan")]]], dtype=torch.float64)
    pooled = build_view_pooling(name, 1)(features, torch.tensor([[True, True, False]]))
    torch.testing.assert_close(pooled, torch.tensor([[12.5**0.5]], dtype=torch.float64))

    network = build_model(ModelSpec(num_classes=2, view_pooling=name)).eval()
    views, present = torch.randint(0, 256, (2, 4, 32, 32)), torch.ones(2, 4, dtype=torch.bool)
    with torch.inference_mode():
        turned = network(views[:, [2, 0, 3, 1]], present)
        torch.testing.assert_close(turned, network(views, present), rtol=1e-4, atol=1e-5)
