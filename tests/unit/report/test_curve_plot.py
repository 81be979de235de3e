from xml.etree import ElementTree

import pytest

from bulbinspect.report.curve_plot import Curve, Mark, Plot, draw, limit_for, round_limit

SVG = "{http://www.w3.org/2000/svg}"
PLOT = Plot(
    says="<script>alert(1)</script>",
    x_label="a & b",
    y_label="y",
    curves=(Curve("line", "main", ((0, 0), (0.05, 0.1), (1, 1))),),
    marks=(Mark("here", 0.1, 0.2, 0.1, 0.3), Mark("there", 0, 0)),
    x_limit=0.1,
    y_limit=0.2,
)


@pytest.fixture
def root():
    return ElementTree.fromstring(draw(PLOT))  # noqa: S314  # ours


def test_points_stand_where_the_axes_say(root):
    """The axes go from (60, 334), 0 and 0, to (580, 14), 0.1 and 0.2."""
    (line,) = root.iter(f"{SVG}polyline")
    first, middle, last = (tuple(map(float, one.split(","))) for one in line.get("points").split())
    assert first == (60, 334)
    assert middle == (320, 174)
    assert last[0] > 580  # cut off by the frame
    corner = next(iter(root.iter(f"{SVG}circle")))
    assert (float(corner.get("cx")), float(corner.get("cy"))) == (580, 14)


def test_a_mark_with_ends_has_a_line_across(root):
    ends = [one.get("d") for one in root.iter(f"{SVG}path") if one.get("stroke") == "#bf2318"]
    assert ends == ["M580.0 174.0V-146.0"]


def test_texts_are_data_and_not_markup(root):
    assert root.find(f"{SVG}title").text == "<script>alert(1)</script>"
    assert "a & b" in [one.text for one in root.iter(f"{SVG}text")]
    assert not list(root.iter(f"{SVG}script"))


@pytest.mark.parametrize(
    ("values", "limit"), [([], 0.05), ([0.05], 0.05), ([0.051], 0.1), ([0.3], 0.5), ([1.5], 1)]
)
def test_an_axis_ends_at_a_round_number_above_all(values, limit):
    assert limit_for(values) == limit


@pytest.mark.parametrize(
    ("highest", "limit"),
    [(0, 1), (0.031, 0.05), (0.2, 0.2), (1.96, 2), (2.1, 5), (7, 10), (10, 10), (1234, 2000)],
)
def test_an_axis_of_any_size_ends_at_a_round_number(highest, limit):
    assert round_limit(highest) == pytest.approx(limit)
