"""What `bulbinspect calibrate` refuses, and that it writes nothing then."""

import pytest
from tests.overlapping import calibrate, point_of

from bulbinspect.data.manifest import read_manifest


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--split", "train"), "of bulbs that it learnt from a network is too sure"),
        (("--split", "all"), "1 of 61 bulbs are in train"),
        (("--split", "nowhere"), "no bulb is in split 'nowhere'"),
        (("--max-escape", "2"), "max_escape is 2.0, expected a number between 0 and 1"),
        (("--review", "--max-escape", "0.2"), "a review band lies between two rates"),
        (("--cost-escape", "2"), "give cost_escape and cost_overkill"),
        (("--out", "line.onx"), "a bundle is called NAME.onnx, not line.onx"),
        (("--out", "bundle.onnx"), "bundle.onnx exists"),
        (("--report", "good0"), "good0 exists"),
    ],
)
def test_wrong_use_is_one_line_and_nothing_is_written(
    bulbinspect, manifest, tmp_path, arguments, said
):
    manifest(odd="good,train")
    before = sorted(tmp_path.iterdir())
    done = calibrate(bulbinspect, *arguments)
    assert done.exit_code == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_manifest_that_was_learnt_from_needs_its_splits(
    bulbinspect, manifest, tmp_path, tiny_bundle
):
    path = manifest(split="")
    tiny_bundle(provenance={"manifest_sha256": read_manifest(path).sha256})
    done = calibrate(bulbinspect, "--split", "all")
    assert done.exit_code == 2
    assert "the network learnt from bulbs of this manifest" in done.stderr
    tiny_bundle(provenance={"manifest_sha256": "of another"})
    assert calibrate(bulbinspect, "--split", "all").exit_code == 0


def test_splits_of_a_run_take_the_place_of_the_manifests(bulbinspect, manifest, tmp_path):
    manifest(split="")
    bulbs = [bulb.bulb_id for bulb in read_manifest(tmp_path / "manifest.csv").bulbs]
    rows = [f"{name},{'train' if at % 2 else 'val'}" for at, name in enumerate(bulbs)]
    (tmp_path / "split.csv").write_text("\n".join(["bulb_id,split", *rows]) + "\n")
    assert calibrate(bulbinspect, "--splits", "split.csv").exit_code == 0
    assert point_of(tmp_path / "line.onnx").num_good == 15
    done = calibrate(bulbinspect, "--splits", "split.csv", "--split", "all", out="other.onnx")
    assert "30 of 60 bulbs are in train" in done.stderr


def test_a_bundle_without_good_class_has_no_threshold(bulbinspect, manifest, tiny_bundle):
    manifest()
    tiny_bundle(classes=("scratch", "defect"))
    done = calibrate(bulbinspect)
    assert done.exit_code == 2
    assert "no good class" in done.stderr


def test_unknown_labels_are_refused(bulbinspect, manifest):
    manifest(odd="crack,val")
    done = calibrate(bulbinspect)
    assert done.exit_code == 2
    assert "labelled 'crack'" in done.stderr
