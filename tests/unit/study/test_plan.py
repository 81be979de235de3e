"""A plan names its runs; which they are is held against a listing made the long way."""

from pathlib import Path

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.errors import SpecError
from bulbinspect.study.plan import Plan, PlannedRun, best_rates, overrides_of, quoted

VALUES = {
    "trunk": "compact",
    "size_px": 32,
    "batch_size": 16,
    "bulbs_per_epoch": 64,
    "epochs": 3,
    "recipe": {"model.standardise": True},
    "varied_bulbs": 5,
    "sets": {"easy": {"difficulty": "easy"}, "hard": {"difficulty": "default", "epochs": 7}},
    "reshots": {"bulbs": 4, "shots": 2, "seed": 12},
    "learning_rates": {"values": [0.1, 0.2], "bulbs": 40, "seed": 100},
    "parts": [{"arms": ["a", "b", "c"], "bulbs": [10, 20], "seeds": [0]}],
    "four_times": ["b", "c"],
    "trained_as": {"c": "b"},
    "reference": "a",
    "baseline": "b",
}
ARMS = ["a", "b", "c", "d", "e"]
TRAINED_AS = {"c": "b", "e": "d"}


def plan_of(**values):
    return Plan.from_dict({**VALUES, **values})


@pytest.mark.parametrize("name", VALUES)
def test_a_plan_without_one_of_its_values_is_refused(name):
    with pytest.raises(SpecError, match=name):
        Plan.from_dict({key: value for key, value in VALUES.items() if key != name})


def test_a_plan_with_an_unknown_value_is_refused():
    with pytest.raises(SpecError, match="colour"):
        plan_of(colour=1)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"trained_as": {"z": "b"}}, "z"),
        ({"four_times": ["z"]}, "z"),
        ({"reference": "z"}, "z"),
        ({"baseline": "z"}, "z"),
        ({"trained_as": {"c": "z"}}, "does not train"),
        ({"trained_as": {"c": "b", "b": "a"}, "four_times": []}, "does not train"),
        ({"four_times": ["b"]}, "both or neither"),
        ({"parts": [{"arms": ["a"], "bulbs": [1]}]}, "a part has"),
        ({"parts": [{**VALUES["parts"][0], "sets": ["far"]}]}, "far"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(values, reason):
    with pytest.raises(SpecError, match=reason):
        plan_of(**values)


def parts():
    def some(values):
        return st.lists(st.sampled_from(values), min_size=1, max_size=3, unique=True)

    part = st.fixed_dictionaries(
        {"arms": some(ARMS), "bulbs": some([5, 10, 20, 40]), "seeds": some([0, 1, 2])},
        optional={"sets": some(["easy", "hard"])},
    )
    everyone = {"arms": ARMS, "bulbs": [10], "seeds": [0]}
    return st.lists(part, max_size=3).map(lambda more: [everyone, *more])


@given(
    parts=parts(),
    four_times=st.sets(st.sampled_from([("a",), ("b", "c"), ("d", "e")])),
    available=st.sampled_from([5, 10, 25, 100]),
    name=st.sampled_from(["easy", "hard", "mine"]),
    without=st.sets(st.sampled_from(["a", "b", "d"])),
)
def test_every_wanted_run_is_in_one_task_once_and_no_other(
    parts, four_times, available, name, without
):
    more = [arm for arms in four_times for arm in arms]
    plan = plan_of(parts=parts, four_times=more, trained_as=TRAINED_AS)
    rates = {arm: at / 10 for at, arm in enumerate(["a", "b", "d"], 1) if arm not in without}
    wanted = set()
    for part in parts:
        if name == "mine" or name in part.get("sets", ["easy", "hard"]):
            for arm in part["arms"]:
                for size in part["bulbs"]:
                    for seed in part["seeds"]:
                        for budget in ["steps", "flops"] if arm in more else ["steps"]:
                            if size <= available and TRAINED_AS.get(arm, arm) in rates:
                                wanted.add((arm, size, seed, budget))
    tasks = plan.tasks(name, available, rates)
    planned = [(run.arm, run.num_train, run.seed, run.budget) for task in tasks for run in task]
    assert len(planned) == len(set(planned))
    assert wanted <= set(planned)
    # beyond what was asked for there are only trainings that others take their weights from
    for arm, *rest in set(planned) - wanted:
        assert any((taker, *rest) in wanted for taker, other in TRAINED_AS.items() if other == arm)
    for task in tasks:
        first = task[0]
        assert first.arm not in TRAINED_AS
        assert {run.learning_rate for run in task} == {rates[first.arm]}
        assert len({(run.num_train, run.seed, run.budget) for run in task}) == 1
        assert {TRAINED_AS.get(run.arm) for run in task[1:]} <= {first.arm}
    order = [(task[0].seed, task[0].num_train) for task in tasks]
    assert order == sorted(order)


def test_the_grid_tries_every_rate_for_every_trained_arm_with_no_more_bulbs_than_there_are():
    grid = plan_of().grid(30)
    assert sorted((run.arm, run.learning_rate) for run in grid) == [
        ("a", 0.1), ("a", 0.2), ("b", 0.1), ("b", 0.2),
    ]  # fmt: skip
    assert {(run.num_train, run.seed, run.budget) for run in grid} == {(30, 100, "steps")}


def test_where_there_is_one_rate_there_is_no_grid_and_all_arms_have_it():
    plan = plan_of(learning_rates={"values": [0.3], "bulbs": 40, "seed": 100})
    assert plan.grid(30) == []
    assert best_rates(plan, {}) == {"a": 0.3, "b": 0.3}


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ({("a", 0.1): 0.7, ("a", 0.2): 0.8, ("b", 0.1): 0.9}, {"a": 0.2, "b": 0.1}),
        ({("a", 0.2): 0.7, ("a", 0.1): 0.7, ("b", 0.2): 0.1}, {"a": 0.1, "b": 0.2}),
        ({("a", 0.1): None, ("a", 0.2): 0.4}, {"a": 0.2}),
        ({}, {}),
    ],
    ids=["best", "of equals the first", "an arm without runs has none", "no arm"],
)  # fmt: skip
def test_the_rate_of_an_arm_is_the_best_of_those_that_ended_well(scores, expected):
    runs = {
        PlannedRun(arm=arm, num_train=30, seed=100, learning_rate=rate): score
        for (arm, rate), score in scores.items()
    }
    assert best_rates(plan_of(), runs) == expected


def read_by_hydra(override):
    return OverridesParser.create().parse_override(override).value()


@given(st.text(st.sampled_from("a/ ,='\"\\$[]{}():é#"), min_size=1, max_size=12).map("/{}".format))
def test_hydra_reads_a_path_as_it_is(name):
    path = Path(name)
    assert str(read_by_hydra(f"key={quoted(path)}")) == str(path)


@pytest.mark.parametrize(
    ("budget", "name", "epochs"),
    [("steps", "easy", 3), ("flops", "easy", 12), ("flops", "hard", 28), ("steps", "mine", 3)],
)
def test_a_run_is_trained_as_long_as_its_set_and_budget_say(budget, name, epochs):
    run = PlannedRun(arm="siamese", num_train=20, seed=4, learning_rate=0.01, budget=budget)
    manifest = Path("/it's a, b=c/manifest.csv")
    composed = overrides_of(run, plan_of(), name=name, manifest=manifest, cache=Path("/c"))
    read = dict(one.split("=", 1) for one in composed)
    values = {key: read_by_hydra(f"{key}={value}") for key, value in read.items()}
    assert str(values["data.manifest"]) == str(manifest)
    assert values["trainer.max_epochs"] == values["trainer.callbacks.2.patience"] == epochs
    assert (values["seed"], values["data.train_bulbs"], values["experiment"]) == (4, 20, "siamese")
