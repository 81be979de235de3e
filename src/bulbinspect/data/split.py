"""Divide bulbs into train, val and test: by whole groups, stratified by label, seeded."""

import math
import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bulbinspect.bulb import Bulb
from bulbinspect.data.manifest import SPLITS
from bulbinspect.data.table import numbered_rows, read_header, read_table, write_rows
from bulbinspect.errors import DataError, SpecError
from bulbinspect.files import whole_file

_COLUMNS = ("bulb_id", "split", "label", "group")
_NAMES_SHOWN = 5


@dataclass(frozen=True, slots=True)
class SplitResult:
    """Bulbs with their splits, and what a person should know of how they came about."""

    bulbs: tuple[Bulb, ...]
    notes: tuple[str, ...] = ()


def complete_splits(
    bulbs: Sequence[Bulb], *, fractions: Mapping[str, float], seed: int
) -> SplitResult:
    """Give every bulb a split where none has one, or carve val out of train where that is missing.

    Splits that stand in the manifest stay as they are. Where whole groups would leave a class
    without training bulbs, or val with nothing to tell apart, single bulbs are drawn instead; a
    note says so, because val then flatters.
    """
    _check_fractions(fractions)
    given = {bulb.split for bulb in bulbs} - {""}
    if not given:
        return _divide(bulbs, fractions, seed)
    result = SplitResult(tuple(bulbs), tuple(_notes_on_given(bulbs)))
    if "val" in given or "train" not in given:
        return result
    train = [bulb for bulb in bulbs if bulb.split == "train"]
    both = fractions["train"] + fractions["val"]
    carved = _divide(train, {name: fractions[name] / both for name in ("train", "val")}, seed)
    new = {bulb.bulb_id: bulb.split for bulb in carved.bulbs}
    notes = (*result.notes, f"val is carved from train: {_count(carved.bulbs)}", *carved.notes)
    return SplitResult(
        tuple(replace(bulb, split=new.get(bulb.bulb_id, bulb.split)) for bulb in bulbs), notes
    )


def split_by_group(
    labels: Sequence[str], groups: Sequence[str], *, fractions: Mapping[str, float], seed: int
) -> list[str]:
    """Return the split of each bulb: whole groups, an empty name being a group of its own.

    Every split gets a group of each class, as long as the class has enough of them, in the order
    of the fractions. The others follow from large to small, each to where it brings the shares of
    its classes, and of all bulbs, closest to the fractions.
    """
    members: dict[str | int, list[int]] = {}
    for row, group in enumerate(groups):
        members.setdefault(group or row, []).append(row)
    kinds = [Counter(labels[row] for row in rows) for rows in members.values()]
    chosen = _assign(kinds, {name: share for name, share in fractions.items() if share > 0}, seed)
    splits = [""] * len(labels)
    for rows, split in zip(members.values(), chosen, strict=True):
        for row in rows:
            splits[row] = split
    return splits


def write_splits(path: Path, bulbs: Iterable[Bulb]) -> None:
    """Write the split of every bulb as CSV with the columns bulb_id, split, label, group."""
    with whole_file(path) as file:
        write_rows(file, [_COLUMNS, *([b.bulb_id, b.split, b.label, b.group] for b in bulbs)])


def read_splits(path: Path) -> dict[str, str]:
    """Return the split of each bulb id; a `DataError` holds all bad rows by line number."""
    rows = numbered_rows(read_table(path))
    columns, problems = read_header(rows, _COLUMNS[:2], _COLUMNS[2:])
    splits: dict[str, str] = {}
    for line, cells in rows if not problems else ():
        problem = _add_row(splits, columns, cells)
        if problem:
            problems.append(f"line {line}: {problem}")
    if problems:
        raise DataError(f"the splits {path} are not in order:", problems)
    return splits


def _add_row(splits: dict[str, str], columns: Sequence[str], cells: list[str] | str) -> str:
    """Take one row; return what is wrong with it, or nothing."""
    if isinstance(cells, str):
        return cells
    if len(cells) != len(columns):
        return f"{len(cells)} cells, the header has {len(columns)}"
    values = dict(zip(columns, cells, strict=True))
    bulb_id, split = values["bulb_id"], values["split"]
    if split and split not in SPLITS:
        return f"split {split!r} is none of {', '.join(SPLITS)}"
    if bulb_id in splits:
        return f"bulb {bulb_id!r} is already there"
    splits[bulb_id] = split
    return ""


def _check_fractions(fractions: Mapping[str, float]) -> None:
    good = (
        set(fractions) <= set(SPLITS)
        and all(0 <= share <= 1 for share in fractions.values())
        and fractions.get("train", 0) > 0
        and fractions.get("val", 0) > 0
        and math.isclose(sum(fractions.values()), 1, abs_tol=1e-6)
    )
    if not good:
        raise SpecError(
            f"the fractions of {', '.join(SPLITS)} must be from 0 to 1 and sum to 1, with some for "
            f"train and for val; got {dict(fractions)}"
        )


def _divide(bulbs: Sequence[Bulb], fractions: Mapping[str, float], seed: int) -> SplitResult:
    """Split by group, or by bulb where groups do not allow it."""
    labels = [bulb.label for bulb in bulbs]
    groups = [bulb.group for bulb in bulbs]
    splits = split_by_group(labels, groups, fractions=fractions, seed=seed)
    notes = []
    if not _can_learn(labels, splits):
        splits = split_by_group(labels, [""] * len(bulbs), fractions=fractions, seed=seed)
        notes.append(
            "val shares groups with train: there are too few groups of some class to keep them "
            "whole, so figures on val flatter"
        )
    notes += _absences(labels, splits, [name for name, share in fractions.items() if share > 0])
    return SplitResult(
        tuple(replace(bulb, split=split) for bulb, split in zip(bulbs, splits, strict=True)),
        tuple(notes),
    )


def _can_learn(labels: Sequence[str], splits: Sequence[str]) -> bool:
    """Say whether train knows every class, and val has two to tell apart if there are two."""
    classes = set(labels)
    train = {label for label, split in zip(labels, splits, strict=True) if split == "train"}
    val = {label for label, split in zip(labels, splits, strict=True) if split == "val"}
    return train == classes and len(val) >= min(2, len(classes))


def _absences(labels: Sequence[str], splits: Sequence[str], names: Iterable[str]) -> list[str]:
    present = set(zip(splits, labels, strict=True))
    notes = []
    for name in names:
        absent = [label for label in set(labels) if (name, label) not in present]
        if len(absent) == len(set(labels)):
            notes.append(f"{name} has no bulbs: there are too few groups")
        elif absent:
            notes.append(f"{name} has no bulb of {_some(absent)}: there are too few groups")
    return notes


def _notes_on_given(bulbs: Sequence[Bulb]) -> list[str]:
    notes = []
    without = sum(not bulb.split for bulb in bulbs)
    if without:
        notes.append(f"{without} of {len(bulbs)} bulbs have no split and are left out")
    of_group: dict[str, set[str]] = {}
    for bulb in bulbs:
        if bulb.group and bulb.split:
            of_group.setdefault(bulb.group, set()).add(bulb.split)
    divided = [group for group, splits in of_group.items() if len(splits) > 1]
    if divided:
        notes.append(
            f"groups in more than one split, so that figures flatter: {len(divided)} "
            f"({_some(divided)})"
        )
    return notes


def _some(names: Iterable[str]) -> str:
    names = sorted(names)
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return ", ".join(repr(name) for name in names[:_NAMES_SHOWN]) + more


def _count(bulbs: Iterable[Bulb]) -> str:
    counts = Counter(bulb.split for bulb in bulbs)
    return ", ".join(f"{counts[name]} {name}" for name in SPLITS if counts[name])


def _assign(kinds: Sequence[Counter[str]], fractions: Mapping[str, float], seed: int) -> list[str]:
    """Return the split of each group; `kinds` says how many bulbs of each class it holds."""
    order = list(range(len(kinds)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda group: -kinds[group].total())  # stable: equals stay shuffled
    shares = _Shares(kinds, fractions)
    chosen: dict[int, str] = {}

    def give(group: int, split: str) -> None:
        chosen[group] = split
        shares.add(kinds[group], split)

    by_size = sorted(fractions, key=lambda split: -fractions[split])
    num_groups = Counter(label for kind in kinds for label in kind)
    for label in sorted(num_groups, key=lambda label: (num_groups[label], label)):
        free = [group for group in order if group not in chosen and label in kinds[group]]
        lacking = [split for split in by_size if not shares.has(label, split)][: len(free)]
        for place, split in enumerate(reversed(lacking)):  # small groups to small splits
            last = place == len(lacking) - 1
            give(free.pop(0 if last else -1), split)
    for group in order:
        if group not in chosen:
            give(group, min(by_size, key=lambda split: shares.worsening(kinds[group], split)))
    return [chosen[group] for group in range(len(kinds))]


class _Shares:
    """How far each split is from its fraction of each class, and of all bulbs (class None).

    The distance is 0 when the share is right and -1 when there is nothing; the sum of its squares
    is what `worsening` looks at.
    """

    def __init__(self, kinds: Iterable[Counter[str]], fractions: Mapping[str, float]) -> None:
        totals: Counter[str | None] = Counter()
        for kind in kinds:
            totals.update(kind)
            totals[None] += kind.total()
        self._unit = {
            split: {label: 1 / (fraction * count) for label, count in totals.items()}
            for split, fraction in fractions.items()
        }
        self._distance = {split: dict.fromkeys(totals, -1.0) for split in fractions}

    def has(self, label: str, split: str) -> bool:
        return self._distance[split][label] > -1

    def add(self, kind: Counter[str], split: str) -> None:
        for label, step in self._steps(kind, split):
            self._distance[split][label] += step

    def worsening(self, kind: Counter[str], split: str) -> float:
        """Return by how much the sum of squares grows if the split gets a group of this kind."""
        distance = self._distance[split]
        return sum(step * (2 * distance[label] + step) for label, step in self._steps(kind, split))

    def _steps(self, kind: Counter[str], split: str) -> list[tuple[str | None, float]]:
        unit = self._unit[split]
        steps: list[tuple[str | None, float]] = [(c, n * unit[c]) for c, n in kind.items()]
        steps.append((None, kind.total() * unit[None]))
        return steps
