"""The plots of what moved, read back from their SVG files."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.lines import NAMES, line_from, reference_from, shifted

from bulbinspect.inspection.drift.course import course_sections
from bulbinspect.inspection.drift.drift import find_drift
from bulbinspect.inspection.drift.observe import CameraView

SVG = "{http://www.w3.org/2000/svg}"
LEFT, TOP, WIDTH, HEIGHT = 60, 14, 520, 320


def moved_line(num, since, *, by=3.0):
    """Return findings and bulbs of a line of which one camera's contrast moved; all above 0."""
    random = np.random.default_rng(num)
    reference, line = reference_from(random), line_from(random, num)
    line[since:] = [shifted(bulb, "right", "contrast", by) for bulb in line[since:]]
    return find_drift(line, reference, calibration=None, alpha=0.01), line


def drawn(findings, line):
    (section,), plots = course_sections(findings, line)
    return section, ElementTree.fromstring(plots[section.plot])  # noqa: S314  # ours


def points_of(polyline, *, x_limit, y_limit):
    pairs = [tuple(map(float, one.split(","))) for one in polyline.get("points").split()]
    return [(x_limit * (x - LEFT) / WIDTH, y_limit * (1 - (y - TOP) / HEIGHT)) for x, y in pairs]


@pytest.mark.parametrize(("num", "size"), [(60, 1), (300, 5), (302, 6)])
def test_each_point_is_the_median_of_bulbs_in_a_row(num, size):
    findings, line = moved_line(num, num // 2)
    section, root = drawn(findings, line)
    assert section.title == "Camera 'right': contrast"
    assert ("median of" in " ".join(section.text)) == (size > 1)
    values = [bulb.views[1].measures["contrast"] for bulb in line]
    wanted = [
        (np.median(range(at + 1, min(at + size, num) + 1)), np.median(values[at : at + size]))
        for at in range(0, num, size)
    ]
    curve = next(iter(root.iter(f"{SVG}polyline")))
    highest = max(value for _, value in wanted)
    limit = 5 if highest > 2 else 2
    found = points_of(curve, x_limit=5 * -(-num // 5), y_limit=limit)
    np.testing.assert_allclose(found, wanted, atol=0.02 * num / 60)


def test_the_start_and_the_reference_are_marked():
    findings, line = moved_line(300, 200)
    found = next(one for one in findings if one.measure == "contrast" and one.since)
    section, root = drawn(findings, line)
    assert f"since {found.since}" in section.text[0]
    (mark,) = root.iter(f"{SVG}circle")
    assert 300 * (float(mark.get("cx")) - LEFT) / WIDTH == pytest.approx(
        found.since_number, abs=0.1
    )
    edges = [
        points_of(one, x_limit=300, y_limit=5)[0][1] for one in [*root.iter(f"{SVG}polyline")][1:]
    ]
    assert edges[1] == pytest.approx(found.reference_high, abs=0.01)
    assert found.reference_low < found.reference_median < found.reference_high
    assert f"since {found.since}" in [one.text for one in root.iter(f"{SVG}title")]


def test_views_without_a_value_leave_a_gap_and_no_zero():
    findings, line = moved_line(60, 30)
    gone = CameraView("right", {}, "missing_view")
    line[3] = replace(line[3], views=(line[3].views[0], gone))
    _, root = drawn(findings, line)
    curve = next(iter(root.iter(f"{SVG}polyline")))
    numbers = [round(x) for x, _ in points_of(curve, x_limit=60, y_limit=1)]
    assert numbers == [number for number in range(1, 61) if number != 4]


def test_answers_that_moved_have_their_plot_and_a_steady_line_has_none():
    random = np.random.default_rng(3)
    reference, line = reference_from(random), line_from(random, 100)
    steady = find_drift(line, reference, calibration=None, alpha=0.01)
    assert course_sections(steady, line) == ([], {})
    unsure = [replace(bulb, defect_probability=0.4 + 0.1 * random.random()) for bulb in line]
    findings = find_drift(unsure, reference, calibration=None, alpha=0.01)
    section, root = drawn(findings, unsure)
    assert section.title == "Answers: defect probability"
    assert len(list(root.iter(f"{SVG}polyline"))) == 3


def test_names_are_data_and_never_markup():
    findings, line = moved_line(60, 30)
    nasty = "<script>alert(1)</script>"
    renamed = {NAMES[1]: nasty}
    findings = [
        replace(one, camera=renamed.get(one.camera, one.camera), since=one.since and nasty)
        for one in findings
    ]
    line = [
        replace(
            bulb,
            views=tuple(
                replace(view, camera=renamed.get(view.camera, view.camera)) for view in bulb.views
            ),
        )
        for bulb in line
    ]
    _, root = drawn(findings, line)
    assert not list(root.iter(f"{SVG}script"))
    assert any(nasty in (one.text or "") for one in root.iter(f"{SVG}title"))
