"""The learning curve is read from beside the bundle, and what cannot be read is left out."""

from bulbinspect.inspection.evaluation.learning import Epoch, read_learning

HEAD = "epoch,step,learning_rate,train/loss,val/auroc,val/loss,val/score"


def test_epochs_come_from_the_run_folder(tmp_path):
    rows = ["0,25,0.001,0.70,0.5,0.69,0.51", "1,50,0.002,0.50,0.8,0.55,0.81"]
    (tmp_path / "metrics.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    found = read_learning(tmp_path / "bundle.onnx")
    assert found == [Epoch(0, 0.7, 0.69, 0.51), Epoch(1, 0.5, 0.55, 0.81)]


def test_a_bundle_by_itself_has_none(tmp_path):
    assert read_learning(tmp_path / "bundle.onnx") == []


def test_what_is_no_epoch_is_left_out(tmp_path):
    rows = ["0,25,0.001,0.70,0.5,0.69,0.51", "1,50,0.002,nan,0.8,0.55,0.81", "x", "2,75,0.1,many"]
    (tmp_path / "metrics.csv").write_text("\n".join([HEAD, *rows]) + "\n")
    assert len(read_learning(tmp_path / "bundle.onnx")) == 1
    (tmp_path / "metrics.csv").write_bytes(b"\xff\xfe not a table\n\x00,\n")
    assert read_learning(tmp_path / "bundle.onnx") == []


def test_a_file_that_cannot_be_read_costs_the_curve_only(tmp_path):
    (tmp_path / "metrics.csv").write_text(f'{HEAD}\n0,25,0.001,"{"7" * 200_000}",0.5,0.69,0.51\n')
    assert read_learning(tmp_path / "bundle.onnx") == []
