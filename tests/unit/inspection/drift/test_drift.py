"""Simulated lines, with and without a planted shift."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from tests.calibrations import calibration_of
from tests.lines import NAMES, line_from, reference_from, shifted

from bulbinspect.bulb import Verdict
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.drift.drift import PROBABILITY, State, find_drift, reference_of
from bulbinspect.inspection.drift.observe import CameraView
from bulbinspect.inspection.drift.report import is_drift, sentences

CALIBRATION = calibration_of(temperature=2.0, bias=-0.5, production_prevalence=0.01)


def findings_of(line, reference, **options):
    return find_drift(line, reference, **{"calibration": None, "alpha": 0.01, **options})


def moved(findings):
    return [(one.camera, one.measure) for one in findings if one.state is State.MOVED]


def test_the_camera_that_moved_is_named_and_since_when():
    random = np.random.default_rng(1)
    reference, line = reference_from(random), line_from(random, 300)
    line[200:] = [shifted(bulb, "right", "contrast", -2) for bulb in line[200:]]
    findings = findings_of(line, reference)
    assert moved(findings) == [("right", "contrast")]
    found = next(one for one in findings if one.state is State.MOVED)
    assert abs(found.since_number - 201) <= 3
    assert (found.since, found.since_at) == (
        f"b{found.since_number - 1}",
        str(found.since_number - 1),
    )
    assert found.median < found.reference_median - 1
    assert is_drift(findings)
    assert "Camera 'right' moved: contrast; since bulb" in sentences(findings)[0]


def test_what_began_late_is_not_lost_among_what_came_before():
    random = np.random.default_rng(2)
    reference, line = reference_from(random), line_from(random, 480)
    line[440:] = [shifted(bulb, "left", "look", 2.5) for bulb in line[440:]]
    findings = findings_of(line, reference)
    assert moved(findings) == [("left", "look")]
    found = next(one for one in findings if one.state is State.MOVED)
    assert found.window == 60 or found.window == 30
    assert abs(found.since_number - 441) <= 3


@pytest.mark.parametrize("calibration", [None, CALIBRATION])
def test_answers_that_moved_are_told_from_another_share_of_defective_bulbs(calibration):
    random = np.random.default_rng(3)
    reference = reference_from(random)
    line = line_from(random, 300, defective=0.02, calibration=calibration)
    assert moved(findings_of(line, reference, calibration=calibration)) == []
    surer = [
        replace(bulb, defect_probability=expit(logit(bulb.defect_probability) + 1.5))
        for bulb in line
    ]
    findings = findings_of(surer, reference, calibration=calibration)
    assert moved(findings) == [("", PROBABILITY)]
    assert findings[-1].since_number <= 12
    assert "The network's answers moved" in sentences(findings)[0]


def test_false_alarms_are_as_rare_as_was_said():
    random = np.random.default_rng(4)
    alarms = [
        is_drift(findings_of(line_from(random, 60), reference_from(random, 100), alpha=0.2))
        for _ in range(30)
    ]
    assert sum(alarms) <= 11  # of 30 with a chance of 0.2, more come in 1 of 100 times


def test_a_small_move_is_none_however_sure():
    random = np.random.default_rng(5)
    reference, line = reference_from(random, 5000), line_from(random, 3000)
    line = [shifted(bulb, "left", "brightness", 0.2) for bulb in line]
    findings = findings_of(line, reference)
    assert moved(findings) == []
    assert findings[0].adjusted < 1e-6


@pytest.mark.parametrize("known", [0, 19])
def test_a_camera_that_shows_too_little_is_no_steady_one(known):
    random = np.random.default_rng(6)
    reference, line = reference_from(random), line_from(random, 100)
    line[known:] = [
        replace(bulb, views=(bulb.views[0], CameraView("right", {}, "missing_view")))
        for bulb in line[known:]
    ]
    findings = findings_of(line, reference)
    states = {one.camera: one.state for one in findings}
    assert states == {"left": State.STEADY, "right": State.NOT_KNOWN, "": State.STEADY}
    assert is_drift(findings)
    assert f"Camera 'right': too few values ({known})" in sentences(findings)[0]


def test_bulbs_without_a_probability_are_no_answers():
    random = np.random.default_rng(7)
    reference, line = reference_from(random), line_from(random, 60)
    line = [replace(bulb, verdict=Verdict.UNJUDGED, defect_probability=None) for bulb in line]
    findings = findings_of(line, reference)
    assert findings[-1].state is State.NOT_KNOWN


def test_a_handful_of_bulbs_is_refused():
    random = np.random.default_rng(8)
    with pytest.raises(DataError, match="it takes 20"):
        findings_of(line_from(random, 19), reference_from(random))


def test_a_bundle_without_reference_is_refused(tiny_metadata):
    with pytest.raises(UsageError, match="no reference"):
        reference_of(tiny_metadata())
    other = reference_from(np.random.default_rng(9)).to_dict()
    with pytest.raises(UsageError, match="other cameras"):
        reference_of(tiny_metadata(reference=other))
    assert reference_of(tiny_metadata(reference=other, view_names=NAMES)).num_bulbs == 200
