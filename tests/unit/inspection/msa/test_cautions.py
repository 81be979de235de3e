import pytest

from bulbinspect.bulb import Bulb, Verdict
from bulbinspect.inspection.msa.appraisers import Answer, Appraiser
from bulbinspect.inspection.msa.cautions import warnings_of
from bulbinspect.inspection.reshots import Copies, ReshotBulb


def bulb(name, label="good", *, limit=False, shots=3):
    made = tuple(Bulb(f"{name}-{at}", ()) for at in range(shots))
    return ReshotBulb(name, label, limit, made)


SOUND = [bulb("g"), bulb("d", "crack", limit=True)]
LINE = Appraiser("line")


def warn(bulbs=SOUND, *people, copies=None, num_unknown=0, splits=None, learnt_from_it=False):
    return warnings_of(
        bulbs,
        [LINE, *people],
        Copies(copies or {}, num_unknown),
        splits=splits or {},
        learnt_from_it=learnt_from_it,
    )


def anna(**trials):
    return Appraiser(
        "anna",
        {
            name: [Answer(at, Verdict.PASS) for at in range(number)]
            for name, number in trials.items()
        },
    )


def test_a_sound_study_has_no_warnings():
    assert warn(SOUND, anna(g=2, d=2), splits={"g-0": "test"}) == []


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"bulbs": [bulb("g"), bulb("d", "crack")]}, "no limit bulbs"),
        ({"bulbs": [bulb("g", limit=True)]}, "no defective bulbs, so that the miss rate"),
        ({"bulbs": [bulb("d", "crack", limit=True)]}, "no good bulbs, so that the false-alarm"),
        (
            {"bulbs": [bulb("g", shots=1), bulb("d", "crack", limit=True, shots=1)]},
            "no bulb was photographed again",
        ),
        ({"num_unknown": 2}, "2 pictures could not be looked at"),
        ({"splits": {"a": "train", "b": "test"}}, "1 shot in split train"),
        ({"splits": {"a": "val"}}, "1 shot in split val, on which the threshold was chosen"),
        ({"splits": {"a": ""}, "learnt_from_it": True}, "--splits RUN/split.csv --split test"),
    ],
)
def test_what_weakens_a_study_is_said(changes, text):
    (warning,) = warn(**changes)
    assert text in warning


def test_splits_that_are_known_make_the_manifest_of_training_no_secret():
    assert warn(splits={"a": "test"}, learnt_from_it=True) == []


def test_copies_are_named_and_leave_fewer_shots():
    first, second = warn(copies={"g-1": "g-0"})
    assert first.startswith("1 shot with a picture that another shot has already")
    assert "'g-1'" in first
    assert "1 with 2, 1 with 3" in second


def test_bulbs_with_one_shot_among_others_are_counted():
    first, second = warn([*SOUND, bulb("e", shots=1)])
    assert first.startswith("1 bulb with fewer than two shots")
    assert "1 with 1, 2 with 3" in second


@pytest.mark.parametrize(
    ("person", "text"),
    [
        (anna(g=2), "'anna' did not answer for 1 bulb of 2"),
        (anna(g=1, d=1), "'anna' looked once"),
        (anna(g=1, d=2), "'anna' did not look as often at every bulb"),
    ],
)
def test_people_who_saw_less_are_named(person, text):
    (warning,) = warn(SOUND, person)
    assert text in warning
