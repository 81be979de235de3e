import json

import pytest

from bulbinspect.errors import SpecError
from bulbinspect.models.spec import ModelSpec, build_model


def test_a_spec_comes_back_from_json_as_it_was():
    spec = ModelSpec(num_classes=3, view_pooling="cyclic", dropout=0.25, max_level=4095)
    assert ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))) == spec


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"num_classes": 1}, "2 or more, not 1"),
        ({"num_classes": 2, "dropout": 1.0}, "not 1.0"),
        ({"num_classes": 2, "max_level": 0}, "not 0"),
        ({"num_classes": 2, "num_views": 0}, "num_views must be 1 or more, not 0"),
        ({"num_classes": 2, "height_px": 0, "width_px": 9}, "height_px must be 1 or more, not 0"),
        ({"num_classes": 2, "width_px": 64}, "both or not at all"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(values, message):
    with pytest.raises(SpecError, match=message):
        ModelSpec(**values)


def test_missing_and_unknown_values_are_named():
    values = ModelSpec(num_classes=2).to_dict()
    with pytest.raises(SpecError, match=r"these differ: .*'backbone'"):
        ModelSpec.from_dict({**values, "backbone": "x"})
    del values["trunk"]
    with pytest.raises(SpecError, match=r"these differ: .*'trunk'"):
        ModelSpec.from_dict(values)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("name", "unknown model 'odd'; known are siamese"),
        ("trunk", "unknown trunk 'odd'; known are compact"),
        ("spatial_pooling", "unknown spatial pooling 'odd'"),
        ("view_pooling", "unknown view pooling 'odd'"),
    ],
)
def test_an_unknown_name_lists_the_known_ones(name, message):
    with pytest.raises(SpecError, match=message):
        build_model(ModelSpec(**{"num_classes": 2, name: "odd"}))


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"trunk": "dense_siamese"}, "for views of one size: give height_px and width_px"),
        ({"view_pooling": "concat"}, "concat is for one number of views: give num_views"),
        (
            {"trunk": "dense_siamese", "height_px": 35, "width_px": 128},
            "for views of 36×36 or more, not 35×128",
        ),
    ],
)
def test_parts_for_one_size_or_number_are_refused_where_it_is_not_known(values, message):
    with pytest.raises(SpecError, match=message):
        build_model(ModelSpec(num_classes=2, **values))


def test_the_weights_of_parts_for_one_size_and_number_come_back_from_the_spec():
    spec = ModelSpec(
        num_classes=2,
        trunk="dense_siamese",
        view_pooling="concat",
        num_views=3,
        height_px=40,
        width_px=48,
    )
    again = build_model(ModelSpec.from_dict(json.loads(json.dumps(spec.to_dict()))))
    again.load_state_dict(build_model(spec).state_dict())
    assert again.head.linear.in_features == 3 * 128
