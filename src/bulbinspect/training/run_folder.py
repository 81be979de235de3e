"""The record of a run: one folder that no other run writes into."""

import platform
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bulbinspect.errors import UsageError
from bulbinspect.files import locked, write_json
from bulbinspect.machine import git_commit, package_versions

_PACKAGES = ("bulbinspect", "torch", "torchvision", "lightning", "torchmetrics", "numpy", "pillow")


@contextmanager
def claimed_run_folder(folder: Path, *, ckpt: str | None) -> Iterator[Path]:
    """Hold `folder` for this run alone while the block lasts; create it if it is not there.

    Raises UsageError if another process holds it, or if it already records an epoch of a run and
    `ckpt` is not a checkpoint of that very run. A killed run lets go of its folder at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    refusal = f"{folder} belongs to a run that is still going on; choose another hydra.run.dir"
    with locked(folder / ".lock", refusal):
        resumes = ckpt is not None and folder.resolve() in Path(ckpt).resolve().parents
        if (folder / "metrics.csv").exists() and not resumes:  # there since the first epoch
            raise UsageError(
                f"{folder} already records a run; choose another hydra.run.dir, or resume it with "
                f"ckpt={folder / 'checkpoints' / 'last.ckpt'}"
            )
        yield folder


def write_environment(path: Path, *, seed: int) -> dict[str, Any]:
    """Write and return where, when and with what a run began."""
    environment = {
        "started_utc": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": shlex.join(sys.argv),
        "seed": seed,
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "packages": package_versions(_PACKAGES),
    }
    write_json(path, environment)
    return environment
