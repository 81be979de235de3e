"""A whole set of drawn bulbs on disk: pictures, manifest, truth."""

import csv
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from bulbinspect.bulb import GOOD, Bulb, View
from bulbinspect.data.manifest import SPLITS, write_manifest
from bulbinspect.data.synthetic.draw import DrawnBulb, draw_bulb, is_defective
from bulbinspect.data.view_labels import VIEW_LABEL
from bulbinspect.errors import SpecError, UsageError
from bulbinspect.files import whole_folder
from bulbinspect.progress import progress

DEFAULT_FRACTIONS = (0.6, 0.15, 0.25)

DEFECT = "defect"
"""The label of every defective bulb where kinds are not told apart."""

Labels = Literal["binary", "kinds"]
Which = tuple[int, int, str]  # index, shot, split
Written = tuple[Bulb, list[list[str]]]  # the bulb, and its rows of the truth
Work = Callable[[Which], Written]

_TRUTH = ["bulb_id", "view", "kind", "visible_px"]


def write_set(
    folder: Path,
    *,
    num_bulbs: int,
    seed: int = 0,
    size_px: int = 96,
    num_views: int = 4,
    num_shots: int = 1,
    difficulty: str = "default",
    defect_share: float = 0.5,
    fractions: Sequence[float] = DEFAULT_FRACTIONS,
    labels: Labels = "binary",
    view_labels: bool = False,
    workers: int = 1,
) -> None:
    """Draw a set of bulbs into the new `folder`: the whole of it or nothing.

    `folder` gets `images/<bulb>_<view>.png`, `manifest.csv`, and the truth: `truth.csv` and
    `truth/<bulb>_<view>.png`, a mask for each view of a defective bulb. The bytes of a bulb depend
    neither on `num_bulbs` nor on `workers`, the processes that draw: several need a main module
    that may be imported again (`if __name__ == "__main__":`). `fractions` are the shares of train,
    val and test. With `view_labels` the manifest says in `view_label` which views show the defect.
    A folder that exists is a UsageError.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists already: name a new folder, or remove that one")
    if min(num_bulbs, num_shots, workers) < 1:
        raise SpecError(
            f"{num_bulbs} bulbs, {num_shots} shots of each, {workers} workers: "
            "expected at least 1 of each"
        )
    if labels not in ("binary", "kinds"):
        raise SpecError(f"labels are {labels!r}, expected binary or kinds")
    splits = assign_splits(num_bulbs, defect_share=defect_share, fractions=fractions)
    draw = partial(
        draw_bulb,
        seed,
        size_px=size_px,
        num_views=num_views,
        difficulty=difficulty,
        defect_share=defect_share,
    )
    shots = [(i, shot, splits[i]) for i in range(num_bulbs) for shot in range(num_shots)]
    bulbs, truth = [], [_TRUTH]
    with (
        whole_folder(folder) as unfinished,
        progress("drawing bulbs", len(shots)) as advance,
        _crew(workers) as each,
    ):
        (unfinished / "images").mkdir()
        (unfinished / "truth").mkdir()
        for bulb, rows in each(partial(_write_shot, unfinished, draw, labels, view_labels), shots):
            bulbs.append(bulb)
            truth += rows
            advance(1)
        write_manifest(unfinished / "manifest.csv", bulbs)
        with (unfinished / "truth.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(truth)


def assign_splits(num_bulbs: int, *, defect_share: float, fractions: Sequence[float]) -> list[str]:
    """Return the split of each bulb: good and defective ones each go where most are missing.

    So every split holds its share of each class to within a bulb, and the split of a bulb does not
    depend on how many follow it.
    """
    if not (
        len(fractions) == len(SPLITS)
        and all(share >= 0 for share in fractions)
        and math.isclose(sum(fractions), 1, abs_tol=1e-6)
    ):
        raise SpecError(
            f"splits are {', '.join(map(str, fractions))}: expected a share for each of "
            f"{', '.join(SPLITS)}, together 1"
        )
    counts = {False: [0] * len(SPLITS), True: [0] * len(SPLITS)}
    splits = []
    for index in range(num_bulbs):
        count = counts[is_defective(index, defect_share)]
        total = sum(count) + 1
        missing = [share * total - n for share, n in zip(fractions, count, strict=True)]
        place = missing.index(max(missing))
        count[place] += 1
        splits.append(SPLITS[place])
    return splits


@contextmanager
def _crew(workers: int) -> Iterator[Callable[[Work, Iterable[Which]], Iterator[Written]]]:
    """Yield what `map` is, done by processes if there are several workers.

    Threads would only wait for each other: most of the work is many small steps of numpy.
    """
    if workers == 1:
        yield map
        return
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"))
    try:
        yield partial(pool.map, chunksize=8)
    finally:
        pool.shutdown(cancel_futures=True)


def _write_shot(
    folder: Path, draw: Callable[..., DrawnBulb], labels: Labels, view_labels: bool, which: Which
) -> Written:
    """Draw one shot of a bulb and save its pictures and masks."""
    index, shot, split = which
    drawn = draw(index, shot=shot)
    group = f"bulb-{index:06d}"
    bulb_id = f"{group}-shot{shot + 1}" if shot else group
    defect = drawn.kind if labels == "kinds" else DEFECT
    extra = (("kind", drawn.kind), ("shot", str(shot + 1)))
    views, truth = [], []
    for number, (picture, mask) in enumerate(zip(drawn.views, drawn.masks, strict=True), start=1):
        name, file = str(number), f"{bulb_id}_{number}.png"
        of_view = ((VIEW_LABEL, defect if mask.any() else GOOD),) if view_labels else ()
        views.append(View(name, folder / "images" / file, extra + of_view))
        _save(picture, views[-1].path)
        if drawn.kind:
            _save(mask.astype(np.uint8) * 255, folder / "truth" / file)
            truth.append([bulb_id, name, drawn.kind, str(int(mask.sum()))])
    return Bulb(bulb_id, tuple(views), defect if drawn.kind else GOOD, group, split), truth


def _save(pixels: npt.NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(pixels).save(path, compress_level=1)
