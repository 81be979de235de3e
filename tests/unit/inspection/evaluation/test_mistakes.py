from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.inspection.evaluation.mistakes import MOST_MISTAKES, worst_mistakes

BULBS = {  # label, defect probability, verdict
    "fine": ("good", 0.1, Verdict.PASS),
    "late": ("crack", 0.2, Verdict.PASS),
    "worst": ("dent", 0.05, Verdict.PASS),
    "also": ("crack", 0.05, Verdict.PASS),
    "found": ("crack", 0.9, Verdict.REJECT),
    "seen": ("crack", 0.4, Verdict.REVIEW),
    "looked_at": ("good", 0.4, Verdict.REVIEW),
    "overkill": ("good", 0.7, Verdict.REJECT),
    "surely": ("good", 0.99, Verdict.REJECT),
    "unread": ("crack", None, Verdict.UNJUDGED),
    "unread_good": ("good", None, Verdict.UNJUDGED),
}


def mistakes(table, sides):
    bulbs = [Bulb(name, (), label, group="g") for name, (label, *_) in table.items()]
    answers = [
        Prediction(name, verdict, "m", defect_probability=probability, defective_view="left")
        for name, (_, probability, verdict) in table.items()
    ]
    return worst_mistakes(bulbs, answers, sides)


def test_the_worst_come_first_and_nothing_else_is_a_mistake():
    found = mistakes(BULBS, {"worst": frozenset({"right", "left"})})
    assert [one["bulb_id"] for one in found["escapes"]] == ["worst", "also", "late"]
    assert [one["bulb_id"] for one in found["overkills"]] == ["surely", "overkill"]
    assert found["escapes"][0] == {
        "bulb_id": "worst",
        "label": "dent",
        "kind": "dent",
        "group": "g",
        "sides": ["left", "right"],
        "defect_probability": 0.05,
    }
    assert found["escapes"][1]["sides"] is None
    assert found["overkills"][0]["defective_view"] == "left"


def test_the_lists_have_an_end():
    table = {str(n): ("crack", n / 1000, Verdict.PASS) for n in range(100, 0, -1)}
    found = mistakes(table, {})["escapes"]
    assert [one["bulb_id"] for one in found] == [str(n) for n in range(1, MOST_MISTAKES + 1)]
