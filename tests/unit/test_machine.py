import os
import re
import subprocess
import sys

import pytest

from bulbinspect import machine


def test_a_process_confined_to_one_core_may_use_one():
    if not hasattr(os, "sched_setaffinity"):
        assert machine.usable_cores() == os.cpu_count()
        return
    confined = (
        "import os; from bulbinspect.machine import usable_cores;"
        "os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); print(usable_cores())"
    )
    done = subprocess.run(
        [sys.executable, "-c", confined], capture_output=True, text=True, check=True
    )
    assert done.stdout == "1\n"


def test_versions_are_those_the_modules_say_and_absent_packages_are_left_out():
    assert machine.package_versions(["pytest", "no-such-package"]) == {"pytest": pytest.__version__}


def test_processor_has_a_name():
    assert machine.cpu_model()


def test_commit_is_that_of_the_source_wherever_the_process_stands(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    commit = machine.git_commit()
    assert commit is None or re.fullmatch(r"[0-9a-f]{12,40}\+?", commit)


def test_without_git_the_commit_is_unknown(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.git_commit() is None


def test_a_stopwatch_splits_the_time_among_the_laps(monkeypatch):
    times = iter([10.0, 12.5, 13.0])
    monkeypatch.setattr(machine.time, "monotonic", lambda: next(times))
    clock = machine.Stopwatch()
    clock.lap("set_up")
    clock.lap("training")
    assert clock.seconds == {"set_up": 2.5, "training": 0.5}


@pytest.mark.skipif(machine.peak_memory_mib() is None, reason="this system says nothing of peaks")
def test_the_peak_of_memory_knows_what_was_freed_until_it_is_forgotten():
    measured = (
        "from bulbinspect.machine import forget_peak_memory, peak_memory_mib as peak;"
        "before = peak(); held = bytearray(b'x') * (200 << 20); del held; high = peak();"
        "forget_peak_memory(); print(high - before, high - peak())"
    )
    done = subprocess.run(
        [sys.executable, "-c", measured], capture_output=True, text=True, check=True
    )
    risen, fallen = map(float, done.stdout.split())
    assert 195 < risen < 215
    assert 195 < fallen < 215
