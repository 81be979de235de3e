import pytest

from bulbinspect.benchmark.start import run_start
from bulbinspect.errors import UsageError


def test_start_is_timed_in_new_processes_that_load_nothing_of_the_learning_wing(
    tiny_bundle, tmp_path
):
    tiny_bundle()
    measured = run_start(tmp_path / "bundle.onnx", size_px=32, repeats=1)
    assert measured["loaded"] == []
    assert measured["claims"]["learning packages loaded"]["met"]
    for claim in ("bulbinspect --help, s", "bulbinspect predict, s"):
        assert 0.01 < measured["claims"][claim]["median"] < 60


def test_a_call_that_fails_is_not_timed(tiny_bundle, tmp_path):
    tiny_bundle(operating_point=None)
    with pytest.raises(
        UsageError, match=r"predict .* ended with 2: bulbinspect: .*operating point"
    ):
        run_start(tmp_path / "bundle.onnx", size_px=32, repeats=1)
