"""The time left, against numbers worked out by hand."""

import pytest

from bulbinspect.study.plan import PlannedRun
from bulbinspect.study.schedule import Clock


def run(arm, budget="steps"):
    return PlannedRun(arm=arm, num_train=50, seed=1, learning_rate=0.1, budget=budget)


def clock(*kinds):
    return Clock([[run(*kind.split())] for kind in kinds])


def test_nothing_is_said_of_the_time_before_any_run_took_some():
    watch = clock("a", "a")
    assert watch.seconds_left(1) is None
    watch.done(0, 0.0)  # found finished
    assert watch.seconds_left(1) is None
    assert watch.line(1) == "1 of 2 runs, last a-50-seed1-steps"


@pytest.mark.parametrize(
    ("kinds", "taken", "jobs", "left"),
    [
        (["a", "a", "a"], {0: 10.0}, 1, 20.0),
        (["a", "a", "a"], {0: 10.0, 1: 20.0}, 1, 15.0),  # the mean of its kind
        (["a", "b"], {0: 10.0}, 1, 10.0),  # of another arm nothing is known: as the known ones
        (["a", "a flops"], {0: 10.0}, 1, 40.0),  # four times the steps
        (["a flops", "a"], {0: 40.0}, 1, 10.0),
        (["a", "b flops", "c"], {0: 10.0, 1: 80.0}, 1, 15.0),  # (10 + 80 / 4) / 2
        (["a"] * 5, {0: 10.0}, 2, 20.0),
        (["a"] * 3, {0: 10.0}, 8, 10.0),  # no more at a time than there are left
        (["a"] * 3, {0: 10.0, 1: 0.0}, 1, 10.0),  # the skipped one took nothing, and counts as done
        (["a"], {0: 10.0}, 1, 0.0),
    ],
)
def test_the_time_left_is_that_of_the_same_kind_or_of_the_known_ones(kinds, taken, jobs, left):
    watch = clock(*kinds)
    for task, seconds in taken.items():
        watch.done(task, seconds)
    assert watch.seconds_left(jobs) == pytest.approx(left)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7.4, "7 s"), (89, "89 s"), (90, "2 min"), (600, "10 min"), (3540, "59 min"),
        (3599, "1 h 00 min"), (3660, "1 h 01 min"), (26 * 3600, "26 h 00 min"),
    ],
)  # fmt: skip
def test_the_line_says_how_many_the_latest_and_the_time_left(seconds, words):
    watch = Clock([[run("a"), run("b")], [run("a")]])
    watch.done(0, seconds)
    assert watch.line(1) == f"2 of 3 runs, last a-50-seed1-steps, {words} left"
