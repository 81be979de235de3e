"""The record of a run: one folder that no other run writes into."""

import fcntl
import json
import platform
import shlex
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bulbinspect.errors import UsageError
from bulbinspect.files import whole_file

_PACKAGES = ("bulbinspect", "torch", "torchvision", "lightning", "torchmetrics", "numpy", "pillow")


@contextmanager
def claimed_run_folder(folder: Path, *, ckpt: Path | None) -> Iterator[Path]:
    """Hold `folder` for this run alone while the block lasts; create it if it is not there.

    Raises UsageError if another process holds it, or if it already records a run and `ckpt` is
    not a checkpoint of that very run. A killed run lets go of its folder at once.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UsageError(
                f"{folder} belongs to a run that is still going on; choose another hydra.run.dir"
            ) from None
        resumes = ckpt is not None and folder.resolve() in ckpt.resolve().parents
        if (folder / "config.yaml").exists() and not resumes:
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
        "git_commit": _git_commit(),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "system": f"{platform.system()} {platform.release()}",
        "packages": {name: version(name) for name in _PACKAGES},
    }
    write_json(path, environment)
    return environment


def write_json(path: Path, values: Mapping[str, Any]) -> None:
    """Write `values` as indented JSON, whole or not at all."""
    with whole_file(path) as file:
        json.dump(values, file, indent=2, ensure_ascii=False)
        file.write("\n")


def _git_commit() -> str | None:
    """Return the commit of this source, with a plus if files differ from it; None outside git."""
    root = Path(__file__).parent
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],  # noqa: S607  # whichever git
            cwd=root,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return described.stdout.strip() or None if described.returncode == 0 else None
