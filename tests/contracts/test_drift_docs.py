"""What docs/drift.md lists is what the comparison writes."""

import re
from pathlib import Path

from bulbinspect.inspection.drift.drift import State
from bulbinspect.inspection.drift.report import FINDING_COLUMNS, VIEW_COLUMNS, write_drift

TEXT = (Path(__file__).parents[2] / "docs" / "drift.md").read_text(encoding="utf-8")
FACTS = ("model", "reference", "reference_bulbs", "by", "alpha", "gate_overrides")


def test_every_column_key_and_state_is_explained(tmp_path):
    facts = dict.fromkeys(FACTS, 0)
    write_drift(tmp_path / "out", [], [], facts)
    written = (tmp_path / "out" / "drift.json").read_text(encoding="utf-8")
    names = {*FINDING_COLUMNS, *VIEW_COLUMNS, *State, *re.findall(r'"(\w+)":', written)}
    assert {name for name in names if f"`{name}`" not in TEXT} == set()
