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
