import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from statsmodels.stats.proportion import proportion_confint
from tests.evidence_bundle import write_with_evidence

BULBS = {  # level, label, split
    "dark": (50, "good", "test"),
    "dim": (90, "good", "test"),
    "bright": (240, "defect", "test"),
    "faint": (60, "defect", "test"),
    "other": (50, "good", "train"),
}


@pytest.fixture
def manifest(tmp_path: Path, draw_bulb, tiny_bundle) -> Path:
    tiny_bundle()
    rows = ["bulb_id,view,path,label,split"]
    for bulb_id, (level, label, split) in BULBS.items():
        draw_bulb(tmp_path / bulb_id, [level] * 4)
        rows += [f"{bulb_id},{view},{bulb_id}/{view}.png,{label},{split}" for view in range(4)]
    path = tmp_path / "manifest.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def test_figures_are_those_computed_by_hand(bulbinspect, manifest, tmp_path):
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 0, done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert metrics["auroc"] == 0.75  # faint is above dark and below dim
    assert (metrics["escape_rate"], metrics["overkill_rate"]) == (0.5, 0.0)
    assert metrics["balanced_accuracy"] == 0.75
    assert (metrics["num_bulbs"], metrics["num_judged"], metrics["split"]) == (4, 4, "test")
    assert metrics["manifest_sha256"] == hashlib.sha256(manifest.read_bytes()).hexdigest()
    bundle = (tmp_path / "bundle.onnx").read_bytes()
    assert metrics["model"] == hashlib.sha256(bundle).hexdigest()
    assert "auroc: 0.7500" in done.stdout
    with (tmp_path / "out" / "predictions.csv").open(newline="") as file:
        assert [row["bulb_id"] for row in csv.DictReader(file)] == list(BULBS)[:4]


def test_unjudged_bulbs_are_outside_the_rates_and_exit_code_1(bulbinspect, manifest, tmp_path):
    (tmp_path / "faint" / "0.png").write_bytes(b"")
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 1
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (metrics["escape_rate"], metrics["num_judged"]) == (0.0, 3)
    assert metrics["unjudged"] == {"empty_file": 1}
    assert "unjudged because of empty_file: 1" in done.stderr


def test_the_splits_of_a_run_are_used(bulbinspect, manifest, tmp_path):
    rows = [f"{bulb_id},val,{label}," for bulb_id, (_, label, _) in BULBS.items()]
    (tmp_path / "split.csv").write_text("\n".join(["bulb_id,split,label,group", *rows]) + "\n")
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest]
    done = bulbinspect(*arguments, "--split", "val", "--splits", "split.csv", "--out", "out")
    assert done.exit_code == 0, done.stderr
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["num_bulbs"] == len(BULBS)


def test_a_label_the_bundle_does_not_know_is_refused(bulbinspect, manifest, tmp_path):
    manifest.write_text(manifest.read_text().replace("defect", "crack"))
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 2
    assert "it knows good, defect" in done.stderr
    assert "2 bulbs labelled 'crack'" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_manifest_without_splits_says_what_to_do(bulbinspect, manifest, tmp_path):
    with manifest.open(newline="") as file:
        rows = [row[:-1] for row in csv.reader(file)]
    manifest.write_text("\n".join(map(",".join, rows)) + "\n")
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest]
    done = bulbinspect(*arguments, "--out", "out")
    assert done.exit_code == 2
    assert "--split all" in done.stderr
    assert bulbinspect(*arguments, "--split", "all", "--out", "out").exit_code == 0


def test_results_are_never_overwritten(bulbinspect, manifest, tmp_path):
    (tmp_path / "out").mkdir()
    done = bulbinspect("evaluate", "--model", "absent", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 2
    assert "out exists" in done.stderr


def test_the_page_shows_the_bulbs_and_the_figures(bulbinspect, manifest, tmp_path):
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out"]
    done = bulbinspect(*arguments, "--html")
    assert done.exit_code == 0, done.stderr
    page = (tmp_path / "out" / "report.html").read_text()
    for text in ("dark", "faint", "AUROC", "0.750", "escape rate", "0.500", "labelled defect"):
        assert text in page
    for text in ("Operating curve", "Worst escapes", "50.0 % (1.3–98.7)"):
        assert text in page


def test_pictures_of_many_bulbs_may_lie_beside_the_page(bulbinspect, manifest, tmp_path):
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out"]
    assert bulbinspect(*arguments, "--html", "--pictures", "folder").exit_code == 0
    assert len(list((tmp_path / "out" / "report_files").iterdir())) == 16
    done = bulbinspect(*arguments[:-1], "second", "--pictures", "nowhere")
    assert done.exit_code == 2
    assert "--pictures is one of" in done.stderr


def test_every_rate_has_its_interval(bulbinspect, manifest, tmp_path):
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    low, high = proportion_confint(1, 2, alpha=0.05, method="beta")
    assert metrics["intervals"]["escape_rate"] == pytest.approx([low, high])
    assert f"escape_rate: 0.5000 ({low:.4f} to {high:.4f})" in done.stdout


def test_errors_are_told_by_kind_and_side_where_they_are_known(bulbinspect, manifest, tmp_path):
    truth = ["bulb_id,view,kind,visible_px"]
    truth += [
        f"{one},{view},crack,{9 * (view == 2)}" for one in ("bright", "faint") for view in range(4)
    ]
    (tmp_path / "truth.csv").write_text("\n".join(truth) + "\n")
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    strata = {(one["of"], one["name"]): one["escape_rate"] for one in metrics["strata"]}
    assert strata == {("kind", "defect"): 0.5, ("sides", "1"): 0.5, ("side", "2"): 0.5}
    assert metrics["named_side"]["num_bulbs"] == 1
    assert "shows on side" in done.stdout
    with (tmp_path / "out" / "strata.csv").open(newline="") as file:
        assert [row["escape_rate"] for row in csv.DictReader(file)] == ["0.5"] * 3


def test_the_worst_mistakes_are_named(bulbinspect, manifest, tmp_path):
    bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    mistakes = json.loads((tmp_path / "out" / "metrics.json").read_text())["mistakes"]
    assert [one["bulb_id"] for one in mistakes["escapes"]] == ["faint"]
    assert mistakes["overkills"] == []


def test_costs_are_those_computed_by_hand(bulbinspect, manifest, tmp_path):
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out"]
    line = ["--cost-escape", "100", "--cost-overkill", "2", "--prevalence", "0.01"]
    done = bulbinspect(*arguments, *line)
    costs = json.loads((tmp_path / "out" / "metrics.json").read_text())["costs"]
    assert costs["line"]["cost_per_bulb"] == pytest.approx(0.01 * 100 * 0.5)
    assert costs["line"]["reject_all"] == pytest.approx(0.99 * 2)
    assert "Errors cost 0.5 per bulb" in done.stdout
    header, *rows = (tmp_path / "out" / "operating-curve.csv").read_text().splitlines()
    assert header == "threshold,escape_rate,overkill_rate,cost_per_bulb"
    assert len(rows) == 5  # four probabilities, and above them


def test_costs_without_a_prevalence_are_refused_before_any_work(bulbinspect, manifest, tmp_path):
    arguments = ["evaluate", "--model", "absent", "--manifest", manifest, "--out", "out"]
    done = bulbinspect(*arguments, "--cost-escape", "100")
    assert done.exit_code == 2
    assert "need all three" in done.stderr
    assert not (tmp_path / "out").exists()


def test_fewer_views_are_judged_where_that_is_asked_for(bulbinspect, manifest, tmp_path):
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out"]
    done = bulbinspect(*arguments, "--fewer-views")
    assert done.exit_code == 0, done.stderr
    fewer = json.loads((tmp_path / "out" / "metrics.json").read_text())["fewer_views"]
    # the views of a bulb are alike, and the network takes their mean
    assert [one["escape_rate"] for one in fewer["by_number"]] == [0.5] * 4
    assert [one["judged_on_line"] for one in fewer["by_number"]] == [True, False, False, False]


def test_bulbs_of_one_group_get_a_note(bulbinspect, manifest, tmp_path):
    text = manifest.read_text().splitlines()
    manifest.write_text("\n".join([text[0] + ",group", *(row + ",lot" for row in text[1:])]) + "\n")
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert "note: the 4 judged bulbs are of 1 groups" in done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    (lot,) = [one for one in metrics["strata"] if one["of"] == "group"]
    assert (lot["num_good"], lot["num_defective"]) == (2, 2)


@pytest.mark.parametrize(
    "asked",
    [["--fewer-views"], ["--cost-escape", "1", "--cost-overkill", "1", "--prevalence", "0.1"]],
)
def test_of_a_bundle_without_good_class_no_verdicts_are_asked(
    bulbinspect, manifest, tmp_path, tiny_bundle, asked
):
    tiny_bundle(classes=("apple", "pear"))
    manifest.write_text(manifest.read_text().replace("good", "apple").replace("defect", "pear"))
    arguments = ["evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out"]
    done = bulbinspect(*arguments, *asked)
    assert done.exit_code == 2
    assert "no good class" in done.stderr
    assert not (tmp_path / "out").exists()
    assert bulbinspect(*arguments).exit_code == 0


def test_one_class_alone_has_no_curve(bulbinspect, manifest, tmp_path):
    manifest.write_text(manifest.read_text().replace(",defect,", ",good,"))
    done = bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert done.exit_code == 0, done.stderr
    metrics = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert (metrics["costs"], metrics["auroc"], metrics["escape_rate"]) == (None, None, None)
    assert not (tmp_path / "out" / "operating-curve.csv").exists()


def test_the_peak_of_the_evidence_map_is_held_against_the_masks(
    bulbinspect, manifest, tmp_path, tiny_metadata
):
    write_with_evidence(tmp_path / "maps.onnx", tiny_metadata())
    masks = tmp_path / "truth"
    masks.mkdir()
    for view in range(4):  # the place at the top left is the brightest of view 1 of this bulb
        defect = np.zeros((16, 16), np.uint8)
        defect[0, 0] = 255 * (view == 1)
        Image.fromarray(defect).save(masks / f"bright_{view}.png")
    spot = np.full((16, 16), 245, np.uint8)
    spot[:4, :4] = 255
    (picture,) = (tmp_path / "bright").glob("1.png")
    Image.fromarray(spot).save(picture)
    done = bulbinspect("evaluate", "--model", "maps.onnx", "--manifest", manifest, "--out", "out")
    peak = json.loads((tmp_path / "out" / "metrics.json").read_text())["evidence_peak"]
    assert (peak["rejected_defective"], peak["within"]) == (1, 1)
    assert peak["interval"] == pytest.approx(proportion_confint(1, 1, alpha=0.05, method="beta"))
    assert peak["by_chance"] == pytest.approx(1 / 64)  # one of 4 places on 4 x 4 views
    assert "peak of the evidence map lies within the defect on 1 of 1 bulbs" in done.stdout


def test_without_maps_there_is_no_peak(bulbinspect, manifest, tmp_path):
    (tmp_path / "truth").mkdir()
    bulbinspect("evaluate", "--model", "bundle.onnx", "--manifest", manifest, "--out", "out")
    assert json.loads((tmp_path / "out" / "metrics.json").read_text())["evidence_peak"] is None
