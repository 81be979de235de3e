"""What a bundle says of itself, told as a model card: nothing is added, nothing is left open."""

from collections.abc import Iterator, Mapping
from typing import Any

from bulbinspect.bulb import GOOD
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.metrics.calibration import Calibration
from bulbinspect.metrics.operating_point import OperatingPoint
from bulbinspect.metrics.proportion import percent
from bulbinspect.report.model_card import CardSection, code, render_card, shown


def model_card(bundle: Bundle) -> str:
    """Return the card as Markdown."""
    metadata = bundle.metadata
    return render_card(f"Model card: {bundle.sha256[:12]}", list(_sections(bundle, metadata)))


def _sections(bundle: Bundle, metadata: BundleMetadata) -> Iterator[CardSection]:
    yield CardSection(
        title="The file",
        sentences=[
            "Everything here stands in the bundle itself. What it is meant for, and what it must "
            "not decide, it does not know: who uses it says so beside this card."
        ],
        values={
            "sha256": bundle.sha256,
            "bytes": len(bundle.graph),
            "format_version": metadata.format_version,
        },
    )
    yield CardSection(
        title="What it judges",
        sentences=[_views(metadata), _pictures(metadata.preprocess), _answers(metadata)],
        values={"preprocess": metadata.preprocess.to_dict()},
    )
    yield _decision(metadata)
    yield _gate(metadata)
    yield CardSection(title="The network", values=metadata.model)
    yield _agreement(metadata)
    yield _origin(metadata)


def _views(metadata: BundleMetadata) -> str:
    names = ", ".join(map(code, metadata.view_names))
    least = metadata.min_views
    if least is None or least == metadata.num_views:
        enough = "all of them must be there"
    else:
        enough = f"at least {least} of them must be there"
    where = {"files": "each in its own file", "channels": "as channels of one file"}
    lie = where.get(metadata.views_in.value, "as pages of one file")
    return f"A bulb has {metadata.num_views} views, {names}, {lie}; {enough}."


def _pictures(spec: PreprocessSpec) -> str:
    how = {
        "pad": "scaled, and padded where their shape is another",
        "crop": "scaled, and cut where their shape is another",
        "stretch": "stretched to that shape",
    }
    return (
        f"The network sees gray pictures of {spec.height_px} × {spec.width_px} px and "
        f"{spec.bit_depth} bits; others are {how[spec.fit]}."
    )


def _answers(metadata: BundleMetadata) -> str:
    kinds = ", ".join(code(name) for name in metadata.classes if name != GOOD)
    if metadata.good_index is None:
        return f"It tells {kinds} apart; it has no good class, so it gives no verdict."
    return f"It tells good bulbs from bulbs with a defect: {kinds}."


def _decision(metadata: BundleMetadata) -> CardSection:
    point, calibration = metadata.operating_point, metadata.calibration
    sentences = []
    values: dict[str, Any] = {}
    if point is not None:
        sentences += [_thresholds(point), _rates(point), *_promised(point)]
        values["operating_point"] = point.to_dict()
    if calibration is not None:
        sentences.append(_probability(calibration))
        values["calibration"] = calibration.to_dict()
    elif metadata.good_index is not None:
        sentences.append("The defect probability is the network's own, not calibrated.")
    return CardSection(
        title="How it decides",
        sentences=sentences or ["It names the most probable class."],
        values=values,
    )


def _thresholds(point: OperatingPoint) -> str:
    low, high = f"{point.pass_threshold:.4g}", f"{point.reject_threshold:.4g}"
    if point.pass_threshold == point.reject_threshold:
        return f"Below a defect probability of {high} a bulb passes, from there on it is rejected."
    return (
        f"Below a defect probability of {low} a bulb passes, from {high} on it is rejected; "
        "between the two a person looks at it."
    )


def _rates(point: OperatingPoint) -> str:
    escaped = round(point.escape_rate * point.num_defective)
    overkill = round(point.overkill_rate * point.num_good)
    return (
        f"That was chosen on {code(point.chosen_on)} by {code(point.rule)}. Of the "
        f"{point.num_defective} defective bulbs there {escaped} passed, of the "
        f"{point.num_good} good ones {overkill} were rejected; these are the bulbs on which it was "
        "chosen, so others may do worse."
    )


def _promised(point: OperatingPoint) -> Iterator[str]:
    promise = point.promise
    if not {"escape_bound", "overkill_bound", "confidence"} <= set(promise):
        if not promise:
            yield "No promise goes with these rates for bulbs that come later."
        return
    yield (
        f"With a confidence of {percent(promise['confidence'])} at most "
        f"{percent(promise['escape_bound'])} of all defective bulbs pass, and with the same "
        f"confidence at most {percent(promise['overkill_bound'])} of all good ones are rejected, "
        "of bulbs that come as those did."
    )
    if point.rule == "conformal":
        yield "The rates that were asked for hold on average over such choices, not with it."
    if point.pass_threshold < point.reject_threshold:
        share = ""
        if "review_share" in promise:
            share = f"; of all bulbs of the line that is {percent(promise['review_share'])}"
        yield (
            f"There {percent(point.review_rate_good)} of the good bulbs and "
            f"{percent(point.review_rate_defective)} of the defective ones went to review"
            f"{share}."
        )
    if "cost_per_bulb" in promise:
        yield f"Errors cost {promise['cost_per_bulb']:.4g} per bulb of the line, as counted there."


def _probability(calibration: Calibration) -> str:
    fitted = f"The defect probability is calibrated on {code(calibration.chosen_on)}"
    there = f"{percent(calibration.prevalence)} of the bulbs were defective"
    if calibration.production_prevalence is None:
        return f"{fitted}, where {there}; what share is on the line was not stated."
    stated = percent(calibration.production_prevalence)
    return f"{fitted}, where {there}, and is that of a line where {stated} are, as was stated."


def _gate(metadata: BundleMetadata) -> CardSection:
    title = "What it refuses to judge"
    if metadata.gate is None:
        none = "There is no gate: every view that can be read is judged."
        return CardSection(title=title, sentences=[none])
    limits = metadata.gate.to_dict().items()
    return CardSection(
        title=title,
        sentences=[
            "Bulbs with a view beyond these limits are `unjudged`, as is every bulb with a picture "
            "that is missing or cannot be read."
        ],
        values={name: one for name, one in limits if one is not None and name != "reference"},
    )


def _agreement(metadata: BundleMetadata) -> CardSection:
    return CardSection(
        title="Whether the file does what the trained network does",
        sentences=[] if metadata.agreement else ["The bundle holds no proof of it."],
        values=metadata.agreement,
    )


def _origin(metadata: BundleMetadata) -> CardSection:
    sentences = [] if metadata.provenance else ["The bundle does not say."]
    if metadata.reference:
        sentences.append(_kept(metadata.reference))
    return CardSection(title="Where it comes from", sentences=sentences, values=metadata.provenance)


def _kept(reference: Mapping[str, Any]) -> str:
    num_bulbs, split = (reference.get(name) for name in ("num_bulbs", "chosen_on"))
    if num_bulbs is None or split is None:
        return "For `drift` it keeps what its bulbs were like."
    return f"For `drift` it keeps what {shown(num_bulbs)} bulbs of {shown(split)} were like."
