import numpy as np
import pytest

from bulbinspect.benchmark.predict import run_predict
from bulbinspect.errors import UsageError
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.learn_gate import learn_gate
from bulbinspect.imaging.preprocess import PreprocessSpec


def test_ratio_is_wall_over_the_parts_shared_among_the_cores(tiny_bundle, tmp_path):
    tiny_bundle(view_names=("top", "left", "right"))
    measured = run_predict(tmp_path / "bundle.onnx", num_bulbs=9, size_px=32, repeats=2)
    wall, _, decode, network, ideal = measured["seconds"].values()
    cores = measured["machine"]["cores"]
    for repeat in range(2):
        parts = decode["repeats"][repeat] + network["repeats"][repeat]
        assert ideal["repeats"][repeat] == pytest.approx(parts / cores)
        ratio = measured["claims"]["wall / ideal"]["repeats"][repeat]
        assert ratio == pytest.approx(wall["repeats"][repeat] * cores / parts)
    assert measured["settings"]["pictures"] == "3×32² PNG"


def test_a_gate_is_measured_and_refuses_no_drawn_bulb(tiny_bundle, tmp_path, monkeypatch):
    views = np.random.default_rng(0).integers(0, 2, (10, 4, 16, 16)).astype(np.uint8)
    gate = learn_gate([(some, np.full((4, 2), 16)) for some in views], 255)
    tiny_bundle(gate=gate)
    asked = []
    refusal = Gate.refusal

    def counted(*arguments):
        asked.append(refusal(*arguments))
        return asked[-1]

    monkeypatch.setattr(Gate, "refusal", counted)
    measured = run_predict(tmp_path / "bundle.onnx", num_bulbs=8, size_px=32, repeats=1)
    assert measured["settings"]["gate"] == "measured"
    assert asked == [None] * (2 * 8 * 4)  # the warm-up and the repeat


def test_a_bundle_that_cannot_judge_drawn_bulbs_is_not_timed(tiny_bundle, tmp_path):
    tiny_bundle(preprocess=PreprocessSpec(height_px=16, width_px=16, bit_depth=12))
    with pytest.raises(UsageError, match="cannot judge drawn bulbs: wrong_depth"):
        run_predict(tmp_path / "bundle.onnx", num_bulbs=8, size_px=32, repeats=1)
