import csv
import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from tests.shots import draw_shot

from bulbinspect.bundle.reference import MEASURES, learn_reference
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.load import load_views
from bulbinspect.inspection.source import find_bulbs

NUM = 60
RUN = ("drift", "line/manifest.csv", "--model", "bundle.onnx", "--out", "out")


def draw_line(folder: Path, *, seed: int, dimmed_from: int = NUM, view: int = 2) -> Path:
    """Draw bulbs of about gray 120, of which one camera shows 20 levels less from some bulb on."""
    random = np.random.default_rng(seed)
    rows = ["bulb_id,view,path,taken"]
    for number in range(NUM):
        name = f"b{number:02}"
        level = int(random.normal(120, 8))
        draw_shot(folder / name, level, seed=1000 * seed + number)
        if number >= dimmed_from:
            draw_shot(folder / f"{name}-dim", level - 20, seed=1000 * seed + number)
            (folder / f"{name}-dim" / f"{view}.png").replace(folder / name / f"{view}.png")
        day = f"2026-11-{number // 3 + 1:02}"
        rows += [f"{name},{one},{name}/{one}.png,{day}" for one in range(4)]
    (folder / "manifest.csv").write_text("\n".join(rows) + "\n")
    return folder


def brightness_of(folder, spec, view):
    bulbs = find_bulbs(folder / "manifest.csv").bulbs
    return [load_views(bulb.views, spec)[view].pixels.mean() / 255 for bulb in bulbs]


@pytest.fixture
def bundle(tmp_path: Path, tiny_bundle, tiny_metadata):
    """Return a bundle with the reference of bulbs in `then`."""
    spec = tiny_metadata().preprocess
    bulbs = find_bulbs(draw_line(tmp_path / "then", seed=1) / "manifest.csv").bulbs
    views = np.stack([[one.pixels for one in load_views(bulb.views, spec)] for bulb in bulbs])
    reference = learn_reference(
        views,
        np.ones(views.shape[:2], bool),
        view_names=("0", "1", "2", "3"),
        max_level=255,
        chosen_on="val",
        log_odds=8 * views.mean(axis=(1, 2, 3)) / 255 - 4,
        defective=np.zeros(NUM, bool),
    )
    return tiny_bundle(reference=reference.to_dict(), gate=Gate(min_brightness=0.3))


def test_a_line_as_it_was_ends_with_0(bulbinspect, bundle, tmp_path):
    draw_line(tmp_path / "line", seed=2)
    done = bulbinspect(*RUN)
    assert done.exit_code == 0, done.stdout + done.stderr
    assert "No drift was found." in done.stdout
    result = json.loads((tmp_path / "out" / "drift.json").read_text())
    assert (result["drift"], result["num_bulbs"], result["num_unjudged"]) == (False, NUM, 0)
    assert len(result["findings"]) == 4 * len(MEASURES) + 1


def test_the_dimmed_camera_is_named_with_the_day(bulbinspect, bundle, tmp_path, tiny_metadata):
    line = draw_line(tmp_path / "line", seed=3, dimmed_from=30)
    done = bulbinspect(*RUN, "--by", "taken")
    assert done.exit_code == 1, done.stdout + done.stderr
    assert "Camera '2' moved: brightness" in done.stdout
    findings = json.loads((tmp_path / "out" / "drift.json").read_text())["findings"]
    moved = [one for one in findings if one["state"] == "moved"]
    assert {one["camera"] for one in moved} == {"2"}
    found = next(one for one in moved if one["measure"] == "brightness")
    assert abs(found["since_number"] - 31) <= 3
    assert found["since_at"] in ("2026-11-10", "2026-11-11", "2026-11-12")
    spec = tiny_metadata().preprocess
    then, now = (brightness_of(one, spec, 2) for one in (tmp_path / "then", line))
    by_scipy = stats.ks_2samp(now[-found["window"] :], then, method="asymp")
    assert by_scipy.statistic - 2 / 24 <= found["statistic"] <= by_scipy.statistic + 1e-9
    assert found["median"] == pytest.approx(np.median(now[-found["window"] :]), abs=1e-9)
    page = (tmp_path / "out" / "report.html").read_text()
    assert "brightness" in page
    assert found["since"] in page


def test_a_camera_gone_dark_is_drift_though_nothing_is_judged(bulbinspect, bundle, tmp_path):
    line = draw_line(tmp_path / "line", seed=4)
    for number in range(NUM):
        draw_shot(line / f"{number}", 60, seed=9000 + number)
        (line / f"{number}" / "1.png").replace(line / f"b{number:02}" / "1.png")
    done = bulbinspect(*RUN)
    assert done.exit_code == 1
    assert "Camera '1' moved" in done.stdout
    assert "too few values (0)" in done.stdout  # of the network's answers
    result = json.loads((tmp_path / "out" / "drift.json").read_text())
    assert result["num_unjudged"] == NUM


def test_every_bulb_has_a_row_for_every_camera(bulbinspect, bundle, tmp_path):
    line = draw_line(tmp_path / "line", seed=5)
    (line / "b07" / "1.png").write_bytes(b"")
    (line / "b09" / "3.png").unlink()
    (line / "b11" / "0.png").write_bytes((line / "b11" / "2.png").read_bytes())
    manifest = line / "manifest.csv"
    lost = "b13,2,"
    rows = manifest.read_text().splitlines(keepends=True)
    manifest.write_text("".join(row for row in rows if not row.startswith(lost)))
    done = bulbinspect(*RUN)
    assert done.exit_code == 0, done.stdout + done.stderr
    with (tmp_path / "out" / "views.csv").open(newline="") as file:
        written = list(csv.DictReader(file))
    assert len(written) == 4 * NUM
    reasons = {(row["bulb_id"], row["camera"]): row["reason"] for row in written if row["reason"]}
    assert reasons == {
        ("b07", "1"): "empty_file",
        ("b09", "3"): "missing_file",
        ("b11", "0"): "identical_views",
        ("b11", "2"): "identical_views",
        ("b13", "2"): "missing_view",
    }
    unmeasured = {(row["bulb_id"], row["camera"]) for row in written if not row["brightness"]}
    assert unmeasured == set(reasons)


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--by", "made"), "no bulb has a column 'made'"),
        (("--alpha", "0"), "greater than or equal"),
    ],
)
def test_wrong_use_ends_with_2(bulbinspect, bundle, tmp_path, more, told):
    draw_line(tmp_path / "line", seed=6)
    done = bulbinspect(*RUN, *more)
    assert done.exit_code == 2
    assert told in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_bundle_without_reference_is_refused(bulbinspect, tiny_bundle, tmp_path):
    tiny_bundle()
    draw_line(tmp_path / "line", seed=7)
    done = bulbinspect(*RUN)
    assert done.exit_code == 2
    assert "no reference" in done.stderr
