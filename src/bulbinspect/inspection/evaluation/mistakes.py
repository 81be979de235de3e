"""The bulbs about which a bundle is most wrong."""

from collections.abc import Sequence
from typing import Any

from bulbinspect.bulb import GOOD, Bulb, Prediction, Verdict
from bulbinspect.inspection.evaluation.strata import Sides, kind_of_defect

MOST_MISTAKES = 20
"""So many escapes, and so many good bulbs that were rejected, are listed."""

Mistakes = dict[str, list[dict[str, Any]]]


def worst_mistakes(
    bulbs: Sequence[Bulb], predictions: Sequence[Prediction], sides: Sides
) -> Mistakes:
    """Return `escapes`, the lowest defect probability first, and `overkills`, the highest first.

    Of equals the first in the manifest comes first. `sides` are those that show the defect, for
    bulbs (by id) of which it is known.
    """
    pairs = [
        (bulb, one, one.defect_probability)
        for bulb, one in zip(bulbs, predictions, strict=True)
        if one.defect_probability is not None
    ]
    escaped = [
        (probability, bulb)
        for bulb, one, probability in pairs
        if bulb.label != GOOD and one.verdict is Verdict.PASS
    ]
    overkilled = [
        (probability, bulb, one.defective_view)
        for bulb, one, probability in pairs
        if bulb.label == GOOD and one.verdict is Verdict.REJECT
    ]
    return {
        "escapes": [
            {
                "bulb_id": bulb.bulb_id,
                "label": bulb.label,
                "kind": kind_of_defect(bulb),
                "group": bulb.group,
                "sides": sorted(sides[bulb.bulb_id]) if bulb.bulb_id in sides else None,
                "defect_probability": probability,
            }
            for probability, bulb in sorted(escaped, key=lambda one: one[0])[:MOST_MISTAKES]
        ],
        "overkills": [
            {
                "bulb_id": bulb.bulb_id,
                "group": bulb.group,
                "defective_view": view,
                "defect_probability": probability,
            }
            for probability, bulb, view in sorted(overkilled, key=lambda one: -one[0])[
                :MOST_MISTAKES
            ]
        ],
    }
