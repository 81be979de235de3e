import pytest
from tests.page import Page

from bulbinspect.metrics.calibration import reliability_table
from bulbinspect.report.calibration_page import write_calibration_page

HOSTILE = "<img src=x onerror=alert(1)>\n</style></script>‮\x1b[31m\"'"


def side(error, truth, probability):
    table = reliability_table(truth, probability)
    rows = [{name: getattr(row, name) for name in row.__slots__} for row in table]
    return {"expected_calibration_error": error, "reliability": rows}


@pytest.fixture
def page(tmp_path):
    def write(title="model", *, summary=None, notes=(), error=0.0125):
        figures = {
            "before": side(error, [0, 1, 1], [0.25, 0.75, 0.95]),
            "after": side(0.5, [0, 1], [0.0, 1.0]),
            "notes": list(notes),
        }
        write_calibration_page(tmp_path / "page.html", title, summary or {}, figures)
        return Page((tmp_path / "page.html").read_text(encoding="utf-8"))

    return write


def test_points_lie_where_probability_and_share_say(page):
    points = [(float(one["cx"]), float(one["cy"])) for one in page().all("circle")]
    left, top, right, bottom = 45, 10, 345, 300
    expected = [(0.25, 0), (0.75, 1), (0.95, 1), (0, 0), (1, 1)]
    for (x, y), (probability, share) in zip(points, expected, strict=True):
        assert x == pytest.approx(left + (right - left) * probability)
        assert y == pytest.approx(bottom - (bottom - top) * share)


def test_intervals_are_drawn_between_their_ends(page):
    lines = [one for one in page().all("line") if one["class"] == "interval"]
    first = reliability_table([0, 1, 1], [0.25, 0.75, 0.95])[0]
    assert float(lines[0]["y1"]) == pytest.approx(300 - 290 * first.low_share)
    assert float(lines[0]["y2"]) == pytest.approx(300 - 290 * first.high_share)
    assert len(lines) == 5


def test_errors_lines_and_notes_are_shown(page):
    shown = page(summary={"escapes": "2 of 59"}, notes=["the epoch was chosen on val"])
    assert "Expected calibration error 0.0125" in shown.text
    assert "2 of 59" in shown.text
    assert "the epoch was chosen on val" in shown.text
    assert "Expected calibration error 0.5000" in page(error=None).text
    assert "0.0125" not in page(error=None).text


def test_texts_are_data_and_nothing_is_loaded(page):
    shown = page(HOSTILE, summary={HOSTILE: HOSTILE}, notes=[HOSTILE])
    assert not shown.all("img")
    assert not shown.all("script")
    assert "‮" not in shown.source
    assert "\x1b" not in shown.source
    (policy,) = [one for one in shown.all("meta") if "http-equiv" in one]
    assert policy["content"].startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "http://" not in shown.source
    assert "https://" not in shown.source
