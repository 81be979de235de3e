import re

import numpy as np
import pytest
from PIL import Image
from tests.page import Page

from bulbinspect.bulb import Bulb, Prediction, Verdict, View, ViewPrediction
from bulbinspect.imaging.form import PictureForm
from bulbinspect.report.audit_page import DoubtfulBulb, DoubtSection, write_audit_page

HOSTILE = "<img src=x onerror=alert(1)>\n</style></script>\udcff\u202e\x1b[31m\"'"


def doubtful(folder, bulb_id="b1", *, pixels=None, name="0", **facts):
    path = folder / "picture.png"
    Image.fromarray(np.zeros((8, 8), np.uint8) if pixels is None else pixels).save(path)
    views = (View(name, path), View("gone", folder / "gone.png"))
    said = (
        ViewPrediction(name, path, defect_probability=0.75, suspicion_rank=1),
        ViewPrediction("gone", folder / "gone.png", defect_probability=0.125, suspicion_rank=2),
    )
    values = {
        "rank": 3,
        "bulb": Bulb(bulb_id, views, "good", "lot 7"),
        "suggested_label": "defect",
        "label_probability": 0.25,
        "suggested_probability": 0.75,
        "prediction": Prediction(bulb_id, Verdict.REJECT, "ab", views=said),
        "tone": "reject",
        "confident": True,
        "run": "4",
    }
    return DoubtfulBulb(**{**values, **facts})


@pytest.fixture
def page(tmp_path):
    def write(*bulbs, title="Labels", facts=None, left_out=0, **options):
        sections = [DoubtSection("other_label", "Others", "Why", bulbs, left_out)] if bulbs else []
        write_audit_page(
            tmp_path / "report.html", title=title, facts=facts or {}, sections=sections, **options
        )
        return Page((tmp_path / "report.html").read_text(encoding="utf-8"))

    return write


def test_a_bulb_is_shown_with_label_answer_and_sides(page, tmp_path):
    written = page(doubtful(tmp_path), facts={"bulbs": "12"})
    for said in (
        "b1",
        "labelled good, looks defect",
        "confidently",
        "lot 7",
        "run 4",
        "12",
        "0.750",
    ):
        assert said in written.text
    assert "0.125" in written.text
    (picture,) = written.all("img")
    assert picture["alt"] == "Bulb b1, side 0, the most suspicious"
    assert [one.get("class") for one in written.all("figure")] == ["gave-verdict", None]


def test_a_side_that_cannot_be_read_shows_its_reason(page, tmp_path):
    assert "missing_file" in page(doubtful(tmp_path)).text


@pytest.mark.parametrize("tone", ["pass", "none"])
def test_no_side_is_framed_where_no_defect_is_suggested(page, tmp_path, tone):
    written = page(doubtful(tmp_path, tone=tone))
    assert not [one for one in written.all("figure") if "class" in one]


def test_pictures_are_read_in_their_declared_form(page, tmp_path):
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[..., 0] = 200
    bulb = doubtful(tmp_path, pixels=colours)
    assert page(bulb).all("img") == []
    assert len(page(bulb, form=PictureForm(colour="red")).all("img")) == 1


def test_what_is_left_out_is_counted(page, tmp_path):
    written = page(doubtful(tmp_path), left_out=5)
    assert "5 more are not shown here; audit.csv has them all." in written.text
    assert "Others 6" in written.text


def test_that_nothing_is_doubtful_is_said(page):
    assert "No label is doubtful" in page().text


def test_names_are_data_and_never_markup(page, tmp_path):
    bulb = doubtful(tmp_path, HOSTILE, name=HOSTILE, suggested_label=HOSTILE, run=HOSTILE)
    written = page(bulb, title=HOSTILE, facts={HOSTILE: HOSTILE})
    assert written.all("script") == []
    assert len(written.all("style")) == len(written.all("img")) == 1
    assert not [attrs for _, attrs in written.elements if "onerror" in attrs]
    assert r"\udcff\u202e\x1b[31m" in written.text


def test_page_opens_with_no_network_and_runs_no_script(page, tmp_path):
    written = page(doubtful(tmp_path))
    (policy,) = [meta["content"] for meta in written.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; ")
    assert "script" not in policy
    addresses = re.findall(r"(?:src|href)=\"([^\"]*)\"", written.source)
    assert all(one.startswith("data:image/png;base64,") for one in addresses)
    assert "url(" not in written.source
    assert "@import" not in written.source
