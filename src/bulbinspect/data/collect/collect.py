"""Make a manifest of a folder: find, label, hash, refuse what could not be used, write."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bulbinspect.bulb import GOOD, Bulb, Part, View
from bulbinspect.data.collect.labels import Labels, read_labels
from bulbinspect.data.collect.layout import Found, Layout, list_pictures
from bulbinspect.data.collect.parts import name_parts
from bulbinspect.data.folder import MANY_VIEWS
from bulbinspect.data.hashes import hash_pictures
from bulbinspect.data.manifest import FACTS, write_manifest
from bulbinspect.data.natural import natural_key, some_names, view_key
from bulbinspect.data.places import in_order
from bulbinspect.data.table import refuse_existing_table
from bulbinspect.errors import DataError, PictureError, UsageError

_FORMULAS = ("=", "+", "-", "@", "\t", "\r")
_ODD_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Collected:
    """The bulbs of a written manifest in its order, and what a person should know of them."""

    bulbs: tuple[Bulb, ...]
    notes: tuple[str, ...]


@dataclass
class _Draft:
    """A bulb while it is put together."""

    bulb_id: str
    found: list[Found]
    facts: dict[str, str] = field(default_factory=dict)
    extra: tuple[tuple[str, str], ...] = ()


def collect(
    folder: Path,
    out: Path,
    layout: Layout,
    *,
    labels: Path | None = None,
    allow_unlabelled: bool = False,
    allow_absent: bool = False,
) -> Collected:
    """Write a manifest of all pictures below `folder` to `out`, a new file there or above it.

    The same folder gives the same bytes. A `DataError` names everything because of which a bulb
    could not be used as it is, or would be lost. `labels` is a CSV, see `read_labels`; each bulb
    must have a row there unless `allow_unlabelled`, and each row a bulb unless `allow_absent`.
    """
    root = _root(folder, out)
    listing = list_pictures(folder, layout)
    drafts, problems = _group(listing.found, layout)
    notes = list(listing.notes)
    if labels is not None:
        table = read_labels(labels, need_label=not any(found.label for found in listing.found))
        problems += table.problems
        problems += _apply(table, drafts, labels.name, allow_unlabelled, allow_absent, notes)
    parts: dict[str, Part] = {}
    if layout.stacked and listing.found:
        try:
            parts = _parts(listing.found, root, layout, notes)
        except DataError as error:
            problems.append(error.summary)
    digests = hash_pictures([root / found.file for found in listing.found])
    hashes = {found.file: one for found, one in zip(listing.found, digests, strict=True)}
    problems += [f"{f!r} is {h}" for f, h in hashes.items() if isinstance(h, PictureError)]
    problems += _copies(listing.found, hashes)
    if listing.problems or problems:
        raise DataError(
            f"no manifest is made of {folder}, since bulbs would be lost or could not be used:",
            [*listing.problems, *problems],
        )
    bulbs = tuple(_bulb(draft, root, hashes, parts) for draft in drafts.values())
    refuse_existing_table(out)
    write_manifest(out, bulbs)
    return Collected(bulbs, (*notes, *_notes(bulbs)))


def _root(folder: Path, out: Path) -> Path:
    """Return the folder by a path that begins with that of the manifest's folder."""
    refuse_existing_table(out)
    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder of pictures")
    home = out.absolute().parent
    for inner, outer in ((folder.absolute(), home), (folder.resolve(), home.resolve())):
        if inner.is_relative_to(outer) and ".." not in inner.relative_to(outer).parts:
            return home / inner.relative_to(outer)
    raise UsageError(
        f"{out} would have to name pictures outside of its folder; write the manifest into "
        f"{folder} or a folder above it, such as --out {folder / 'manifest.csv'}"
    )


def _group(found: Iterable[Found], layout: Layout) -> tuple[dict[str, _Draft], list[str]]:
    """Put the pictures of each bulb together; return bulbs in natural order, and contradictions."""
    drafts: dict[str, _Draft] = {}
    for one in found:
        drafts.setdefault(one.bulb_id, _Draft(one.bulb_id, [])).found.append(one)
    problems = []
    for draft in drafts.values():
        for name in FACTS:
            first = draft.found[0]
            fact = getattr(first, name)
            draft.facts[name] = fact
            other = next((one for one in draft.found if getattr(one, name) != fact), None)
            if other is not None:
                problems.append(_contradiction(draft.bulb_id, name, first, other, layout))
        if len(draft.found) > MANY_VIEWS:
            problems.append(
                f"bulb {draft.bulb_id!r} has {len(draft.found)} views; if its files are called "
                "<bulb>_<view>, name its folder instead of the one above"
            )
        draft.found.sort(key=lambda one: (view_key(one.view), one.file))
        for one, after in zip(draft.found, draft.found[1:], strict=False):
            if one.view == after.view:
                what = "all views" if layout.stacked else f"view {one.view!r}"
                problems.append(
                    f"{what} of bulb {draft.bulb_id!r} in two files, {one.file!r} and "
                    f"{after.file!r}"
                )
    ordered = {bulb_id: drafts[bulb_id] for bulb_id in sorted(drafts, key=natural_key)}
    return ordered, problems


def _contradiction(bulb_id: str, name: str, first: Found, other: Found, layout: Layout) -> str:
    text = (
        f"bulb {bulb_id!r} has the {name} {getattr(first, name)!r} by {first.file!r}, and "
        f"{getattr(other, name)!r} by {other.file!r}"
    )
    if layout.by_class:
        text += "; if they are two bulbs, make the class part of their names by a pattern"
    return text


def _apply(
    table: Labels,
    drafts: dict[str, _Draft],
    file: str,
    allow_unlabelled: bool,
    allow_absent: bool,
    notes: list[str],
) -> list[str]:
    """Give the bulbs what their rows say; return what does not go together."""
    problems = []
    without = []
    for bulb_id, draft in drafts.items():
        row = table.rows.get(bulb_id)
        facts = ("", "", "") if row is None else row.facts
        for name, fact in zip(FACTS, facts, strict=True):
            if row and fact and draft.facts[name] not in ("", fact):
                problems.append(
                    f"{file}, line {row.line}: {name} {fact!r} of bulb {bulb_id!r} is "
                    f"{draft.facts[name]!r} by its folder or name"
                )
            draft.facts[name] = draft.facts[name] or fact
        draft.extra = row.extra if row else ()
        if row is None or not draft.facts["label"]:
            without.append(f"bulb {bulb_id!r} has no {'row' if row is None else 'label'} in {file}")
    absent = [
        f"{file}, line {row.line}: bulb {bulb_id!r} has no pictures"
        for bulb_id, row in table.rows.items()
        if bulb_id not in drafts
    ]
    if allow_unlabelled:
        notes += [f"bulbs without a label in {file}: {len(without)}"] if without else []
    elif without:
        problems += [*without, "(--allow-unlabelled lets bulbs without a label pass)"]
    if allow_absent:
        notes += [f"rows of {file} without pictures, left out: {len(absent)}"] if absent else []
    elif absent:
        problems += [*absent, "(--allow-absent leaves rows without pictures out)"]
    return problems


def _parts(found: Sequence[Found], root: Path, layout: Layout, notes: list[str]) -> dict[str, Part]:
    """Return the parts of each file by the names of the views."""
    files = [(one.file, root / one.file) for one in found]
    names, odd = name_parts(files, layout.views_in, layout.view_names)
    notes += _shortened("will be refused when it is read", odd)
    return {name: Part(layout.views_in, at, len(names)) for at, name in enumerate(names)}


def _copies(found: Iterable[Found], hashes: dict[str, str | PictureError]) -> list[str]:
    """Name every picture that is a copy of one before it."""
    first: dict[str, Found] = {}
    problems = []
    for one in found:
        digest = hashes[one.file]
        twin = first.setdefault(digest, one) if isinstance(digest, str) else one
        if twin is not one:
            whose = (
                f"both of bulb {one.bulb_id!r}"
                if twin.bulb_id == one.bulb_id
                else f"of the bulbs {twin.bulb_id!r} and {one.bulb_id!r}"
            )
            problems.append(f"{twin.file!r} and {one.file!r}, {whose}, are the same picture")
    return problems


def _bulb(
    draft: _Draft, root: Path, hashes: dict[str, str | PictureError], parts: dict[str, Part]
) -> Bulb:
    views = []
    for one in draft.found:
        for name, part in parts.items() or [(one.view, None)]:
            sha256 = str(hashes[one.file])
            views.append(View(name, root / one.file, draft.extra, part, sha256))
    return Bulb(draft.bulb_id, in_order(views), **draft.facts)


def _notes(bulbs: Sequence[Bulb]) -> list[str]:
    """Say what is allowed and may still be a mistake."""
    notes = []
    names = {view.name for bulb in bulbs for view in bulb.views}
    most = max(len(bulb.views) for bulb in bulbs)
    if len(names) > 2 * most:
        notes.append(
            f"bulbs have {most} views at most, but these have {len(names)} names, such as "
            f"{some_names(names)}; names should say the side alone, a pattern can cut them out"
        )
    else:
        fewer = [
            f"bulb {bulb.bulb_id!r} lacks {some_names(names - {view.name for view in bulb.views})}"
            for bulb in bulbs
            if len(bulb.views) < most
        ]
        notes += _shortened(f"has fewer views than {most}", fewer)
    labels = {bulb.label for bulb in bulbs} - {""}
    if labels and GOOD not in labels:
        notes.append(f"no label is {GOOD!r}, so a bundle gives labels, but no verdicts")
    alike = Counter(label.casefold() for label in labels)
    notes += [
        f"labels that differ in upper and lower case alone are two: {some_names(same)}"
        for folded, count in sorted(alike.items())
        if count > 1 and (same := [one for one in labels if one.casefold() == folded])
    ]
    formulas = sum(bulb.bulb_id.startswith(_FORMULAS) for bulb in bulbs)
    if formulas:
        notes.append(
            f"bulbs whose names start like a formula: {formulas}; a spreadsheet may run them"
        )
    return notes


def _shortened(what: str, items: Sequence[str]) -> list[str]:
    shown = [f"{item}: {what}" for item in items[:_ODD_SHOWN]]
    more = len(items) - len(shown)
    return [*shown, f"{more} more of these: {what}"] if more > 0 else shown
