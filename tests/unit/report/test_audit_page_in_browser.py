"""The page of an audit in a real browser. Skipped where none is installed."""

import numpy as np
import pytest
from PIL import Image
from tests.chromium import Chromium

from bulbinspect.bulb import Bulb, Prediction, Verdict, View, ViewPrediction
from bulbinspect.report.audit_page import DoubtfulBulb, DoubtSection, write_audit_page

RECTANGLES = (
    "Array.from(document.querySelectorAll('figure img'))"
    ".map(e => e.getBoundingClientRect()).map(r => [r.x, r.y, r.width, r.height])"
)


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """One bulb of four sides, from black to white; the third is the most suspicious."""
    folder = tmp_path_factory.mktemp("page")
    views, said = [], []
    for place, level in enumerate((0, 60, 150, 255)):
        path = folder / f"{place}.png"
        Image.fromarray(np.full((64, 64), level, np.uint8)).save(path)
        views.append(View(f"{place}", path))
        rank = (2, 3, 1, 4)[place]
        said.append(ViewPrediction(f"{place}", path, defect_probability=0.5, suspicion_rank=rank))
    doubt = DoubtfulBulb(
        rank=1,
        bulb=Bulb("b1", tuple(views), "good", "lot 7"),
        suggested_label="crack",
        label_probability=0.25,
        suggested_probability=0.75,
        prediction=Prediction("b1", Verdict.REJECT, "m", views=tuple(said)),
        tone="reject",
        confident=True,
        run="0",
    )
    sections = [DoubtSection("other_label", "Other disagreements", "Why.", [doubt])]
    write_audit_page(folder / "report.html", title="Lot 7", facts={"bulbs": "1"}, sections=sections)
    return folder / "report.html"


@pytest.mark.parametrize(("scheme", "paper"), [("light", 255), ("dark", 18)])
def test_four_sides_stand_side_by_side_and_the_suspicious_one_is_framed(
    browser, page, scheme, paper
):
    browser.problems.clear()
    browser.open(page, scheme=scheme)
    seen = browser.screenshot()
    assert browser.problems == []
    assert seen[2, 2].tolist()[0] == paper
    places = browser.run(RECTANGLES)
    assert len({y for _, y, _, _ in places}) == 1
    assert [x for x, _, _, _ in places] == sorted(x for x, _, _, _ in places)
    for level, (x, y, width, height) in zip((0, 60, 150, 255), places, strict=True):
        middle = seen[int(y + height / 2), int(x + width / 2)]
        assert np.abs(middle.astype(int) - level).max() <= 2
    red = [seen[int(y) - 3, int(x + width / 2)].astype(int) for x, y, width, _ in places]
    framed = [int(colour[0]) - int(colour[1]) > 60 for colour in red]
    assert framed == [False, False, True, False]


def test_nothing_is_wider_than_a_phone(browser, page):
    browser.open(page, width=400)
    assert browser.run("document.documentElement.scrollWidth") <= 400
