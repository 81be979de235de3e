"""Divide bulbs into train, val and test: by whole groups, stratified by label, seeded."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bulbinspect.bulb import Bulb
from bulbinspect.data.assign import split_by_group
from bulbinspect.data.manifest import SPLITS
from bulbinspect.data.natural import some_names
from bulbinspect.data.table import numbered_rows, read_header, read_table, write_rows
from bulbinspect.errors import DataError, SpecError
from bulbinspect.files import whole_file

_COLUMNS = ("bulb_id", "split", "label", "group")


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
    check_fractions(fractions)
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


def check_fractions(fractions: Mapping[str, float]) -> None:
    """Raise `SpecError` unless the shares sum to 1, with some for train and for val."""
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
            notes.append(f"{name} has no bulb of {some_names(absent)}: there are too few groups")
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
            f"({some_names(divided)})"
        )
    return notes


def _count(bulbs: Iterable[Bulb]) -> str:
    counts = Counter(bulb.split for bulb in bulbs)
    return ", ".join(f"{counts[name]} {name}" for name in SPLITS if counts[name])
