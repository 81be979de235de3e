import csv
import itertools
import json
import re
from xml.etree import ElementTree

import jsonschema
import pytest
from PIL import Image
from tests.page import Page
from tests.results_schema import SCHEMA
from tests.run_folders import BADLY, WELL, Made

from bulbinspect.errors import UsageError
from bulbinspect.study.compare import compare
from bulbinspect.study.interval import Resampling
from bulbinspect.study.plot_style import apart
from bulbinspect.study.plots import PLOTS
from bulbinspect.study.write import COLUMNS, write_result

HOSTILE = "<script>alert(1)</script>\"'&|*_`[x](javascript:alert(1))$\\frac{\n\x1b[31m\u202e電"
MEASURED = {
    "orders": {
        "num_bulbs": 8,
        "num_orders": 24,
        "changed_bulbs": 2,
        "mean_changed": 0.1,
        "largest_change": 0.4,
    },
    "fewer_views": {"4": {"auroc": 0.9, "escape_rate": 0.1, "overkill_rate": 0.1}},
    "cost": {"parameters": 300000, "flops_per_bulb": 2e7, "train_s": 60, "judge_ms": 3},
}


@pytest.fixture
def written(runs, tmp_path):
    """Compare what `runs` has written, and write the result."""

    def write(name="out", **options):
        result = compare([runs.root], resampling=Resampling(100), **options)
        write_result(tmp_path / name, result)
        return tmp_path / name

    return write


def add_arms(runs, arms, sizes=(100, 200), seeds=2, test=None):
    for at, arm in enumerate(arms):
        for size in sizes:
            for seed in range(seeds):
                bulbs = test or (WELL if at % 2 == 0 else BADLY)
                name = f"{at}-{size}-{seed}"
                runs.add(arm, name=name, size=size, seed=seed, test=bulbs, measured=MEASURED)


def test_every_file_is_there_and_says_the_same(runs, written):
    add_arms(runs, ["siamese", "channel_shuffle", "early_fusion"])
    out = written()
    plots = {f"{name}.{ending}" for name in PLOTS for ending in ("svg", "png")}
    files = {"report.html", "report.md", "results.csv", "results.json"}
    assert {path.name for path in out.iterdir()} == files | plots
    result = json.loads((out / "results.json").read_text())
    jsonschema.validate(result, SCHEMA)
    with (out / "results.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[: len(COLUMNS)] == list(COLUMNS)
    assert len(rows) == len(result["runs"]) == 12
    for row, run in zip(rows, result["runs"], strict=True):
        assert {key: "" if run[key] is None else str(run[key]) for key in row} == row
    page = Page((out / "report.html").read_text())
    for said in ("0.812", "early_fusion", "channel_shuffle", "300 k"):  # 13/16
        assert said in page.text
        assert said in (out / "report.md").read_text()


def test_the_same_runs_give_the_same_bytes(runs, written):
    add_arms(runs, ["siamese", "channel_shuffle", HOSTILE])
    one, two = written("one"), written("two")
    assert {path.name: path.read_bytes() for path in one.iterdir()} == {
        path.name: path.read_bytes() for path in two.iterdir()
    }


def test_no_file_holds_a_place_of_this_machine(runs, written, tmp_path):
    add_arms(runs, ["siamese", "channel_shuffle"])
    for path in written().iterdir():
        assert str(tmp_path).encode() not in path.read_bytes()


def test_names_are_data_and_never_markup(runs, written):
    runs.data = HOSTILE
    test = {HOSTILE: Made(0.1), "b": Made(0.9, HOSTILE, HOSTILE), "c": Made(0.2, "dent")}
    add_arms(runs, ["siamese", HOSTILE, f"=1+1{HOSTILE}"], test=test)
    out = written(reference=HOSTILE, baseline="siamese")
    page = Page((out / "report.html").read_text())
    assert len(page.all("script")) == 1
    assert len(page.all("style")) == 1 + len(PLOTS)
    assert not [a for _, a in page.elements if any(key.startswith("on") for key in a)]
    assert not [a for a in page.all("a") if not a["href"].startswith("#")]
    assert page.text.count("<script>alert(1)</script>") > 10
    markdown = (out / "report.md").read_text()
    assert "<script" not in markdown
    assert "](javascript" not in markdown.replace("\\]", "")
    for name in PLOTS:
        tree = ElementTree.parse(out / f"{name}.svg")  # noqa: S314  # ours
        assert {one.tag.rpartition("}")[2] for one in tree.iter()} <= SVG_ELEMENTS
        assert "<script>" in "".join(tree.getroot().itertext())
    with (out / "results.csv").open(newline="") as file:
        arms = {row["arm"] for row in csv.DictReader(file)}
    assert not [arm for arm in arms if arm.startswith("=") or "\x1b" in arm]


SVG_ELEMENTS = {
    "svg", "g", "defs", "style", "path", "use", "text", "tspan", "clipPath", "rect", "metadata",
    "RDF", "Work", "type", "resource", "title", "creator", "date", "format", "Agent",
}  # fmt: skip


def test_dollars_in_a_name_are_no_formula(runs, written):
    add_arms(runs, ["siamese", "$\\frac{$"])
    out = written()
    for name in PLOTS:
        root = ElementTree.parse(out / f"{name}.svg").getroot()  # noqa: S314  # ours
        assert "$\\frac{$" in "".join(root.itertext())


def test_the_page_opens_with_no_network(runs, written):
    add_arms(runs, ["siamese", "channel_shuffle"])
    page = Page((written() / "report.html").read_text())
    (policy,) = [meta["content"] for meta in page.all("meta") if "http-equiv" in meta]
    assert re.fullmatch(
        r"default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
        r"script-src 'sha256-[\w+/=]+'; base-uri 'none'; form-action 'none'",
        policy,
    )
    for _, attrs in page.elements:
        for key in ("src", "href", "xlink:href"):
            assert attrs.get(key, "#").startswith("#")
    assert set(re.findall(r"url\((.)", page.source)) <= {"#"}
    assert "@import" not in page.source


def test_every_id_of_the_page_is_there_once_and_every_reference_leads_to_one(runs, written):
    add_arms(runs, ["siamese", "channel_shuffle", "third"])
    page = Page((written() / "report.html").read_text())
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    used = [
        attrs[key][1:]
        for _, attrs in page.elements
        for key in ("href", "xlink:href")
        if key in attrs
    ]
    used += re.findall(r"url\(#([^)]*)\)", page.source)
    assert set(used) <= set(ids)


def test_what_was_not_measured_has_no_plot(runs, written):
    runs.add("siamese", budget=None)
    out = written()
    plots = {path.stem for path in out.glob("*.svg")}
    assert plots == {"learning-curves"}
    page = Page((out / "report.html").read_text())
    assert "without study.json" in page.text


def test_twenty_two_arms_stay_legible(runs, written):
    arms = ["siamese", "channel_shuffle", *(f"an_arm_with_a_longish_name_{at}" for at in range(20))]
    add_arms(runs, arms, sizes=(25, 50, 100, 200, 400, 800), seeds=1)
    out = written()
    svg = "{http://www.w3.org/2000/svg}"
    for name in PLOTS:
        root = ElementTree.parse(out / f"{name}.svg").getroot()  # noqa: S314  # ours
        width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
        texts = [
            (float(x), float(y), "".join(one.itertext()))
            for one in root.iter(f"{svg}text")
            for x, y in [_place(one)]
        ]
        assert all(0 <= x < width and 6 < y < height for x, y, _ in texts), name
        named = {words for _, _, words in texts}
        reference = {"siamese"} if name == "differences" else set()
        expected = {arm if len(arm) <= 28 else arm[:25] + "..." for arm in arms} - reference
        assert len(named & expected) == len(expected), name
        rows = sorted(y for _, y, words in texts if words in expected)
        assert min(b - a for a, b in itertools.pairwise(rows)) > 7, name  # 8 pt letters
        with Image.open(out / f"{name}.png") as picture:
            assert min(picture.size) > 400


def _place(text):
    """Return where a text of the SVG begins."""
    style = dict(text.attrib)
    if "x" in style:
        return style["x"], style["y"]
    return re.search(r"translate\(([-\d.]+) ([-\d.]+)\)", style["transform"]).groups()


@pytest.mark.parametrize(
    ("places", "gap", "expected"),
    [
        ([0.2, 0.8], 0.1, [0.2, 0.8]),
        ([0.5, 0.5, 0.5], 0.1, [0.4, 0.5, 0.6]),
        ([0.5, 0.45], 0.1, [0.525, 0.425]),
        ([1.0, 1.0], 0.1, [0.9, 1.0]),
        ([0.0, 0.0], 0.1, [0.0, 0.1]),
        ([0.7, 0.7, 0.7], 0.9, [0.0, 0.5, 1.0]),
        ([0.3], 0.1, [0.3]),
        ([], 0.1, []),
    ],
)
def test_labels_make_room_for_each_other(places, gap, expected):
    assert apart(places, gap) == pytest.approx(expected)


def test_results_are_never_overwritten(runs, written, tmp_path):
    runs.add()
    (tmp_path / "out").mkdir()
    with pytest.raises(UsageError, match="out exists"):
        written()


def test_a_failure_leaves_nothing_behind(runs, written, tmp_path, monkeypatch):
    runs.add()

    def fail(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("bulbinspect.study.write.draw", fail)
    with pytest.raises(UsageError, match="No space left on device; nothing is there"):
        written()
    assert [path.name for path in tmp_path.iterdir()] == ["runs"]
