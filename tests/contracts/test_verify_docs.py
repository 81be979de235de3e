"""What docs/verify.md lists is what the check does."""

import re
from dataclasses import fields
from pathlib import Path

from bulbinspect.inspection.verification.record import Expected, Record
from bulbinspect.inspection.verification.verify import (
    COLUMNS,
    Difference,
    Verification,
    write_verification,
)

TEXT = (Path(__file__).parents[2] / "docs" / "verify.md").read_text(encoding="utf-8")


def test_every_difference_is_explained_and_no_other():
    table = TEXT.partition("## What is compared")[2].partition("Another bundle")[0]
    assert re.findall(r"^\| `(\w+)` \| (?!when)", table, re.MULTILINE) == list(Difference)


def test_every_column_and_key_is_explained(tmp_path):
    write_verification(tmp_path / "out", Verification(rows=(), problems=()), {})
    written = (tmp_path / "out" / "verify.json").read_text(encoding="utf-8")
    keys = {*COLUMNS, *re.findall(r'"(\w+)":', written)}
    keys |= {field.name for kind in (Record, Expected) for field in fields(kind)} - {"sha256"}
    assert {name for name in keys if f"`{name}`" not in TEXT} == set()
