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


def test_training_takes_the_trunks_that_are_named(bulbinspect):
    few = ("--size", "32", "--batch", "4", "--steps", "2", "--repeats", "1")
    done = bulbinspect("bench", "training", "--trunks", "compact_half", *few)
    assert done.exit_code == 0
    assert "compact_half: full / bare" in done.stdout
    assert "resnet18" not in done.stdout


def test_an_unknown_trunk_is_refused_with_the_known_ones(bulbinspect):
    done = bulbinspect("bench", "training", "--trunks", "compakt")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "compact_half" in done.stderr


def test_to_name_no_trunk_is_refused(bulbinspect):
    done = bulbinspect("bench", "training", "--trunks", " ,")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "names no trunk" in done.stderr
