import re

import numpy as np
import pytest
from PIL import Image
from tests.page import Page

from bulbinspect.imaging.form import PictureForm
from bulbinspect.report.check_page import Limits, write_check_page

HOSTILE = "<img src=x onerror=alert(1)>\n</style></script>\udcff\u202e\x1b[31m\"'"


def place(path="", **facts):
    values = {"bulb_id": "b1", "view": "0", "path": path, "line": 2, "label": "", "split": ""}
    return {**values, "how": "", "part": None, **facts}


def finding(kind, *places, **facts):
    return {"kind": kind, "severity": "problem", "reason": "", "detail": "x", **facts} | {
        "places": list(places)
    }


@pytest.fixture
def page(tmp_path):
    def write(*findings, form=None, **facts):
        kinds = list(dict.fromkeys(one["kind"] for one in findings))
        result = {
            "path": "data/manifest.csv",
            "root": str(tmp_path),
            "manifest_sha256": "ab" * 32,
            "model": None,
            "num_bulbs": 3,
            "num_pictures": 12,
            "num_problems": len(findings),
            "kinds": [
                {"kind": kind, "severity": "problem", "meaning": "m", "advice": "a", "count": 9}
                for kind in kinds
            ],
            "findings": list(findings),
            **facts.pop("result", {}),
        }
        options = {"form": form} if form else {}
        write_check_page(tmp_path / "check.html", result, **options, **facts)
        return Page((tmp_path / "check.html").read_text(encoding="utf-8"))

    return write


@pytest.fixture
def picture(tmp_path):
    def draw(name, pixels=None):
        values = np.arange(64, dtype=np.uint8).reshape(8, 8) if pixels is None else pixels
        Image.fromarray(values).save(tmp_path / name)
        return place(name)

    return draw


def test_every_kind_has_its_section_with_pictures_and_places(page, picture):
    written = page(
        finding("exact_copy", picture("a.png"), {**picture("b.png"), "how": "same pixels"}),
        finding("blank", picture("c.png")),
    )
    assert [one["id"] for one in written.all("section")] == ["exact_copy", "blank"]
    assert [one["href"] for one in written.all("a")] == ["#exact_copy", "#blank"]
    assert len(written.all("img")) == 3
    for said in ("same pixels", "line 2", "b1, view 0", "a.png", "manifest.csv"):
        assert said in written.text


def test_a_picture_that_cannot_be_read_shows_its_reason(page, tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    written = page(
        finding("refused_picture", place("a.png"), reason="truncated", detail="it ends early"),
        finding("exact_copy", place("gone.png")),
    )
    assert written.all("img") == []
    assert "truncated" in written.text
    assert "missing_file" in written.text


def test_views_that_share_a_file_are_shown_each(page, tmp_path):
    pages = [Image.fromarray(np.full((8, 8), 100 * n, np.uint8)) for n in range(2)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    parts = [{"kind": "pages", "index": index, "of": 2} for index in range(2)]
    written = page(finding("near_copy", *(place("a.tif", part=part) for part in parts)))
    sources = [one["src"] for one in written.all("img")]
    assert len(set(sources)) == 2
    assert "(pages 1)" in written.text


def test_pictures_are_read_in_their_declared_form(page, picture):
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[..., 0] = 200
    one = finding("near_copy", picture("a.png", colours))
    assert page(one).all("img") == []
    assert len(page(one, form=PictureForm(colour="red")).all("img")) == 1


def test_the_page_is_limited_and_says_so(page, picture):
    findings = [finding("blank", *[picture("a.png")] * 5) for _ in range(7)]
    limits = Limits(findings_of_a_kind=3, places_of_a_finding=2, thumbnails_of_a_kind=4)
    written = page(*findings, limits=limits)
    assert len(written.all("li")) == 3
    assert len(written.all("img")) == 4
    assert written.text.count("and 3 more") == 3
    assert "4 more of this kind are not shown here" in written.text


def test_no_problems_are_said(page):
    assert "No problems were found." in page().text


def test_names_are_data_and_never_markup(page, picture):
    hostile = {**picture("a.png"), **dict.fromkeys(("bulb_id", "view", "label", "how"), HOSTILE)}
    written = page(
        finding("blank", hostile, place(HOSTILE), detail=HOSTILE, reason=HOSTILE),
        result={"path": HOSTILE},
    )
    assert written.all("script") == []
    assert len(written.all("style")) == 1
    assert len(written.all("img")) == 1
    assert not [attrs for _, attrs in written.elements if "onerror" in attrs]
    assert r"\udcff\u202e\x1b[31m" in written.text


def test_page_opens_with_no_network_and_runs_no_script(page, picture):
    written = page(finding("blank", picture("a.png")))
    (policy,) = [meta["content"] for meta in written.all("meta") if "http-equiv" in meta]
    assert policy.startswith("default-src 'none'; img-src data:; style-src 'unsafe-inline'; ")
    assert "script" not in policy
    addresses = re.findall(r"(?:src|href)=\"([^\"]*)\"", written.source)
    assert all(one.startswith(("data:image/png;base64,", "#")) for one in addresses)
    assert "url(" not in written.source
    assert "@import" not in written.source
