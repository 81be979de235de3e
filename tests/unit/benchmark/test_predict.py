import pytest

from bulbinspect.benchmark.predict import run_predict
from bulbinspect.errors import UsageError
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


def test_a_bundle_that_cannot_judge_drawn_bulbs_is_not_timed(tiny_bundle, tmp_path):
    tiny_bundle(preprocess=PreprocessSpec(height_px=16, width_px=16, bit_depth=12))
    with pytest.raises(UsageError, match="cannot judge drawn bulbs: wrong_depth"):
        run_predict(tmp_path / "bundle.onnx", num_bulbs=8, size_px=32, repeats=1)
