import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.bulb import ViewsIn
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.errors import BundleError
from bulbinspect.imaging.familiarity import learn_reference
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.measures import NUM_FEATURES
from bulbinspect.metrics.calibration import Calibration
from bulbinspect.metrics.operating_point import OperatingPoint


def changed(metadata: BundleMetadata, **changes) -> str:
    return json.dumps(json.loads(metadata.to_json()) | changes)


def test_json_round_trip(tiny_metadata):
    metadata = tiny_metadata(
        classes=("good", "Kratzer ✂", "=cmd()"),
        model={"trunk": "compact", "sizes": [1, 2]},
        agreement={"max_difference": 2e-6},
        provenance={"bulbinspect": "0.1.0", "data": {"sha256": "ab"}},
    )
    assert BundleMetadata.from_json(metadata.to_json()) == metadata


def test_what_decides_a_verdict_comes_back_exactly(tiny_metadata):
    metadata = tiny_metadata(
        calibration=Calibration.from_dict(CALIBRATION),
        operating_point=OperatingPoint.from_dict(POINT),
        min_views=3,
        reference={"camera": {"0": [0.1, 0.2]}},
    )
    read = BundleMetadata.from_json(metadata.to_json())
    assert read == metadata
    assert read.calibration.to_dict() == CALIBRATION
    assert read.operating_point.to_dict() == POINT
    assert (read.min_views, read.reference) == (3, {"camera": {"0": [0.1, 0.2]}})


def test_without_good_class_there_is_no_good_index(tiny_metadata):
    metadata = tiny_metadata(classes=("apple", "pear"))
    assert metadata.good_index is None
    assert BundleMetadata.from_json(metadata.to_json()) == metadata


def test_the_good_class_may_stand_anywhere(tiny_metadata):
    assert tiny_metadata(classes=("crack", "good")).good_index == 1


POINT = {
    "reject_threshold": 0.5,
    "pass_threshold": 0.25,
    "rule": "by_hand",
    "chosen_on": "val",
    "num_good": 9,
    "num_defective": 9,
    "escape_rate": 0.0,
    "overkill_rate": 0.0,
    "review_rate_good": 0.1,
    "review_rate_defective": 0.0,
    "promise": {"max_escape": 0.01, "confidence": 0.95},
}
CALIBRATION = {
    "temperature": 2.0,
    "bias": -0.5,
    "prevalence": 0.5,
    "production_prevalence": None,
    "chosen_on": "val",
    "num_good": 9,
    "num_defective": 9,
}


GATE = Gate(
    min_brightness=0.1,
    max_distance=2.0,
    reference=learn_reference(np.random.default_rng(0).normal(size=(40, NUM_FEATURES))),
).to_dict()


def reference(**changes) -> dict:
    return {"gate": GATE | {"reference": GATE["reference"] | changes}}


def whitening(row: int, column: int, value: object) -> list[list[object]]:
    rows = [list(one) for one in GATE["reference"]["whitening"]]
    rows[row][column] = value
    return rows


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        (reference(centre=[]), "centre must be"),
        (reference(centre="abc"), "centre must be a list"),
        (reference(centre=[None] * NUM_FEATURES), "centre must hold numbers only"),
        (reference(centre=[10**400] * NUM_FEATURES), "centre must hold numbers only"),
        (reference(whitening=[[0.0] * NUM_FEATURES] * NUM_FEATURES), "diagonal above 0"),
        (reference(whitening=whitening(0, 1, 0.5)), "lower triangular"),
        (reference(whitening=whitening(3, 3, True)), "whitening must hold numbers only"),
        (reference(whitening=whitening(3, 3, [1.0])), "whitening must hold numbers only"),
        (reference(whitening=GATE["reference"]["whitening"][:-1]), "whitening must be"),
        (reference(surprise=1), "an object with centre and whitening"),
    ],
)
def test_a_gate_whose_distance_could_not_be_measured_is_refused(tiny_metadata, changes, says):
    with pytest.raises(BundleError, match=says):
        BundleMetadata.from_json(changed(tiny_metadata(), **changes))


def test_the_gate_and_where_views_lie_come_back_exactly(tiny_metadata):
    metadata = tiny_metadata(gate=Gate.from_dict(GATE), views_in=ViewsIn.PAGES)
    assert BundleMetadata.from_json(metadata.to_json()) == metadata


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format_version": 2}, "format_version 3, got 2"),
        ({"format_version": True}, "format_version 3, got True"),
        ({"format_version": 3.0}, r"format_version 3, got 3\.0"),
        ({"format_version": "3"}, "format_version 3, got '3'"),
        ({"min_views": 0}, "min_views must be from 1 to 4"),
        ({"min_views": 5}, "min_views must be from 1 to 4"),
        ({"min_views": True}, "min_views must be from 1 to 4"),
        ({"reference": [1]}, "reference must be a mapping"),
        ({"calibration": CALIBRATION | {"temperature": 0}}, "temperature must be above 0"),
        ({"calibration": {}}, "expected the keys"),
        ({"operating_point": POINT | {"pass_threshold": 0.6}}, "would pass and be rejected"),
        ({"operating_point": POINT | {"promise": {"max_escape": "1"}}}, "promise must hold"),
        ({"surprise": 1}, "must have the keys"),
        ({"classes": ["good", "good"]}, "must differ"),
        ({"classes": ["good"]}, "at least 2"),
        ({"classes": []}, "at least 2"),
        ({"classes": "good"}, "must be a list"),
        ({"classes": ["good", 3]}, "must be texts"),
        ({"classes": ["good", ""]}, "must be texts"),
        ({"classes": ["good", "a\nb"]}, "control characters"),
        ({"classes": ["good", "\x1b[2J"]}, "control characters"),
        ({"classes": ["good", "\ud800"]}, "control characters"),
        ({"classes": ["good", ["x"]]}, "must be texts"),
        ({"classes": ["apple", "pear"]}, "needs a class 'good'"),
        ({"view_names": []}, "at least 1"),
        ({"view_names": ["0", "0"]}, "must differ"),
        ({"view_names": {"0": 1}}, "must be a list"),
        ({"preprocess": None}, "preprocess must be an object"),
        ({"preprocess": {}}, "makes no sense"),
        ({"operating_point": {}}, "expected the keys"),
        ({"operating_point": [1]}, "expected the keys"),
        ({"operating_point": POINT | {"reject_threshold": 1.5}}, "reject_threshold"),
        ({"operating_point": POINT | {"reject_threshold": -1}}, "reject_threshold"),
        ({"operating_point": POINT | {"reject_threshold": "0.5"}}, "reject_threshold"),
        ({"operating_point": POINT | {"reject_threshold": float("nan")}}, "not a finite number"),
        ({"operating_point": POINT | {"reject_threshold": None}}, "reject_threshold"),
        ({"views_in": "boxes"}, "views_in must be one of files, channels, pages, got 'boxes'"),
        ({"views_in": None}, "views_in must be one of"),
        ({"views_in": ["files"]}, "views_in must be one of"),
        ({"gate": {}}, "gate: expected the keys"),
        ({"gate": "off"}, "gate: expected the keys"),
        ({"gate": GATE | {"min_brightness": "0.5"}}, "min_brightness must be a number from 0 to 1"),
        ({"gate": GATE | {"min_brightness": True}}, "min_brightness must be a number"),
        ({"gate": GATE | {"max_saturated": 1.5}}, "max_saturated must be a number from 0 to 1"),
        ({"gate": GATE | {"max_distance": -1}}, "max_distance must be a number from 0"),
        ({"gate": GATE | {"max_distance": float("nan")}}, "not a finite number"),
        ({"gate": GATE | {"min_height_px": 9.5}}, "min_height_px must be a whole number"),
        ({"gate": GATE | {"remembered_bulbs": 0}}, "remembered_bulbs must be a whole number"),
        ({"gate": GATE | {"reference": None}}, "max_distance needs the reference"),
        ({"gate": GATE | {"surprise": 1}}, "gate: expected the keys"),
        ({"model": None}, "model must be a mapping"),
        ({"agreement": []}, "agreement must be a mapping"),
        ({"provenance": {"loss": float("inf")}}, "not a finite number"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(tiny_metadata, changes, says):
    with pytest.raises(BundleError, match=says):
        BundleMetadata.from_json(changed(tiny_metadata(), **changes))


@pytest.mark.parametrize("key", ["classes", "preprocess", "operating_point", "provenance"])
def test_a_missing_key_is_refused(tiny_metadata, key):
    values = json.loads(tiny_metadata().to_json())
    del values[key]
    with pytest.raises(BundleError, match="must have the keys"):
        BundleMetadata.from_json(json.dumps(values))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "null",
        "1",
        "{",
        '{"format_version": 3, "format_version": 3}',
        "[" * 100_000,
        "9" * 5_000,
        '{"format_version": 1e999}',
    ],
)
def test_text_that_is_no_metadata_is_refused(text):
    with pytest.raises(BundleError):
        BundleMetadata.from_json(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)
KEYS = [
    "format_version",
    "classes",
    "view_names",
    "preprocess",
    "views_in",
    "gate",
    "operating_point",
    "model",
]


@given(st.dictionaries(st.sampled_from(KEYS), JSON, min_size=1))
def test_any_values_are_read_or_refused(tiny_metadata, changes):
    try:
        metadata = BundleMetadata.from_json(changed(tiny_metadata(), **changes))
    except BundleError:
        return
    assert BundleMetadata.from_json(metadata.to_json()) == metadata


def test_values_that_json_cannot_hold_are_refused_before_they_are_written(tiny_metadata):
    with pytest.raises(BundleError, match="model must hold plain finite values"):
        tiny_metadata(model={"trunk": object()})
