from dataclasses import replace
from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, Prediction, Verdict, View
from bulbinspect.inspection.verification.record import Expected, Record, Seen
from bulbinspect.inspection.verification.verify import Difference, verify

MODEL = "a" * 64
PICTURES = (("0", "d0", ""), ("1", "d1", ""))
EXPECTED = Expected(
    bulb_id="one",
    label="crack",
    limit=False,
    verdict=Verdict.REJECT,
    defect_probability=0.8,
    pictures=PICTURES,
)
RECORD = Record(model=MODEL, gate_overrides=(), bulbs=(EXPECTED,))


def seen(
    verdict=Verdict.REJECT, probability: float | None = 0.8, *, pictures=PICTURES, bulb_id="one"
):
    bulb = Bulb(bulb_id, tuple(View(name, Path(name)) for name, _, _ in pictures))
    return Seen(bulb, pictures, Prediction(bulb_id, verdict, MODEL, defect_probability=probability))


def differs(one, **options):
    result = verify(RECORD, [one], **{"model": MODEL, "tolerance": 1e-3, **options})
    assert result.as_recorded == (not result.rows[0].differs)
    return result.rows[0].differs


@pytest.mark.parametrize("probability", [0.8, 0.8009, 0.7991])
def test_what_is_within_the_tolerance_is_as_recorded(probability):
    assert differs(seen(probability=probability)) == ()


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (seen(probability=0.8011), [Difference.PROBABILITY]),
        (seen(probability=0.7989), [Difference.PROBABILITY]),
        (seen(probability=float("nan")), [Difference.PROBABILITY]),
        (seen(Verdict.PASS), [Difference.VERDICT]),
        (seen(Verdict.REVIEW), [Difference.VERDICT]),
        (seen(Verdict.PASS, 0.1), [Difference.VERDICT, Difference.PROBABILITY]),
        (seen(Verdict.UNJUDGED, None), [Difference.UNJUDGED]),
        (seen(Verdict.REJECT, None), [Difference.UNJUDGED]),
        (seen(pictures=(PICTURES[0], ("1", "other", ""))), [Difference.PICTURE]),
        (seen(pictures=(PICTURES[0], ("1", "d1", "page 1"))), [Difference.PICTURE]),
        (seen(pictures=(("0", "d1", ""), ("1", "d0", ""))), [Difference.PICTURE]),
        (seen(pictures=(PICTURES[0], ("1", "", ""))), [Difference.PICTURE]),
        (seen(pictures=PICTURES[:1]), [Difference.VIEWS]),
        (seen(pictures=()), [Difference.VIEWS]),
    ],
)
def test_every_difference_is_named(one, expected):
    assert list(differs(one)) == expected


def test_a_tolerance_that_is_no_number_lets_nothing_through():
    assert differs(seen(), tolerance=float("nan")) == (Difference.PROBABILITY,)


def test_bulbs_of_either_side_have_their_rows():
    two = replace(EXPECTED, bulb_id="two")
    record = replace(RECORD, bulbs=(two, EXPECTED))
    result = verify(record, [seen(bulb_id="three"), seen()], model=MODEL, tolerance=1e-3)
    found = {row.bulb_id: row.differs for row in result.rows}
    assert found == {
        "two": (Difference.MISSING,),
        "one": (),
        "three": (Difference.SURPLUS,),
    }
    assert (result.num_different, result.as_recorded) == (2, False)


def test_another_bundle_or_gate_is_named_for_the_whole_set():
    result = verify(RECORD, [seen()], model="b" * 64, gate_overrides=("gate off",), tolerance=1e-3)
    assert not result.as_recorded
    assert result.rows[0].differs == ()
    assert MODEL in result.problems[0]
    assert "b" * 64 in result.problems[0]
    assert "gate off" in result.problems[1]


NEW = (("0", "n0", ""), ("1", "n1", ""))


def test_pictures_taken_anew_may_move_the_probability_but_not_the_verdict():
    assert differs(seen(probability=0.6, pictures=NEW), retaken=True) == ()
    assert differs(seen(Verdict.PASS, 0.4, pictures=NEW), retaken=True) == (Difference.VERDICT,)
    assert differs(seen(Verdict.UNJUDGED, None, pictures=NEW), retaken=True) == (
        Difference.UNJUDGED,
    )


@pytest.mark.parametrize("old", ["d0", "d1", "of another bulb"])
def test_a_recorded_picture_was_not_taken_anew(old):
    another = replace(EXPECTED, bulb_id="two", pictures=(("0", "of another bulb", ""),))
    record = replace(RECORD, bulbs=(EXPECTED, another))
    one = seen(pictures=(NEW[0], ("1", old, "")))
    result = verify(record, [one], model=MODEL, tolerance=1e-3, retaken=True)
    assert result.rows[0].differs == (Difference.NOT_RETAKEN,)


def test_the_largest_change_is_of_the_bulbs_that_have_a_probability():
    two = replace(EXPECTED, bulb_id="two")
    record = replace(RECORD, bulbs=(EXPECTED, two))
    some = [seen(probability=0.75, pictures=NEW), seen(Verdict.UNJUDGED, None, bulb_id="two")]
    result = verify(record, some, model=MODEL, tolerance=1e-3, retaken=True)
    assert result.largest_change == pytest.approx(0.05)
    assert verify(record, [], model=MODEL, tolerance=1e-3).largest_change is None
