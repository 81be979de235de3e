"""The files of a run folder, read with suspicion: what is wrong is said in a line with the file."""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from numpy.typing import NDArray

from bulbinspect.bulb import GOOD, Verdict
from bulbinspect.data.table import numbered_rows, read_header, read_table
from bulbinspect.errors import DataError

_MOST_BYTES = 16 << 20  # of a file that is read as a whole; ours have some kilobytes


@dataclass(frozen=True, slots=True)
class SplitRow:
    """What `split.csv` says of a bulb; `group` is None for one that is a group of its own."""

    split: str
    label: str
    group: str | None


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a bundle said of the N bulbs of a split, in order of their ids.

    `probability` is that of a defect, NaN for an unjudged bulb. `rejected` is the verdict at the
    bundle's own threshold; the line treats an unjudged bulb as a reject, and so does this.
    """

    ids: tuple[str, ...]
    labels: tuple[str, ...]
    groups: tuple[str, ...]
    defective: NDArray[np.bool_]
    probability: NDArray[np.float64]
    rejected: NDArray[np.bool_]

    @property
    def unjudged(self) -> NDArray[np.bool_]:
        """Which bulbs have no answer."""
        return np.isnan(self.probability)


def read_config(path: Path) -> dict[str, Any]:
    """Read a YAML file whose top level has keys; DataError for anything else."""
    try:
        values = yaml.safe_load(_text(path))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as YAML: {_line(error)}") from error
    return _object(values, path)


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object; DataError for anything else, NaN and infinity included."""
    try:
        values = json.loads(_text(path), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} cannot be read as JSON: {_line(error)}") from error
    return _object(values, path)


def read_split_rows(path: Path) -> dict[str, SplitRow]:
    """Return what `split.csv` says of each bulb id; a DataError names the first bad line."""
    rows = numbered_rows(read_table(path))
    columns, problems = read_header(rows, ("bulb_id", "split", "label", "group"), ())
    bulbs: dict[str, SplitRow] = {}
    for line, cells in rows if not problems else ():
        if isinstance(cells, str) or len(cells) != len(columns):
            text = cells if isinstance(cells, str) else f"{len(cells)} cells"
            problems.append(f"line {line}: {text}")
            break
        values = dict(zip(columns, cells, strict=True))
        if values["bulb_id"] in bulbs:
            problems.append(f"line {line}: bulb {values['bulb_id']!r} is already there")
            break
        row = SplitRow(values["split"], values["label"], values["group"] or None)
        bulbs[values["bulb_id"]] = row
    if problems:
        raise DataError(f"{path} is not in order: {problems[0]}")
    return bulbs


def read_answers(path: Path, bulbs: Mapping[str, SplitRow], *, split: str, model: str) -> Answers:
    """Read `predictions-<split>.jsonl`, which must answer for every bulb of the split and no other.

    `model` is the SHA-256 of the bundle that must have judged. DataError names file and line.
    """
    found: dict[str, tuple[str, float, bool]] = {}
    for number, line in enumerate(_lines(path), start=1):
        try:
            answer = _answer(line, model)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{path}, line {number}: {_line(error)}") from error
        if answer[0] in found:
            raise DataError(f"{path}, line {number}: bulb {answer[0]!r} is already there")
        found[answer[0]] = answer
    wanted = {bulb_id for bulb_id, row in bulbs.items() if row.split == split}
    if wanted != set(found):
        one = min(wanted ^ set(found))
        what = "lacks" if one in wanted else "judges"
        where = "which is" if one in wanted else "which is not"
        raise DataError(f"{path} {what} bulb {one!r}, {where} in {split} of split.csv")
    if not found:
        raise DataError(f"{path} has no bulbs")
    ids = sorted(found)
    labels = tuple(bulbs[one].label for one in ids)
    if "" in labels:
        raise DataError(f"{path}: bulb {ids[labels.index('')]!r} has no label in split.csv")
    return Answers(
        tuple(ids),
        labels,
        tuple(_group(one, bulbs[one]) for one in ids),
        np.array([label != GOOD for label in labels], bool),
        np.array([found[one][1] for one in ids], float),
        np.array([found[one][2] for one in ids], bool),
    )


def finite(value: Any, what: str) -> float:
    """Return a number of a JSON or YAML file; DataError if it is none, or not finite."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(f"{what} is {value!r:.60}, expected a number")
    return float(value)


def _answer(line: str, model: str) -> tuple[str, float, bool]:
    """Return the id, the defect probability and whether the bulb was rejected."""
    values = json.loads(line, parse_constant=_refuse_constant)
    if not isinstance(values, dict) or not isinstance(values.get("bulb_id"), str):
        raise ValueError("not a prediction: a JSON object with a bulb_id")
    bulb_id, verdict = values["bulb_id"], values.get("verdict")
    if values.get("model") != model:
        raise ValueError(f"bulb {bulb_id!r} was judged by another bundle than bundle.onnx")
    if verdict is not None and verdict not in tuple(Verdict):
        raise ValueError(f"bulb {bulb_id!r} has the verdict {verdict!r:.40}")
    probability = values.get("defect_probability")
    if verdict in (None, Verdict.UNJUDGED):
        if probability is not None:
            raise ValueError(f"bulb {bulb_id!r} has a probability and no verdict")
        return bulb_id, math.nan, verdict is not None
    if isinstance(probability, bool) or not isinstance(probability, int | float):
        raise ValueError(f"bulb {bulb_id!r} has the probability {probability!r:.40}")
    if not 0 <= probability <= 1:
        raise ValueError(f"bulb {bulb_id!r} has a probability of {probability!r}, not 0 to 1")
    return bulb_id, float(probability), verdict != Verdict.PASS


def _group(bulb_id: str, row: SplitRow) -> str:
    """Return a name of the group that no bulb of another group can have."""
    return f"bulb {bulb_id}" if row.group is None else f"group {row.group}"


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8") as lines:
            yield from lines
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8") from error


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DataError(f"{path} is larger than {_MOST_BYTES >> 20} MiB, which no such file is")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise DataError(f"{path} is not UTF-8") from error


def _object(values: Any, path: Path) -> dict[str, Any]:
    if not isinstance(values, dict):
        raise DataError(f"{path} holds {type(values).__name__}, expected keys with values")
    return values


def _refuse_constant(text: str) -> float:
    raise ValueError(f"{text} is not a number")


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
