import itertools
from dataclasses import asdict

import pytest
from tests.run_folders import BADLY, WELL

from bulbinspect.metrics.sample_efficiency import Factor
from bulbinspect.study import numbers
from bulbinspect.study.compare import compare
from bulbinspect.study.efficiency import headline
from bulbinspect.study.interval import Resampling
from bulbinspect.study.sections import facts, sections


def sections_of(runs):
    result = compare([runs.root], resampling=Resampling(100))
    return {one.id: one for one in sections(result)}, facts(result)


def test_the_answer_to_the_person_comes_first(runs):
    for arm, size in itertools.product(("siamese", "channel_shuffle"), (100, 200)):
        runs.add(arm, size=size, test=WELL if (arm, size) != ("channel_shuffle", 100) else BADLY)
    found, top = sections_of(runs)
    assert list(found) == [
        "more-bulbs",
        "learning-curves",
        "differences",
        "arms",
        "runs",
        "meanings",
    ]
    (said, _) = found["more-bulbs"].lead
    assert said.startswith("channel_shuffle needs 2.0 times the bulbs")
    assert said.endswith("to reach what siamese reaches with 100.")
    assert top["reference"] == "siamese"
    assert top["test bulbs"] == "8, 4 defective, in 8 groups"


def test_of_a_single_run_there_are_its_figures_and_nothing_else(runs):
    runs.add("siamese", budget=None)
    found, _ = sections_of(runs)
    assert list(found) == ["learning-curves", "arms", "runs", "meanings"]


def test_of_two_budgets_the_row_that_counts_is_bold(runs):
    runs.add("siamese")
    runs.add("channel_shuffle", budget="steps", val=BADLY)
    runs.add("channel_shuffle", budget="flops", val=WELL)
    table = sections_of(runs)[0]["arms"].table
    bold = [tuple(cell.text for cell in table.rows[at][:3]) for at in table.strong]
    assert bold == [("channel_shuffle", "100", "equal FLOPs")]


@pytest.mark.parametrize(
    ("factor", "said"),
    [
        (
            Factor(50, 3.14, 2.0, 4.0, True, None, None),
            "b needs 3.1 times the bulbs (2.0 to 4.0) to reach what a reaches with 50.",
        ),
        (
            Factor(50, 3.14, 2.0, None, True, None, None),
            "b needs 3.1 times the bulbs (interval from 2.0, open above) to reach what a reaches "
            "with 50.",
        ),
        (
            Factor(50, 3.14, None, 4.0, True, None, None),
            "b needs 3.1 times the bulbs (interval up to 4.0) to reach what a reaches with 50.",
        ),
        (
            Factor(50, None, None, None, False, 16.0, None),
            "b does not reach with 800, its largest set, what a reaches with 50: it needs more "
            "than 16.0 times the bulbs (interval open at both ends: these runs cannot say).",
        ),
        (
            Factor(50, None, 9.5, None, False, 16.0, None),
            "b does not reach with 800, its largest set, what a reaches with 50: it needs more "
            "than 16.0 times the bulbs (interval from 9.5, open above).",
        ),
        (
            Factor(50, None, None, 1.5, True, None, 0.5),
            "b is above what a reaches with 50 with its smallest set of 25 already (interval up to "
            "1.5).",
        ),
        (
            Factor(50, 1.0, 1.0, 1.0, True, None, None, flat=True),
            "b needs 1.0 times the bulbs (1.0 to 1.0) to reach what a reaches with 50 (as a does "
            "with fewer).",
        ),
    ],
)
def test_how_many_times_more_is_said_in_words(factor, said):
    assert headline({"arm": "b", "reference": "a", "factors": [asdict(factor)]}) == [said]


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        (numbers.amount(1234567.0), "1.23 M"),
        (numbers.amount(999.6), "1 k"),
        (numbers.amount(0.001), "0.001"),
        (numbers.amount(2.5e10, "B"), "25 GB"),
        (numbers.amount(90.0, "s"), "90 s"),
        (numbers.amount(None, "s"), "–"),
        (numbers.percent(0.125), "12.5 %"),
        (numbers.p_value(0.0004), "< 0.001"),
        (numbers.p_value(0.04), "0.040"),
        (numbers.count(12345), "12,345"),
        (numbers.area_with_ends({"mean": 0.9, "low": 0.85, "high": 0.95}), "0.900 (0.850–0.950)"),
        (numbers.area_with_ends({"mean": 0.9, "low": None, "high": None}), "0.900"),
        (
            numbers.percent_with_ends({"mean": -0.1, "low": -0.2, "high": 0.05}, signed=True),
            "−10.0 (−20.0 to +5.0) %",
        ),
        (numbers.area_with_ends({}), "–"),
    ],
)
def test_numbers_read_as_people_write_them(cell, shown):
    assert cell.text == shown
