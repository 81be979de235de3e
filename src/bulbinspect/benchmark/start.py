"""How long a person waits for the first answer of a new process, and what it had to load."""

import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bulbinspect.benchmark.drawn import draw_for
from bulbinspect.benchmark.result import result
from bulbinspect.bundle.bundle import read_bundle
from bulbinspect.errors import UsageError

HELP_S_AT_MOST = 0.4
PREDICT_S_AT_MOST = 1.2
LEARNING_WING = ("torch", "torchvision", "lightning", "torchmetrics", "hydra", "omegaconf", "onnx")

_LOADED = f"""
import sys
from bulbinspect.cli.main import run
try:
    run()
finally:
    print("loaded:", *sorted(set({LEARNING_WING!r}) & set(sys.modules)), file=sys.stderr)
"""


def run_start(model: Path, *, size_px: int = 256, repeats: int = 9) -> dict[str, Any]:
    """Time `bulbinspect --help`, and `bulbinspect predict` of one bulb, in a new process each time.

    The first call of each is not counted: it fills the disk cache. `loaded` names the packages of
    the learning wing that predict loaded. UsageError when a call fails.
    """
    metadata = read_bundle(model).metadata
    command = [str(Path(sysconfig.get_path("scripts")) / "bulbinspect")]
    helps, predictions = [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = draw_for(metadata, folder / "drawn", num_bulbs=1, size_px=size_px)
        predict = ["predict", str(drawn), "--model", str(model), "--out"]
        for repeat in range(repeats + 1):
            helps.append(_wall_s([*command, "--help"]))
            predictions.append(_wall_s([*command, *predict, str(folder / f"out-{repeat}")]))
        loaded = _run([sys.executable, "-c", _LOADED, *predict, str(folder / "out")])
    packages = loaded.rpartition("loaded:")[2].split()
    measured = result(
        "start",
        settings={"bulb": f"{metadata.num_views}×{size_px}² PNG", "repeats": repeats},
        seconds={},
        claims={
            "bulbinspect --help, s": (helps[1:], HELP_S_AT_MOST),
            "bulbinspect predict, s": (predictions[1:], PREDICT_S_AT_MOST),
            "learning packages loaded": ([len(packages)], 0),
        },
    )
    return {**measured, "loaded": packages}


def _wall_s(command: Sequence[str]) -> float:
    start = time.perf_counter()
    _run(command)
    return time.perf_counter() - start


def _run(command: Sequence[str]) -> str:
    """Run a command to its end and return what it said on stderr."""
    done = subprocess.run(  # noqa: S603  # our own command line
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode:
        raise UsageError(f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr}")
    return done.stderr
