"""What a bundle said of golden bulbs at release, so that later answers can be held against it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from bulbinspect.bulb import GOOD, Bulb, Prediction, Verdict
from bulbinspect.data.hashes import hash_pictures
from bulbinspect.data.table import read_table
from bulbinspect.errors import BundleError, DataError, UsageError
from bulbinspect.files import write_json
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import watched
from bulbinspect.inspection.reshots import LIMIT
from bulbinspect.inspection.source import Source, find_bulbs

FORMAT_VERSION = 1
RECORD_NAME = "expected.json"
MANIFEST_NAME = "manifest.csv"

_YES = ("yes", "1", "true")
_JUDGED = (Verdict.PASS, Verdict.REVIEW, Verdict.REJECT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What was recorded of one bulb: `pictures` are (view, SHA-256 of its file, part of it)."""

    bulb_id: str
    label: str
    limit: bool
    verdict: Verdict
    defect_probability: float  # 0…1
    pictures: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All of a golden set, and by which bundle (`model`, its SHA-256) with which limits set."""

    model: str
    gate_overrides: tuple[str, ...]
    bulbs: tuple[Expected, ...]
    sha256: str = ""  # of the file, once it was read


@dataclass(frozen=True, slots=True)
class Seen:
    """A bulb as it is now: the pictures as in `Expected`, "" for one that cannot be hashed."""

    bulb: Bulb
    pictures: tuple[tuple[str, str, str], ...]
    prediction: Prediction


def find_golden(path: Path, **options: Any) -> Source:
    """Return the bulbs of a manifest, of a folder with a `manifest.csv`, or of one of pictures."""
    inside = path / MANIFEST_NAME
    return find_bulbs(inside if inside.is_file() else path, **({} if inside.is_file() else options))


def look_at(inspector: Inspector, bulbs: Sequence[Bulb]) -> list[Seen]:
    """Judge the bulbs; what was hashed is what is judged. BundleError without a good class."""
    if inspector.bundle.metadata.good_index is None:
        raise BundleError(f"the bundle knows no class {GOOD!r}, so nothing it says can be verified")
    paths = list(dict.fromkeys(view.path for bulb in bulbs for view in bulb.views))
    found = dict(zip(paths, hash_pictures(paths), strict=True))
    digests = {path: one if isinstance(one, str) else "" for path, one in found.items()}
    sure = [
        replace(
            bulb,
            views=tuple(
                replace(view, sha256=view.sha256 or digests[view.path]) for view in bulb.views
            ),
        )
        for bulb in bulbs
    ]
    answers = watched(inspector.inspect(sure), len(sure))
    return [
        Seen(bulb, _pictures(bulb, digests), prediction)
        for bulb, prediction in zip(bulbs, answers, strict=True)
    ]


def _pictures(bulb: Bulb, digests: Mapping[Path, str]) -> tuple[tuple[str, str, str], ...]:
    return tuple(
        (view.name, digests[view.path], f"{view.part.kind} {view.part.index}" if view.part else "")
        for view in bulb.views
    )


def make_record(seen: Sequence[Seen], *, model: str, gate_overrides: Sequence[str]) -> Record:
    """Return what is to be expected from now on.

    DataError, which names them, for bulbs that are unjudged, and for defective ones that pass
    without being at the limit: a set on which the bundle is wrong would sign that it stays so.
    """
    problems = []
    for one in seen:
        name, answer = one.bulb.bulb_id, one.prediction
        if answer.verdict not in _JUDGED:
            problems.append(f"bulb {name!r} is unjudged: {answer.reason}, {answer.detail}")
        elif answer.verdict is Verdict.PASS and is_defective(one.bulb) and not _limit(one.bulb):
            problems.append(
                f"bulb {name!r} is labelled {one.bulb.label!r} and passes; if it is a limit bulb, "
                f"say so in the column `{LIMIT}`"
            )
    if problems:
        raise DataError("these bulbs cannot be recorded as what is right:", problems)
    bulbs = [
        Expected(
            bulb_id=one.bulb.bulb_id,
            label=one.bulb.label,
            limit=_limit(one.bulb),
            verdict=Verdict(one.prediction.verdict or ""),
            defect_probability=float(one.prediction.defect_probability or 0.0),
            pictures=one.pictures,
        )
        for one in seen
    ]
    return Record(model=model, gate_overrides=tuple(gate_overrides), bulbs=tuple(bulbs))


def notes_on(record: Record) -> list[str]:
    """Return what weakens a golden set, as sentences."""
    bulbs, notes = record.bulbs, []
    if all(one.verdict is Verdict.PASS for one in bulbs):
        notes.append("every bulb passes: the set cannot show that defects are still found")
    if all(one.verdict is Verdict.REJECT for one in bulbs):
        notes.append("every bulb is rejected: the set cannot show that good bulbs still pass")
    if not any(one.label for one in bulbs):
        notes.append("no bulb has a label: nobody looked whether these verdicts are right")
    for one in bulbs:
        if one.label == GOOD and one.verdict is not Verdict.PASS:
            notes.append(f"bulb {one.bulb_id!r} is good and recorded as {one.verdict}")
    return notes


def write_record(path: Path, record: Record) -> None:
    """Write the record; UsageError if there is one already."""
    refuse_existing_record(path)
    values = {key: value for key, value in asdict(record).items() if key != "sha256"}
    write_json(path, {"format_version": FORMAT_VERSION, **values})


def refuse_existing_record(path: Path) -> None:
    """Raise UsageError for a record that is there: what was expected is not changed by the way."""
    if path.exists() or path.is_symlink():
        raise UsageError(f"{path} was recorded already; remove it to record anew")


def read_record(path: Path) -> Record:
    """Read a record strictly; DataError for anything missing, unknown, doubled or senseless."""
    if not path.exists():
        raise UsageError(f"no record at {path}: write one at release with `--record`")
    content = read_table(path)
    try:
        values = _keys(
            json.loads(content), ("format_version", "model", "gate_overrides", "bulbs"), "record"
        )
        if values["format_version"] != FORMAT_VERSION:
            raise ValueError(f"format_version is {values['format_version']!r}, not 1")
        bulbs = tuple(map(_expected, values["bulbs"]))
        names = [one.bulb_id for one in bulbs]
        if not names or len(set(names)) < len(names):
            raise ValueError("it must name at least one bulb, and none twice")
        return Record(
            model=_text(values["model"]),
            gate_overrides=tuple(map(_text, values["gate_overrides"])),
            bulbs=bulbs,
            sha256=hashlib.sha256(content).hexdigest(),
        )
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{path} is no record as `--record` writes it: {error}") from error


def _expected(values: object) -> Expected:
    names = ("bulb_id", "label", "limit", "verdict", "defect_probability", "pictures")
    given = _keys(values, names, "bulb")
    verdict, probability = Verdict(given["verdict"]), given["defect_probability"]
    if verdict not in _JUDGED:
        raise ValueError(f"a verdict is {verdict!r}, which nobody can expect")
    if type(probability) not in (int, float) or not 0 <= probability <= 1:
        raise ValueError(f"a defect probability is {probability!r}, not from 0 to 1")
    if type(given["limit"]) is not bool:
        raise ValueError(f"limit is {given['limit']!r}, not true or false")
    pictures = tuple(tuple(map(_text, one)) for one in given["pictures"])
    if not pictures or any(len(one) != 3 for one in pictures):
        raise ValueError("a bulb needs pictures: view, SHA-256 and part of each")
    return Expected(
        bulb_id=_text(given["bulb_id"]),
        label=_text(given["label"]),
        limit=given["limit"],
        verdict=verdict,
        defect_probability=float(probability),
        pictures=tuple((name, digest, part) for name, digest, part in pictures),
    )


def _keys(values: object, names: Sequence[str], what: str) -> Mapping[str, Any]:
    if not isinstance(values, Mapping) or set(values) != set(names):
        raise ValueError(f"a {what} must have the keys {', '.join(names)}")
    return values


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"expected a text, got {value!r:.80}")
    return value


def is_defective(bulb: Bulb) -> bool:
    """Say whether a bulb is known to be defective."""
    return bulb.label not in ("", GOOD)


def _limit(bulb: Bulb) -> bool:
    return all(dict(view.extra).get(LIMIT, "").strip().lower() in _YES for view in bulb.views)
