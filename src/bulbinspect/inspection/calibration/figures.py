"""What there is to say of a calibration and an operating point, as plain values and in words."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from bulbinspect.inspection.calibration.calibrate import Judged
from bulbinspect.metrics.calibration import (
    Calibration,
    expected_calibration_error,
    reliability_table,
)
from bulbinspect.metrics.operating_point import OperatingPoint
from bulbinspect.metrics.promise import lowest_cost_per_bulb
from bulbinspect.metrics.proportion import percent

_OF_COSTS = ("cost_escape", "cost_overkill", "prevalence")


def figures_of(
    judged: Judged,
    *,
    before: Calibration | None,
    after: Calibration | None,
    point: OperatingPoint,
) -> dict[str, Any]:
    """Return the figures of a choice, for a bundle that had the calibration `before`.

    Reliability is that of the bulbs at hand, so without the stated prevalence.
    """
    sides = {}
    for name, one in (("before", before), ("after", after)):
        here = None if one is None else replace(one, production_prevalence=None)
        probability = judged.probability(here)
        table = reliability_table(judged.defective, probability)
        sides[name] = {
            "expected_calibration_error": expected_calibration_error(judged.defective, probability),
            "reliability": [asdict(row) for row in table],
        }
    values: dict[str, Any] = {
        "num_bulbs": len(judged.target) + judged.unjudged.total(),
        "num_judged": len(judged.target),
        "unjudged": dict(judged.unjudged.most_common()),
        "calibration": None if after is None else after.to_dict(),
        "operating_point": point.to_dict(),
        **sides,
        "notes": _notes(judged, after, point),
    }
    if "cost_escape" in point.promise:
        costs = {name: point.promise[name] for name in _OF_COSTS}
        values["lowest_cost_per_bulb"] = lowest_cost_per_bulb(
            judged.defective, judged.probability(after), **costs
        )
    return values


def summarise(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return the figures as lines for a person, by name."""
    point, calibration = figures["operating_point"], figures["calibration"]
    lines = {"judged": f"{figures['num_judged']} of {figures['num_bulbs']} bulbs"}
    if calibration is not None:
        lines |= _lines_of_calibration(calibration)
    errors = [figures[side]["expected_calibration_error"] for side in ("before", "after")]
    lines["calibration error"] = f"{errors[1]:.4f} on these bulbs, before {errors[0]:.4f}"
    lines["rule"] = f"{point['rule'].replace('_', ' ')} on {point['chosen_on']}"
    has_band = point["pass_threshold"] < point["reject_threshold"]
    if has_band:
        lines["pass below"] = f"{point['pass_threshold']:.6g}"
    lines["reject from"] = f"{point['reject_threshold']:.6g}"
    lines["escapes"] = _rate(point, "escape", "defective")
    lines["overkill"] = _rate(point, "overkill", "good")
    promise = point["promise"]
    if has_band:
        lines["review"] = (
            f"{percent(point['review_rate_good'])} of the good, "
            f"{percent(point['review_rate_defective'])} of the defective bulbs"
        )
        if "review_share" in promise:
            lines["review"] += f"; {percent(promise['review_share'])} of all on the line"
    if "cost_per_bulb" in promise:
        lines["cost per bulb"] = (
            f"{promise['cost_per_bulb']:.4g}; no threshold costs less than "
            f"{figures['lowest_cost_per_bulb']:.4g} on these bulbs"
        )
    return lines


def _lines_of_calibration(calibration: Mapping[str, Any]) -> dict[str, str]:
    num_bulbs = calibration["num_good"] + calibration["num_defective"]
    lines = {
        "calibration": f"temperature {calibration['temperature']:.4g}, "
        f"bias {calibration['bias']:.4g}, fitted to {num_bulbs} bulbs of {calibration['chosen_on']}"
    }
    if calibration["production_prevalence"] is not None:
        lines["prevalence"] = (
            f"{percent(calibration['production_prevalence'])} on the line, "
            f"{percent(calibration['prevalence'])} where it was fitted"
        )
    return lines


def _rate(point: Mapping[str, Any], kind: str, of: str) -> str:
    """Return a rate as it was counted, and its bound where there is one."""
    share, num_bulbs, promise = point[f"{kind}_rate"], point[f"num_{of}"], point["promise"]
    text = f"{round(share * num_bulbs)} of {num_bulbs} {of} bulbs, {percent(share)}"
    if f"{kind}_bound" not in promise:
        return text
    bound, confidence = promise[f"{kind}_bound"], promise["confidence"]
    return f"{text}; at most {percent(bound)} with a confidence of {percent(confidence)}"


def _notes(judged: Judged, calibration: Calibration | None, point: OperatingPoint) -> list[str]:
    """Return what a person must know who relies on the numbers."""
    notes = []
    if point.chosen_on == "val":
        notes.append(
            "the epoch was chosen on val, so that the network may do a little better there than on "
            "the line; bulbs that played no part are better"
        )
    if point.chosen_on == "test":
        notes.append("rates on these test bulbs are no longer those of bulbs that played no part")
    if judged.num_groups < point.num_defective and point.promise:
        notes.append(
            f"the {point.num_defective} defective bulbs are of {judged.num_groups} groups; "
            "promises and bounds hold for bulbs that have nothing in common"
        )
    if point.rule == "conformal":
        notes.append("the rates hold on average: of such thresholds about half are above them")
    if calibration is None:
        notes.append("the bundle has no calibration: its probabilities are those of the softmax")
    elif calibration.production_prevalence is None:
        notes.append(
            "no prevalence was stated: probabilities are those of a mix with "
            f"{percent(calibration.prevalence)} defective bulbs"
        )
    return notes
