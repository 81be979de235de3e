"""Which sides of a defective bulb show its defect, where somebody has written it down."""

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.data.manifest import Manifest
from bulbinspect.data.view_labels import view_label
from bulbinspect.errors import DataError

TRUTH = "truth.csv"
"""Beside the manifest of drawn bulbs: how many pixels of each view show the defect."""


def known_sides(manifest: Manifest) -> tuple[dict[str, frozenset[str]], tuple[str, ...]]:
    """Return the views that show the defect, by bulb id, and notes on what could not be read.

    They are known of drawn bulbs, whose truth.csv stands beside the manifest, and where the
    manifest has a column `view_label`.
    """
    try:
        truth, notes = read_truth(manifest.path.with_name(TRUTH)), ()
    except DataError as error:
        return visible_sides(manifest.bulbs, {}), (error.summary,)
    return visible_sides(manifest.bulbs, truth), notes


def read_truth(path: Path) -> dict[str, dict[str, int]]:
    """Return the visible pixels of each view of each bulb, empty if there is no such file.

    DataError for a table that cannot be read.
    """
    if not path.is_file():
        return {}
    visible: dict[str, dict[str, int]] = {}
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file, strict=True):
                visible.setdefault(row["bulb_id"], {})[row["view"]] = int(row["visible_px"])
    except (OSError, ValueError, KeyError, TypeError, csv.Error) as error:
        raise DataError(f"{path.name} beside the manifest cannot be read: {error!r:.80}") from error
    return visible


def visible_sides(
    bulbs: Iterable[Bulb], truth: Mapping[str, Mapping[str, int]]
) -> dict[str, frozenset[str]]:
    """Return the names of the views that show the defect, of the defective bulbs of which all say.

    A view says so by its `view_label`, or by the pixels that `truth` (bulb id -> view) counts
    there.
    """
    known = {}
    for bulb in bulbs:
        if bulb.label in ("", GOOD):
            continue
        labels = {view.name: view_label(view) for view in bulb.views}
        pixels = truth.get(bulb.bulb_id, {})
        if all(labels.values()):
            shown = {name for name, label in labels.items() if label != GOOD}
        elif all(name in pixels for name in labels):
            shown = {name for name in labels if pixels[name] > 0}
        else:
            continue
        known[bulb.bulb_id] = frozenset(shown)
    return known
