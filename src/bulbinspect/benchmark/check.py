"""Checking a data set, against what decoding its pictures costs by itself."""

import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bulbinspect.benchmark.result import result
from bulbinspect.bulb import Bulb
from bulbinspect.data.check.check import check
from bulbinspect.data.check.look import plain_spec
from bulbinspect.data.check.source import find_source
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.errors import UsageError
from bulbinspect.imaging.read import read_gray

PICTURES_A_SECOND = 300
RATIO_AT_MOST = 3.0


def run_check(*, num_bulbs: int = 500, size_px: int = 256, repeats: int = 5) -> dict[str, Any]:
    """Time the check of a drawn manifest, findings included, against decoding its pictures.

    Both are taken in turn, `repeats` times: the check on all cores, decoding on one thread. The
    pictures lie in the disk cache. UsageError if drawn bulbs have problems, since a fault would
    look like speed.
    """
    walls, spent, decodings = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "drawn"
        write_set(folder, num_bulbs=num_bulbs, size_px=size_px)
        source = find_source(folder / "manifest.csv")
        found = check(source, plain_spec())  # warms everything up
        if found.num_problems:
            raise UsageError(f"drawn bulbs have problems: {found.counts}")
        for _ in range(repeats):
            start, start_cpu = time.perf_counter(), time.process_time()
            check(source, plain_spec())
            walls.append(time.perf_counter() - start)
            spent.append(time.process_time() - start_cpu)
            start = time.process_time()
            _decode(source.bulbs)
            decodings.append(time.process_time() - start)
    share = PICTURES_A_SECOND / found.num_pictures
    return result(
        "check",
        settings={"pictures": f"{found.num_pictures}×{size_px}² PNG", "repeats": repeats},
        seconds={
            "check, wall": walls,
            "check, CPU": spent,
            "decode alone, CPU": decodings,
        },
        claims={
            f"check of {PICTURES_A_SECOND} pictures, s": ([wall * share for wall in walls], 1.0),
            "check / decode, CPU": (
                [cpu / alone for cpu, alone in zip(spent, decodings, strict=True)],
                RATIO_AT_MOST,
            ),
        },
    )


def _decode(bulbs: Sequence[Bulb]) -> None:
    for bulb in bulbs:
        for view in bulb.views:
            read_gray(view.path)
