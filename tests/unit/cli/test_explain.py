import json

import pytest

BRIGHT = [240, 250, 200, 220]


@pytest.fixture
def drawn(tmp_path, draw_bulb, tiny_bundle):
    tiny_bundle()
    draw_bulb(tmp_path / "pictures" / "lamp", BRIGHT)
    lines = [f"lamp-7,{view},pictures/lamp/{view}.png" for view in range(4)]
    (tmp_path / "manifest.csv").write_text("\n".join(["bulb_id,view,path", *lines, ""]))


def test_a_bulb_is_explained_into_a_folder(bulbinspect, drawn, tmp_path):
    done = bulbinspect("explain", "pictures/lamp", "--model", "bundle.onnx", "--out", "why")
    assert done.exit_code == 0
    head, columns, *rows = done.stdout.splitlines()
    assert head.startswith("lamp: reject, defect probability 0.9")
    assert columns.split()[:2] == ["view", "alone"]
    assert [row.split()[0] for row in rows] == list("0123")
    assert "not trained with absent views" in done.stderr
    figures = json.loads((tmp_path / "why" / "explanation.json").read_text())
    assert (figures["bulb_id"], figures["method"], figures["patch_px"]) == ("lamp", "occlusion", 2)


def test_a_bulb_of_a_manifest_is_named_by_its_id(bulbinspect, drawn, tmp_path):
    asked = ["explain", "--manifest", "manifest.csv", "--model", "bundle.onnx", "--out", "why"]
    done = bulbinspect(*asked, "lamp-7", "--patch", "8", "--stride", "8")
    assert done.exit_code == 0
    figures = json.loads((tmp_path / "why" / "explanation.json").read_text())
    assert (figures["bulb_id"], figures["tops_px"]) == ("lamp-7", [0, 8])


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["lamp"], "lamp is no folder"),
        (["pictures"], "there are no pictures in pictures"),
        (["lamp", "--manifest", "manifest.csv"], "no bulb 'lamp' in manifest.csv"),
        (["pictures/lamp", "--method", "evidence"], "use --method occlusion"),
        (["pictures/lamp", "--patch", "40"], "must fit into 16 x 16 px"),
    ],
)
def test_what_cannot_be_is_one_line_and_exit_code_2(bulbinspect, drawn, tmp_path, arguments, text):
    done = bulbinspect("explain", *arguments, "--model", "bundle.onnx", "--out", "why")
    assert done.exit_code == 2
    assert text in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "why").exists()
