"""What docs/calibrate.md and docs/verdicts.md say is what the code does."""

import re
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from bulbinspect.errors import DataError
from bulbinspect.metrics.choose_point import Wanted
from bulbinspect.metrics.promise import allowed_errors, bulbs_needed, highest_pass_threshold

DOCS = Path(__file__).parents[2] / "docs"
CALIBRATE = (DOCS / "calibrate.md").read_text(encoding="utf-8")
VERDICTS = (DOCS / "verdicts.md").read_text(encoding="utf-8")


def rows_of(page, heading):
    """Return the cells of the table whose heading begins so."""
    lines = iter(page.splitlines())
    next(line for line in lines if line.startswith(f"| {heading}"))
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split("|")]


def test_everything_that_can_be_asked_for_is_explained():
    for one in fields(Wanted):
        assert f"--{one.name.replace('_', '-')}" in CALIBRATE, one.name


def test_the_refusal_reads_as_it_is_shown():
    with pytest.raises(DataError) as refusal:
        highest_pass_threshold(np.linspace(0, 1, 600), max_escape=0.001)
    assert f"bulbinspect: {refusal.value}\n" in CALIBRATE


def test_numbers_of_bulbs_are_those_of_the_code():
    rows = list(rows_of(VERDICTS, "promise, with a confidence"))
    assert len(rows) == 3
    for promise, *numbers in rows:
        rate = float(re.search(r"([\d.]+) %", promise)[1]) / 100
        for errors, number in enumerate(numbers):
            assert bulbs_needed(max_rate=rate, errors=errors) == int(number)


def test_promises_are_broken_about_as_often_as_theory_says():
    """Measured shares lie within four standard errors of the exact ones, of 2,000 calibrations."""
    rows = list(rows_of(VERDICTS, "defective bulbs | break"))
    assert len(rows) == 3
    for bulbs, ours, naive in rows:
        num_bulbs = int(bulbs)
        allowed = allowed_errors(num_bulbs, max_rate=0.05)
        for shown, below in ((ours, allowed), (naive, int(0.05 * num_bulbs))):
            exact = stats.beta(below + 1, num_bulbs - below).sf(0.05)
            error = np.sqrt(exact * (1 - exact) / 2000)
            assert abs(float(shown.rstrip(" %")) / 100 - exact) < 4 * error + 0.0005
