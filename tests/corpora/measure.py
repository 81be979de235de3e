"""What the reader makes of a folder of odd files: outcome, time and memory of each.

    python -m tests.corpora.measure FOLDER > lines.jsonl

Each file is read in a process of its own, so that one that kills it is a line like any other, its
time is its own, and the highest memory that the system saw is due to it alone. Meant to be run as a
module: a process with threads must not be forked.
"""

import dataclasses
import json
import os
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from bulbinspect.errors import PictureError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.read import read_gray

_SECONDS_AT_MOST = 60


@dataclass(frozen=True)
class Measured:
    """`outcome` is `read`, a reason, `EXCEPTION …` or `CRASH …`; `said` came out on stderr."""

    path: str
    outcome: str
    seconds: float = 0.0
    memory_mib: float = 0.0
    said: str = ""


def measure(path: Path, form: PictureForm = PictureForm()) -> Measured:  # noqa: B008
    """Read one file in a process of its own."""
    reading, writing = os.pipe()
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            _be_child(path, form, writing, said.fileno())
        os.close(writing)
        with os.fdopen(reading) as pipe:
            answer = pipe.read()
        _, status = os.waitpid(child, 0)
        said.seek(0)
        words = said.read(2000).decode(errors="replace")
    if status != 0 or not answer:
        return Measured(str(path), f"CRASH {os.waitstatus_to_exitcode(status)}", said=words)
    return Measured(str(path), **json.loads(answer), said=words)


def _be_child(path: Path, form: PictureForm, writing: int, said: int) -> None:
    """Read the file, write the answer to the pipe, and end without the parent's clean-up."""
    os.dup2(said, 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.alarm(_SECONDS_AT_MOST)
    before = _memory_mib("VmRSS")
    start = time.perf_counter()
    try:
        read_gray(path, form)
        outcome = "read"
    except PictureError as error:
        outcome = error.reason
    except BaseException as error:
        outcome = f"EXCEPTION {type(error).__name__}"
    seconds = time.perf_counter() - start
    memory = _memory_mib("VmHWM") - before
    answer = {"outcome": outcome, "seconds": seconds, "memory_mib": memory}
    os.write(writing, json.dumps(answer).encode())
    os._exit(0)


def _memory_mib(name: str) -> float:
    """Return a figure of this process; a child begins with its parent's present memory as peak."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise OSError(f"/proc/self/status has no {name}")


def files_below(folder: Path) -> list[Path]:
    """Return all files, sorted by their paths."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def measure_all(paths: Sequence[Path]) -> Iterator[Measured]:
    """Measure one after the other; what a first picture loads once is loaded before."""
    Image.init()
    for path in paths:
        yield measure(path)


def main() -> None:
    for one in measure_all(files_below(Path(sys.argv[1]))):
        print(json.dumps(dataclasses.asdict(one)), flush=True)


if __name__ == "__main__":
    main()
