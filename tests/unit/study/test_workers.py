"""Runs in processes of their own: what they give, and what happens if one ends in another way."""

import os
import signal
import sys
from concurrent.futures.process import BrokenProcessPool
from functools import partial

import pytest

from bulbinspect.study.plan import PlannedRun
from bulbinspect.study.workers import Done, log_file, work_off

RUNS = [
    PlannedRun(arm="siamese", num_train=size, seed=0, learning_rate=0.001) for size in (25, 50, 100)
]
BEGUN = "BEGUN_FOR_A_TEST"


def begin():
    os.environ[BEGUN] = str(os.getpid())


def note(run, folder):
    """Stands for a training: fails with 50 bulbs, else leaves a file that says who it was."""
    if run.num_train == 50:
        return Done(failed=[f"{run.name}: no"], seconds=0.1)
    path = folder / run.name
    path.write_text(f"{os.environ[BEGUN]} {os.getpid()}")
    return Done(folders={run: path}, seconds=0.1)


def end(run, signal_number):
    if run.num_train == 50:
        os.kill(os.getpid(), signal_number)
    return Done()


def fail(run):
    raise ArithmeticError(run.name)


def work(do, *, jobs=2, runs=RUNS):
    return work_off(do, begin, runs, [[run] for run in runs], jobs=jobs, what="tiny")


@pytest.mark.parametrize("jobs", [1, 2, 9])
def test_every_order_is_done_in_a_process_that_began_and_is_not_ours(jobs, tmp_path, capfd):
    done = work(partial(note, folder=tmp_path), jobs=jobs)
    assert done.failed == ["tiny: siamese-50-seed0-steps: no"]
    assert set(done.folders) == {RUNS[0], RUNS[2]}
    workers = set()
    for run, path in done.folders.items():
        assert path.name == run.name
        began, did = path.read_text().split()
        assert began == did != str(os.getpid())
        workers.add(did)
    assert len(workers) <= jobs
    lines = capfd.readouterr().err.splitlines()
    assert [line.partition(", last")[0] for line in lines] == [
        f"tiny: {number} of 3 runs" for number in (1, 2, 3)
    ]


def test_nothing_to_do_starts_nothing():
    assert work(fail, runs=[]) == Done()


def test_a_killed_worker_is_said_and_not_waited_for():
    with pytest.raises(BrokenProcessPool):
        work(partial(end, signal_number=signal.SIGKILL))


def test_an_order_that_fails_of_itself_ends_all():
    with pytest.raises(ArithmeticError, match="siamese"):
        work(fail)


def test_workers_leave_ctrl_c_to_the_study():
    done = work(partial(end, signal_number=signal.SIGINT))
    assert done.failed == []


def test_what_a_run_says_is_kept_and_so_is_what_ended_it(tmp_path, capsys):
    path = tmp_path / "log.txt"
    with log_file(path):
        print("to the one")
        print("to the other", file=sys.stderr)
    with pytest.raises(ArithmeticError), log_file(path):
        fail(RUNS[0])
    said = path.read_text()
    assert said.startswith("to the one\nto the other\nTraceback")
    assert said.endswith("ArithmeticError: siamese-25-seed0-steps\n")
    assert capsys.readouterr() == ("", "")
