"""The bulbs that a study is about: drawn ones, or those of somebody's manifest."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.data.manifest import SPLITS, read_manifest
from bulbinspect.data.split import complete_splits, read_splits
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.data.visible_sides import TRUTH
from bulbinspect.errors import DataError, UsageError
from bulbinspect.files import locked
from bulbinspect.study.record import RunRecord

FRACTIONS = {"train": 0.6, "val": 0.15, "test": 0.25}
"""Of a manifest without splits, as `configs/data/manifest.yaml` has them too."""


@dataclass(frozen=True)
class StudySet:
    """The bulbs of a study: their manifest, and what only drawn ones have."""

    name: str
    manifest: Path
    available: int  # bulbs of train
    sha256: str | None = None  # of the manifest, where somebody may change it between two runs
    reshots: Path | None = None
    truth: Path | None = None


def split_bulbs(manifest: Path) -> Sequence[Bulb]:
    """Return the bulbs of a manifest, its splits completed as training completes them."""
    read = read_manifest(manifest)
    return complete_splits(read.bulbs, fractions=FRACTIONS, seed=0).bulbs


def bulbs_of_run(manifest: Path, folder: Path, split: str) -> Sequence[Bulb]:
    """Return the bulbs of a split as the run in `folder` had it, whatever it was told of splits."""
    splits = read_splits(folder / "split.csv")
    return [bulb for bulb in read_manifest(manifest).bulbs if splits.get(bulb.bulb_id) == split]


def own_set(manifest: Path) -> StudySet:
    """Return the bulbs of a manifest; DataError where they cannot be trained on and compared."""
    bulbs = split_bulbs(manifest)
    for split in SPLITS:
        labels = {bulb.label for bulb in bulbs if bulb.split == split}
        if GOOD not in labels or len(labels) < 2 or "" in labels:
            found = ", ".join(label or "without label" for label in sorted(labels)) or "none"
            raise DataError(
                f"{manifest}: a study needs bulbs of class {GOOD} and of another in each of "
                f"{', '.join(SPLITS)}, and no other; {split} holds: {found}"
            )
    truth = manifest.resolve().parent / TRUTH
    return StudySet(
        manifest.resolve().parent.name,
        manifest.resolve(),
        sum(bulb.split == "train" for bulb in bulbs),
        read_manifest(manifest).sha256,
        truth=truth if truth.exists() else None,
    )


def refuse_other_bulbs(
    sets: Sequence[StudySet], archives: Mapping[Path, Sequence[RunRecord]]
) -> None:
    """Raise UsageError where the runs in an archive are on other bulbs than the set of that name.

    Before hours of training whose runs could not be held against them.
    """
    for bulbs in sets:
        manifest = read_manifest(bulbs.manifest).sha256
        for path, runs in archives.items():
            if any(run.data == bulbs.name and run.manifest_sha256 != manifest for run in runs):
                raise UsageError(f"{path} holds runs on other bulbs than those of {bulbs.manifest}")


def drawn_sets(
    sets: Mapping[str, Mapping[str, Any]], again: Mapping[str, int], *, size_px: int, place: Path
) -> list[StudySet]:
    """Draw these sets below `place` where they are not yet there.

    And with each, bodies of their own at several turns: `again` says how many `bulbs`, `shots` of
    each, and the `seed`. UsageError where another study is drawing there.
    """
    drawn = []
    for name, values in sets.items():
        counts = [values[split] for split in SPLITS]
        total, difficulty = sum(counts), values["difficulty"]
        end = f"{size_px}px-seed{values['seed']}"
        folder = place / f"study-{difficulty}-{'-'.join(map(str, counts))}x{end}"
        _draw(
            folder,
            num_bulbs=total,
            size_px=size_px,
            difficulty=difficulty,
            seed=values["seed"],
            fractions=tuple(count / total for count in counts),
        )
        end = f"{size_px}px-seed{again['seed']}"
        shots = place / f"study-{difficulty}-{again['bulbs']}x{again['shots']}shots-{end}"
        _draw(
            shots,
            num_bulbs=again["bulbs"],
            num_shots=again["shots"],
            size_px=size_px,
            difficulty=difficulty,
            seed=again["seed"],
        )
        manifests = folder / "manifest.csv", shots / "manifest.csv"
        drawn.append(
            StudySet(
                name,
                manifests[0],
                counts[0],
                reshots=manifests[1],
                truth=folder / TRUTH,
            )
        )
    return drawn


def _draw(folder: Path, **how: Any) -> None:
    """Draw a set (`write_set`) where there is none, and not while another study does."""
    if folder.exists():
        return
    folder.parent.mkdir(parents=True, exist_ok=True)
    refusal = f"another study is drawing bulbs in {folder.parent}; try again when it has"
    with locked(folder.parent / ".lock", refusal):
        write_set(folder, **how)
