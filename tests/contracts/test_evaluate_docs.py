"""What docs/evaluate.md lists is what the code does."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.cli.main import app
from bulbinspect.inspection.evaluation.costs import Line, cost_figures
from bulbinspect.inspection.evaluation.figures import measure
from bulbinspect.inspection.evaluation.mistakes import MOST_MISTAKES, worst_mistakes
from bulbinspect.inspection.evaluation.strata import MOST_GROUPS, named_side, stratum_figures
from bulbinspect.metrics.calibration import ReliabilityBin
from bulbinspect.metrics.cost_curve import operating_curve

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "evaluate.md").read_text(encoding="utf-8")

BULBS = [Bulb("a", (), "good"), Bulb("b", (), "crack")]
ANSWERS = [
    Prediction("a", Verdict.REJECT, "m", defect_probability=0.9),
    Prediction("b", Verdict.PASS, "m", defect_probability=0.1),
]


def unexplained(*names: str) -> set[str]:
    """Return the names that stand nowhere in the page as code."""
    return {name for name in names if f"`{name}`" not in TEXT}


@pytest.mark.parametrize("classes", [("good", "defect"), ("apple", "pear")])
def test_every_figure_is_explained(tiny_metadata, classes):
    figures = measure([], [], tiny_metadata(classes=classes))
    assert unexplained(*figures, *figures.get("counts", {})) == set()


def test_every_key_of_the_parts_is_explained():
    line = Line(cost_escape=1, cost_overkill=1, prevalence=0.5)
    costs = cost_figures(
        operating_curve([False, True], [0.1, 0.9]), {"escape_rate": 0, "overkill_rate": 0}, line
    )
    mistakes = worst_mistakes(BULBS, ANSWERS, {})
    named = named_side(BULBS, ANSWERS, {})
    assert unexplained(*costs, *costs["cheapest_thresholds"][0]) == set()
    known = {"cost_escape", "cost_overkill", "prevalence"}  # as their options
    assert unexplained(*(set(costs["line"]) - known)) == set()
    assert unexplained(*mistakes, *mistakes["escapes"][0], *mistakes["overkills"][0]) == set()
    assert unexplained(*named, *(one.name for one in fields(ReliabilityBin))) == set()


def test_every_key_of_a_stratum_is_explained():
    (kind,) = stratum_figures(BULBS, ANSWERS, {})
    plain = {name for name in kind if not re.search("escape|overkill|review", name)}
    assert unexplained(*plain, "num_…", "…_rate", "…_interval") == set()


def test_the_lengths_of_lists_are_those_of_the_code():
    assert f"of groups the {MOST_GROUPS} with the most errors" in TEXT
    assert f"{MOST_MISTAKES} of each at most" in TEXT


def test_the_options_are_those_of_the_verb():
    assert {"evaluate"} <= {one.name or one.callback.__name__ for one in app.registered_commands}
    options = set(re.findall(r"--[a-z][a-z-]+", TEXT))
    source = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    section = source.partition("bulbinspect evaluate")[2].partition("## bulbinspect")[0]
    assert {one for one in options if one not in section} - set(EXAMPLES) == set()


EXAMPLES = ("--bulbs", "--size", "--difficulty", "--seed")  # of `synth`
