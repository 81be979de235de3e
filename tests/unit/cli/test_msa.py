import csv
import json
from pathlib import Path

import pytest
from tests.shots import draw_shot

# group, label, limit, gray levels of its shots; 128 is where the tiny bundle begins to reject
BULBS = [
    ("one", "good", "no", (50, 60, 70)),
    ("two", "good", "yes", (110, 120, 130)),
    ("three", "crack", "no", (200, 210, 220)),
    ("four", "crack", "yes", (150, 140, 120)),
]
PEOPLE = (
    "bulb_id,anna-1,anna-2\none,pass,pass\ntwo,pass,pass\nthree,reject,reject\nfour-2,reject,pass\n"
)


def write_manifest(folder: Path, bulbs=BULBS, *, columns="group,limit") -> Path:
    rows = [f"bulb_id,view,path,label,{columns}"]
    for group, label, limit, levels in bulbs:
        for number, level in enumerate(levels, start=1):
            shot = f"{group}-{number}"
            draw_shot(folder / shot, level, seed=number)
            more = ",".join({"group": group, "limit": limit}[name] for name in columns.split(","))
            rows += [f"{shot},{view},{shot}/{view}.png,{label},{more}" for view in range(4)]
    path = folder / "manifest.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def manifest(tmp_path: Path, tiny_bundle) -> Path:
    tiny_bundle()
    return write_manifest(tmp_path)


JUDGE = ("msa", "--model", "bundle.onnx", "--manifest", "manifest.csv", "--out", "out")


def test_shots_are_judged_and_studied(bulbinspect, manifest, tmp_path):
    done = bulbinspect(*JUDGE)
    assert done.exit_code == 1, done.stderr
    result = json.loads((tmp_path / "out" / "msa.json").read_text())
    assert (result["num_bulbs"], result["num_shots"], result["num_limit"]) == (4, 12, 2)
    line = result["appraisers"][0]
    assert (line["within"]["num_hits"], line["effectiveness"]["num_hits"]) == (2, 2)
    assert (line["miss_rate"]["num_hits"], line["miss_rate"]["num_trials"]) == (1, 6)
    assert (line["false_alarm_rate"]["num_hits"], line["light"]) == (1, "unacceptable")
    assert "line" in done.stdout
    assert "16.7 %" in done.stdout
    assert "By its figures the line is unacceptable" in done.stdout
    assert done.stderr.count("warning") == 0
    with (tmp_path / "out" / "answers.csv").open(newline="") as file:
        answers = [row["answer"] for row in csv.DictReader(file)]
    assert answers == ["pass"] * 5 + ["reject"] * 6 + ["pass"]
    assert (tmp_path / "out" / "report.html").exists()


def test_a_line_that_is_always_right_ends_with_0(bulbinspect, tmp_path, tiny_bundle):
    tiny_bundle()
    write_manifest(tmp_path, [BULBS[0], ("three", "crack", "yes", (200, 210, 220))])
    done = bulbinspect(*JUDGE)
    assert done.exit_code == 0, done.stderr
    assert "At the unfavourable ends of their intervals it is unacceptable" in done.stdout


def test_people_stand_beside_the_line(bulbinspect, manifest, tmp_path):
    (tmp_path / "people.csv").write_text(PEOPLE)
    done = bulbinspect(*JUDGE, "--people", "people.csv")
    assert done.exit_code == 1, done.stderr
    result = json.loads((tmp_path / "out" / "msa.json").read_text())
    anna = result["appraisers"][1]
    assert (anna["name"], anna["effectiveness"]["num_hits"]) == ("anna", 3)
    assert result["between"]["pairs"][0]["names"] == ["line", "anna"]
    assert "anna" in done.stdout


@pytest.mark.parametrize("verb", ["predict", "evaluate"])
def test_recorded_verdicts_give_the_same_study(bulbinspect, manifest, tmp_path, verb):
    judge = {
        "predict": ("predict", "manifest.csv"),
        "evaluate": ("evaluate", "--manifest", "manifest.csv", "--split", "all"),
    }[verb]
    if verb == "evaluate":  # it wants labels that the bundle knows
        manifest.write_text(manifest.read_text().replace("crack", "defect"))
    assert bulbinspect(*judge, "--model", "bundle.onnx", "--out", "judged").exit_code == 0
    bulbinspect(*JUDGE)
    recorded = ("msa", "--results", "judged", "--manifest", "manifest.csv", "--out", "again")
    done = bulbinspect(*recorded)
    assert done.exit_code == 1, done.stderr
    now, before = (
        json.loads((tmp_path / name / "msa.json").read_text()) for name in ("out", "again")
    )
    (note,) = before.pop("warnings") or ["nothing in evaluate"]
    assert ("nothing in judged says" in note) is (verb == "predict")
    now.pop("warnings")
    assert now == before


def test_an_unjudged_shot_is_a_reject_shown_apart(bulbinspect, manifest, tmp_path):
    (tmp_path / "three-1" / "0.png").write_bytes(b"")
    (tmp_path / "one-1" / "0.png").write_bytes(b"")
    assert bulbinspect(*JUDGE).exit_code == 1
    result = json.loads((tmp_path / "out" / "msa.json").read_text())
    assert result["unjudged"] == {"empty_file": 2}
    line = result["appraisers"][0]
    assert line["false_alarm_rate"]["num_hits"] == 2
    assert line["miss_rate"]["num_hits"] == 1
    assert line["answers"]["good"] == {"pass": 4, "reject": 1, "review": 0, "unjudged": 1}


def test_the_same_picture_twice_is_no_second_shot(bulbinspect, manifest, tmp_path):
    copied = (tmp_path / "one-1" / "2.png").read_bytes()
    (tmp_path / "one-3" / "2.png").write_bytes(copied)
    done = bulbinspect(*JUDGE)
    assert "warning: 1 shot with a picture that another shot has already" in done.stderr
    assert "'one-3'" in done.stderr
    result = json.loads((tmp_path / "out" / "msa.json").read_text())
    assert (result["num_copies"], result["appraisers"][0]["num_trials"]) == (1, 11)


def test_without_limit_bulbs_it_warns(bulbinspect, tmp_path, tiny_bundle):
    tiny_bundle()
    write_manifest(tmp_path, columns="group")
    assert "warning: no limit bulbs" in bulbinspect(*JUDGE).stderr


def test_bulbs_that_the_network_learnt_from_are_named(bulbinspect, manifest, tmp_path):
    rows = ["bulb_id,split,label,group"]
    for group, label, _, levels in BULBS:
        split = "train" if group == "one" else "test"
        rows += [f"{group}-{number},{split},{label}," for number in range(1, len(levels) + 1)]
    (tmp_path / "split.csv").write_text("\n".join(rows) + "\n")
    done = bulbinspect(*JUDGE, "--splits", "split.csv")
    assert "warning: 3 shots in split train" in done.stderr
    out = ("--split", "test", "--splits", "split.csv", "--out", "tested")
    done = bulbinspect(*JUDGE[:-2], *out)
    assert "warning" not in done.stderr
    assert json.loads((tmp_path / "tested" / "msa.json").read_text())["num_bulbs"] == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("--results", "judged"), "leave out --model and --gate"),
        (("--split", "test"), "the manifest has no splits"),
        (("--people", "absent.csv"), "absent.csv cannot be read"),
        (("--confidence", "2"), "less than or equal to 0.999"),
    ],
)
def test_wrong_use_is_said_in_a_line(bulbinspect, manifest, tmp_path, arguments, text):
    done = bulbinspect(*JUDGE, *arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_bundle_that_names_classes_gives_no_verdicts(bulbinspect, manifest, tiny_bundle):
    tiny_bundle(classes=("apple", "pear"))
    done = bulbinspect(*JUDGE)
    assert done.exit_code == 2
    assert "no class `good`" in done.stderr


def test_groups_that_are_lots_are_refused(bulbinspect, manifest, tmp_path):
    manifest.write_text(
        manifest.read_text().replace("one,no", "lot,no").replace("three,no", "lot,no")
    )
    done = bulbinspect(*JUDGE)
    assert done.exit_code == 2
    assert "its shots are labelled 'good' and 'crack'" in done.stderr


def test_results_are_never_overwritten(bulbinspect, manifest, tmp_path):
    (tmp_path / "out").mkdir()
    done = bulbinspect(*JUDGE)
    assert done.exit_code == 2
    assert "out exists" in done.stderr
