import base64
import hashlib
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tests.page import Page

from bulbinspect.bulb import Prediction, Verdict, ViewPrediction
from bulbinspect.report.page import write_page
from bulbinspect.report.page_pictures import Pictures

MODEL = "4f1c02d9"
HOSTILE = "<img src=x onerror=alert(1)>\n</script>\udcff\u202e\x1b[31m"


@pytest.fixture
def page(tmp_path):
    def write(*predictions, **options):
        path = tmp_path / "page.html"
        given = {"title": "Lot 7", "summary": {"Test AUROC": "0.991"}, **options}
        write_page(path, predictions=iter(predictions), **given)
        return Page(path.read_text(encoding="utf-8"))

    return write


@pytest.fixture
def view(tmp_path):
    def draw(name, level=100, **fields):
        path = tmp_path / f"{len(list(tmp_path.iterdir()))}.png"
        Image.fromarray(np.full((6, 4), level, np.uint8)).save(path)
        return ViewPrediction(name, path, **fields)

    return draw


@pytest.fixture
def rejected(view):
    return Prediction(
        "b2",
        Verdict.REJECT,
        MODEL,
        reason="defect",
        label="crack",
        defect_probability=0.9375,
        defective_view="3",
        views=tuple(view(str(n), defect_probability=0.25 * n) for n in range(1, 5)),
    )


def test_every_bulb_has_one_row_with_its_verdict_as_colour_and_word(page):
    written = page(
        Prediction("b1", Verdict.PASS, MODEL, label="good", defect_probability=0.1),
        Prediction("b2", Verdict.REJECT, MODEL, reason="defect", defect_probability=0.9),
        Prediction("b3", Verdict.REVIEW, MODEL, reason="close", defect_probability=0.5),
        Prediction("b4", Verdict.UNJUDGED, MODEL, reason="missing_view", detail="side 3 of 4"),
        Prediction("b5", Verdict.UNJUDGED, MODEL, reason="truncated"),
    )
    assert [row["class"] for row in written.all("li")] == [
        "bulb pass",
        "bulb reject",
        "bulb review",
        "bulb unjudged",
        "bulb unjudged",
    ]
    assert written.texts["h2"] == ["b1", "b2", "b3", "b4", "b5"]
    verdicts = [text for text in written.texts["p"] if text in {"Pass", "Reject", "Unjudged"}]
    assert verdicts == ["Pass", "Reject", "Unjudged", "Unjudged"]
    assert {"missing_view", "truncated", "close"} <= set(written.texts["code"])
    assert "side 3 of 4" in written.texts["p"]


def test_counts_stand_on_top_although_the_bulbs_come_one_by_one(page):
    bulbs = [Prediction(f"b{n}", Verdict.PASS, MODEL) for n in range(3)]
    written = page(*bulbs, Prediction("b3", Verdict.UNJUDGED, MODEL, reason="truncated"))
    head = written.source.partition("<ol")[0]
    for word, count in (("All", 4), ("Pass", 3), ("Unjudged", 1)):
        assert f"<span>{word}</span> <b>{count}</b>" in head
    assert "Reject" not in head
    assert "<dt>Test AUROC</dt><dd>0.991</dd>" in head


def test_the_side_that_gave_the_verdict_is_framed_and_named(page, rejected):
    written = page(rejected)
    framed = [bool(attrs.get("class") == "gave-verdict") for attrs in written.all("figure")]
    assert framed == [False, False, True, False]
    assert "Side 3 gave the verdict" in written.texts["p"]
    assert written.all("img")[2]["alt"] == "Bulb b2, side 3, which gave the verdict"


def test_a_reason_that_repeats_the_label_is_said_once(page, rejected):
    assert page(rejected).texts["code"] == ["defect"]
    assert "code" not in page(replace(rejected, label="defect")).texts


def test_only_a_reject_has_a_side_that_gave_the_verdict(page, rejected):
    written = page(replace(rejected, verdict=Verdict.REVIEW))
    assert written.all("figure", "gave-verdict") == []


def test_every_side_carries_its_own_probability(page, rejected):
    written = page(rejected)
    assert written.texts["strong"] == ["0.938", "0.250", "0.500", "0.750", "1.000"]
    bars = [attrs["style"] for attrs in written.all("i") if "width" in attrs["style"]]
    assert bars == ["width:93.75%", *(f"width:{width}.00%" for width in (25, 50, 75, 100))]


def test_reject_threshold_is_marked_on_every_bar(page, rejected):
    marks = [attrs["style"] for attrs in page(rejected, reject_threshold=0.375).all("b") if attrs]
    assert marks == ["left:37.50%"] * 5
    assert [attrs for attrs in page(rejected).all("b") if attrs] == []


def test_a_probability_that_is_no_number_is_shown_as_none(page):
    written = page(Prediction("b", Verdict.UNJUDGED, MODEL, defect_probability=float("nan")))
    assert written.all("li")[0]["data-probability"] == ""
    assert "nan" not in written.source.partition("<ol")[2].lower().partition("</ol>")[0]


def test_without_a_good_class_the_probability_of_the_label_is_shown(page, view):
    side = view("1", class_probabilities=(0.125, 0.625, 0.25))
    written = page(
        Prediction(
            "b", None, MODEL, label="pear", class_probabilities=(0.2, 0.5, 0.3), views=(side,)
        )
    )
    assert written.all("li")[0]["class"] == "bulb none"
    assert written.texts["strong"] == ["0.500", "0.625"]
    assert "probability of the label" in written.texts["span"]


def test_a_view_that_cannot_be_read_is_a_box_with_the_reason(page, tmp_path):
    gone = ViewPrediction("2", tmp_path / "gone.png")
    judged = ViewPrediction("3", tmp_path / "gone.png", reason="truncated", detail="ends early")
    written = page(Prediction("b", Verdict.UNJUDGED, MODEL, views=(gone, judged)))
    assert written.all("img") == []
    assert len(written.all("div", "unread")) == 2
    assert written.texts["code"] == ["missing_file", "truncated"]
    assert "ends early" in written.texts["span"]


def test_a_bulb_without_views_and_a_page_without_bulbs_say_so(page):
    assert "no views" in page(Prediction("b", Verdict.UNJUDGED, MODEL)).texts["p"]
    assert "No bulbs were found." in page().texts["p"]


def test_names_are_data_and_never_markup(page, view):
    side = view(HOSTILE, reason=HOSTILE, detail=HOSTILE)
    bulb = Prediction(
        HOSTILE,
        Verdict.REJECT,
        MODEL,
        reason=HOSTILE,
        detail=HOSTILE,
        label=HOSTILE,
        defective_view=HOSTILE,
        views=(side, replace(side, path=side.path / "gone")),
    )
    truth = {HOSTILE: HOSTILE}
    written = page(bulb, title=HOSTILE, summary={HOSTILE: HOSTILE}, truth=truth)
    assert len(written.all("script")) == 1
    assert all(image["src"].startswith("data:image/png;base64,") for image in written.all("img"))
    assert not [attrs for _, attrs in written.elements if "onerror" in attrs]
    shown = r"<img src=x onerror=alert(1)>\n</script>\udcff\u202e\x1b[31m"
    assert written.texts["h1"] == written.texts["h2"] == [shown]
    assert written.texts["dt"] == written.texts["dd"] == [shown]


def test_names_in_any_script_are_shown_as_they_are(page):
    assert page(Prediction("лампа 電球 é", Verdict.PASS, MODEL)).texts["h2"] == ["лампа 電球 é"]


def test_page_opens_with_no_network_and_runs_no_script_but_its_own(page, rejected):
    written = page(rejected)
    addresses = [
        value
        for _, attrs in written.elements
        for name, value in attrs.items()
        if name in {"src", "href", "srcset", "action", "data", "poster"}
    ]
    assert addresses
    assert all(address.startswith("data:image/png;base64,") for address in addresses)
    assert "url(" not in written.source
    assert "@import" not in written.source
    (script,) = written.texts["script"]
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    (policy,) = [meta["content"] for meta in written.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; ")
    assert f"script-src 'sha256-{digest}';" in policy


def test_evidence_lies_over_its_side_and_its_peak_is_marked_on_the_framed_one(page, rejected):
    views = [replace(view, evidence=((0.0, 1.0), (2.0, 1.5))) for view in rejected.views]
    written = page(replace(rejected, views=(*views[:3], rejected.views[3])))
    assert len(written.all("svg", "evidence")) == 3
    assert all(attrs["href"].startswith("data:image/png;base64,") for attrs in written.all("image"))
    (peak,) = written.all("rect")  # 4 x 6 px, padded to a square for the network
    assert {name: float(peak[name]) for name in ("x", "y", "width", "height")} == {
        "x": pytest.approx(-1, abs=0.2),
        "y": 3,
        "width": pytest.approx(3, abs=0.2),
        "height": 3,
    }
    assert [attrs for attrs in written.all("input") if attrs.get("id") == "evidence"]


def test_without_evidence_nothing_speaks_of_it(page, rejected):
    written = page(rejected)
    assert written.all("svg") == []
    assert not [attrs for attrs in written.all("input") if attrs.get("id") == "evidence"]


@pytest.mark.parametrize(
    ("verdict", "label", "truth", "mistake"),
    [
        (Verdict.PASS, "good", "crack", "escape"),
        (Verdict.PASS, "good", "good", ""),
        (Verdict.REJECT, "crack", "good", "overkill"),
        (Verdict.REJECT, "crack", "stain", "wrong label"),
        (Verdict.REJECT, "crack", "crack", ""),
        (Verdict.REVIEW, "crack", "good", ""),
        (Verdict.UNJUDGED, "", "crack", ""),
        (None, "pear", "apple", "wrong label"),
        (None, "pear", "pear", ""),
        (Verdict.PASS, "good", "", ""),
    ],
)
def test_where_the_truth_is_known_a_mistake_is_called_by_its_name(
    page, verdict, label, truth, mistake
):
    bulb = Prediction("b", verdict, MODEL, label=label)
    written = page(bulb, truth={"b": truth, "another": "good"})
    (row,) = written.all("li")
    assert (row["data-truth"], row["data-mistake"]) == (truth, mistake)
    assert written.texts.get("em", []) == [mistake] * bool(mistake)


def test_a_page_without_truth_names_no_mistakes(page):
    (row,) = page(Prediction("b", Verdict.PASS, MODEL, label="good")).all("li")
    assert (row["data-truth"], row["data-mistake"]) == ("", "")


def test_both_thresholds_of_a_review_band_are_marked(page):
    bulb = Prediction("b", Verdict.REVIEW, MODEL, defect_probability=0.5)
    written = page(bulb, pass_threshold=0.25, reject_threshold=0.75)
    assert [attrs["style"] for attrs in written.all("b") if attrs] == ["left:25.00%", "left:75.00%"]
    one = page(bulb, pass_threshold=0.5, reject_threshold=0.5)
    assert [attrs["style"] for attrs in one.all("b") if attrs] == ["left:50.00%"]


def test_every_value_that_bulbs_have_can_be_chosen_with_its_count(page):
    written = page(
        Prediction("b1", Verdict.UNJUDGED, MODEL, reason="blurred"),
        Prediction("b2", Verdict.UNJUDGED, MODEL, reason="blurred"),
        Prediction("b3", Verdict.REJECT, MODEL, reason="defect", label="crack"),
    )
    assert {attrs["data-by"] for attrs in written.all("select") if "data-by" in attrs} == {
        "reason",
        "label",
    }
    assert {"blurred (2)", "defect (1)", "crack (1)"} <= set(written.texts["option"])


def test_pictures_can_lie_in_a_folder_beside_the_page(page, rejected, tmp_path):
    hostile = replace(rejected, bulb_id="../../x", defective_view="")
    written = page(hostile, rejected, pictures=Pictures.FOLDER)
    addresses = [attrs["src"] for attrs in written.all("img")]
    assert addresses == [f"page_files/{number:06d}.png" for number in range(1, 9)]
    for address in addresses:
        with Image.open(tmp_path / address) as picture:
            assert picture.size == (4, 6)
    assert sorted(file.name for file in (tmp_path / "page_files").iterdir()) == [
        f"{number:06d}.png" for number in range(1, 9)
    ]
    assert all(attrs["loading"] == "lazy" for attrs in written.all("img"))
    (policy,) = [meta["content"] for meta in written.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; img-src data: 'self' file:; ")
