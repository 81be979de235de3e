"""A small data set on disk, in order unless something is planted: bulbs that look alike."""

import csv
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from PIL import Image

from bulbinspect.data.check.check import CheckResult, check
from bulbinspect.data.check.source import find_source

VIEWS = ("0", "1", "2", "3")
COLUMNS = ("bulb_id", "view", "path", "label", "group", "split")


def face(number: int, size: tuple[int, int] = (64, 64)) -> np.ndarray:
    """Return picture `number`: the body that all have in common, with marks that are its own."""
    rng = np.random.default_rng(number)
    down, right = np.mgrid[-1:1:64j, -1:1:64j]
    body = np.where(down**2 + (1.5 * right) ** 2 < 0.8, 120.0, 40.0) + 30 * down
    marks = np.kron(rng.uniform(-25, 25, (16, 16)), np.ones((4, 4)))
    pixels = (body + marks + rng.normal(0, 2, (64, 64))).clip(0, 255).round().astype(np.uint8)
    height, width = size
    if size != (64, 64):
        pixels = np.asarray(Image.fromarray(pixels).resize((width, height)))
    return pixels


@dataclass
class Row:
    """One row of the manifest."""

    bulb_id: str
    view: str
    path: str
    label: str = "good"
    group: str = ""
    split: str = ""
    more: dict[str, str] = field(default_factory=dict)


@dataclass
class DataSet:
    """Rows of a manifest and the folder of their pictures; change both, then `check`."""

    folder: Path
    rows: list[Row] = field(default_factory=list)

    @property
    def manifest(self) -> Path:
        """Where the manifest is written."""
        return self.folder / "manifest.csv"

    def add_bulbs(self, number: int, *, first: int = 0, **facts: str) -> "DataSet":
        """Add bulbs b0, b1, … of four views, each with pictures of its own."""
        for bulb in range(first, first + number):
            for place, view in enumerate(VIEWS):
                path = f"b{bulb}_{view}.png"
                Image.fromarray(face(10 * bulb + place)).save(self.folder / path)
                self.rows.append(Row(f"b{bulb}", view, path, **facts))
        return self

    def file(self, bulb: int, view: int = 0) -> Path:
        """Return the file of one view."""
        return self.folder / f"b{bulb}_{view}.png"

    def change(self, bulb: str, view: str | None = None, **facts: str) -> None:
        """Change the rows of a bulb, or of one view of it."""
        self.rows = [
            replace(row, **facts) if row.bulb_id == bulb and view in (None, row.view) else row
            for row in self.rows
        ]

    def drop(self, bulb: str, view: str) -> None:
        """Remove the row of one view."""
        self.rows = [row for row in self.rows if (row.bulb_id, row.view) != (bulb, view)]

    def line(self, bulb: str, view: str) -> int:
        """Return the line on which a view stands."""
        places = [(row.bulb_id, row.view) for row in self.rows]
        return places.index((bulb, view)) + 2

    def write(self) -> Path:
        """Write the manifest."""
        more = sorted({name for row in self.rows for name in row.more})
        with self.manifest.open("w", encoding="utf-8", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow([*COLUMNS, *more])
            for row in self.rows:
                known = [getattr(row, name) for name in COLUMNS]
                rows.writerow([*known, *(row.more.get(name, "") for name in more)])
        return self.manifest

    def check(self, **options: object) -> CheckResult:
        """Write the manifest and check it."""
        return check(find_source(self.write()), **options)  # type: ignore[arg-type]


def problems(result: CheckResult) -> list[tuple[str, tuple[str, ...]]]:
    """Return kind and places (`bulb/view`, or `bulb`) of all problems, in order of their names."""
    return sorted(
        (
            one.code,
            tuple(f"{p.bulb_id}/{p.view}" if p.view else p.bulb_id for p in one.places),
        )
        for one in result.findings
        if one.kind.severity.value == "problem"
    )
