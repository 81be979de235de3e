def test_the_card_goes_to_stdout_or_to_a_new_file(bulbinspect, tiny_bundle, tmp_path):
    tiny_bundle()
    shown = bulbinspect("card", "--model", "bundle.onnx")
    assert shown.exit_code == 0
    assert shown.stdout.startswith("# Model card: ")
    written = bulbinspect("card", "--model", "bundle.onnx", "--out", "model-card.md")
    assert (written.exit_code, written.stdout) == (0, "")
    assert (tmp_path / "model-card.md").read_text() == shown.stdout
    refused = bulbinspect("card", "--model", "bundle.onnx", "--out", "model-card.md")
    assert refused.exit_code == 2
    assert "exists" in refused.stderr


def test_no_bundle_is_one_line_and_exit_code_2(bulbinspect):
    done = bulbinspect("card", "--model", "nothing.onnx")
    assert done.exit_code == 2
    assert len(done.stderr.splitlines()) == 1
