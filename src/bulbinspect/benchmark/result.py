"""What every benchmark reports: the machine, repeated timings, and claims held to a limit."""

import os
import platform
import statistics
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bulbinspect.machine import cpu_model, git_commit, package_versions, usable_cores

_PACKAGES = ("bulbinspect", "numpy", "pillow", "onnxruntime", "torch", "torchvision", "lightning")


def result(
    benchmark: str,
    *,
    settings: Mapping[str, Any],
    seconds: Mapping[str, Sequence[float]],
    claims: Mapping[str, tuple[Sequence[float], float]],
) -> dict[str, Any]:
    """Return the plain result of a benchmark, as it is written and printed.

    `seconds` are timings, one for each repeat. `claims` are the numbers promised, one for each
    repeat too (a ratio is taken within a repeat, before the median), and the most that their median
    may be.
    """
    return {
        "benchmark": benchmark,
        "utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": _machine(),
        "settings": dict(settings),
        "seconds": {name: spread(numbers) for name, numbers in seconds.items()},
        "claims": {
            name: {
                **spread(numbers),
                "at_most": at_most,
                "met": statistics.median(numbers) <= at_most,
            }
            for name, (numbers, at_most) in claims.items()
        },
    }


def spread(numbers: Sequence[float]) -> dict[str, Any]:
    """Return the median, the lowest and the highest, and all numbers in the order they came."""
    return {
        "median": statistics.median(numbers),
        "low": min(numbers),
        "high": max(numbers),
        "repeats": list(numbers),
    }


def print_result(results: Mapping[str, Any]) -> None:
    """Print a result as a table: timings, then claims, the missed as well as the met."""
    where = results["machine"]
    settings = ", ".join(f"{name} {value}" for name, value in results["settings"].items())
    table = Table(
        box=box.SIMPLE_HEAD,
        title=Text(
            f"{results['benchmark']}: {settings}\n"
            f"{where['cpu']}, {where['cores']} cores, load {where['load']} at the end"
        ),
        title_justify="left",
    )
    table.add_column("")
    for name in ("median", "low", "high", "at most"):
        table.add_column(name, justify="right")
    table.add_column("")
    for name, row in results["seconds"].items():
        table.add_row(f"{name}, s", *_cells(row))
    table.add_section()
    for name, row in results["claims"].items():
        met = Text("met", "green") if row["met"] else Text("missed", "bold red")
        table.add_row(name, *_cells(row), f"{row['at_most']:g}", met)
    Console().print(table)


def _machine() -> dict[str, Any]:
    return {
        "cpu": cpu_model(),
        "cores": usable_cores(),
        "load": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": package_versions(_PACKAGES),
        "git_commit": git_commit(),
    }


def _cells(row: Mapping[str, Any]) -> list[str]:
    return [f"{row[name]:.3f}" for name in ("median", "low", "high")]
