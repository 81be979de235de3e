"""Bulbs as a manifest lists them: in files of their own, or stacked; with faults, with hashes."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tests.odd import encode
from tests.odd.deep import array
from tests.odd.plant import CONTENTS, ODD_ONE, SOUND, VIEWS, picture, probability, put
from tests.odd.stacks import channels

Rows = list[dict[str, str]]

STACKS: dict[str, tuple[str, Callable[[np.ndarray], bytes]]] = {
    "RGBA PNG": ("channel", lambda views: encode.png_of(channels(views))),
    "array of channels": ("channel", lambda views: array(channels(views))),
    "array of pages": ("page", array),
    "TIFF": ("page", lambda views: encode.tiff(*views)),
}
"""How four views may lie in one file: the column that says so, and the writer."""

# Faults of pictures: the content that stands in place of the sound one (None: no file at all), and
# the reason. With a hash, what can be opened is `changed`, whatever else is wrong with it.
OF_FILES = {name: (content, (reason,)) for name, (content, reason) in CONTENTS.items()}
NO_CONTENT = {"empty": "empty_file", "no file": "missing_file"}


def _of_stacks(kind: str, views: np.ndarray) -> dict[str, tuple[bytes, tuple[str, ...]]]:
    write = STACKS[kind][1]
    whole = write(views)
    fewer = write(views[:3])
    faults = {
        "cut": (whole[: len(whole) * 3 // 4], ("truncated", "damaged")),
        "empty": (b"", ("empty_file",)),
        "text": (b"no picture", ("not_a_picture",)),
        "a part too few": (fewer, ("missing_view",)),
        "two alike": (write(views[[0, 1, 2, 1]]), ("identical_views",)),
        "one picture": (SOUND, ("missing_view", "unsupported_format")),
        "objects": (array(views.astype(object)), ("unsupported_format",)),
    }
    if kind != "RGBA PNG":  # which has room for four
        surplus = np.concatenate([views, 255 - views[:1]])
        faults["a part too many"] = (write(surplus), ("surplus_view",))
    return faults


@dataclass(frozen=True)
class Plan:
    """A bulb to write: `kind` is `files` or one of `STACKS`; `faults` are names, with the view."""

    levels: tuple[int, ...]
    kind: str
    faults: Sequence[tuple[str, int]] = ()
    hashed: bool = False


FILE_FAULTS = (*OF_FILES, "no file", "row missing", "row surplus", "view called otherwise", "twice")
STACK_FAULTS = (*_of_stacks("TIFF", np.zeros((4, 2, 2), np.uint8)), "no file", "last row missing")
ANY_FAULTS = ("another hash",)


@dataclass
class Written:
    """The rows of a bulb, the probability if nothing is wrong, and what may be given as reason."""

    rows: Rows
    probability: float
    reasons: set[str]


def write(plan: Plan, bulb_id: str, folder: Path, number: int) -> Written:
    """Write the pictures of a bulb below `folder` and return its rows, with paths from there."""
    views = np.stack([picture(level, (number, at)) for at, level in enumerate(plan.levels)])
    if plan.kind == "files":
        return _write_files(plan, bulb_id, folder, number, views)
    return _write_stack(plan, bulb_id, folder, number, views)


def _write_files(plan: Plan, bulb_id: str, folder: Path, number: int, views: np.ndarray) -> Written:
    written = Written([], probability(list(views)), set())
    for name, pixels in zip(VIEWS, views, strict=True):
        content = encode.png_of(pixels)
        put(folder / f"{number}_{name}.png", content)
        written.rows.append(_row(bulb_id, name, f"{number}_{name}.png", content, plan.hashed))
    for fault, place in plan.faults:
        path = folder / f"{number}_{VIEWS[place]}.png"
        if fault in OF_FILES:
            _replace(written, path, *OF_FILES[fault], hashed=plan.hashed)
        elif fault == "twice":
            twin = folder / f"{number}_{VIEWS[(place + 1) % len(VIEWS)]}.png"
            for one, content in ((path, SOUND), (twin, encode.tiff(ODD_ONE))):
                _replace(written, one, content, ("identical_views",), hashed=plan.hashed)
        else:
            _change_rows(written, fault, place, path, bulb_id, number)
    return written


def _write_stack(plan: Plan, bulb_id: str, folder: Path, number: int, views: np.ndarray) -> Written:
    column, writer = STACKS[plan.kind]
    path = folder / f"{number}.stack"
    content = writer(views)
    put(path, content)
    rows = [_row(bulb_id, name, path.name, content, plan.hashed) for name in VIEWS]
    for place, row in enumerate(rows):
        row[column] = str(place)
    written = Written(rows, probability(list(views)), set())
    for fault, place in plan.faults:
        if fault in ("no file", "last row missing", *ANY_FAULTS):
            _change_rows(written, fault, place, path, bulb_id, number)
        else:
            faulty, reasons = _of_stacks(plan.kind, views).get(fault, (b"", ("empty_file",)))
            _replace(written, path, faulty, reasons, hashed=plan.hashed)
    return written


def _row(bulb_id: str, view: str, path: str, content: bytes, hashed: bool) -> dict[str, str]:
    digest = hashlib.sha256(content).hexdigest() if hashed else ""
    return {"bulb_id": bulb_id, "view": view, "path": path, "sha256": digest}


def _replace(
    written: Written, path: Path, content: bytes, reasons: Sequence[str], *, hashed: bool
) -> None:
    put(path, content)
    written.reasons |= {"changed"} if hashed and content else set(reasons)


def _change_rows(
    written: Written, fault: str, place: int, path: Path, bulb_id: str, number: int
) -> None:
    """Plant what is not a matter of a picture's content."""
    if fault == "no file":
        path.unlink(missing_ok=True)
        written.reasons.add("missing_file")
    elif fault == "another hash":
        for row in written.rows:
            row["sha256"] = "0" * 64
        written.reasons.add("changed")
    elif fault == "row missing":
        written.rows[:] = [row for row in written.rows if row["path"] != path.name]
        written.reasons.add("missing_view")
    elif fault == "last row missing":  # then the file holds more than is declared
        written.rows[3:] = []
        written.reasons |= {"missing_view"}
    elif fault == "view called otherwise":
        for row in written.rows:
            if row["path"] == path.name:
                row["view"] = f"top{place}"
        written.reasons |= {"missing_view", "surplus_view"}
    elif fault == "row surplus" and all(row["view"] != "4" for row in written.rows):
        surplus = f"{number}_4.png"
        put(path.with_name(surplus), SOUND)
        written.rows.append(_row(bulb_id, "4", surplus, SOUND, hashed=False))
        written.reasons |= {"surplus_view", "missing_view"}
