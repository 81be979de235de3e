"""The page in a real browser: what can be seen and done. Skipped where none is installed."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from tests.chromium import Chromium

from bulbinspect.bulb import Prediction, Verdict, ViewPrediction
from bulbinspect.report.page import write_page
from bulbinspect.report.page_pictures import Pictures

PASS, REJECT, UNJUDGED = Verdict.PASS, Verdict.REJECT, Verdict.UNJUDGED
SHOWN = (
    "Array.from(document.querySelectorAll('.bulb')).filter(bulb => bulb.checkVisibility())"
    ".map(bulb => bulb.querySelector('h2').textContent).join(' ')"
)
CURRENT = "document.querySelector('[aria-current] h2')?.textContent ?? ''"
ALL_PICTURES = (  # they are lazy: those that can be seen come after the page
    "new Promise(done => { const look = () => Array.from(document.images)"
    ".every(image => image.complete && image.naturalWidth) ? done(document.images.length)"
    " : setTimeout(look, 50); look(); })"
)
TRUTH = {"b1": "good", "b2": "crack", "b3": "crack", "b10": "good", "b11": "good"}


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    browser = Chromium(tmp_path_factory.mktemp("profile"))
    yield browser
    browser.close()


@pytest.fixture(scope="module", params=list(Pictures))
def page(request, tmp_path_factory):
    """Five bulbs; the second is dark but for a white corner, where its evidence is."""
    folder = tmp_path_factory.mktemp(f"page-{request.param}")
    views = []
    for name in "12":
        pixels = np.full((64, 64), 20, np.uint8)
        pixels[:32, 32:] = 200
        Image.fromarray(pixels).save(folder / f"{name}.png")
        views.append(ViewPrediction(name, folder / f"{name}.png", defect_probability=0.5))
    map_of_view = ((-9.0, 9.0), (-9.0, -9.0))
    marked = (replace(views[0], evidence=map_of_view), views[1])
    answers = [
        Prediction("b1", PASS, "m", label="good", defect_probability=0.1, views=tuple(views)),
        Prediction("b2", REJECT, "m", "defect", "", "crack", 0.9, defective_view="1", views=marked),
        Prediction("b3", PASS, "m", label="good", defect_probability=0.3, views=tuple(views)),
        Prediction("b10", UNJUDGED, "m", "blurred", views=tuple(views)),
        Prediction("b11", REJECT, "m", "defect", "", "crack", 0.7, views=tuple(views)),
    ]
    path = folder / "report.html"
    write_page(
        path, title="Lot 7", predictions=answers, summary={}, truth=TRUTH, pictures=request.param
    )
    return path


@pytest.fixture
def opened(browser, page):
    browser.problems.clear()
    browser.open(page)
    yield browser
    assert browser.problems == []


def set_value(browser, selector, value, event="input"):
    browser.run(
        f"(() => {{ const e = document.querySelector({selector!r}); e.value = {value!r};"
        f" e.dispatchEvent(new Event({event!r}, {{bubbles: true}})); }})()"
    )
    return browser.run(SHOWN)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_looks_as_it_should_on_a_light_and_a_dark_page(browser, page, scheme):
    browser.problems.clear()
    browser.open(page, scheme=scheme)
    assert browser.run(ALL_PICTURES) == 10
    seen = browser.screenshot().astype(int)
    paper = seen[2, 2]
    assert paper.min() > 240 if scheme == "light" else paper.max() < 40
    left, top, side = browser.run(
        "(() => { const b = document.querySelector('.gave-verdict img').getBoundingClientRect();"
        " return [b.left, b.top, b.width]; })()"
    )
    quarter = side / 4

    def colour(across, down):
        return seen[round(top + down * quarter), round(left + across * quarter)]

    hot, cold = colour(2.5, 1.5), colour(1, 3)
    assert hot[0] - hot[2] > 60  # orange over the place of the evidence
    assert np.ptp(cold) <= 3  # gray where there is none
    frame = seen[round(top - 3), round(left + side / 2)]
    assert frame[0] - frame[1] > 60  # the defective side is framed in the colour of a reject
    assert browser.problems == []


def test_bulbs_are_chosen_by_what_is_known_of_them(opened):
    assert opened.run(SHOWN) == "b1 b2 b3 b10 b11"
    assert set_value(opened, "[data-by=mistake]", "escape", "change") == "b3"
    assert opened.run("document.getElementById('shown').value") == "1 of 5"
    opened.press("x")
    assert set_value(opened, "[data-by=mistake]", "overkill", "change") == "b11"
    opened.press("x")
    assert set_value(opened, "[data-by=reason]", "blurred", "change") == "b10"
    opened.press("x")
    assert set_value(opened, "[data-by=truth]", "crack", "change") == "b2 b3"
    opened.press("x")
    assert set_value(opened, "[data-by=label]", "crack", "change") == "b2 b11"
    opened.press("x")
    assert set_value(opened, "#search", "B1") == "b1 b10 b11"
    assert set_value(opened, "#search", "none such") == ""
    assert opened.run("document.getElementById('none-left').checkVisibility()")
    opened.press("x")
    assert set_value(opened, "#lowest", "0.3") == "b2 b3 b11"
    assert set_value(opened, "#highest", "0.7") == "b3 b11"
    opened.press("1")  # rejects
    assert opened.run(SHOWN) == "b11"
    opened.press("x")
    assert opened.run(SHOWN) == "b1 b2 b3 b10 b11"


def test_bulbs_are_ordered_by_probability_and_by_name(opened):
    assert set_value(opened, "#order select", "falling", "change") == "b2 b11 b3 b1 b10"
    assert set_value(opened, "#order select", "rising", "change") == "b1 b3 b11 b2 b10"
    assert set_value(opened, "#order select", "name", "change") == "b1 b2 b3 b10 b11"


def test_keys_step_through_the_bulbs_that_are_shown(opened):
    opened.press("j")
    assert opened.run(CURRENT) == "b1"
    opened.press("ArrowDown")
    assert opened.run(CURRENT) == "b2"
    opened.press("ArrowUp")
    assert opened.run(CURRENT) == "b1"
    opened.press("G")
    opened.press("k")
    assert opened.run(CURRENT) == "b10"
    opened.press("1")  # rejects alone: the current one is not among them
    assert opened.run(CURRENT) == ""
    for expected in ("b2", "b11", "b11"):
        opened.press("j")
        assert opened.run(CURRENT) == expected


def test_a_key_in_the_search_field_is_a_letter(opened):
    opened.press("/")
    for letter in "b1":
        opened.press(letter)
    assert opened.run("document.getElementById('search').value") == "b1"
    assert opened.run(SHOWN) == "b1 b10 b11"
    opened.press("Escape")
    opened.press("j")
    assert opened.run(CURRENT) == "b1"


def test_the_evidence_and_the_list_of_keys_come_and_go(opened):
    layer = "document.querySelector('.evidence').checkVisibility()"
    assert opened.run(layer)
    opened.press("e")
    assert not opened.run(layer)
    opened.press("?")
    assert opened.run("document.getElementById('help').open")
    opened.press("j")  # nothing moves behind it
    assert opened.run(CURRENT) == ""


def test_without_scripts_verdicts_and_evidence_are_chosen_all_the_same(browser, page):
    browser.problems.clear()
    browser.open(page, scripts=False)
    assert browser.run(SHOWN) == "b1 b2 b3 b10 b11"
    browser.run("document.getElementById('show-reject').click()")
    assert browser.run(SHOWN) == "b2 b11"
    layer = "document.querySelector('.evidence').checkVisibility()"
    assert browser.run(layer)
    browser.run("document.getElementById('evidence').click()")
    assert not browser.run(layer)
    browser.press("j")
    assert browser.run(CURRENT) == ""
    assert browser.problems == []


def test_of_thousands_some_are_laid_out_and_all_are_found(browser, tmp_path):
    answers = (Prediction(f"b{n}", PASS, "m", defect_probability=n / 1000) for n in range(450))
    write_page(tmp_path / "many.html", title="", predictions=answers, summary={})
    browser.problems.clear()
    browser.open(tmp_path / "many.html")

    def shown():
        return browser.run(SHOWN).split()

    assert shown() == [f"b{n}" for n in range(200)]
    assert browser.run("document.getElementById('more').textContent") == "250 more"
    assert set_value(browser, "#search", "b449") == "b449"
    browser.press("x")
    set_value(browser, "#order select", "falling", "change")
    assert shown() == [f"b{449 - n}" for n in range(200)]
    browser.run("document.getElementById('more').click()")
    assert len(shown()) == 400
    browser.press("x")
    browser.run("document.querySelectorAll('.bulb')[199].click()")
    assert browser.run(CURRENT) == "b199"
    browser.press("j")
    assert browser.run(CURRENT) == "b200"
    browser.press("G")
    assert browser.run(CURRENT) == "b449"
    assert len(shown()) == 450
    assert not browser.run("document.getElementById('more').checkVisibility()")
    assert browser.problems == []
