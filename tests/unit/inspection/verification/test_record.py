import json
from dataclasses import replace
from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, Prediction, Verdict, View
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.verification.record import (
    Expected,
    Record,
    Seen,
    make_record,
    notes_on,
    read_record,
    write_record,
)

ONE = Expected(
    bulb_id="=one\udcff",
    label="good",
    limit=False,
    verdict=Verdict.PASS,
    defect_probability=0.1 + 0.2,
    pictures=(("0", "ab", "page 0"), ("1", "ab", "page 1")),
)
RECORD = Record(model="m", gate_overrides=("gate off",), bulbs=(ONE,))


def seen(label, verdict, *, limit=""):
    view = View("0", Path("0.png"), (("limit", limit),))
    answer = Prediction("a", verdict, "m", reason="blank", defect_probability=0.4)
    return Seen(Bulb("a", (view,), label), (("0", "d", ""),), answer)


def test_a_record_reads_back_as_it_was_written(tmp_path):
    path = tmp_path / "expected.json"
    write_record(path, RECORD)
    read = read_record(path)
    assert replace(read, sha256="") == RECORD
    assert len(read.sha256) == 64
    with pytest.raises(UsageError, match="recorded already"):
        write_record(path, RECORD)


def change(values, key, value):
    values[key] = value


DAMAGES = {
    "no bulbs": lambda v: change(v, "bulbs", []),
    "a bulb twice": lambda v: v["bulbs"].append(v["bulbs"][0]),
    "a later version": lambda v: change(v, "format_version", 2),
    "no model": lambda v: v.pop("model"),
    "a model that is none": lambda v: change(v, "model", 7),
    "a key too many": lambda v: change(v, "more", 1),
    "unjudged": lambda v: change(v["bulbs"][0], "verdict", "unjudged"),
    "an unknown verdict": lambda v: change(v["bulbs"][0], "verdict", "ok"),
    "a probability above 1": lambda v: change(v["bulbs"][0], "defect_probability", 1.1),
    "no probability": lambda v: change(v["bulbs"][0], "defect_probability", None),
    "NaN": lambda v: change(v["bulbs"][0], "defect_probability", float("nan")),
    "limit as text": lambda v: change(v["bulbs"][0], "limit", "no"),
    "no pictures": lambda v: change(v["bulbs"][0], "pictures", []),
    "a picture without part": lambda v: v["bulbs"][0]["pictures"][0].pop(),
    "bulbs that are none": lambda v: change(v, "bulbs", 3),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_record_is_refused(tmp_path, damage):
    path = tmp_path / "expected.json"
    write_record(path, RECORD)
    values = json.loads(path.read_text())
    DAMAGES[damage](values)
    path.write_text(json.dumps(values))
    with pytest.raises(DataError, match="is no record"):
        read_record(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\xff"])
def test_what_is_no_json_is_refused(tmp_path, text):
    path = tmp_path / "expected.json"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(DataError, match="is no record"):
        read_record(path)


def test_without_a_record_it_says_how_to_get_one(tmp_path):
    with pytest.raises(UsageError, match="--record"):
        read_record(tmp_path / "expected.json")


@pytest.mark.parametrize(
    "one", [seen("crack", Verdict.PASS), seen("good", Verdict.UNJUDGED), seen("crack", None)]
)
def test_what_must_not_stay_so_is_not_recorded(one):
    with pytest.raises(DataError, match="bulb 'a'"):
        make_record([one], model="m", gate_overrides=())


@pytest.mark.parametrize("limit", ["yes", "1", "True"])
def test_a_limit_bulb_may_pass(limit):
    record = make_record([seen("crack", Verdict.PASS, limit=limit)], model="m", gate_overrides=())
    assert record.bulbs[0].limit


def test_notes_say_what_a_set_cannot_show():
    passed, rejected = ONE, replace(ONE, verdict=Verdict.REJECT, label="crack")
    wrong = replace(ONE, verdict=Verdict.REJECT, bulb_id="wrong")
    assert notes_on(replace(RECORD, bulbs=(passed, rejected))) == []
    assert "every bulb passes" in notes_on(RECORD)[0]
    assert "every bulb is rejected" in notes_on(replace(RECORD, bulbs=(rejected,)))[0]
    assert (
        "no bulb has a label"
        in notes_on(
            replace(RECORD, bulbs=tuple(replace(one, label="") for one in (passed, rejected)))
        )[0]
    )
    assert "'wrong'" in notes_on(replace(RECORD, bulbs=(passed, wrong)))[0]
