"""What the files of configs/study say is what can be trained, and what issue 5 asks for."""

from pathlib import Path

import pytest
import train
from omegaconf import OmegaConf

from bulbinspect.study.plan import Plan
from bulbinspect.study.read import read_config

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "configs/study").glob("*.yaml"))
MAIN = {
    "siamese_max", "siamese_log_sum_exp", "siamese_attention", "siamese_cyclic",
    "channel_shuffle", "channel_shuffle_tta", "cyclic_shift", "cyclic_shift_tta",
}  # fmt: skip
OTHERS = {
    "siamese_mean", "siamese_gated", "siamese_concat", "early_fusion", "per_view_kernels",
    "shuffle_weights", "average_weights", "sum_views", "shared_stem", "one_view",
    "single_view_or", "single_view_mean", "wrong_group",
}  # fmt: skip
LIKE_MAIN = {"evidence"}  # held against the others on all their sizes


def plan_of(path):
    return Plan.from_dict(read_config(path))


def composed(arm):
    overrides = [f"experiment={arm}", "data=manifest", "data.manifest=x"]
    return OmegaConf.to_container(train.compose_run(overrides, Path("run")))


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def plan(request):
    return plan_of(request.param)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_plan_opens_with_what_it_asks_and_takes(path):
    heads = [line.split(":")[0] for line in path.read_text(encoding="utf-8").splitlines()[:4]]
    assert heads == ["# Question", "# Command", "# Takes", "# Size"]
    assert f"scripts/study {path.stem}\n" in path.read_text(encoding="utf-8")


def test_every_arm_is_an_experiment_that_says_its_name(plan):
    assert {arm: composed(arm)["arm"] for arm in plan.arms} == {arm: arm for arm in plan.arms}


def test_an_arm_that_takes_weights_differs_from_the_trained_one_only_in_how_it_judges(plan):
    for arm, other in plan.trained_as.items():
        own, trained = composed(arm), composed(other)
        for config in (own, trained):
            del config["arm"]
            for key in ("judge_orders", "join"):
                config["model"].pop(key, None)
        assert own == trained


def test_arms_whose_network_sees_one_picture_for_all_views_have_four_times_the_steps_too():
    plan = plan_of(ROOT / "configs/study/full.yaml")
    one_picture = {arm for arm in plan.arms if composed(arm)["model"]["name"] == "early_fusion"}
    assert set(plan.four_times) == one_picture


def asked(plan, name):
    """Return the sizes and seeds of each arm on a set."""
    wanted = {}
    for part in plan.parts:
        if name in part.get("sets", [name]):
            for arm in part["arms"]:
                sizes, seeds = wanted.setdefault(arm, (set(), set()))
                sizes.update(part["bulbs"])
                seeds.update(part["seeds"])
    return wanted


def test_the_full_study_has_every_arm_of_the_issue_with_its_sizes_and_seeds():
    plan = plan_of(ROOT / "configs/study/full.yaml")
    assert set(plan.arms) == MAIN | LIKE_MAIN | OTHERS
    assert {values["difficulty"] for values in plan.sets.values()} == {"easy", "default"}
    wanted = asked(plan, next(iter(plan.sets)))
    sizes = {25, 50, 100, 200, 400, 800}
    until_learnt = ("siamese_log_sum_exp", "channel_shuffle", "channel_shuffle_tta")
    more = {arm: {3200, 12800} for arm in until_learnt}
    assert {arm: wanted[arm] for arm in MAIN | LIKE_MAIN} == {
        arm: (sizes | more.get(arm, set()), {0, 1, 2, 3, 4}) for arm in MAIN | LIKE_MAIN
    }
    for arm in OTHERS:
        assert (len(wanted[arm][0]), len(wanted[arm][1])) == (2, 3)
        assert wanted[arm][0] <= sizes


def test_the_quick_study_has_three_arms_three_sizes_and_two_seeds():
    plan = plan_of(ROOT / "configs/study/quick.yaml")
    (name,) = plan.sets
    assert {(len(sizes), len(seeds)) for sizes, seeds in asked(plan, name).values()} == {(3, 2)}
    assert len(plan.arms) == 3
