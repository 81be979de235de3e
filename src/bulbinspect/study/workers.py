"""Runs side by side, each in a process of its own with one core."""

import multiprocessing
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bulbinspect.study.plan import PlannedRun
from bulbinspect.study.schedule import Clock


@dataclass
class Done:
    """What became of runs: the folders of the finished ones, and a line for each other."""

    folders: dict[PlannedRun, Path] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    seconds: float = 0.0  # 0 where all were finished before


def work_off(
    do: Callable[[Any], Done],
    begin: Callable[[], None],
    orders: Sequence[Any],
    tasks: Sequence[Sequence[PlannedRun]],
    *,
    jobs: int,
    what: str,
) -> Done:
    """Let `do` do each order in a process of its own; `tasks` are the runs of each.

    Each process calls `begin` first. One line of progress begins with `what`. When this process is
    stopped or killed, so are those. BrokenProcessPool where one of those is killed.
    """
    result = Done()
    if not orders:
        return result
    clock = Clock(tasks)
    # a killed worker cannot give back its locks; Python does, and need not say so
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    context = multiprocessing.get_context("spawn")  # a forked torch may hang
    jobs = min(jobs, len(orders))
    with ProcessPoolExecutor(
        jobs, mp_context=context, initializer=_begin_worker, initargs=(begin,)
    ) as pool:
        started = {pool.submit(do, order): at for at, order in enumerate(orders)}
        try:
            for future in as_completed(started):
                done = future.result()
                result.folders |= done.folders
                result.failed += [f"{what}: {line}" for line in done.failed]
                clock.done(started[future], done.seconds)
                _show(f"{what}: {clock.line(jobs)}")
        except BaseException:
            for worker in multiprocessing.active_children():
                worker.kill()  # what they have written stays whole, and is gone on from
            raise
        finally:
            if sys.stderr.isatty():
                print(file=sys.stderr)
    return result


@contextmanager
def log_file(path: Path) -> Iterator[None]:
    """Keep what a run says in its own folder, and what ended it."""
    with path.open("a", encoding="utf-8") as file, redirect_stdout(file), redirect_stderr(file):
        try:
            yield
        except Exception:
            traceback.print_exc(file=file)
            raise


def _show(line: str) -> None:
    """Write one line of progress: over the last one on a terminal, below it elsewhere."""
    end = "" if sys.stderr.isatty() else "\n"
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{start}{line}", end=end, file=sys.stderr, flush=True)


def _begin_worker(begin: Callable[[], None]) -> None:
    """Leave Ctrl-C to the study, and end with it when it is killed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_study, daemon=True).start()
    begin()


def _end_with_study() -> None:
    """Wait for the end of the study, then end this process."""
    study = multiprocessing.parent_process()
    if study is not None:
        study.join()
        os._exit(1)
