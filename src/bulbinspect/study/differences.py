"""How far each arm is from the reference, paired by test bulb and seed."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.metrics import rates
from bulbinspect.metrics.paired import (
    combine_dependent,
    delong_difference,
    holm,
    mcnemar_exact,
)
from bulbinspect.study.figures import RunFigures
from bulbinspect.study.interval import (
    Ends,
    Resampling,
    TestBulbs,
    auroc_under,
    escape_under,
    interval,
    less,
)
from bulbinspect.study.trials import Credited, Trial, common_seeds

Pairs = Sequence[tuple[RunFigures, RunFigures]]
"""A run of the arm and one of the reference, for each seed."""


def differences(
    credited: Credited, reference: str, bulbs: TestBulbs, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return for each size and arm how it differs from the reference there.

    Arm less reference, on the seeds both have. `auroc` is of the bulbs that all these runs judged;
    `mcnemar_p` is of the verdicts at the bundles' own thresholds. Holm's correction is over the
    arms of a size.
    """
    rows: list[dict[str, Any]] = []
    for size in sorted({size for _, size in credited}):
        base = credited.get((reference, size))
        if base is not None:
            rows += _at_size(credited, size, base, bulbs, resampling)
    return rows


def _at_size(
    credited: Credited, size: int, base: Trial, bulbs: TestBulbs, resampling: Resampling
) -> list[dict[str, Any]]:
    rows = []
    for (arm, num_train), trial in sorted(credited.items()):
        if num_train != size or arm == base.arm:
            continue
        seeds = common_seeds([trial, base])
        pairs = list(zip(trial.of_seeds(seeds), base.of_seeds(seeds), strict=True))
        rows.append(
            {
                "arm": arm,
                "num_train": size,
                "budget": trial.budget,
                "reference": base.arm,
                "reference_budget": base.budget,
                "seeds": list(seeds),
                **(_compared(pairs, bulbs, resampling) if pairs else _NOTHING),
            }
        )
    for test in ("mcnemar", "delong"):
        known = [row for row in rows if row[f"{test}_p"] is not None]
        adjusted = holm([row[f"{test}_p"] for row in known])
        for row, value in zip(known, adjusted, strict=True):
            row[f"{test}_holm"] = value
    return rows


_NO_ENDS = {"mean": None, "low": None, "high": None, "no_interval": None}
_NOTHING: dict[str, Any] = {
    "num_bulbs": 0,
    "auroc": _NO_ENDS,
    "escape_rate_at_overkill": _NO_ENDS,
    "mcnemar_p": None,
    "mcnemar_holm": None,
    "delong_p": None,
    "delong_holm": None,
}


def _compared(pairs: Pairs, bulbs: TestBulbs, resampling: Resampling) -> dict[str, Any]:
    tests = [(one.run.test, other.run.test) for one, other in pairs]
    judged = np.all([~answers.unjudged for pair in tests for answers in pair], axis=0)
    truth = bulbs.defective
    areas = [
        difference(
            rates.auroc(truth[judged], one.probability[judged]),
            rates.auroc(truth[judged], other.probability[judged]),
        )
        for one, other in tests
    ]
    ends = interval(
        bulbs,
        [less(auroc_under(one, judged), auroc_under(other, judged)) for one, other in tests],
        resampling,
    )
    delong = [
        delong_difference(truth[judged], one.probability[judged], other.probability[judged])[2]
        for one, other in tests
    ]
    mcnemar = [
        mcnemar_exact(one.rejected == truth, other.rejected == truth) for one, other in tests
    ]
    return {
        **_NOTHING,
        "num_bulbs": int(judged.sum()),
        "auroc": estimate(areas, ends),
        "escape_rate_at_overkill": escape_difference(pairs, truth, bulbs, resampling),
        "mcnemar_p": combine_dependent(mcnemar),
        "delong_p": None if np.isnan(delong).any() else combine_dependent(delong),
    }


def escape_difference(
    pairs: Pairs, defective: NDArray[np.bool_], bulbs: TestBulbs, resampling: Resampling
) -> dict[str, Any]:
    """Return how the escape rates of these defective bulbs differ, at the overkill of val."""
    verdicts = list(_verdicts(pairs))
    if len(verdicts) < len(pairs) or not pairs:
        return dict(_NO_ENDS)
    rates_of = [
        difference(rates.escape_rate(defective, one), rates.escape_rate(defective, other))
        for one, other in verdicts
    ]
    ends = interval(
        bulbs,
        [
            less(escape_under(defective, one), escape_under(defective, other))
            for one, other in verdicts
        ],
        resampling,
    )
    return estimate(rates_of, ends)


def difference(one: float | None, other: float | None) -> float | None:
    """Return one less other, None where either is not known."""
    return None if one is None or other is None else one - other


def estimate(values: Sequence[float | None], ends: Ends) -> dict[str, Any]:
    """Return the mean over seeds with the ends of its interval, or why there are none."""
    known = [value for value in values if value is not None]
    if len(known) < len(values):
        return {**_NO_ENDS, "no_interval": "undefined for one of the runs"}
    mean = float(np.mean(known))
    return {"mean": mean, "low": ends.low, "high": ends.high, "no_interval": ends.why_not}


def _verdicts(pairs: Pairs) -> Iterator[tuple[NDArray[np.bool_], NDArray[np.bool_]]]:
    for one, other in pairs:
        if one.rejected is not None and other.rejected is not None:
            yield one.rejected, other.rejected
