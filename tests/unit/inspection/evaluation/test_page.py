"""What the page of an evaluation says, of figures that were made by hand."""

import numpy as np
import pytest
from tests.chromium import Chromium

from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.inspection.evaluation.costs import Line, cost_figures
from bulbinspect.inspection.evaluation.figures import measure
from bulbinspect.inspection.evaluation.learning import Epoch
from bulbinspect.inspection.evaluation.mistakes import worst_mistakes
from bulbinspect.inspection.evaluation.page import figure_sections
from bulbinspect.inspection.evaluation.strata import named_side, stratum_figures
from bulbinspect.metrics.cost_curve import operating_curve
from bulbinspect.report.page import write_page

NAME = "<img src=x onerror=alert(1)>"
TABLE = [("good", 0.1), ("good", 0.7), ("good", 0.2), ("crack", 0.3), ("crack", 0.9)]


def write(path, title, metrics, curve, learning=()):
    sections, plots = figure_sections(metrics, curve, learning)
    one = Prediction("b", Verdict.PASS, "m", defect_probability=0.1)
    write_page(path, title=title, predictions=[one], summary={}, sections=sections, plots=plots)


@pytest.fixture
def made(tiny_metadata):
    bulbs = [Bulb(f"{NAME}{n}", (), label) for n, (label, _) in enumerate(TABLE)]
    answers = [
        Prediction(
            bulb.bulb_id,
            Verdict.REJECT if probability >= 0.5 else Verdict.PASS,
            "m",
            defect_probability=probability,
        )
        for bulb, (_, probability) in zip(bulbs, TABLE, strict=True)
    ]
    metadata = tiny_metadata(classes=("good", "crack"))
    figures = measure([bulb.label for bulb in bulbs], answers, metadata)
    curve = operating_curve([label != "good" for label, _ in TABLE], [one for _, one in TABLE])
    line = Line(cost_escape=10, cost_overkill=1, prevalence=0.1)
    return {
        "model": "m" * 64,
        "manifest_sha256": "d" * 64,
        **figures,
        "strata": stratum_figures(bulbs, answers, {}),
        "named_side": named_side(bulbs, answers, {}),
        "costs": cost_figures(curve, figures, line),
        "mistakes": worst_mistakes(bulbs, answers, {}),
        "notes": ["something to know"],
    }, curve


def test_curves_tables_and_mistakes_are_on_the_page(made, tmp_path):
    metrics, curve = made
    write(tmp_path / "report.html", "Line 3", metrics, curve)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    for text in (
        "Line 3",
        "something to know",
        "Escape rate over overkill rate for every threshold",
        "Share of defective bulbs over their mean defect probability",
        "Errors cost 0.8 per bulb",  # 0.1 x 10 x 1/2 + 0.9 x 1 x 1/3
        "50.0 % (1.3–98.7)",
        "Worst escapes",
        "Worst overkill",
    ):
        assert text in page, text


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_can_be_read_in_a_browser_without_a_network(browser, made, tmp_path, scheme):
    metrics, curve = made
    write(tmp_path / "report.html", NAME, metrics, curve)
    browser.problems.clear()
    browser.open(tmp_path / "report.html", scheme=scheme, height=3000)
    assert browser.run("document.querySelector('#operating').checkVisibility()") is False
    browser.run("document.querySelector('#figures summary').click()")
    across, down = browser.run(
        "(() => { const b = document.querySelector('#operating circle').getBoundingClientRect();"
        " return [b.left + b.width / 2, b.top + b.height / 2]; })()"
    )
    seen = browser.screenshot().astype(int)
    paper, dot = seen[2, 2], seen[round(down), round(across)]
    assert paper.min() > 240 if scheme == "light" else paper.max() < 40
    assert dot.tolist() == [0xBF, 0x23, 0x18]
    assert seen[round(down) + 9, round(across) - 30].min() > 200  # plots keep their light paper
    button = "document.querySelector('#strata th button')"
    assert browser.run(f"{button}.disabled") is False  # the script may run, so the table sorts
    assert browser.run("document.querySelectorAll('img, [onerror]').length") == 0
    browser.press("f")
    assert browser.run("document.querySelector('#figures').open") is False
    assert browser.problems == []


def test_names_are_data_and_never_markup(made, tmp_path):
    metrics, curve = made
    write(tmp_path / "report.html", NAME, metrics, curve)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;3" in page


LEARNING = [Epoch(0, 0.7, 0.69, 0.5), Epoch(1, 0.4, 0.5, 0.875), Epoch(2, 0.3, 0.6, 0.8)]


def test_the_learning_curve_marks_the_epoch_that_was_taken(made, tmp_path):
    metrics, curve = made
    write(tmp_path / "report.html", "t", metrics, curve, LEARNING)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Epoch 1 of 0 to 2 had the best score on val, 0.8750" in page
    sections, plots = figure_sections(metrics, curve, LEARNING)
    assert plots["learning"].count("<polyline") == 3
    assert "learning" in {one.plot for one in sections}
    assert "learning" not in figure_sections(metrics, curve, LEARNING[:1])[1]


def test_it_says_what_became_of_each_kind(made):
    metrics, curve = made
    sections, _ = figure_sections(metrics, curve)
    [table] = [one.table for one in sections if one.id == "kinds"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["good", "3", "2", "0", "1", "0"],
        ["crack", "2", "1", "0", "1", "0"],
    ]


def test_of_many_classes_it_says_what_each_was_called(tiny_metadata):
    labels = ["apple", "apple", "pear", "plum"]
    called = ["apple", "pear", "pear", "apple"]
    answers = [
        Prediction(str(n), None, "m", label=name, class_probabilities=(0.5, 0.3, 0.2))
        for n, name in enumerate(called)
    ]
    metadata = tiny_metadata(classes=("apple", "pear", "plum"))
    sections, _ = figure_sections({"model": "m", **measure(labels, answers, metadata)}, None)
    [table] = [one.table for one in sections if one.id == "answers"]
    assert [[cell.text for cell in row] for row in table.rows] == [
        ["apple", "2", "1", "1", "0"],
        ["pear", "1", "0", "1", "0"],
        ["plum", "1", "1", "0", "0"],
    ]


def test_what_there_is_nothing_to_say_of_is_left_out(tiny_metadata, tmp_path):
    figures = {"model": "m", **measure([], [], tiny_metadata(classes=("apple", "pear")))}
    write(tmp_path / "report.html", "t", figures, None)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Rates" in page
    assert "Operating curve" not in page


def test_one_class_alone_has_no_curves(tiny_metadata, tmp_path):
    bulbs = [Bulb("a", (), "good")]
    answers = [Prediction("a", Verdict.PASS, "m", defect_probability=0.1)]
    metrics = {
        "model": "m",
        **measure(["good"], answers, tiny_metadata()),
        "strata": stratum_figures(bulbs, answers, {}),
        "named_side": named_side(bulbs, answers, {}),
        "costs": None,
        "mistakes": worst_mistakes(bulbs, answers, {}),
    }
    write(tmp_path / "report.html", "t", metrics, None)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Calibration" in page
    assert "Operating curve" not in page
    assert "Worst" not in page
    assert np.isclose(metrics["calibration"]["expected_calibration_error"], 0.1)
