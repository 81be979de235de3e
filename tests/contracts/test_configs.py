"""The configs hold together: each composes, and each name in them is one that exists."""

import importlib
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.training.augment import RECOMMENDED, AugmentSpec
from bulbinspect.training.val_score import VAL_SCORE

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))
TRAINERS = sorted(path.stem for path in (CONFIGS / "trainer").glob("*.yaml"))


@pytest.fixture(autouse=True)
def _resolvers():
    importlib.import_module("train")  # registers them


def composed(*overrides):
    with initialize_config_dir(str(CONFIGS), version_base="1.3"):
        config = compose(
            "train", [*overrides, "hydra.runtime.output_dir=x"], return_hydra_config=True
        )
        HydraConfig.instance().set_config(config)
        plain = OmegaConf.to_container(config, resolve=False)
        plain.pop("hydra")
        return OmegaConf.to_container(OmegaConf.create(plain), resolve=True)


@pytest.mark.parametrize("experiment", EXPERIMENTS)
@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_experiment_composes_with_every_trainer(experiment, trainer):
    config = composed(f"experiment={experiment}", f"trainer={trainer}")
    spec = ModelSpec(**config["model"], num_classes=2)
    assert build_model(spec)
    assert AugmentSpec.from_dict(config["module"]["augment"]) == RECOMMENDED
    PreprocessSpec.from_dict(config["data"]["preprocess"])
    monitors = [c["monitor"] for c in config["trainer"]["callbacks"] if "monitor" in c]
    assert monitors == [VAL_SCORE, VAL_SCORE]


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_opens_with_question_command_time_and_number(experiment):
    lines = (CONFIGS / "experiment" / f"{experiment}.yaml").read_text().splitlines()
    assert lines[0] == "# @package _global_"
    for line, word in zip(lines[1:], ("Question:", "Command:", "Takes:", "Expect:"), strict=False):
        assert line.startswith(f"# {word}")
    assert f"experiment={experiment}" in lines[2]


def test_the_seed_of_the_command_line_and_of_an_experiment_reaches_data_and_module():
    config = composed("experiment=siamese", "seed=7")
    assert (config["seed"], config["data"]["seed"], config["module"]["seed"]) == (7, 7, 7)


def test_the_data_of_the_command_line_wins_over_the_experiment():
    config = composed("experiment=siamese", "data=manifest", "data.manifest=some/manifest.csv")
    assert config["data"]["manifest"] == "some/manifest.csv"
    assert "draw" not in config["data"]
