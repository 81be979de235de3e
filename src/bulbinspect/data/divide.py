"""Fill the split column of a manifest by whole groups; refuse what would leak, or teach nothing."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from bulbinspect.bulb import Bulb
from bulbinspect.data.assign import split_by_group
from bulbinspect.data.hashes import hash_pictures
from bulbinspect.data.manifest import SPLITS, Manifest, read_manifest
from bulbinspect.data.natural import natural_key
from bulbinspect.data.split import check_fractions
from bulbinspect.data.table import numbered_rows, read_table, refuse_existing_table, write_rows
from bulbinspect.errors import DataError, PictureError, UsageError
from bulbinspect.files import whole_file


@dataclass(frozen=True, slots=True)
class Division:
    """Bulbs with their splits; `groups` tells those apart that each of them counted to."""

    bulbs: tuple[Bulb, ...]
    groups: tuple[int, ...]
    notes: tuple[str, ...]


class _Copy(NamedTuple):
    """Two bulbs that have a picture in common, by their numbers, and its paths."""

    one: int
    two: int
    place_one: str
    place_two: str


def divide_manifest(
    path: Path,
    out: Path,
    *,
    fractions: Mapping[str, float],
    seed: int,
    redo: bool = False,
    carve_val: bool = False,
    join_copies: bool = False,
) -> Division:
    """Write the manifest `path` with a split for every bulb to `out`, a new file beside it.

    All other cells and the order of rows stay. Splits that stand already stay, unless `redo`;
    `carve_val` takes val out of train. The same bulbs, fractions and seed give the same splits,
    in whatever order the rows stand. A `DataError` holds what would put the same picture or group
    in two splits, or leave train or val without a class; `join_copies` makes one group of bulbs
    that have a picture in common.
    """
    check_fractions(fractions)
    _check_out(path, out)
    manifest = read_manifest(path)
    if not redo and not carve_val and all(bulb.split for bulb in manifest.bulbs):
        raise UsageError(
            f"every bulb in {path} has a split; --redo draws all of them anew, --carve-val takes "
            "val out of train"
        )
    bulbs = sorted(manifest.bulbs, key=lambda bulb: natural_key(bulb.bulb_id))
    copies = _copies(manifest, bulbs)
    groups = _groups(bulbs, copies if join_copies else ())
    given = [""] * len(bulbs) if redo else [bulb.split for bulb in bulbs]
    _refuse_divided(bulbs, groups, given)
    shares = dict(fractions)
    if carve_val:
        given, shares = _without_val(given, fractions)
    splits = split_by_group(
        [bulb.label for bulb in bulbs],
        [f"{group}" for group in groups],
        fractions=shares,
        seed=seed,
        given=given,
    )
    divided = [replace(bulb, split=split) for bulb, split in zip(bulbs, splits, strict=True)]
    problems, notes = _absences(divided, groups, [one for one in SPLITS if fractions.get(one)])
    problems += _leaks(divided, copies)
    if problems:
        raise DataError(f"no splits are made of {path}:", problems)
    refuse_existing_table(out)
    _write(manifest, out, {bulb.bulb_id: bulb.split for bulb in divided})
    return Division(tuple(divided), tuple(groups), (*notes, *_notes(copies, join=join_copies)))


def _check_out(path: Path, out: Path) -> None:
    refuse_existing_table(out)
    if out.absolute().parent.resolve() != path.absolute().parent.resolve():
        raise UsageError(
            f"{out} must lie in the folder of {path}, since the paths in it are relative to that"
        )


def _without_val(
    given: Sequence[str], fractions: Mapping[str, float]
) -> tuple[list[str], dict[str, float]]:
    """Return what stays when val is to be carved, and the shares of what does not."""
    if "val" in given or "train" not in given:
        raise UsageError("to carve val out of train there must be a train and no val")
    both = fractions["train"] + fractions["val"]
    shares = {name: fractions[name] / both for name in ("train", "val")}
    return ["" if split == "train" else split for split in given], shares


def _copies(manifest: Manifest, bulbs: Sequence[Bulb]) -> list[_Copy]:
    """Return every picture of a bulb that is one of a bulb before it, too."""
    views = [(number, view) for number, bulb in enumerate(bulbs) for view in bulb.views]
    unknown = list(dict.fromkeys(view.path for _, view in views if not view.sha256))
    hashed = dict(zip(unknown, hash_pictures(unknown) if unknown else (), strict=True))
    folder = manifest.path.parent
    unread = [
        f"{str(path.relative_to(folder))!r}: {one}"
        for path, one in hashed.items()
        if isinstance(one, PictureError)
    ]
    if unread:
        raise DataError("pictures that cannot be read could be copies of others:", unread)
    first: dict[str, tuple[int, Path]] = {}
    copies: dict[tuple[int, int], _Copy] = {}
    for number, view in views:
        digest = view.sha256 or str(hashed[view.path])
        twin, path = first.setdefault(digest, (number, view.path))
        if twin != number:
            places = (one.relative_to(folder).as_posix() for one in (path, view.path))
            copies.setdefault((twin, number), _Copy(twin, number, *places))
    return list(copies.values())


def _groups(bulbs: Sequence[Bulb], copies: Iterable[_Copy]) -> list[int]:
    """Return the group of each bulb, called by the number of a bulb in it."""
    above = list(range(len(bulbs)))

    def top(number: int) -> int:
        while above[number] != number:
            above[number] = above[above[number]]
            number = above[number]
        return number

    first: dict[str, int] = {}
    for number, bulb in enumerate(bulbs):
        if bulb.group:
            above[number] = first.setdefault(bulb.group, number)
    for copy in copies:
        one, two = sorted((top(copy.one), top(copy.two)))
        above[two] = one
    return [top(number) for number in range(len(bulbs))]


def _refuse_divided(bulbs: Sequence[Bulb], groups: Sequence[int], given: Sequence[str]) -> None:
    """Raise a `DataError` that names every group in two of the splits that stand already."""
    found: dict[int, dict[str, str]] = {}
    for bulb, group, split in zip(bulbs, groups, given, strict=True):
        if split:
            found.setdefault(group, {}).setdefault(split, bulb.bulb_id)
    problems = [
        f"{_group_name(bulbs[group])} is divided: "
        + ", ".join(f"bulb {bulb_id!r} is in {split}" for split, bulb_id in splits.items())
        for group, splits in found.items()
        if len(splits) > 1
    ]
    if problems:
        raise DataError("the splits that stand already leak; --redo draws them anew:", problems)


def _group_name(bulb: Bulb) -> str:
    return f"group {bulb.group!r}" if bulb.group else f"the group of bulb {bulb.bulb_id!r}"


def _absences(
    bulbs: Sequence[Bulb], groups: Sequence[int], wanted: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return which classes train or val lacks, and notes on what test lacks."""
    problems: list[str] = []
    notes: list[str] = []
    present = {(bulb.split, bulb.label) for bulb in bulbs}
    labels = sorted({bulb.label for bulb in bulbs} - {""}, key=natural_key)
    needed = f"{', '.join(wanted[:-1])} and {wanted[-1]}"
    for label in labels or [""]:
        lacking = [split for split in wanted if (split, label) not in present]
        if not lacking:
            continue
        who = f"class {label!r}" if label else "the manifest"
        own = {group for bulb, group in zip(bulbs, groups, strict=True) if bulb.label == label}
        text = f"{who} has {_count(len(own), 'group')}, so none for {' and '.join(lacking)}"
        if len(own) < len(wanted):
            text += f"; {len(wanted)} are needed for one in each of {needed}"
        else:
            text += "; they hold other classes too, or have splits: try another --seed, or --redo"
        (notes if lacking == ["test"] else problems).append(text)
    return problems, notes


def _leaks(bulbs: Sequence[Bulb], copies: Iterable[_Copy]) -> list[str]:
    problems = []
    for copy in copies:
        one, two = bulbs[copy.one], bulbs[copy.two]
        if one.split != two.split:
            problems.append(
                f"{copy.place_one!r} of bulb {one.bulb_id!r} in {one.split} and "
                f"{copy.place_two!r} of bulb {two.bulb_id!r} in {two.split} are the same picture; "
                "give both bulbs one group, or --join-copies does"
            )
    return problems


def _notes(copies: Sequence[_Copy], *, join: bool) -> list[str]:
    if not copies:
        return []
    what = "made one group" if join else "in the same split by chance or by group"
    return [f"pairs of bulbs that have a picture in common, {what}: {len(copies)}"]


def _write(manifest: Manifest, out: Path, splits: Mapping[str, str]) -> None:
    """Write the rows as they are, but for the cell of the split."""
    content = read_table(manifest.path)
    if hashlib.sha256(content).hexdigest() != manifest.sha256:
        raise DataError(f"{manifest.path} changed while it was divided")
    rows = [cells for _, cells in numbered_rows(content) if not isinstance(cells, str)]
    columns = rows[0] if "split" in rows[0] else [*rows[0], "split"]
    bulb, split = columns.index("bulb_id"), columns.index("split")
    with whole_file(out) as file:
        divided = ([*row[:split], splits[row[bulb]], *row[split + 1 :]] for row in rows[1:])
        write_rows(file, [columns, *divided])


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
