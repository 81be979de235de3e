import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.errors import BundleError


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


def test_without_good_class_there_is_no_good_index(tiny_metadata):
    metadata = tiny_metadata(classes=("apple", "pear"))
    assert metadata.good_index is None
    assert BundleMetadata.from_json(metadata.to_json()) == metadata


def test_the_good_class_may_stand_anywhere(tiny_metadata):
    assert tiny_metadata(classes=("crack", "good")).good_index == 1


POINT = {
    "reject_threshold": 0.5,
    "rule": "by_hand",
    "chosen_on": "val",
    "num_good": 9,
    "num_defective": 9,
    "escape_rate": 0.0,
    "overkill_rate": 0.0,
}


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"format_version": 2}, "format_version 1, got 2"),
        ({"format_version": True}, "format_version 1, got True"),
        ({"format_version": 1.0}, r"format_version 1, got 1\.0"),
        ({"format_version": "1"}, "format_version 1, got '1'"),
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
        '{"format_version": 1, "format_version": 1}',
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
KEYS = ["format_version", "classes", "view_names", "preprocess", "operating_point", "model"]


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
