"""How many times more bulbs an arm needs to reach what the reference reaches with N."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.errors import DataError
from bulbinspect.metrics.sample_efficiency import (
    Factor,
    times_more_bulbs,
    times_more_bulbs_by_group,
)
from bulbinspect.study.interval import Resampling, TestBulbs
from bulbinspect.study.trials import Credited, Trial, arms_of, common_seeds, sizes_of

_FEWEST_SIZES = 2


def sample_efficiency(
    credited: Credited, reference: str, bulbs: TestBulbs, resampling: Resampling
) -> list[dict[str, Any]]:
    """Return for each arm with two sizes or more in common with the reference its factors.

    It is asked for the `sizes` that both have, and an arm may reach the level with any size of its
    own. Seeds that lack one of all these are left out. The intervals are over groups of bulbs and
    seeds; where bulbs allow none, over seeds alone (`over` says which).
    """
    rows = []
    for arm in arms_of(credited):
        shared = sorted({*sizes_of(credited, reference)} & {*sizes_of(credited, arm)})
        if arm == reference or len(shared) < _FEWEST_SIZES:
            continue
        own = sorted(sizes_of(credited, arm))
        curves = (
            [credited[reference, size] for size in shared],
            [credited[arm, size] for size in own],
        )
        seeds = common_seeds([*curves[0], *curves[1]])
        if not seeds:
            continue
        rows.append(
            {
                "arm": arm,
                "reference": reference,
                "sizes": shared,
                "seeds": list(seeds),
                **_factors((shared, own), curves, seeds, bulbs, resampling),
            }
        )
    return rows


def _factors(
    sizes: tuple[Sequence[int], Sequence[int]],
    curves: Sequence[Sequence[Trial]],
    seeds: Sequence[int],
    bulbs: TestBulbs,
    resampling: Resampling,
) -> dict[str, Any]:
    of_reference, of_arm = (_probabilities(curve, seeds) for curve in curves)
    judged = ~np.isnan(np.concatenate([of_reference, of_arm])).any(axis=(0, 1))
    settings = asdict(resampling)
    try:
        factors = times_more_bulbs_by_group(
            sizes[0],
            bulbs.defective[judged],
            bulbs.member[judged],
            of_reference[:, :, judged],
            of_arm[:, :, judged],
            sizes_b=sizes[1],
            **settings,
        )
        over = "groups and seeds"
    except DataError:
        factors, over = _over_seeds(sizes, curves, seeds, settings), "seeds"
    return {
        "over": over,
        "num_bulbs": int(judged.sum()),
        "factors": [asdict(one) for one in factors],
    }


def _over_seeds(
    sizes: tuple[Sequence[int], Sequence[int]],
    curves: Sequence[Sequence[Trial]],
    seeds: Sequence[int],
    settings: dict[str, Any],
) -> list[Factor]:
    areas = [
        [[one.row["auroc"] for one in trial.of_seeds(seeds)] for trial in curve] for curve in curves
    ]
    if any(area is None for curve in areas for of_size in curve for area in of_size):
        return []
    return times_more_bulbs(sizes[0], *areas, sizes_b=sizes[1], **settings)


def _probabilities(curve: Sequence[Trial], seeds: Sequence[int]) -> NDArray[np.float64]:
    """Return `(sizes, seeds, N)`, NaN where a bulb was not judged."""
    return np.array(
        [[one.run.test.probability for one in trial.of_seeds(seeds)] for trial in curve]
    )


def headline(row: dict[str, Any] | None) -> list[str]:
    """Return a sentence for each size: how many times more bulbs the arm needs."""
    if row is None:
        return []
    return [_sentence(row["arm"], row["reference"], one) for one in row["factors"]]


def _sentence(arm: str, reference: str, factor: dict[str, Any]) -> str:
    size = factor["num_bulbs"]
    level = f"what {reference} reaches with {size}"
    if factor["factor"] is not None:
        text = f"{arm} needs {factor['factor']:.1f} times the bulbs{_ends(factor)} to reach {level}"
    elif factor["at_most"] is not None:
        most = factor["at_most"] * size
        text = f"{arm} is above {level} with its smallest set of {most:.0f} already{_ends(factor)}"
    else:
        least = factor["at_least"]
        text = (
            f"{arm} does not reach with {least * size:.0f}, its largest set, {level}: it needs "
            f"more than {least:.1f} times the bulbs{_ends(factor)}"
        )
    flat = f" (as {reference} does with fewer)" if factor["flat"] else ""
    return f"{text}{flat}."


def _ends(factor: dict[str, Any]) -> str:
    low, high = factor["low"], factor["high"]
    if low is None and high is None:
        return " (interval open at both ends: these runs cannot say)"
    if high is None:
        return f" (interval from {low:.1f}, open above)"
    return f" (interval up to {high:.1f})" if low is None else f" ({low:.1f} to {high:.1f})"
