"""Calibrations for tests, to which only some of the values matter."""

from bulbinspect.metrics.calibration import Calibration


def calibration_of(**values):
    """Return one that changes nothing, fitted to as many good as defective bulbs, but for these."""
    usual = {
        "temperature": 1.0,
        "bias": 0.0,
        "prevalence": 0.5,
        "production_prevalence": None,
        "chosen_on": "val",
        "num_good": 9,
        "num_defective": 9,
    }
    return Calibration(**usual | values)
