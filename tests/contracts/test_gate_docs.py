"""What docs/gate.md says of limits and margins is what the code holds."""

import re
from pathlib import Path

import pytest

from bulbinspect.imaging import gate, learn_gate
from bulbinspect.imaging.gate import LIMITS, REMEMBERED_BULBS
from bulbinspect.imaging.measures import NUM_FEATURES

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "gate.md").read_text(encoding="utf-8")
TABLE = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", TEXT, re.MULTILINE))


def test_every_limit_stands_beside_its_reason():
    named = [name for cell in TABLE.values() for name in re.findall(r"`(\w+)`", cell)]
    assert sorted(named) == sorted(LIMITS)


def test_reasons_stand_in_the_order_in_which_they_count():
    code = Path(gate.__file__).read_text(encoding="utf-8")
    yielded = list(dict.fromkeys(re.findall(r'yield "(\w+)"', code)))
    assert [*yielded, "mixed_sizes", "frozen_camera"] == list(TABLE)


@pytest.mark.parametrize(
    "says",
    [
        f"in {NUM_FEATURES} numbers, divided by √{NUM_FEATURES}",
        f"one of the last {REMEMBERED_BULBS:,}",
        f"fewer than {learn_gate._FEWEST_BULBS} bulbs there is no such limit",
        f"Fewer than {learn_gate._ENOUGH_BULBS}\n  bulbs widen the quarter",
        f"Of every {learn_gate._BULBS_FOR_ONE_LEFT_OUT} bulbs one is left out",
        f"a quarter more, and {learn_gate._SATURATED_MARGIN} beyond that",
        f"and {100 * learn_gate._MARGIN * learn_gate._DISTANCE_MARGIN:.0f} % beyond it",
    ],
)
def test_numbers_are_those_of_the_code(says):
    assert says in TEXT
    assert learn_gate._MARGIN == 1 / 4
