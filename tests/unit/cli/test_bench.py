import json


def test_result_is_shown_and_written(bulbinspect, tiny_bundle, tmp_path):
    tiny_bundle()
    done = bulbinspect(
        "bench",
        "predict",
        *("--model", tmp_path / "bundle.onnx", "--json", tmp_path / "speed.json"),
        *("--bulbs", "8", "--size", "32", "--repeats", "1"),
    )
    assert done.exit_code == 0
    assert "wall / ideal" in done.stdout
    written = json.loads((tmp_path / "speed.json").read_text(encoding="utf-8"))
    assert written["settings"]["bulbs"] == 8
    assert len(written["claims"]["wall / ideal"]["repeats"]) == 1


def test_without_a_model_the_error_says_how_to_get_one(bulbinspect, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    done = bulbinspect("bench", "start")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "python train.py" in done.stderr


def test_a_benchmark_must_be_named(bulbinspect):
    done = bulbinspect("bench")
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
