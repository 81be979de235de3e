"""What docs/training.md says of keys and defaults is what stands in configs/."""

import importlib
import re
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
ROWS = {
    key: (default.strip("` "), text)
    for key, default, text in re.findall(r"^\| `([\w.]+)` \|([^|]*)\|(.*)\|$", TEXT, re.MULTILINE)
}
CHANGES = re.findall(r"^\| `(\w+)` \| `([\d.]+)` \| [^|]+ \| `(\w+)` \|", TEXT, re.MULTILINE)


def leaves(value, path=""):
    """Yield every key with its value as it stands in the files; the changes are one key."""
    if path in {"module.augment", "judged"} or not isinstance(value, dict | list):
        yield path, value
        return
    for key, below in value.items() if isinstance(value, dict) else enumerate(value):
        if not str(key).startswith("_"):
            yield from leaves(below, f"{path}.{key}".lstrip("."))


def values_of(*overrides):
    importlib.import_module("train")  # registers the resolvers
    with initialize_config_dir(str(ROOT / "configs"), version_base="1.3"):
        config = compose("train", list(overrides))
    return dict(leaves(OmegaConf.to_container(config)))


def shown(value):
    return yaml.safe_dump(value, default_flow_style=True).split("\n")[0]


def test_every_key_has_its_row_and_every_row_its_key():
    documented = {
        key
        for key in ROWS
        if "." in key or key in {"seed", "ckpt", "arm", "trained", "judged", "min_views"}
    }
    assert documented == set(values_of())


def test_every_default_is_the_one_of_the_files():
    plain = {key: shown(value) for key, value in values_of().items() if "${" not in str(value)}
    plain.pop("module.augment")
    assert {key: ROWS[key][0] for key in plain} == plain


@pytest.mark.parametrize("override", ["trainer=gpu", "trainer=ddp", "data=manifest"])
def test_what_another_group_says_otherwise_stands_in_the_row(override):
    usual, other = values_of(), values_of(override)
    for key, value in other.items():
        if key not in usual:
            assert f"adds `{key}`, `{value}`" in TEXT
        elif value not in (usual[key], "???"):
            assert re.search(rf"\b{re.escape(shown(value))}\b", ROWS[key][1]), key


def test_every_change_is_explained_with_amount_and_draw():
    augment = values_of()["module.augment"].items()
    expected = [(name, shown(change["amount"]), change["drawn"]) for name, change in augment]
    assert expected == CHANGES


def test_every_key_of_hydra_is_explained():
    config = yaml.safe_load((ROOT / "configs" / "train.yaml").read_text(encoding="utf-8"))
    keys = [key for key, _ in leaves(config["hydra"], "hydra")]
    assert [key for key in keys if f"`{key}`" not in TEXT] == []
