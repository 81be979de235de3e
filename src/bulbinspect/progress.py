"""Progress with rate and time left, on stderr: a bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int], None]
"""Called with the number of things done since the last call."""

_SECONDS_BETWEEN_LINES = 10.0


@contextmanager
def progress(what: str, total: int | None) -> Iterator[Advance]:
    """Show how far `what` is; yield the function to call as things get done."""
    if sys.stderr.isatty():
        yield from _bar(what, total)
    else:
        yield from _lines(what, total)


def _bar(what: str, total: int | None) -> Iterator[Advance]:
    from rich.console import Console  # 60 ms that a pipe need not pay
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]:,.1f} a second"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(what, total=total, rate=0.0)
        start = time.monotonic()

        def advance(done: int) -> None:
            count = bar.tasks[0].completed + done
            bar.update(task, advance=done, rate=count / max(time.monotonic() - start, 1e-9))

        yield advance


def _lines(what: str, total: int | None) -> Iterator[Advance]:
    start = last = time.monotonic()
    count = 0

    def advance(done: int) -> None:
        nonlocal count, last
        count += done
        now = time.monotonic()
        if now - last >= _SECONDS_BETWEEN_LINES:
            last = now
            print(_line(what, count, total, now - start), file=sys.stderr, flush=True)

    yield advance
    print(_line(what, count, total, time.monotonic() - start), file=sys.stderr, flush=True)


def _line(what: str, count: int, total: int | None, seconds: float) -> str:
    rate = count / max(seconds, 1e-9)
    of_total = "" if total is None else f" of {total}"
    left = "" if total is None or not rate else f", {max(total - count, 0) / rate:.0f} s left"
    return f"{what}: {count}{of_total} in {seconds:.1f} s ({rate:,.1f} a second{left})"
