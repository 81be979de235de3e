"""Every way to share a kernel against the others: time, memory, and what is left to the floor."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import torch

from bulbinspect.benchmark.kernel_cases import CASES, LARGE, PASSES, KernelCase
from bulbinspect.benchmark.result import result, spread
from bulbinspect.errors import UsageError
from bulbinspect.nn.shared_conv import IMPLEMENTATIONS

FASTEST_AT_MOST = 1.05
LOOP_CAT_AT_MOST = 0.4
LEAST_MEMORY_AT_MOST = 1.1
TRUNK_MEMORY_AT_MOST = 0.35
TRUNK_TIME_AT_MOST = 1.5

RESOLVED_MIB = 1.0
"""Less memory than this counts as this: the system counts in pages, by batches of them."""

TRUNK_SHAPE = (2, 100, 64)
_MALLOCS = ("stock", "raised")


def run_kernels(
    *,
    shapes: Sequence[str] = (),
    implementations: Sequence[str] = tuple(IMPLEMENTATIONS),
    repeats: int = 7,
    trunk_shape: tuple[int, int, int] = TRUNK_SHAPE,
) -> dict[str, Any]:
    """Measure the named shapes (all by default) with every implementation, in fresh processes.

    On the CPU with stock and with raised malloc thresholds, and on a GPU if there is one. Besides
    what every benchmark reports: `rows`, one for each shape, malloc, pass and implementation;
    `refused`, with the reasons; `floors`. UsageError for an unknown shape, listing the known.
    """
    cases = _cases(shapes)
    speeds = _child({"what": "speeds"})
    rows: list[dict[str, Any]] = []
    refused: dict[str, dict[str, str]] = {}
    for case in cases:
        for where in _places():
            order = {**where, "case": asdict(case), "implementations": list(implementations)}
            peaks = _child({**order, "raised": False, "what": "memory", "repeats": 2})
            for malloc in _MALLOCS if where["device"] == "cpu" else ("torch",):
                raised = malloc == "raised"
                timed = _child({**order, "raised": raised, "what": "time", "repeats": repeats})
                refused[case.name] = timed["refused"]
                rows += _rows(case, where, malloc, timed, peaks)
    trunk = {
        f"trunk of {trunk_shape[0]}×{trunk_shape[1]} views, {kind}": _child(
            {"what": "trunk", "shape": trunk_shape, "memory": kind == "MiB", "repeats": repeats}
        )
        for kind in ("s", "MiB")
    }
    measured = result(
        "kernels",
        settings={"repeats": repeats, "threads": torch.get_num_threads()},
        seconds={},
        claims=claims_of(rows) | _trunk_claims(trunk),
    )
    return {
        **measured,
        "cases": json.loads(json.dumps([asdict(case) for case in cases])),
        "rows": rows,
        "refused": refused,
        "speeds": speeds,
        "floors": {case.name: floor_s(case, speeds) for case in cases},
        "trunk": {
            name: {kind: spread(numbers) for kind, numbers in kinds.items()}
            for name, kinds in trunk.items()
        },
    }


def read_kernels(path: Path) -> dict[str, Any]:
    """Return a result that was written with `--json`; UsageError for any other file."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read {path}: {error}") from error
    if not isinstance(results, dict) or results.get("benchmark") != "kernels":
        raise UsageError(f"{path} is no result of bulbinspect bench kernels")
    return results


def floor_s(case: KernelCase, speeds: Mapping[str, float]) -> dict[str, float]:
    """Return the seconds below which a pass in float32 cannot come, by pass.

    The larger of the bytes it must move over the speed of copying, and its operations over the
    speed of a matrix product.
    """
    return {
        what: max(
            case.moved_bytes(what) / speeds["copy_bytes_s"],
            case.operations(what) / speeds["matrix_operations_s"],
        )
        for what in PASSES
    }


def claims_of(rows: Sequence[Mapping[str, Any]]) -> dict[str, tuple[list[float], float]]:
    """Return the ratios that are promised, each taken within a repeat, and their limits.

    The fastest is the one with the least median. To take the fastest of each repeat instead would
    be to compare with the luckiest of nine draws: `chunked` would lose to itself.
    """
    groups: dict[tuple[str, ...], dict[str, Mapping[str, Any]]] = {}
    for row in rows:
        key = tuple(row[name] for name in ("case", "device", "dtype", "malloc", "pass"))
        groups.setdefault(key, {})[row["implementation"]] = row
    claims: dict[str, tuple[list[float], float]] = {}
    for key, by_name in groups.items():
        case, device, dtype, malloc, what = key
        label = f"{case}, {what}, {malloc if device == 'cpu' else f'{device} {dtype}'}"
        auto = by_name["auto"]["seconds"]["repeats"]
        others = [row["seconds"] for name, row in by_name.items() if name != "auto"]
        fastest = min(others, key=lambda seconds: float(seconds["median"]))["repeats"]
        claims[f"auto / fastest: {label}"] = _ratios(auto, fastest), FASTEST_AT_MOST
        if case in LARGE and malloc == "stock" and "loop_cat" in by_name:
            by_cat = by_name["loop_cat"]["seconds"]["repeats"]
            claims[f"auto / loop_cat: {label}"] = _ratios(auto, by_cat), LOOP_CAT_AT_MOST
        if malloc != "raised":
            peaks = {name: max(RESOLVED_MIB, row["peak_mib"]) for name, row in by_name.items()}
            least = min(peak for name, peak in peaks.items() if name != "auto")
            claims[f"peak of auto / least: {label}"] = [peaks["auto"] / least], LEAST_MEMORY_AT_MOST
    return claims


def _trunk_claims(
    trunk: Mapping[str, Mapping[str, Sequence[float]]],
) -> dict[str, tuple[list[float], float]]:
    seconds, peaks = trunk.values()
    return {
        "trunk, low / fast: peak": (_ratios(peaks["low"], peaks["fast"]), TRUNK_MEMORY_AT_MOST),
        "trunk, low / fast: time": (_ratios(seconds["low"], seconds["fast"]), TRUNK_TIME_AT_MOST),
    }


def _ratios(numbers: Sequence[float], others: Sequence[float]) -> list[float]:
    return [number / other for number, other in zip(numbers, others, strict=True)]


def _rows(
    case: KernelCase,
    where: Mapping[str, str],
    malloc: str,
    timed: Mapping[str, Any],
    peaks: Mapping[str, Any],
) -> list[dict[str, Any]]:
    return [
        {
            "case": case.name,
            **where,
            "malloc": malloc,
            "pass": what,
            "implementation": name,
            "chosen": timed["chosen"][what] if name == "auto" else name,
            "seconds": spread(numbers),
            "peak_mib": median(peaks[name][what]),
        }
        for name, passes in timed["seconds"].items()
        for what, numbers in passes.items()
    ]


def _cases(names: Sequence[str]) -> list[KernelCase]:
    known = {case.name: case for case in CASES}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"unknown shape {unknown[0]!r}; known are {', '.join(known)}")
    return [known[name] for name in names or known]


def _places() -> list[dict[str, str]]:
    places = [{"device": "cpu", "dtype": "float32"}]
    if torch.cuda.is_available():
        places += [{"device": "cuda", "dtype": dtype} for dtype in ("float32", "bfloat16")]
    return places


def _child(order: Mapping[str, Any]) -> dict[str, Any]:
    """Run `kernel_child` in a fresh process, whose malloc nobody has touched."""
    done = subprocess.run(  # noqa: S603  # this interpreter and our own module
        [sys.executable, "-m", "bulbinspect.benchmark.kernel_child", json.dumps(order)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ.copy(),
    )
    if done.returncode != 0:
        raise UsageError(f"measuring failed: {done.stderr.strip().splitlines()[-1]}")
    measured: dict[str, Any] = json.loads(done.stdout)
    return measured
