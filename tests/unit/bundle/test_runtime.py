import numpy as np
import pytest

from bulbinspect.bundle import session as session_file
from bulbinspect.bundle.bundle import write_bundle
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import BundleError, UsageError
from bulbinspect.imaging.preprocess import PreprocessSpec


def views(*levels: list[int], size: int = 16, dtype: type = np.uint8) -> np.ndarray:
    flat = np.array(levels, dtype)[..., None, None]
    return np.broadcast_to(flat, (*flat.shape[:2], size, size))


def everything(batch: np.ndarray) -> np.ndarray:
    return np.ones(batch.shape[:2], bool)


def test_logits_are_those_computed_by_hand(tiny_bundle):
    batch = views([0, 0, 0, 0], [0, 255, 0, 255])
    logits, view_logits = Runtime(tiny_bundle()).run(batch, everything(batch))
    np.testing.assert_allclose(logits, [[0, -4], [0, 0]], atol=1e-6)
    np.testing.assert_allclose(view_logits[1, :, 1], [-4, 4, -4, 4], atol=1e-6)
    assert logits.dtype == view_logits.dtype == np.float32


def test_an_absent_view_does_not_count(tiny_bundle):
    batch = views([0, 255, 0, 255])
    present = np.array([[False, True, False, True]])
    logits, _ = Runtime(tiny_bundle()).run(batch, present)
    np.testing.assert_allclose(logits, [[0, 4]], atol=1e-6)


def test_deep_pictures_enter_as_16_bit(tiny_bundle):
    spec = PreprocessSpec(height_px=16, width_px=16, bit_depth=12)
    batch = views([4095, 4095, 0, 0], dtype=np.uint16)
    logits, _ = Runtime(tiny_bundle(preprocess=spec)).run(batch, everything(batch))
    np.testing.assert_allclose(logits, [[0, 0]], atol=1e-5)


@pytest.mark.parametrize(
    ("graph", "metadata", "says"),
    [
        ({"classes": 3}, {}, "expected the output"),
        ({"spec": PreprocessSpec(height_px=8, width_px=16)}, {}, "expected the input views"),
        ({"spec": PreprocessSpec(height_px=16, width_px=16, bit_depth=10)}, {}, "tensor.uint16"),
    ],
)
def test_a_graph_that_is_not_what_the_metadata_says_is_refused(tiny_bundle, graph, metadata, says):
    with pytest.raises(BundleError, match=says):
        Runtime(tiny_bundle(graph=graph, **metadata))


def test_other_inputs_are_refused_by_name(tiny_graph, tiny_metadata, tmp_path):
    graph = tiny_graph().replace(b"present", b"parsent")
    bundle = write_bundle(tmp_path / "b.onnx", graph, tiny_metadata())
    with pytest.raises(BundleError, match=r"inputs \['present', 'views'\].*parsent"):
        Runtime(bundle)


def test_a_batch_of_fixed_size_is_refused(tiny_graph, tiny_metadata, tmp_path):
    import onnx

    model = onnx.load_from_string(tiny_graph())
    model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 8
    bundle = write_bundle(tmp_path / "b.onnx", model.SerializeToString(), tiny_metadata())
    with pytest.raises(BundleError, match="expected the input views"):
        Runtime(bundle)


def test_a_graph_that_cannot_be_loaded_is_a_bundle_error(
    tiny_graph, tiny_metadata, tmp_path, capfd
):
    graph = tiny_graph().replace(b"ReduceSum", b"ReduceFoo")
    bundle = write_bundle(tmp_path / "b.onnx", graph, tiny_metadata())
    with pytest.raises(BundleError, match="cannot be loaded"):
        Runtime(bundle)
    assert capfd.readouterr() == ("", "")


def test_sizes_whose_names_are_no_text_are_refused(tiny_graph, tiny_metadata, tmp_path):
    graph = tiny_graph().replace(b"\x12\x01B", b"\x12\x01\xd6")  # the name of a size
    bundle = write_bundle(tmp_path / "b.onnx", graph, tiny_metadata())
    with pytest.raises(BundleError, match="no text"):
        Runtime(bundle)


def test_what_onnxruntime_cannot_say_in_utf8_is_not_printed_either(
    tiny_graph, tiny_metadata, tmp_path, capfd
):
    graph = tiny_graph().replace(b"Cast", b"C\xf6st")
    bundle = write_bundle(tmp_path / "b.onnx", graph, tiny_metadata())
    with pytest.raises(BundleError, match="cannot be loaded"):
        Runtime(bundle)
    assert capfd.readouterr() == ("", "")


def test_a_network_that_fails_is_a_bundle_error(tiny_bundle, capfd):
    runtime = Runtime(tiny_bundle(graph={"fails_when_white": True}))
    batch = views([0, 0, 0, 255])
    with pytest.raises(BundleError, match="the network failed"):
        runtime.run(batch, everything(batch))
    assert capfd.readouterr() == ("", "")


def test_a_device_that_is_not_here_is_refused_with_those_that_are(tiny_bundle, monkeypatch):
    monkeypatch.setattr(
        session_file.ort, "get_available_providers", lambda: ["CPUExecutionProvider"]
    )
    for device in ("cuda", "openvino", "tpu"):
        with pytest.raises(UsageError, match=f"{device}.*available: auto, cpu"):
            Runtime(tiny_bundle(), device=device)


def test_auto_is_the_cpu_where_nothing_else_is(tiny_bundle, monkeypatch):
    monkeypatch.setattr(
        session_file.ort, "get_available_providers", lambda: ["CPUExecutionProvider"]
    )
    assert Runtime(tiny_bundle()).device == "cpu"
