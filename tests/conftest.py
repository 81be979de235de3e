"""Fixtures for all tests: small bundles whose answers can be computed by hand, and pictures."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import settings
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.cli import main
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.metrics.operating_point import OperatingPoint

settings.register_profile("shared machine", deadline=None)  # nothing is timed: another may compute
settings.load_profile("shared machine")

SPEC = PreprocessSpec(height_px=16, width_px=16)


def make_graph(
    *,
    classes: int = 2,
    spec: PreprocessSpec = SPEC,
    gains: Sequence[float] = (0.0, 8.0, 4.0, 2.0),
    offsets: Sequence[float] = (0.0, -4.0, -4.0, -4.0),
    nan_when_black: bool = False,
    fails_when_white: bool = False,
) -> bytes:
    """Build the ONNX graph of a network that sees nothing but how bright a view is.

    With m the mean of a view from 0 to 1: view_logits = gains * m + offsets for each class, and
    logits are their mean over the views present. So by default a view is good when m < 0.5, with a
    defect probability of sigmoid(8 m - 4).
    """
    height, width = spec.height_px, spec.width_px
    pixels = TensorProto.UINT8 if spec.bit_depth == 8 else TensorProto.UINT16

    def constant(name: str, value: Any) -> onnx.TensorProto:
        return numpy_helper.from_array(np.asarray(value), name)

    nodes = [
        helper.make_node("Cast", ["views"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["floats", "picture_axes"], ["mean"], keepdims=0),
        helper.make_node("Div", ["mean", "max_level"], ["bright_row"]),
        helper.make_node("Unsqueeze", ["bright_row", "last"], ["bright"]),
        helper.make_node("Mul", ["bright", "gains"], ["scaled"]),
        helper.make_node("Add", ["scaled", "offsets"], ["sound"]),
    ]
    answer = "sound"
    if nan_when_black:  # 0 / 0
        nodes.append(helper.make_node("Div", ["bright", "bright"], ["one_or_nan"]))
        nodes.append(helper.make_node("Mul", [answer, "one_or_nan"], ["sound_or_nan"]))
        answer = "sound_or_nan"
    if fails_when_white:  # looks up place 1 of a list of one
        nodes.append(helper.make_node("Cast", ["bright"], ["place"], to=TensorProto.INT64))
        nodes.append(helper.make_node("Gather", ["list_of_one", "place"], ["found"]))
        nodes.append(helper.make_node("Mul", [answer, "found"], ["sound_or_failed"]))
        answer = "sound_or_failed"
    nodes += [
        helper.make_node("Identity", [answer], ["view_logits"]),
        helper.make_node("Cast", ["present"], ["present_number"], to=TensorProto.FLOAT),
        helper.make_node("Unsqueeze", ["present_number", "last"], ["weight"]),
        helper.make_node("Mul", ["view_logits", "weight"], ["weighted"]),
        helper.make_node("ReduceSum", ["weighted", "view_axis"], ["total"], keepdims=0),
        helper.make_node("ReduceSum", ["weight", "view_axis"], ["count"], keepdims=0),
        helper.make_node("Div", ["total", "count"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "brightness",
        [
            helper.make_tensor_value_info("views", pixels, ["B", "V", height, width]),
            helper.make_tensor_value_info("present", TensorProto.BOOL, ["B", "V"]),
        ],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", classes]),
            helper.make_tensor_value_info("view_logits", TensorProto.FLOAT, ["B", "V", classes]),
        ],
        [
            constant("picture_axes", np.array([2, 3])),
            constant("view_axis", np.array([1])),
            constant("last", np.array([2])),
            constant("list_of_one", np.ones(1, np.float32)),
            constant("max_level", np.float32(spec.max_level)),
            constant("gains", np.array(gains[:classes], np.float32)),
            constant("offsets", np.array(offsets[:classes], np.float32)),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)])
    model.ir_version = 10
    onnx.checker.check_model(model, full_check=True)
    return model.SerializeToString()


@pytest.fixture(scope="session")
def tiny_graph() -> Callable[..., bytes]:
    """See `make_graph`."""
    return make_graph


@pytest.fixture(scope="session")
def tiny_metadata() -> Callable[..., BundleMetadata]:
    """Metadata that fits `tiny_graph` as it is by default; every value can be given."""

    def make(**changes: Any) -> BundleMetadata:
        values: dict[str, Any] = {
            "classes": ("good", "defect"),
            "view_names": ("0", "1", "2", "3"),
            "preprocess": SPEC,
            "operating_point": OperatingPoint(0.5, 0.5, "by_hand", "val", 9, 9, 0.0, 0.0),
        }
        values.update(changes)
        if "good" not in values["classes"]:
            values["operating_point"] = None
        return BundleMetadata(**values)

    return make


@pytest.fixture
def tiny_bundle(
    tmp_path: Path, tiny_metadata: Callable[..., BundleMetadata]
) -> Callable[..., Bundle]:
    """Write `tmp_path/bundle.onnx`; `graph` holds options of `make_graph`, the rest is metadata."""

    def write(path: Path | None = None, *, graph: dict[str, Any] | None = None, **changes: Any):
        metadata = tiny_metadata(**changes)
        options = {"classes": len(metadata.classes), "spec": metadata.preprocess, **(graph or {})}
        return write_bundle(path or tmp_path / "bundle.onnx", make_graph(**options), metadata)

    return write


@pytest.fixture(scope="session")
def draw_bulb() -> Callable[..., Path]:
    """Write a folder of gray pictures 0.png, 1.png, …, one for each level, which is its mean.

    All are flat but for two pixels, so that no two have the same pixels.
    """

    def draw(folder: Path, levels: Sequence[int], *, size: tuple[int, int] = (16, 16)) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        for name, level in enumerate(levels):
            pixels = np.full(size, level, np.uint8)
            step = min(level, 255 - level, 1)
            pixels[0, name], pixels[1, name] = level - step, level + step
            Image.fromarray(pixels).save(folder / f"{name}.png")
        return folder

    return draw


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    exit_code: int
    stdout: str
    stderr: str


@pytest.fixture
def bulbinspect(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> Callable[..., Done]:
    """Run `bulbinspect` with these arguments in `tmp_path`, within this process."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str | Path) -> Done:
        monkeypatch.setattr(sys, "argv", ["bulbinspect", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main.run()
        said = capfd.readouterr()
        return Done(ended.value.code or 0, said.out, said.err)

    return call
