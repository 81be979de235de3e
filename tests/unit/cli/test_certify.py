import json

import numpy as np
import pytest
from tests.foreign_graph import UINT8, foreign_graph
from tests.ordered_bundle import defect_probability_by_hand, write_ordered

BULBS = {
    "even": ([100, 101, 102, 103], "good", "test"),
    "turns": ([20, 20, 200, 220], "defect", "test"),
    "other": ([250, 240, 230, 220], "defect", "train"),
}
FOREIGN = ("--foreign", "foreign.onnx", "--answer", "logits", "--defective", "1")


@pytest.fixture
def manifest(tmp_path, draw_bulb):
    rows = ["bulb_id,view,path,label,split"]
    for bulb_id, (levels, label, split) in BULBS.items():
        draw_bulb(tmp_path / "pictures" / bulb_id, levels)
        rows += [
            f"{bulb_id},cam{view},pictures/{bulb_id}/{view}.png,{label},{split}"
            for view in range(4)
        ]
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def foreign(tmp_path):
    def write(**options):
        (tmp_path / "foreign.onnx").write_bytes(foreign_graph(**options))

    return write


def test_a_bundle_that_minds_no_order_is_certified(bulbinspect, manifest, tiny_bundle):
    tiny_bundle()
    done = bulbinspect("certify", manifest, "--model", "bundle.onnx")
    assert done.exit_code == 0, done.stderr
    assert "3 of 3 bulbs judged in all 24 orders" in done.stdout
    last = done.stdout.splitlines()[-1]
    assert last == "certified: no verdict changes, and no probability by more than 1e-05"
    assert "the bulbs that change most" not in done.stdout


def test_a_bundle_that_minds_the_order_is_not(bulbinspect, manifest, tiny_metadata, tmp_path):
    write_ordered(tmp_path / "bundle.onnx", tiny_metadata())
    done = bulbinspect("certify", manifest, "--model", "bundle.onnx", "--json", "out.json")
    assert done.exit_code == 1, done.stderr
    lines = done.stdout.splitlines()
    assert lines[-1].startswith("not certified: 1 of 3 bulbs change their verdict, largest change ")
    first = next(line for line in lines if line.startswith("turns"))
    lowest = defect_probability_by_hand([220, 200, 20, 20])
    highest = defect_probability_by_hand([20, 20, 200, 220])
    assert f"{lowest:.3g} pass" in first
    assert f"{highest:.3g} reject" in first
    plain = json.loads((tmp_path / "out.json").read_text())
    assert plain["certified"] is False
    assert plain["bulbs"][0]["bulb_id"] == "turns"
    assert plain["every_order"]["num_orders"] == 23
    assert plain["shifts"]["num_orders"] == 3


def test_only_the_bulbs_of_a_split_are_tried(bulbinspect, manifest, tiny_bundle, tmp_path):
    tiny_bundle()
    done = bulbinspect("certify", manifest, "--model", "bundle.onnx", "--split", "test")
    assert "2 of 2 bulbs judged" in done.stdout
    rows = ["bulb_id,split,label,group", *(f"{name},val,," for name in BULBS)]
    (tmp_path / "split.csv").write_text("\n".join(rows) + "\n")
    splits = ("--split", "val", "--splits", "split.csv")
    done = bulbinspect("certify", manifest, "--model", "bundle.onnx", *splits)
    assert "3 of 3 bulbs judged" in done.stdout


def test_unjudged_bulbs_are_said(bulbinspect, manifest, tiny_bundle, tmp_path):
    tiny_bundle()
    (tmp_path / "pictures" / "turns" / "1.png").write_bytes(b"")
    done = bulbinspect("certify", manifest, "--model", "bundle.onnx")
    assert done.exit_code == 0
    assert "2 of 3 bulbs judged" in done.stdout
    assert "left out because of empty_file: 1" in done.stdout


def test_where_no_bulb_was_judged_nothing_is_certified(bulbinspect, tmp_path, tiny_bundle):
    tiny_bundle()
    (tmp_path / "pictures" / "a").mkdir(parents=True)
    done = bulbinspect("certify", "pictures", "--model", "bundle.onnx")
    assert (done.exit_code, "certified:" in done.stdout) == (2, False)
    assert "none of 1 bulbs was judged" in done.stderr


def test_a_foreign_network_is_tried_like_a_bundle(bulbinspect, manifest, foreign, tmp_path):
    foreign()
    done = bulbinspect("certify", manifest, *FOREIGN, "--json", "out.json")
    assert done.exit_code == 1, done.stderr
    plain = json.loads((tmp_path / "out.json").read_text())
    turns = next(row for row in plain["bulbs"] if row["bulb_id"] == "turns")
    expected = defect_probability_by_hand(BULBS["turns"][0])
    assert turns["defect_probability"] == pytest.approx(expected, rel=1e-4)
    lowest = turns["lowest"]
    assert set(lowest["order"][:2]) == {"cam2", "cam3"}
    assert lowest["verdict"] == "pass"
    foreign(places=(0.25,) * 4)
    assert bulbinspect("certify", manifest, *FOREIGN).exit_code == 0


def test_its_threshold_and_its_scale_are_those_that_are_said(
    bulbinspect, manifest, foreign, tmp_path
):
    foreign(white=2.0, side="S")
    options = ("--scale", "0,2", "--fit", "stretch", "--size", "16x16", "--tolerance", "1")
    assert bulbinspect("certify", manifest, *FOREIGN, *options).exit_code == 1
    high = (*options, "--threshold", "0.9999", "--json", "out.json")
    done = bulbinspect("certify", manifest, *FOREIGN, *high)
    assert done.exit_code == 0, done.stderr
    assert "threshold 0.9999" in done.stdout
    rows = json.loads((tmp_path / "out.json").read_text())["bulbs"]
    found = {row["bulb_id"]: row["defect_probability"] for row in rows}
    expected = {name: defect_probability_by_hand(levels) for name, (levels, *_) in BULBS.items()}
    assert found == pytest.approx(expected, rel=1e-4)


def test_stacked_views_go_into_a_foreign_network(bulbinspect, foreign, tmp_path):
    foreign(element=UINT8, white=255.0)
    (tmp_path / "stacks").mkdir()
    flat = np.broadcast_to(np.uint8([20, 21, 200, 220]), (16, 16, 4))
    np.save(tmp_path / "stacks" / "a.npy", flat)
    done = bulbinspect("certify", "stacks", *FOREIGN, "--views-in", "channels")
    assert done.exit_code == 1, done.stderr
    assert "1 of 1 bulbs judged" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--model", "bundle.onnx", "--answer", "logits"), "--answer: a bundle says that itself"),
        (("--model", "bundle.onnx", *FOREIGN), "in place of --model"),
        ((*FOREIGN, "--gate", "off"), "no --gate"),
        (("--foreign", "foreign.onnx", "--defective", "1"), "say what the foreign network answers"),
        (("--foreign", "foreign.onnx", "--answer", "logits"), "say which class"),
        ((*FOREIGN, "--good", "0"), "say which class"),
        ((*FOREIGN, "--output", "score"), "say which output"),
        ((*FOREIGN, "--scale", "0-1"), "--scale is '0-1'"),
        ((*FOREIGN, "--size", "big"), "--size is 'big'"),
        ((*FOREIGN, "--size", "8x8"), "16 as height"),
        ((*FOREIGN, "--fit", "squeeze"), "fit must be"),
        ((*FOREIGN, "--views-in", "pages"), "is a manifest"),
        (("--foreign", "bundle.onnx", "--answer", "logits", "--good", "0"), "one input"),
        (("--foreign", "absent.onnx", "--answer", "logits", "--good", "0"), "no such file"),
        (("--model", "absent.onnx"), "no bundle at"),
        (("--model", "bundle.onnx", "--json", "out.txt"), "ends with .json"),
        (("--model", "bundle.onnx", "--split", "val"), "no bulb is in split 'val'"),
        (("--model", "bundle.onnx", "--tolerance", "inf"), "--tolerance is inf"),
    ],
)
def test_wrong_use_is_one_line_and_exit_code_2(
    bulbinspect, manifest, foreign, tiny_bundle, arguments, says
):
    foreign()
    tiny_bundle()
    done = bulbinspect("certify", manifest, *arguments)
    assert (done.exit_code, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1, done.stderr
    assert says in done.stderr


def test_a_folder_has_no_splits(bulbinspect, manifest, tiny_bundle):
    tiny_bundle()
    done = bulbinspect("certify", "pictures", "--model", "bundle.onnx", "--split", "test")
    assert (done.exit_code, "no splits" in done.stderr) == (2, True)


@pytest.mark.parametrize("side", ["S", 16])
def test_a_graph_of_any_size_must_be_told_one(bulbinspect, manifest, foreign, side):
    foreign(side=side)
    done = bulbinspect("certify", manifest, *FOREIGN)
    assert ("any size" in done.stderr) == (side == "S")
    assert bulbinspect("certify", manifest, *FOREIGN, "--size", "16x16").exit_code == 1


def test_another_number_of_views_is_refused(bulbinspect, manifest, foreign):
    foreign(places=(0.5, 0.5))
    done = bulbinspect("certify", manifest, *FOREIGN)
    assert done.exit_code == 2
    assert "the graph takes 2 views, and no bulb has as many; bulbs have 4" in done.stderr


def test_logits_said_to_be_probabilities_are_found(bulbinspect, manifest, foreign):
    foreign()
    done = bulbinspect(
        "certify", manifest, "--foreign", "foreign.onnx", "--answer", "probabilities", "--good", "0"
    )
    assert done.exit_code == 0  # the good class has the logit 0
    options = ("--answer", "probabilities", "--defective", "1")
    done = bulbinspect("certify", manifest, "--foreign", "foreign.onnx", *options)
    assert done.exit_code == 2
    assert "are they logits?" in done.stderr
