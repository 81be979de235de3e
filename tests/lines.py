"""Simulated lines of two cameras, as numbers, and the reference that they are held against."""

from dataclasses import replace

from scipy.special import expit

from bulbinspect.bulb import Verdict
from bulbinspect.bundle.reference import MEASURES, Camera, Reference
from bulbinspect.imaging.measures import NUM_FEATURES
from bulbinspect.inspection.drift.observe import CameraView, Observed
from bulbinspect.metrics.distribution import summarise

NAMES = ("left", "right")


def reference_from(random, num=200):
    """Simulate what a bundle knows of normal bulbs, half of them defective."""

    def camera():
        return Camera(
            measures={name: summarise([random.normal(size=num)]) for name in MEASURES},
            centre=(0.0,) * NUM_FEATURES,
            spread=(1.0,) * NUM_FEATURES,
        )

    odds = summarise([random.normal(-3, 1, num // 2), random.normal(3, 1, num // 2)])
    cameras = {name: camera() for name in NAMES}
    return Reference(chosen_on="val", num_bulbs=num, cameras=cameras, log_odds=odds)


def line_from(random, num, *, defective=0.05, calibration=None):
    """Simulate bulbs such as the reference, of another share of defective ones."""
    bulbs = []
    for number in range(num):
        views = tuple(
            CameraView(name, {measure: random.normal() for measure in MEASURES}) for name in NAMES
        )
        odds = random.normal(3 if random.uniform() < defective else -3)
        if calibration is not None:
            odds = odds / calibration.temperature + calibration.bias + calibration.shift
        bulbs.append(Observed(f"b{number}", str(number), views, Verdict.PASS, "", expit(odds)))
    return bulbs


def shifted(bulb, camera, measure, by):
    """Return the bulb with a measure of one camera moved."""
    views = [
        replace(view, measures={**view.measures, measure: view.measures[measure] + by})
        if view.camera == camera
        else view
        for view in bulb.views
    ]
    return replace(bulb, views=tuple(views))
