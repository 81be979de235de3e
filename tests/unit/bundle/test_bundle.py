import hashlib
import os
from pathlib import Path

import onnx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bulbinspect.bundle import bundle as bundle_file
from bulbinspect.bundle.bundle import Bundle, read_bundle, write_bundle
from bulbinspect.errors import BundleError


def test_what_is_written_is_read(tiny_bundle, tmp_path):
    written = tiny_bundle()
    assert read_bundle(tmp_path / "bundle.onnx") == written


def test_its_name_is_the_hash_of_the_file(tiny_bundle, tmp_path):
    bundle = tiny_bundle()
    assert bundle.sha256 == hashlib.sha256((tmp_path / "bundle.onnx").read_bytes()).hexdigest()


def test_it_is_an_onnx_file_with_the_same_graph(tiny_bundle, tiny_graph, tmp_path):
    tiny_bundle()
    model = onnx.load(tmp_path / "bundle.onnx")
    onnx.checker.check_model(model, full_check=True)
    assert model.graph == onnx.load_from_string(tiny_graph()).graph


def test_writing_a_bundles_graph_again_replaces_its_metadata(tiny_bundle, tiny_metadata, tmp_path):
    first = tiny_bundle()
    metadata = tiny_metadata(view_names=("a", "b"))
    second = write_bundle(tmp_path / "again.onnx", first.graph, metadata)
    assert second.metadata == metadata
    third = write_bundle(tmp_path / "back.onnx", second.graph, first.metadata)
    assert third == first


def test_external_data_is_not_even_written(tiny_graph, tiny_metadata, tmp_path):
    model = onnx.load_from_string(tiny_graph())
    tensor = model.graph.initializer[0]
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../secret")
    with pytest.raises(BundleError, match="external data"):
        write_bundle(tmp_path / "b.onnx", model.SerializeToString(), tiny_metadata())
    assert list(tmp_path.iterdir()) == []


def test_external_data_with_a_right_seal_is_refused(tiny_bundle, tmp_path, monkeypatch):
    # the seal finds damage; someone who wants to do harm can make one
    with monkeypatch.context() as patch:
        patch.setattr(bundle_file, "refuse_unsafe", lambda _: None)
        graph = onnx.ModelProto(producer_name="hostile")
        tensor = graph.graph.initializer.add(name="x", data_type=1, dims=[1])
        tensor.external_data.add(key="location", value="/etc/passwd")
        write_bundle(tmp_path / "b.onnx", graph.SerializeToString(), tiny_bundle().metadata)
    with pytest.raises(BundleError, match="external data"):
        read_bundle(tmp_path / "b.onnx")


def test_a_plain_onnx_file_is_no_bundle(tiny_graph, tmp_path):
    (tmp_path / "plain.onnx").write_bytes(tiny_graph())
    with pytest.raises(BundleError, match="no bulbinspect metadata"):
        read_bundle(tmp_path / "plain.onnx")


@pytest.mark.parametrize(
    "content", [b"", b"hello", b"\x80\x04\x95pickle", b"PK\x03\x04", b"\0" * 100, b"<html>"]
)
def test_other_files_are_refused(content, tmp_path):
    path = tmp_path / "b.onnx"
    path.write_bytes(content)
    with pytest.raises(BundleError, match=r"b\.onnx: not"):
        read_bundle(path)


def test_what_is_no_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "absent", tmp_path / "pipe", Path("/dev/zero")):
        with pytest.raises(BundleError, match="no such file"):
            read_bundle(path)


def test_a_file_too_large_is_refused_unread(tmp_path):
    with (tmp_path / "large").open("wb") as file:
        file.truncate(bundle_file.MAX_BYTES + 1)  # sparse: takes no room
    with pytest.raises(BundleError, match="larger than 1024 MiB"):
        read_bundle(tmp_path / "large")


@pytest.fixture(scope="module")
def whole(tiny_graph, tiny_metadata, tmp_path_factory) -> Bundle:
    folder = tmp_path_factory.mktemp("bundle")
    return write_bundle(folder / "bundle.onnx", tiny_graph(), tiny_metadata())


def refused(data: bytes, folder: Path) -> bool:
    path = folder / "damaged.onnx"
    path.write_bytes(data)
    try:
        read_bundle(path)
    except BundleError:
        return True
    return False


def test_a_bundle_cut_anywhere_is_refused(whole, tmp_path):
    assert all(refused(whole.graph[:end], tmp_path) for end in range(0, len(whole.graph), 7))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(data=st.data())
def test_a_flipped_bit_anywhere_is_refused(whole, tmp_path, data):
    bit = data.draw(st.integers(0, len(whole.graph) * 8 - 1))
    flipped = bytearray(whole.graph)
    flipped[bit // 8] ^= 1 << bit % 8
    assert refused(bytes(flipped), tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(junk=st.binary(min_size=1, max_size=50), at=st.integers(0, 10_000))
def test_bytes_added_anywhere_are_refused(whole, tmp_path, junk, at):
    at = min(at, len(whole.graph))
    assert refused(whole.graph[:at] + junk + whole.graph[at:], tmp_path)
