"""Folds: every bulb is test in one run and unseen by it, so that each gets an honest answer."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from bulbinspect.bulb import Bulb
from bulbinspect.data.assign import split_by_group
from bulbinspect.data.manifest import SPLITS
from bulbinspect.data.natural import natural_key, some_names
from bulbinspect.data.split import SplitResult
from bulbinspect.errors import DataError, SpecError


def check_fold(fold: int | None, folds: int | None) -> None:
    """Raise `SpecError` unless there are no folds, or at least 2 and `fold` is one of them."""
    if fold is None and folds is None:
        return
    if type(fold) is not int or type(folds) is not int or folds < 2 or not 0 <= fold < folds:
        raise SpecError(
            "folds and fold go together: expected at least 2 folds and a fold from 0 to folds - 1, "
            f"or neither; got folds={folds!r}, fold={fold!r}"
        )


def fold_as_test(
    bulbs: Sequence[Bulb], *, fold: int, folds: int, seed: int, with_test: bool = False
) -> SplitResult:
    """Make one of `folds` parts of train and val the test split; the rest stays train and val.

    The parts are made of whole groups, each with its share of every class of train and of val, and
    are the same for every `fold`, in whatever order the bulbs come. Bulbs of test are left out of
    them, and out of the run; `with_test` divides them too, and where they are not the fold they are
    train. A `DataError` says of every fold what its run would lack to learn from.
    """
    check_fold(fold, folds)
    taken = set(SPLITS) if with_test else {"train", "val"}
    order = sorted(range(len(bulbs)), key=lambda row: natural_key(bulbs[row].bulb_id))
    rows = [row for row in order if bulbs[row].split in taken]
    names = [str(number) for number in range(folds)]
    parts = split_by_group(
        [f"{bulbs[row].split} {bulbs[row].label}" for row in rows],
        [bulbs[row].group for row in rows],
        fractions=dict.fromkeys(names, 1 / folds),
        seed=seed,
    )
    part_of = dict(zip(rows, parts, strict=True))
    problems = [
        f"fold {number}: {lack}"
        for number in names
        for lack in _lacks(_with_fold(bulbs, part_of, number))
    ]
    if problems:
        raise DataError(f"{folds} folds of these groups cannot all be trained on:", problems)
    folded = _with_fold(bulbs, part_of, str(fold))
    count = Counter(bulb.split for bulb in folded)
    notes = [
        f"fold {fold} of {folds} is test: " + ", ".join(f"{count[name]} {name}" for name in SPLITS)
    ]
    left_out = sum(bulb.split == "test" for bulb in bulbs) if not with_test else 0
    if left_out:
        notes.append(f"bulbs of test in no fold, and in no run: {left_out}")
    return SplitResult(folded, tuple(notes))


def _with_fold(bulbs: Sequence[Bulb], part_of: dict[int, str], name: str) -> tuple[Bulb, ...]:
    """Return the bulbs as the run of one fold has them; those in no part have no split."""
    splits = []
    for row, bulb in enumerate(bulbs):
        part = part_of.get(row)
        rest = "train" if bulb.split == "test" else bulb.split
        splits.append("" if part is None else "test" if part == name else rest)
    return tuple(replace(bulb, split=split) for bulb, split in zip(bulbs, splits, strict=True))


def _lacks(bulbs: Sequence[Bulb]) -> list[str]:
    """Say what a run on these bulbs would lack: a class in train, two in val, or a test."""
    labels = {name: {bulb.label for bulb in bulbs if bulb.split == name} for name in SPLITS}
    classes = set().union(*labels.values()) - {""}
    lacks = []
    if absent := classes - labels["train"]:
        lacks.append(f"no group of {some_names(absent)} is left for train")
    if len(labels["val"]) < min(2, len(classes)):
        lacks.append(f"val keeps {some_names(labels['val']) or 'no bulb'} alone")
    if not labels["test"]:
        lacks.append("no group is left to be its test")
    return lacks
