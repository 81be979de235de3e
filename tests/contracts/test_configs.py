"""The configs hold together: each composes, and each name in them is one that exists."""

import importlib
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from hydra.core.hydra_config import HydraConfig
from omegaconf import OmegaConf

from bulbinspect.errors import SpecError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import MODELS, ModelSpec, build_model
from bulbinspect.training.augment import RECOMMENDED, AugmentSpec
from bulbinspect.training.val_score import VAL_SCORE
from bulbinspect.training.view_order import build_view_order

ROOT = Path(__file__).parents[2]
CONFIGS = ROOT / "configs"
EXPERIMENTS = sorted(path.stem for path in (CONFIGS / "experiment").glob("*.yaml"))
TRAINERS = sorted(path.stem for path in (CONFIGS / "trainer").glob("*.yaml"))
ARMS = [
    *("siamese", "siamese_mean", "siamese_max", "siamese_log_sum_exp", "siamese_attention"),
    *("siamese_gated", "siamese_cyclic", "siamese_concat", "wrong_group", "early_fusion"),
    *("channel_shuffle", "channel_shuffle_tta", "cyclic_shift", "cyclic_shift_tta"),
    *("per_view_kernels", "shuffle_weights", "average_weights", "sum_views", "shared_stem"),
    *("one_view", "single_view_or", "single_view_mean", "evidence"),
]


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
def test_every_experiment_composes_to_parts_that_exist(experiment):
    config = composed(f"experiment={experiment}")
    assert build_model(ModelSpec(**config["model"], num_classes=2, num_views=4))
    assert build_view_order(config["module"]["view_order"], seed=0)
    assert AugmentSpec.from_dict(config["module"]["augment"]) == RECOMMENDED
    PreprocessSpec.from_dict(config["data"]["preprocess"])


@pytest.mark.parametrize("trainer", TRAINERS)
def test_every_trainer_composes_and_watches_the_score_there_is(trainer):
    config = composed("experiment=siamese", f"trainer={trainer}")
    monitors = [c["monitor"] for c in config["trainer"]["callbacks"] if "monitor" in c]
    assert monitors == [VAL_SCORE, VAL_SCORE]


def test_every_arm_of_the_study_is_an_experiment_that_says_its_name():
    assert sorted(ARMS) == EXPERIMENTS
    assert [composed(f"experiment={arm}")["arm"] for arm in ARMS] == ARMS


def test_the_arms_differ_in_their_network_and_the_order_of_their_views_alone():
    """The same trunk, optimiser, schedule, pictures and augmentation: else nothing is compared."""
    usual = composed("experiment=siamese")
    free = {"name", "view_pooling", "fusion", "join", "judge_orders", "memory", "sharpness"}
    found = {}
    for arm in ARMS:
        config = composed(f"experiment={arm}")
        model, order = config.pop("model"), config["module"].pop("view_order")
        found[arm] = {**model, "order": order}
        config["arm"], config["module"]["view_order"] = "siamese", "as_given"
        expected = {key: value for key, value in usual.items() if key != "model"}
        assert config == expected
        lacks = {"spatial_pooling"} if arm == "evidence" else set()
        for key in usual["model"].keys() - free - lacks:
            assert model[key] == usual["model"][key]
    assert found["siamese"] == found["siamese_log_sum_exp"]
    distinct = {arm: tuple(sorted(values.items())) for arm, values in found.items()}
    distinct.pop("siamese_log_sum_exp")
    assert len(set(distinct.values())) == len(distinct)


@pytest.mark.parametrize("name", MODELS)
def test_every_model_has_a_group_with_its_defaults_and_no_key_that_it_does_not_read(name):
    values = yaml.safe_load((CONFIGS / "model" / f"{name}.yaml").read_text())
    spec = ModelSpec(num_classes=2, name=name, num_views=4)
    assert {key: getattr(spec, key) for key in values} == values
    for key, default in values.items():
        if isinstance(default, str) and key != "name":  # one that is read is looked up
            with pytest.raises(SpecError, match="known are"):
                build_model(ModelSpec(**{**spec.to_dict(), key: "odd"}))


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_every_experiment_opens_with_question_command_time_and_number(experiment):
    lines = (CONFIGS / "experiment" / f"{experiment}.yaml").read_text().splitlines()
    assert lines[0] == "# @package _global_"
    for line, word in zip(lines[1:], ("Question:", "Command:", "Takes:", "Expect:"), strict=False):
        assert line.startswith(f"# {word}")
    assert lines[1].endswith("?")
    assert f"experiment={experiment}" in lines[2]


def test_the_seed_of_the_command_line_and_of_an_experiment_reaches_data_and_module():
    config = composed("experiment=siamese", "seed=7")
    assert (config["seed"], config["data"]["seed"], config["module"]["seed"]) == (7, 7, 7)


def test_the_data_of_the_command_line_wins_over_the_experiment():
    config = composed("experiment=siamese", "data=manifest", "data.manifest=some/manifest.csv")
    assert config["data"]["manifest"] == "some/manifest.csv"
    assert "draw" not in config["data"]
