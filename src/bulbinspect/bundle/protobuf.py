"""As much of the ONNX file format as a bundle needs, so that nobody has to trust a file to read it.

An ONNX file is a protobuf message: fields of (number, wire type, value), some of them messages of
their own. Reading follows only the messages that can hold a tensor, without recursion and up to
fixed limits, because the file may have been made to do harm. Numbers of the fields are those of
`onnx.proto3`; a test compares them with the onnx package.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from bulbinspect.errors import BundleError

MAX_DEPTH = 100  # protobuf's own limit
MAX_FIELDS = 2_000_000  # a large network has tens of thousands

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

# message -> {field number: the message it holds}, for all that lead to a tensor
TENSOR_PATHS = {
    "ModelProto": {7: "GraphProto", 25: "FunctionProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
}
_METADATA_PROPS = 14  # of ModelProto: StringStringEntryProto, key = 1, value = 2
_TRAINING_INFO = 20  # of ModelProto
_OP_TYPE = 4  # of NodeProto
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # of TensorProto


@dataclass(frozen=True, slots=True)
class _Field:
    """One field of a message, which lies with its tag at `start` to `end` of it.

    `integer` is 0 unless it is a varint, `value` empty unless it is bytes, a text or a message.
    """

    number: int
    integer: int
    value: memoryview
    start: int
    end: int


def refuse_unsafe(model: bytes) -> None:
    """Raise BundleError if the graph would read other files, or hold anything but inference."""
    stack = [("ModelProto", memoryview(model), 0)]
    num_fields = 0
    while stack:
        message, data, depth = stack.pop()
        if depth > MAX_DEPTH:
            raise BundleError(f"the graph is nested more than {MAX_DEPTH} deep")
        held = TENSOR_PATHS.get(message, {})
        for field in _fields(data):
            num_fields += 1
            if num_fields > MAX_FIELDS:
                raise BundleError(f"the graph has more than {MAX_FIELDS} fields")
            _refuse_field(message, field)
            if field.number in held:
                stack.append((held[field.number], field.value, depth + 1))


def _refuse_field(message: str, field: _Field) -> None:
    if message == "TensorProto" and (
        field.number == _EXTERNAL_DATA or (field.number == _DATA_LOCATION and field.integer)
    ):
        raise BundleError("a tensor lies outside the file (external data); a bundle is one file")
    if message == "NodeProto" and field.number == _OP_TYPE and bytes(field.value) == b"EPContext":
        raise BundleError("a node loads a compiled network from outside (EPContext)")
    if message == "ModelProto" and field.number == _TRAINING_INFO:
        raise BundleError("the file holds a training graph; a bundle only judges")


@dataclass(frozen=True, slots=True)
class Property:
    """A text among the metadata, and where its entry begins and ends in the file."""

    text: str
    start: int
    end: int


def find_property(model: bytes, key: str) -> Property | None:
    """Return the metadata under `key`, or None; BundleError if it stands there twice."""
    found = [one for one in _properties(model) if one[0] == key.encode()]
    if not found:
        return None
    if len(found) > 1:
        raise BundleError(f"the file has {len(found)} metadata entries {key!r} where one belongs")
    _, value, field = found[0]
    try:
        return Property(value.decode(), field.start, field.end)
    except UnicodeDecodeError as error:
        raise BundleError(f"the metadata entry {key!r} is not UTF-8 text") from error


def without_property(model: bytes, key: str) -> bytes:
    """Return the model without the metadata under `key`; all other bytes stay as they are."""
    kept, end = [], 0
    for found, _, field in _properties(model):
        if found == key.encode():
            kept.append(model[end : field.start])
            end = field.end
    return b"".join([*kept, model[end:]])


def with_property(model: bytes, key: str, text: str) -> bytes:
    """Return the model with `text` under `key`, at the end, in place of what stood there."""
    entry = _bytes_field(1, key.encode()) + _bytes_field(2, text.encode())
    return without_property(model, key) + _bytes_field(_METADATA_PROPS, entry)


def _properties(model: bytes) -> Iterator[tuple[bytes, bytes, _Field]]:
    for field in _fields(memoryview(model)):
        if field.number == _METADATA_PROPS:
            entry = {part.number: bytes(part.value) for part in _fields(field.value)}
            yield entry.get(1, b""), entry.get(2, b""), field


def _fields(data: memoryview) -> Iterator[_Field]:
    """Yield the fields of one message in order; BundleError where it is not a message."""
    position = 0
    while position < len(data):
        start = position
        tag, position = _varint(data, position)
        number, wire_type = tag >> 3, tag & 7
        if not 0 < number < 1 << 29:
            raise BundleError("not an ONNX file, or a damaged one: a field has no valid number")
        integer, value = 0, data[:0]
        if wire_type == _VARINT:
            integer, position = _varint(data, position)
        elif wire_type == _BYTES:
            length, position = _varint(data, position)
            value = data[position : position + length]
            position += length
        elif wire_type == _FIXED64:
            position += 8
        elif wire_type == _FIXED32:
            position += 4
        else:
            raise BundleError("not an ONNX file, or a damaged one: a field has no valid type")
        if position > len(data):
            raise BundleError("not an ONNX file, or a truncated one: it ends within a field")
        yield _Field(number, integer, value, start, position)


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    """Return the number of 7-bit groups that begins at `position`, and where it ends."""
    result = 0
    for shift in range(0, 70, 7):
        if position >= len(data):
            raise BundleError("not an ONNX file, or a truncated one: it ends within a number")
        byte = data[position]
        position += 1
        result |= (byte & 0x7F) << shift
        if byte < 0x80:
            return result, position
    raise BundleError("not an ONNX file, or a damaged one: a number has no end")


def _bytes_field(number: int, value: bytes) -> bytes:
    return _to_varint(number << 3 | _BYTES) + _to_varint(len(value)) + value


def _to_varint(number: int) -> bytes:
    groups = bytearray()
    while number >= 0x80:
        groups.append(number & 0x7F | 0x80)
        number >>= 7
    groups.append(number)
    return bytes(groups)
