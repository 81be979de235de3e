"""How a page is written: the whole of it or none, however many bulbs."""

import tracemalloc

import pytest

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.report.page import write_page

MODEL = "4f1c02d9"


def test_an_interrupted_page_leaves_the_old_one(tmp_path):
    def interrupted():
        yield Prediction("b1", Verdict.PASS, MODEL)
        raise KeyboardInterrupt

    path = tmp_path / "page.html"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        write_page(path, title="", predictions=interrupted(), summary={})
    assert [(file.name, file.read_text()) for file in tmp_path.iterdir()] == [("page.html", "old")]


def test_memory_does_not_grow_with_the_bulbs(tmp_path):
    def peak(count):
        bulbs = (
            Prediction(f"b{n}", Verdict.UNJUDGED, MODEL, detail="x" * 5000) for n in range(count)
        )
        tracemalloc.start()
        write_page(tmp_path / "page.html", title="", predictions=bulbs, summary={})
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(5)  # what is built once, like the compiled template
    few, many = peak(100), peak(1000)
    assert many - few < 1_000_000
    assert (tmp_path / "page.html").stat().st_size > 5_000_000
