"""A CSV of labels: a row for each bulb, with what its pictures cannot say."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bulbinspect.data.manifest import COLUMNS, FACTS, SPLITS
from bulbinspect.data.table import numbered_rows, read_header, read_table
from bulbinspect.errors import DataError

_KEY = "bulb_id"


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What a row says of a bulb: label, group and split, "" where unknown; and further columns."""

    line: int
    facts: tuple[str, str, str]
    extra: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Labels:
    """The rows by bulb; `problems` start with the name of the file and the line."""

    rows: dict[str, LabelRow]
    problems: tuple[str, ...]


def read_labels(path: Path, *, need_label: bool) -> Labels:
    """Read the columns bulb_id, label, group and split, and further ones as they are.

    All but bulb_id are optional, unless `need_label`. A `DataError` only if the header is unusable.
    """
    rows = numbered_rows(read_table(path))
    required = (_KEY, "label") if need_label else (_KEY,)
    columns, problems = read_header(rows, required, FACTS)
    reserved = [name for name in columns if name in COLUMNS and name not in (_KEY, *FACTS)]
    problems += [f"line 1: column {name!r} is for pictures, not for bulbs" for name in reserved]
    if problems:
        raise DataError(f"the labels {path} are not in order:", problems)
    found: dict[str, LabelRow] = {}
    for line, cells in rows:
        wrong = [cells] if isinstance(cells, str) else _add(found, line, columns, cells)
        problems += [f"{path.name}, line {line}: {text}" for text in wrong]
    return Labels(found, tuple(problems))


def _add(
    found: dict[str, LabelRow], line: int, columns: Sequence[str], cells: Sequence[str]
) -> list[str]:
    """Take one row; return what is wrong with it."""
    if len(cells) != len(columns):
        return [f"{len(cells)} cells, the header has {len(columns)}"]
    values = dict(zip(columns, cells, strict=True))
    bulb_id = values.pop(_KEY)
    if not bulb_id:
        return ["no bulb_id"]
    label, group, split = (values.pop(name, "") for name in FACTS)
    wrong = [
        f"{name} {text!r} has blanks around it"
        for name, text in zip((_KEY, *FACTS), (bulb_id, label, group, split), strict=True)
        if text != text.strip()
    ]
    if split not in ("", *SPLITS):
        wrong.append(f"split {split!r} is none of {', '.join(SPLITS)}")
    row = LabelRow(line, (label, group, split), tuple(values.items()))
    first = found.setdefault(bulb_id, row)
    if first is not row:
        wrong.append(f"bulb {bulb_id!r} is already in line {first.line}")
    return wrong
