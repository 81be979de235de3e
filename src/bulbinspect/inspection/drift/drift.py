"""Whether a line is still what a bundle was made with: which camera moved, and since when."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.reference import FEWEST_BULBS, MEASURES, Reference
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.drift.observe import Observed
from bulbinspect.metrics.calibration import Calibration
from bulbinspect.metrics.distribution import Distribution
from bulbinspect.metrics.drift import Move, compare, most_likely_start
from bulbinspect.metrics.paired import holm
from bulbinspect.metrics.probability import defect_probability, softmax

PROBABILITY = "defect_probability"
LEAST_PSI = 0.1
"""What a population stability index must exceed chance by: less is small, whatever it proves."""

_SHORTEST_WINDOW = 30

_Floats = NDArray[np.float64]


class State(StrEnum):
    """What is said of one measure of one camera."""

    STEADY = "steady"
    MOVED = "moved"
    NOT_KNOWN = "not_known"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One measure of one camera (`""`: of the bulbs), held against the reference.

    The middle 90 % of the reference lie between `reference_low` and `reference_high`. `window` is
    how many of the last values differ most surely; `p_value` is theirs, `adjusted` for all tests
    together. `since` names the first bulb of the drift, the `since_number`-th of all, counted from
    1, and `since_at` the cell of the column that the bulbs are ordered by.
    """

    camera: str
    measure: str
    state: State
    num_values: int
    reference_median: float | None = None
    reference_low: float | None = None
    reference_high: float | None = None
    median: float | None = None
    window: int | None = None
    statistic: float | None = None
    p_value: float | None = None
    adjusted: float | None = None
    psi: float | None = None
    psi_by_chance: float | None = None
    since: str = ""
    since_number: int | None = None
    since_at: str = ""


def reference_of(metadata: BundleMetadata) -> Reference:
    """Return what the bundle was made with; UsageError if it does not say so."""
    if not metadata.reference:
        raise UsageError(
            "the bundle has no reference to compare with: it was made with fewer than "
            f"{FEWEST_BULBS} val bulbs, or before there was one; train anew"
        )
    reference = Reference.from_dict(metadata.reference)
    if set(reference.cameras) != set(metadata.view_names):
        raise UsageError("the reference of the bundle is of other cameras than its views")
    return reference


def find_drift(
    observed: Sequence[Observed],
    reference: Reference,
    *,
    calibration: Calibration | None,
    alpha: float,
) -> list[Finding]:
    """Test every measure of every camera, and the probabilities; `alpha` is for all together.

    Each is tested on all values, and on the last half, quarter, … of at least 30, so that what
    began late is not lost among what came before. It has moved if a test says so, adjusted by
    Holm's way, and its population stability index exceeds chance by 0.1. Fewer than 20 values say
    nothing, which counts as drift. DataError for fewer than 20 bulbs.
    """
    if len(observed) < FEWEST_BULBS:
        raise DataError(
            f"{len(observed)} bulbs say nothing about drift; it takes {FEWEST_BULBS}, and hundreds "
            "to find what is small"
        )
    series = _series(observed, reference, calibration)
    moves = [_windows(one.values, one.reference) for one in series]
    adjusted = iter(holm([move.p_value for some in moves for _, move in some]))
    return [
        _finding(one, [(size, move, next(adjusted)) for size, move in some], observed, alpha)
        for one, some in zip(series, moves, strict=True)
    ]


def first_sign(findings: Sequence[Finding], camera: str) -> Finding | None:
    """Return which measure of a camera moved most surely, None if none did."""
    moved = [one for one in findings if one.camera == camera and one.state is State.MOVED]
    if not moved:
        return None
    return min(moved, key=lambda one: (one.adjusted or 0.0, one.since_number or 0))


@dataclass(frozen=True, slots=True)
class _Series:
    """The values (N,) of one measure, and the place of each among the bulbs."""

    camera: str
    measure: str
    reference: Distribution
    values: _Floats
    places: tuple[int, ...]


def _series(
    observed: Sequence[Observed], reference: Reference, calibration: Calibration | None
) -> list[_Series]:
    found = []
    for name, camera in reference.cameras.items():
        names = [view.camera for view in observed[0].views]
        at = names.index(name)
        places = [place for place, one in enumerate(observed) if one.views[at].measures]
        for measure in MEASURES:
            values = [observed[place].views[at].measures[measure] for place in places]
            table = camera.measures[measure]
            found.append(_Series(name, measure, table, np.array(values, float), tuple(places)))
    if reference.log_odds is not None:
        known = [
            (place, one.defect_probability)
            for place, one in enumerate(observed)
            if one.defect_probability is not None
        ]
        table = reference.log_odds.moved(lambda odds: _probabilities(odds, calibration))
        values, places = [value for _, value in known], [place for place, _ in known]
        found.append(_Series("", PROBABILITY, table, np.array(values, float), tuple(places)))
    return found


def _probabilities(log_odds: _Floats, calibration: Calibration | None) -> _Floats:
    """Return what an inspector says of bulbs with these log-odds, by the same steps."""
    logits = np.stack([np.zeros_like(log_odds), log_odds], axis=-1)
    known = softmax(logits) if calibration is None else calibration.apply(logits, 0)
    return defect_probability(known, 0)


def _windows(values: _Floats, reference: Distribution) -> list[tuple[int, Move]]:
    """Compare all values, and ever shorter ends of them; nothing if there are too few."""
    size, found = len(values), []
    while size >= FEWEST_BULBS and (size == len(values) or size >= _SHORTEST_WINDOW):
        found.append((size, compare(reference, values[-size:])))
        size //= 2
    return found


def _finding(
    series: _Series,
    tests: Sequence[tuple[int, Move, float]],
    observed: Sequence[Observed],
    alpha: float,
) -> Finding:
    if not tests:
        return Finding(
            camera=series.camera,
            measure=series.measure,
            state=State.NOT_KNOWN,
            num_values=len(series.values),
        )
    far = [one for one in tests if one[2] <= alpha and _is_large(one[1])]
    size, move, adjusted = min(far or tests, key=lambda one: (one[2], one[1].p_value, -one[0]))
    since: Observed | None = None
    number = None
    if far:
        start = most_likely_start(
            move.beneath(series.values),
            move.share,
            num_reference=series.reference.effective_count(move.weights),
        )
        number = series.places[start]
        since = observed[number]
    return Finding(
        camera=series.camera,
        measure=series.measure,
        state=State.MOVED if far else State.STEADY,
        num_values=len(series.values),
        reference_median=series.reference.quantile(0.5, move.weights),
        reference_low=series.reference.quantile(0.05, move.weights),
        reference_high=series.reference.quantile(0.95, move.weights),
        median=float(np.median(series.values[-size:])),
        window=size,
        statistic=move.statistic,
        p_value=move.p_value,
        adjusted=adjusted,
        psi=move.psi,
        psi_by_chance=move.psi_by_chance,
        since="" if since is None else since.bulb_id,
        since_number=None if number is None else number + 1,
        since_at="" if since is None else since.at,
    )


def _is_large(move: Move) -> bool:
    return move.psi - move.psi_by_chance >= LEAST_PSI
