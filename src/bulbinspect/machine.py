"""Where and with what something ran."""

import contextlib
import os
import platform
import subprocess
import time
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def forget_peak_memory() -> None:
    """Let the peak of this process's memory begin anew, where Linux allows it."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_mib() -> float | None:
    """Return the most memory that this process had at once; None where nobody says."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), None)


class Stopwatch:
    """Wall-clock seconds of one part of the work after the other, by name."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.monotonic()

    def lap(self, name: str) -> None:
        """Count what has passed since the last lap, or since the beginning, as `name`."""
        now = time.monotonic()
        self.seconds[name] = now - self._last
        self._last = now


def usable_cores() -> int:
    """Return how many cores this process may use, which is often fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def cpu_model() -> str:
    """Return the name of the processor as its maker calls it, or else its architecture."""
    try:
        facts = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        facts = []
    models = [fact.partition(":")[2].strip() for fact in facts if fact.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def package_versions(names: Iterable[str]) -> dict[str, str]:
    """Return the versions of those packages that are installed, without importing them."""
    versions = {}
    for name in names:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return versions


def git_commit() -> str | None:
    """Return the commit of this source, with a plus if files differ from it; None outside git."""
    checkout = Path(__file__).parents[2]
    if not (checkout / ".git").exists():  # installed, perhaps within somebody else's checkout
        return None
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"],  # noqa: S607  # whichever git
            cwd=checkout,
            capture_output=True,
            text=True,
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return described.stdout.strip() or None if described.returncode == 0 else None
