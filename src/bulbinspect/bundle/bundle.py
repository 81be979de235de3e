"""The one file that leaves the learning wing: an ONNX graph with our metadata, sealed by a hash."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.protobuf import (
    find_property,
    refuse_unsafe,
    with_property,
    without_property,
)
from bulbinspect.errors import BundleError
from bulbinspect.files import whole_file

MAX_BYTES = 1 << 30  # protobuf ends at 2 GiB; the largest trunk we know is a third of this

_METADATA = "bulbinspect"
_SEAL = "bulbinspect.sha256"  # of all bytes before it, at the end: finds damage, not ill will


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read whole and found unharmed.

    `graph` is the ONNX file as it stands, metadata included; `sha256` is of that and names the
    model in every prediction. `overrides` says what the user has set otherwise in `metadata`.
    """

    graph: bytes
    metadata: BundleMetadata
    sha256: str
    overrides: tuple[str, ...] = ()


def read_bundle(path: Path) -> Bundle:
    """Read a bundle without running it; BundleError says what is wrong with the file."""
    try:
        return _open(read_bytes(path))
    except BundleError as error:
        raise BundleError(f"{path}: {error}") from error


def write_bundle(path: Path, graph: bytes, metadata: BundleMetadata) -> Bundle:
    """Write an exported ONNX graph with its metadata; what an earlier bundle says is replaced."""
    described = with_property(without_property(graph, _SEAL), _METADATA, metadata.to_json())
    sealed = with_property(described, _SEAL, hashlib.sha256(described).hexdigest())
    bundle = _open(sealed)
    with whole_file(path, "wb") as file:
        file.write(sealed)
    return bundle


def _open(model: bytes) -> Bundle:
    _refuse_size(len(model))
    description, seal = find_property(model, _METADATA), find_property(model, _SEAL)
    if description is None or seal is None:
        raise BundleError(
            "not a bundle: it has no bulbinspect metadata; train.py writes one as bundle.onnx"
        )
    digest = hashlib.sha256(memoryview(model)[: seal.start])
    if seal.text != digest.hexdigest() or seal.end != len(model):
        raise BundleError("the file is damaged: its bytes are not those that were written")
    digest.update(memoryview(model)[seal.start :])
    refuse_unsafe(model)
    return Bundle(model, BundleMetadata.from_json(description.text), digest.hexdigest())


def read_bytes(path: Path) -> bytes:
    """Return what is in a file; BundleError unless it is one of a size that a bundle may have."""
    try:
        if not path.is_file():
            raise BundleError("there is no such file")
        _refuse_size(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"cannot be read: {error.strerror}") from error


def _refuse_size(num_bytes: int) -> None:
    if num_bytes > MAX_BYTES:
        raise BundleError(f"larger than {MAX_BYTES >> 20} MiB, which no bundle is")
