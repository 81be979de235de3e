"""The reader of the file format against the onnx package."""

import contextlib

import onnx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from bulbinspect.bundle import protobuf
from bulbinspect.bundle.protobuf import (
    find_property,
    refuse_unsafe,
    with_property,
    without_property,
)
from bulbinspect.errors import BundleError


@pytest.fixture
def model(tiny_graph) -> onnx.ModelProto:
    return onnx.load_from_string(tiny_graph())


def outside(location: str = "weights.bin") -> TensorProto:
    tensor = TensorProto(dims=[1], data_type=TensorProto.FLOAT, name="outside")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value=location)
    return tensor


def subgraph(tensor: TensorProto) -> onnx.GraphProto:
    return onnx.GraphProto(name="inner", initializer=[tensor])


def sparse(*, values: TensorProto | None = None, indices: TensorProto | None = None):
    return onnx.SparseTensorProto(values=values, indices=indices)


ATTRIBUTES = {
    "tensor": lambda: {"t": outside()},
    "tensors": lambda: {"tensors": [outside()]},
    "graph": lambda: {"g": subgraph(outside())},
    "graphs": lambda: {"graphs": [subgraph(outside())]},
    "sparse values": lambda: {"sparse_tensor": sparse(values=outside())},
    "sparse indices": lambda: {"sparse_tensor": sparse(indices=outside())},
    "sparse tensors": lambda: {"sparse_tensors": [sparse(values=outside())]},
}


def test_a_whole_model_is_accepted(model):
    refuse_unsafe(model.SerializeToString())


@pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_external_data_in_an_attribute_is_refused(model, attribute):
    model.graph.node[0].attribute.add(name="x", **attribute())
    with pytest.raises(BundleError, match="external data"):
        refuse_unsafe(model.SerializeToString())


@pytest.mark.parametrize("attribute", ATTRIBUTES.values(), ids=ATTRIBUTES)
def test_external_data_in_a_function_is_refused(model, attribute):
    function = model.functions.add(name="f", domain="d")
    function.node.add(op_type="Constant").attribute.add(name="x", **attribute())
    with pytest.raises(BundleError, match="external data"):
        refuse_unsafe(model.SerializeToString())


def test_external_data_as_default_of_a_function_is_refused(model):
    function = model.functions.add(name="f", domain="d")
    function.attribute_proto.add(name="x", t=outside())
    with pytest.raises(BundleError, match="external data"):
        refuse_unsafe(model.SerializeToString())


def test_external_data_of_an_initializer_is_refused(model):
    model.graph.initializer.append(outside())
    with pytest.raises(BundleError, match="external data"):
        refuse_unsafe(model.SerializeToString())


@pytest.mark.parametrize("part", ["values", "indices"])
def test_external_data_of_a_sparse_initializer_is_refused(model, part):
    model.graph.sparse_initializer.append(sparse(**{part: outside()}))
    with pytest.raises(BundleError, match="external data"):
        refuse_unsafe(model.SerializeToString())


def test_external_data_in_a_second_graph_field_is_refused(model):
    # protobuf merges the occurrences of a field, so the second is as real as the first
    second = onnx.ModelProto(graph=subgraph(outside())).SerializeToString()
    with pytest.raises(BundleError, match="external data"):
        refuse_unsafe(model.SerializeToString() + second)


@pytest.mark.parametrize("half", ["data_location", "external_data"])
def test_half_of_an_external_tensor_is_refused_too(model, half):
    tensor = outside()
    tensor.ClearField(half)
    model.graph.initializer.append(tensor)
    with pytest.raises(BundleError, match="external data"):
        refuse_unsafe(model.SerializeToString())


def test_a_tensor_that_says_it_lies_inside_is_accepted(model):
    model.graph.initializer[0].data_location = TensorProto.DEFAULT
    refuse_unsafe(model.SerializeToString())


def test_a_training_graph_is_refused(model):
    model.training_info.add()
    with pytest.raises(BundleError, match="training graph"):
        refuse_unsafe(model.SerializeToString())


def test_a_node_that_loads_a_compiled_network_is_refused(model):
    model.graph.node.append(helper.make_node("EPContext", [], ["y"], domain="com.microsoft"))
    with pytest.raises(BundleError, match="EPContext"):
        refuse_unsafe(model.SerializeToString())


def test_every_way_to_a_tensor_is_followed():
    """What the onnx package knows of messages that lead to a tensor is all in our table."""
    holds: dict[str, dict[int, str]] = {}
    pending = [onnx.ModelProto.DESCRIPTOR]
    while pending:
        message = pending.pop()
        name = message.full_name.removeprefix("onnx.")
        if name not in holds:
            inner = {one.number: one.message_type for one in message.fields if one.message_type}
            holds[name] = {
                number: held.full_name.removeprefix("onnx.") for number, held in inner.items()
            }
            pending += inner.values()
    leads = {"TensorProto"}
    while more := {name for name, held in holds.items() if leads & {*held.values()}} - leads:
        leads |= more
    ways = {
        name: {number: to for number, to in holds[name].items() if to in leads}
        for name in leads - {"TensorProto", "TrainingInfoProto"}
    }
    training_info = ways["ModelProto"].pop(20)
    assert training_info == "TrainingInfoProto"  # refused before it is followed
    assert ways == protobuf.TENSOR_PATHS


def test_deep_nesting_is_refused():
    def inside(number: int, content: bytes) -> bytes:
        low, high = len(content) & 0x7F | 0x80, len(content) >> 7
        return bytes([number << 3 | 2, low, high]) + content

    def nested(levels: int) -> bytes:
        graph = b""
        for _ in range(levels):  # graph in attribute in node in graph
            graph = inside(1, inside(5, inside(6, graph)))
        return inside(7, graph)

    refuse_unsafe(nested(32))
    for levels in (34, 1000):  # onnx's own parser gives up there as well
        with pytest.raises(BundleError, match="nested more than 100"):
            refuse_unsafe(nested(levels))


def test_endless_fields_are_refused(monkeypatch):
    monkeypatch.setattr(protobuf, "MAX_FIELDS", 1000)
    refuse_unsafe(b"\x08\x01" * 1000)
    with pytest.raises(BundleError, match="more than 1000 fields"):
        refuse_unsafe(b"\x08\x01" * 1001)


@given(st.binary(max_size=200))
@example(b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")  # a graph of 2^64 bytes
@example(b"\xff" * 20)
@example(b"\x0b")  # a group, which ONNX does not have
@example(b"\x00\x00")
@example(b"\x09\x01")  # eight bytes, of which one is there
def test_any_bytes_are_read_or_refused(data):
    for act in (refuse_unsafe, lambda model: find_property(model, "k")):
        with contextlib.suppress(BundleError):
            act(data)


def test_a_model_cut_anywhere_is_read_or_refused(model):
    whole = model.SerializeToString()
    for end in range(len(whole)):
        try:
            refuse_unsafe(whole[:end])
        except BundleError:
            pass
        else:  # only a cut between two fields of the outermost message leaves a message
            onnx.load_from_string(whole[:end])


@given(st.text(), st.text())
def test_a_property_reads_back_here_and_in_onnx(key, text):
    model = onnx.ModelProto(producer_name="someone")
    model.metadata_props.add(key="other", value="kept")
    written = with_property(model.SerializeToString(), "our " + key, text)
    assert find_property(written, "our " + key).text == text
    seen = onnx.load_from_string(written)
    assert {one.key: one.value for one in seen.metadata_props} == {
        "other": "kept",
        "our " + key: text,
    }
    assert seen.producer_name == "someone"


def test_a_property_is_replaced_not_doubled(model):
    once = with_property(model.SerializeToString(), "key", "old")
    twice = with_property(once, "key", "new")
    assert find_property(twice, "key").text == "new"
    assert without_property(twice, "key") == model.SerializeToString()


def test_a_property_that_stands_twice_is_refused(model):
    for value in ("one", "two"):
        model.metadata_props.add(key="key", value=value)
    with pytest.raises(BundleError, match="2 metadata entries"):
        find_property(model.SerializeToString(), "key")


def test_a_property_that_is_absent_is_none(model):
    assert find_property(model.SerializeToString(), "key") is None


def test_a_property_that_is_no_text_is_refused(model):
    data = with_property(model.SerializeToString(), "key", "????").replace(b"????", b"\xff\xfe??")
    with pytest.raises(BundleError, match="not UTF-8"):
        find_property(data, "key")
