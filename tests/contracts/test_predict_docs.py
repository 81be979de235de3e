"""What docs/predict.md lists is what the code does."""

import re
from pathlib import Path

import pytest

from bulbinspect import imaging, inspection
from bulbinspect.inspection.rows import PREDICTION_COLUMNS, VIEW_COLUMNS

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "predict.md").read_text(encoding="utf-8")


def reasons() -> set[str]:
    """Return every reason code that stands in the code."""
    codes = set()
    for package, call in (
        (imaging, r'(?:PictureError\(|yield)\s*"(\w+)"'),
        (
            inspection,
            r'(?:(?:ViewFault|PictureError)\(|unjudged\([^()"]*?,|view\.path,)\s*"(\w+)"',
        ),
    ):
        for file in Path(package.__path__[0]).glob("*.py"):
            codes |= set(re.findall(call, file.read_text(encoding="utf-8")))
    return codes


def test_every_reason_is_explained():
    assert {"colour", "missing_view", "non_finite", "network_failed", "unreadable"} <= reasons()
    assert {"too_dark", "blurred", "unfamiliar", "frozen_camera", "gate_failed"} <= reasons()
    assert {code for code in reasons() if f"`{code}`" not in TEXT} == set()


@pytest.mark.parametrize("column", sorted({*PREDICTION_COLUMNS, *VIEW_COLUMNS}))
def test_every_column_is_explained(column):
    assert f"`{column}`" in TEXT
