"""What docs/audit-labels.md lists is what the audit writes."""

import re
from pathlib import Path

import pytest
from tests.fold_runs import FoldRuns, Said

from bulbinspect.inspection.labels.audit import Finding, audit_labels
from bulbinspect.inspection.labels.out_of_fold import read_out_of_fold
from bulbinspect.inspection.labels.write import COLUMNS

TEXT = (Path(__file__).parents[2] / "docs" / "audit-labels.md").read_text(encoding="utf-8")


def first_cells(heading):
    """Return the names in the first cells of the first table after a text."""
    table = re.search(r"(?:^\|.*\n)+", TEXT.partition(heading)[2], re.MULTILINE).group()
    cells = [line.split("|")[1] for line in table.splitlines()[2:]]
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_column_is_explained_and_no_other():
    assert sorted(first_cells("## What is written")) == sorted(COLUMNS)


def test_every_finding_is_explained_in_the_order_of_the_ranks():
    assert first_cells("## Ranking") == [finding.value for finding in Finding]


@pytest.mark.parametrize("said", [(0.9, 0.1), None])
def test_every_key_of_the_json_is_explained(tmp_path, tiny_bundle, said):
    bulbs = {"a": Said("good", said), "b": Said("defect", said, fold=1)}
    runs = FoldRuns(tmp_path, tiny_bundle, bulbs).write()
    values = audit_labels(runs.manifest, read_out_of_fold(runs.folders, runs.manifest)).to_dict()
    text = TEXT.partition("`audit.json`: ")[2].partition("\n\n")[0]
    assert set(re.findall(r"`([^`]+)`", text)) == {*values, *values["runs"][0]}
