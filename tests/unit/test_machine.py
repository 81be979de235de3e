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
