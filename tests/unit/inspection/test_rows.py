import csv
import io
import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.bulb import Part, Prediction, Verdict, ViewPrediction, ViewsIn
from bulbinspect.inspection.rows import (
    from_json,
    prediction_header,
    prediction_row,
    to_json,
    view_header,
    view_rows,
)

CLASSES = ("good", "crack")
NAME = st.text(st.characters(exclude_characters="\0"), min_size=1, max_size=8)
PROBABILITY = st.floats(0, 1)
PROBABILITIES = st.one_of(st.just(()), st.tuples(PROBABILITY, PROBABILITY))

VIEW_PREDICTIONS = st.builds(
    ViewPrediction,
    view=NAME,
    path=NAME.map(Path),
    reason=st.sampled_from(["", "truncated"]),
    detail=st.text(max_size=5),
    defect_probability=st.none() | PROBABILITY,
    class_probabilities=PROBABILITIES,
    suspicion_rank=st.none() | st.integers(1, 4),
    part=st.none() | st.builds(Part, st.sampled_from(ViewsIn), st.integers(0, 3), st.just(4)),
)
PREDICTIONS = st.builds(
    Prediction,
    bulb_id=NAME,
    verdict=st.sampled_from([None, *Verdict]),
    model=st.just("f" * 64),
    reason=st.sampled_from(["", "defect", "missing_view"]),
    detail=st.text(max_size=5),
    label=NAME,
    defect_probability=st.none() | PROBABILITY,
    defective_view=NAME,
    class_probabilities=PROBABILITIES,
    views=st.lists(VIEW_PREDICTIONS, max_size=3).map(tuple),
)


def as_csv(rows: list[list[str]]) -> list[list[str]]:
    """Write rows and read them back, as a file of UTF-8."""
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows(rows)
    again = text.getvalue().encode("utf-8").decode("utf-8")
    return list(csv.reader(io.StringIO(again, newline="")))


@given(PREDICTIONS)
def test_json_gives_back_the_same_prediction(prediction):
    line = to_json(prediction, CLASSES)
    assert line.isascii()
    assert "\n" not in line
    assert from_json(line) == prediction


@given(PREDICTIONS)
def test_a_row_survives_csv_and_its_numbers_are_exact(prediction):
    row = prediction_row(prediction, CLASSES)
    assert as_csv([row]) == [[str(cell) for cell in row]]
    cells = dict(zip(prediction_header(CLASSES), row, strict=True))
    if prediction.defect_probability is not None:
        assert float(cells["defect_probability"]) == prediction.defect_probability
    if prediction.class_probabilities:
        assert float(cells["probability_crack"]) == prediction.class_probabilities[1]


@given(PREDICTIONS)
def test_every_view_has_a_row(prediction):
    rows = list(view_rows(prediction, CLASSES))
    assert as_csv(rows) == [[str(cell) for cell in row] for row in rows]
    assert len(rows) == len(prediction.views)
    assert all(len(row) == len(view_header(CLASSES)) for row in rows)


def test_the_columns_are_those_of_the_documentation():
    assert ",".join(prediction_header(CLASSES)) == (
        "bulb_id,verdict,reason,label,defect_probability,defective_view,model,"
        "probability_good,probability_crack"
    )
    assert ",".join(view_header(CLASSES)) == (
        "bulb_id,view,path,part,reason,defect_probability,suspicion_rank,"
        "probability_good,probability_crack"
    )


def test_hostile_names_are_defused_in_csv_and_plain_in_json():
    name = "=cmd()|' /C calc'!A0"
    view = ViewPrediction(name, Path(name))
    prediction = Prediction(name, Verdict.UNJUDGED, "m", "truncated", views=(view,))
    assert prediction_row(prediction, CLASSES)[0] == "'" + name
    assert next(view_rows(prediction, CLASSES))[:3] == ["'" + name] * 3
    assert json.loads(to_json(prediction, CLASSES))["bulb_id"] == name


def test_a_part_of_a_file_is_named_as_in_a_manifest():
    part = Part(ViewsIn.CHANNELS, 2, 4)
    view = ViewPrediction("left", Path("stack.npy"), part=part)
    prediction = Prediction("b", Verdict.UNJUDGED, "m", "truncated", views=(view,))
    cells = dict(zip(view_header(CLASSES), next(view_rows(prediction, CLASSES)), strict=True))
    assert (cells["path"], cells["part"]) == ("stack.npy", "channel 2")
    (shown,) = json.loads(to_json(prediction, CLASSES))["views"]
    assert shown["part"] == {"kind": "channels", "index": 2, "of": 4}


def test_an_unjudged_bulb_has_empty_probabilities():
    row = prediction_row(Prediction("b", Verdict.UNJUDGED, "m", "truncated"), CLASSES)
    assert row == ["b", "unjudged", "truncated", "", "", "", "m", "", ""]
