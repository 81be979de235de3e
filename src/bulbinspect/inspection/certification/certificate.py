"""What became of bulbs in other orders, as plain values."""

from typing import Any

import numpy as np

from bulbinspect.bundle.bundle import Bundle
from bulbinspect.inspection.certification.certify import OrderChanges


def to_dict(changes: OrderChanges, bundle: Bundle, tolerance: float) -> dict[str, Any]:
    """Return the certificate: what was tried, the figures, and every bulb, the worst first."""
    point = bundle.metadata.operating_point
    return {
        "certified": changes.certified(tolerance),
        "model": bundle.sha256,
        "gate_overrides": list(bundle.overrides),
        "pass_threshold": None if point is None else point.pass_threshold,
        "reject_threshold": None if point is None else point.reject_threshold,
        "tolerance": tolerance,
        "orders": changes.orders.said,
        "num_bulbs": len(changes.bulbs) + changes.left_out.total(),
        "num_judged": len(changes.bulbs),
        "left_out": dict(changes.left_out.most_common()),
        "every_order": changes.figures(),
        "shifts": changes.figures(only_shifts=True),
        "bulbs": [bulb_row(changes, place, bundle) for place in changes.worst()],
    }


def bulb_row(changes: OrderChanges, place: int, bundle: Bundle) -> dict[str, Any]:
    """Return what is said of one bulb: as given, and in the orders of its extremes."""
    bulb, given = changes.bulbs[place], changes.given[place]
    probability, change = changes.probability[place], changes.change[place]
    finite = np.isfinite(probability)
    return {
        "bulb_id": bulb.bulb_id,
        "label": bulb.label,
        "verdict": given.verdict,
        "defect_probability": given.defect_probability,
        "largest_change": float(change.max()) if finite.all() else None,
        "changed_verdicts": int(changes.changed[place].sum()),
        "not_finite": int((~finite).sum()),
        "lowest": _at(changes, place, np.where(finite, probability, np.inf).argmin(), bundle),
        "highest": _at(changes, place, np.where(finite, probability, -np.inf).argmax(), bundle),
    }


def _at(changes: OrderChanges, place: int, column: np.intp, bundle: Bundle) -> dict[str, Any]:
    """Return the answer in one order, said as the names of the views in their places."""
    probability = float(changes.probability[place, column])
    return {
        "order": [bundle.metadata.view_names[one] for one in changes.orders.rows[column]],
        "defect_probability": probability if np.isfinite(probability) else None,
        "verdict": changes.verdicts[place, column],
    }
