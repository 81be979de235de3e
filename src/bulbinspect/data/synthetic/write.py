"""A whole set of drawn bulbs on disk: pictures, manifest, truth."""

import csv
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
from PIL import Image

from bulbinspect.bulb import GOOD
from bulbinspect.data.synthetic.difficulty import find_difficulty
from bulbinspect.data.synthetic.draw import check_numbers, draw_bulb, is_defective
from bulbinspect.errors import SpecError, UsageError
from bulbinspect.files import whole_folder
from bulbinspect.progress import progress

SPLITS = ("train", "val", "test")
DEFAULT_FRACTIONS = (0.6, 0.15, 0.25)

DEFECT = "defect"
"""The label of every defective bulb where kinds are not told apart."""

Labels = Literal["binary", "kinds"]
Row = list[str]

_MANIFEST = ["bulb_id", "view", "path", "label", "group", "split", "kind", "shot"]
_TRUTH = ["bulb_id", "view", "kind", "visible_px"]


@dataclass(frozen=True, slots=True)
class SetSpec:
    """What a set holds; bulb i of it depends on none but `seed` and what says how bulbs look."""

    num_bulbs: int
    seed: int = 0
    size_px: int = 96
    num_views: int = 4
    num_shots: int = 1
    difficulty: str = "default"
    defect_share: float = 0.5
    fractions: tuple[float, ...] = DEFAULT_FRACTIONS  # train, val, test
    labels: Labels = "binary"

    def __post_init__(self) -> None:
        find_difficulty(self.difficulty)
        check_numbers(
            seed=self.seed,
            size_px=self.size_px,
            num_views=self.num_views,
            defect_share=self.defect_share,
        )
        if self.num_bulbs < 1 or self.num_shots < 1:
            raise SpecError("a set has at least 1 bulb, shot at least once")
        if self.labels not in ("binary", "kinds"):
            raise SpecError(f"labels are {self.labels!r}, expected binary or kinds")
        if (
            len(self.fractions) != len(SPLITS)
            or min(self.fractions) < 0
            or abs(sum(self.fractions) - 1) > 1e-6
        ):
            raise SpecError(
                f"splits are {self.fractions}, expected the shares of {', '.join(SPLITS)}: "
                "three numbers of 0 or more whose sum is 1"
            )


def write_set(folder: Path, spec: SetSpec, *, workers: int | None = None) -> None:
    """Draw the set `spec` into the new `folder`: the whole of it or nothing.

    `folder` gets `images/<bulb>_<view>.png`, `manifest.csv`, and the truth: `truth.csv` and
    `truth/<bulb>_<view>.png`, a mask for each view of a defective bulb. The bytes do not depend on
    `workers` (all cores unless given). A folder that exists is a UsageError.
    """
    if folder.exists():
        raise UsageError(f"{folder} exists already: name a new folder, or remove that one")
    shots = [(index, shot) for index in range(spec.num_bulbs) for shot in range(spec.num_shots)]
    splits = assign_splits(spec)
    with (
        whole_folder(folder) as unfinished,
        progress("drawing bulbs", len(shots)) as advance,
        ThreadPoolExecutor(workers or os.cpu_count() or 1) as pool,
    ):
        (unfinished / "images").mkdir()
        (unfinished / "truth").mkdir()
        manifest, truth = [_MANIFEST], [_TRUTH]
        for (index, _), rows in zip(
            shots, pool.map(partial(_write_shot, unfinished, spec), shots), strict=True
        ):
            manifest += [[*row[:5], splits[index], *row[5:]] for row in rows[0]]
            truth += rows[1]
            advance(1)
        _write_table(unfinished / "manifest.csv", manifest)
        _write_table(unfinished / "truth.csv", truth)


def assign_splits(spec: SetSpec) -> list[str]:
    """Return the split of each bulb: good and defective ones in turn go where most are missing.

    So the share of each class in each split is kept to within a bulb, and the split of a bulb does
    not depend on how many follow it.
    """
    counts = {False: [0, 0, 0], True: [0, 0, 0]}
    splits = []
    for index in range(spec.num_bulbs):
        count = counts[is_defective(index, spec.defect_share)]
        total = sum(count) + 1
        missing = [share * total - n for share, n in zip(spec.fractions, count, strict=True)]
        place = missing.index(max(missing))
        count[place] += 1
        splits.append(SPLITS[place])
    return splits


def _write_shot(folder: Path, spec: SetSpec, which: tuple[int, int]) -> tuple[list[Row], list[Row]]:
    """Draw one shot of a bulb and save its pictures; return its rows of manifest and truth."""
    index, shot = which
    drawn = draw_bulb(
        spec.seed,
        index,
        size_px=spec.size_px,
        num_views=spec.num_views,
        difficulty=spec.difficulty,
        shot=shot,
        defect_share=spec.defect_share,
    )
    group = f"bulb-{index:06d}"
    bulb_id = f"{group}-shot{shot + 1}" if shot else group
    label = drawn.kind if drawn.kind and spec.labels == "kinds" else DEFECT if drawn.kind else GOOD
    manifest, truth = [], []
    for view, (picture, mask) in enumerate(zip(drawn.views, drawn.masks, strict=True), start=1):
        path = f"images/{bulb_id}_{view}.png"
        _save(picture, folder / path)
        manifest.append([bulb_id, str(view), path, label, group, drawn.kind, str(shot + 1)])
        if drawn.kind:
            _save(mask.astype(np.uint8) * 255, folder / "truth" / f"{bulb_id}_{view}.png")
            truth.append([bulb_id, str(view), drawn.kind, str(int(mask.sum()))])
    return manifest, truth


def _save(pixels: npt.NDArray[np.uint8], path: Path) -> None:
    Image.fromarray(pixels).save(path, compress_level=1)


def _write_table(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
