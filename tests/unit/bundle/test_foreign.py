"""Networks of somebody else answer as is computed by hand, and what is unsafe or odd is refused."""

import hashlib

import numpy as np
import onnx
import pytest
import scipy.special
from onnx import TensorProto
from tests.foreign_graph import UINT8, foreign_graph
from tests.ordered_bundle import defect_probability_by_hand

from bulbinspect.bundle.foreign import ForeignSpec, foreign_bundle, log_odds, read_foreign
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import BundleError, SpecError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.metrics.probability import defect_probability, softmax

NAMES = ("0", "1", "2", "3")
SPEC = PreprocessSpec(height_px=16, width_px=16)
LEVELS = np.array([[30, 60, 90, 120], [200, 10, 250, 40], [5, 6, 7, 8], [0, 255, 0, 255]])


@pytest.fixture
def opened(tmp_path):
    def open_(graph=None, *, preprocess=SPEC, threshold=0.5, **spec):
        path = tmp_path / "foreign.onnx"
        path.write_bytes(foreign_graph() if graph is None else graph)
        return foreign_bundle(
            read_foreign(path),
            ForeignSpec(
                **{"answer": "logits", **({} if "good" in spec else {"defective": 1}), **spec}
            ),
            view_names=NAMES,
            preprocess=preprocess,
            threshold=threshold,
        )

    return open_


def probabilities(bundle, levels=LEVELS, dtype=np.uint8):
    views = np.broadcast_to(levels[..., None, None], (*levels.shape, 16, 16)).astype(dtype)
    logits, view_logits = Runtime(bundle, device="cpu").run(views, np.ones(levels.shape, bool))
    np.testing.assert_array_equal(view_logits, np.repeat(logits[:, None], 4, axis=1))
    return defect_probability(softmax(logits), bundle.metadata.good_index)


def by_hand(levels=LEVELS, max_level=255):
    return [defect_probability_by_hand(one, max_level=max_level) for one in levels]


@pytest.mark.parametrize("answer", ["logits", "probabilities"])
@pytest.mark.parametrize(
    ("graph", "spec"),
    [
        ({}, {"defective": 1}),
        ({}, {"good": 0}),
        ({"good": 1}, {"defective": 0, "good": None}),
        ({"good": 1}, {"good": 1}),
        ({"classes": 3}, {"good": 0}),
        ({"classes": 3, "good": 2}, {"good": 2}),
        ({"classes": 1}, {"defective": 0}),
        ({"classes": 1, "flat": True}, {"defective": 0}),
        ({"outputs": ["features", "answer"]}, {"output": "answer"}),
        ({"batch": 1}, {}),
        ({"batch": 3}, {}),
        ({"batch": 7}, {}),
        ({"side": "S"}, {}),
        ({"element": UINT8, "white": 255.0}, {}),
        ({"element": TensorProto.INT64, "white": 255.0}, {}),
        ({"element": TensorProto.DOUBLE}, {}),
    ],
)
def test_every_kind_of_answer_gives_the_probability_computed_by_hand(opened, answer, graph, spec):
    bundle = opened(foreign_graph(answer=answer, **graph), answer=answer, **spec)
    np.testing.assert_allclose(probabilities(bundle), by_hand(), rtol=1e-4, atol=1e-7)


def test_one_number_may_be_that_of_the_good_class(opened):
    bundle = opened(foreign_graph(classes=1), good=0)
    np.testing.assert_allclose(probabilities(bundle), 1 - np.array(by_hand()), rtol=1e-4)


def test_one_kind_of_defect_may_be_asked_for_alone(opened):
    """Of three classes the defects share z evenly: each has half of the defect probability."""
    bundle = opened(foreign_graph(classes=3), defective=2)
    np.testing.assert_allclose(probabilities(bundle), np.array(by_hand()) / 2, rtol=1e-4)


def test_half_precision_is_close(opened):
    bundle = opened(foreign_graph(element=TensorProto.FLOAT16))
    np.testing.assert_allclose(probabilities(bundle), by_hand(), atol=2e-3)


@pytest.mark.parametrize("scale", [(0.0, 255.0), (-1.0, 1.0), (1.0, 0.0), (-2.118, 2.249)])
def test_black_and_white_are_what_was_said(opened, scale):
    black, white = scale
    bundle = opened(scale=scale)
    seen = black + LEVELS / 255 * (white - black)
    expected = [defect_probability_by_hand(one, max_level=1) for one in seen]
    np.testing.assert_allclose(probabilities(bundle), expected, rtol=1e-3, atol=1e-7)


def test_levels_are_divided_as_float_division_does(opened):
    """What a tensor of Pillow's pixels divided by 255 has, to the last bit."""
    from bulbinspect.bundle.foreign_session import _entering

    entering = _entering(opened())
    assert entering.dtype == np.float32
    np.testing.assert_array_equal(entering, np.arange(256, dtype=np.float32) / np.float32(255))


def test_deep_pictures_are_scaled_by_their_depth(opened):
    spec = PreprocessSpec(height_px=16, width_px=16, bit_depth=12)
    bundle = opened(preprocess=spec)
    found = probabilities(bundle, LEVELS * 16, np.uint16)
    np.testing.assert_allclose(found, by_hand(LEVELS * 16, 4095), rtol=1e-4)


def test_it_is_named_by_its_hash(opened):
    assert opened().sha256 == hashlib.sha256(foreign_graph()).hexdigest()


def test_an_absent_view_is_refused(opened):
    views, present = np.zeros((1, 4, 16, 16), np.uint8), np.ones((1, 4), bool)
    present[0, 2] = False
    with pytest.raises(BundleError, match="absent"):
        Runtime(opened(), device="cpu").run(views, present)


def test_what_is_not_finite_stays_so(opened):
    found = Runtime(opened(foreign_graph(divided=True)), device="cpu").run(
        np.zeros((1, 4, 16, 16), np.uint8), np.ones((1, 4), bool)
    )[0]
    assert not np.isfinite(found).all()


RNG = np.random.default_rng(0)
LOGITS = np.concatenate([RNG.normal(0, 5, (200, 4)), [[500.0, -500, 0, 0], [-900, 900, 0, 0]]])


@pytest.mark.parametrize("place", range(4))
def test_log_odds_are_those_of_scipy(place):
    logits, others = LOGITS, np.delete(LOGITS, place, axis=1)
    expected = logits[:, place] - scipy.special.logsumexp(others, axis=1)
    found = log_odds(logits, ForeignSpec(answer="logits", defective=place))
    np.testing.assert_allclose(found, expected, rtol=1e-12)
    np.testing.assert_array_equal(
        log_odds(logits, ForeignSpec(answer="logits", good=place)), -found
    )
    softmax_ = scipy.special.softmax(LOGITS[:200], axis=1)
    found = log_odds(softmax_, ForeignSpec(answer="probabilities", defective=place))
    np.testing.assert_allclose(found, expected[:200], rtol=1e-6)


def test_a_probability_of_0_or_1_is_no_fault():
    spec = ForeignSpec(answer="probabilities", defective=0)
    found = log_odds(np.array([0.0, 1.0, 1.0001]), spec)
    np.testing.assert_allclose(scipy.special.expit(found), [0, 1, 1], atol=1e-14)


@pytest.mark.parametrize("kind", ["logits", "probabilities"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_log_odds_of_what_is_not_finite_are_not(kind, value):
    spec = ForeignSpec(answer=kind, defective=1)
    answer = np.array([[0.5, 0.5], [0.5, value]])
    assert np.isnan(log_odds(answer, spec)).tolist() == [False, True]
    assert np.isnan(log_odds(answer[:, ::-1], spec)).tolist() == [False, True]


@pytest.mark.parametrize("value", [-0.01, 1.01, 7.0])
def test_what_is_no_probability_is_refused(value):
    with pytest.raises(BundleError, match=r"are they logits\?"):
        log_odds(np.array([0.5, value]), ForeignSpec(answer="probabilities", defective=0))


@pytest.mark.parametrize("shape", [(3, 2, 1), (3, 1), ()])
def test_an_answer_of_another_shape_is_refused(shape):
    with pytest.raises(BundleError, match="shape"):
        log_odds(np.zeros(shape), ForeignSpec(answer="logits", defective=1))


@pytest.mark.parametrize(
    "values",
    [
        {"answer": "scores", "good": 0},
        {"answer": "logits"},
        {"answer": "logits", "good": 0, "defective": 1},
        {"answer": "logits", "good": -1},
        {"answer": "logits", "good": 0, "scale": (1.0, 1.0)},
        {"answer": "logits", "good": 0, "scale": (0.0, float("nan"))},
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(values):
    with pytest.raises(SpecError):
        ForeignSpec(**values)


@pytest.mark.parametrize(
    ("graph", "more", "says"),
    [
        ({"side": 24}, {}, "24 as height, not 16"),
        ({"classes": 1}, {"defective": 1}, "a class 1"),
        ({"outputs": ["b", "a"]}, {}, "the graph has a, b"),
        ({}, {"output": "score"}, "the graph has answer"),
        ({"element": UINT8}, {"scale": (0.0, 1.0)}, "whole numbers"),
        ({"element": UINT8}, {"preprocess": PreprocessSpec(16, 16, bit_depth=12)}, "12 bits"),
    ],
)
def test_what_does_not_fit_the_graph_is_refused(opened, graph, more, says):
    with pytest.raises(SpecError, match=says):
        opened(foreign_graph(**graph), **more)


def with_last(operator, outputs, **attributes):
    """Return the graph with `operator` at its end, and these outputs."""
    model = onnx.load_from_string(foreign_graph(outputs=["last"]))
    del model.graph.output[:]
    names = [value.name for value in outputs]
    model.graph.node.append(onnx.helper.make_node(operator, ["last"], names, **attributes))
    model.graph.output.extend(outputs)
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        (
            with_last(
                "ArgMax",
                [onnx.helper.make_tensor_value_info("label", TensorProto.INT64, ["B", 1])],
                axis=1,
            ),
            r"tensor\(int64\)",
        ),
        (
            with_last(
                "SequenceConstruct",
                [onnx.helper.make_tensor_sequence_value_info("list", TensorProto.FLOAT, None)],
            ),
            r"seq\(tensor\(float\)\)",
        ),
        (
            with_last(
                "ReduceSum",
                [onnx.helper.make_tensor_value_info("one", TensorProto.FLOAT, [])],
                keepdims=0,
            ),
            r"of \(\)",
        ),
    ],
)
def test_an_output_that_is_no_table_of_numbers_is_refused(opened, graph, found):
    with pytest.raises(SpecError, match=found):
        opened(graph, defective=0)


def with_weights_outside():
    model = onnx.load_from_string(foreign_graph())
    tensor = model.graph.initializer[0]
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="/etc/passwd")
    return model.SerializeToString()


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (lambda bundle: bundle().graph, "one input"),
        (lambda _: with_weights_outside(), "external data"),
        (lambda _: foreign_graph(element=TensorProto.INT8), r"tensor\(int8\)"),
        (lambda _: b"hello", "not an ONNX file"),
        (lambda _: b"", "cannot be loaded"),
    ],
)
def test_what_is_unsafe_or_takes_something_else_is_refused(tmp_path, tiny_bundle, content, says):
    path = tmp_path / "foreign.onnx"
    path.write_bytes(content(tiny_bundle))
    with pytest.raises(BundleError, match=rf"foreign\.onnx: .*{says}"):
        read_foreign(path)
