"""Where the errors are: rates by kind of defect, group, and the sides that show the defect."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from bulbinspect.bulb import GOOD, Bulb, Prediction, Verdict
from bulbinspect.inspection.evaluation.figures import CONFIDENCE, error_rates
from bulbinspect.inspection.text import for_spreadsheet
from bulbinspect.metrics.proportion import interval

KIND = "kind"
"""A further column of the manifest: the kind of defect, where the label does not tell it."""

MOST_GROUPS = 50
"""So many groups stand in `metrics.json`, those with the most errors; `strata.csv` has them all."""

STRATUM_COLUMNS = (
    "of",
    "name",
    "num_bulbs",
    "num_unjudged",
    *(f"num_{one}" for one in ("good", "defective", "escape", "overkill", "review")),
    *(f"{one}_rate{end}" for one in ("escape", "overkill") for end in ("", "_low", "_high")),
)

Sides = Mapping[str, frozenset[str]]
Stratum = dict[str, Any]


def stratum_figures(
    bulbs: Sequence[Bulb], predictions: Sequence[Prediction], sides: Sides
) -> list[Stratum]:
    """Return the error rates of the bulbs of each kind, group, number of sides, and side.

    `sides` are those that show the defect, for the defective bulbs (by id) of which it is known. A
    bulb whose defect shows on two sides counts for both. Of groups only those with two bulbs or
    more are told. Unjudged bulbs are counted, and are in none of the rates.
    """
    names: dict[tuple[str, str], list[int]] = {}
    sizes = Counter(bulb.group for bulb in bulbs)
    for place, bulb in enumerate(bulbs):
        of = [("kind", kind_of_defect(bulb))] if bulb.label != GOOD else []
        if bulb.group and sizes[bulb.group] > 1:
            of.append(("group", bulb.group))
        if bulb.bulb_id in sides:
            shown = sides[bulb.bulb_id]
            of += [("sides", str(len(shown))), *(("side", name) for name in shown)]
        for one in of:
            names.setdefault(one, []).append(place)
    order = {"kind": 0, "sides": 1, "side": 2, "group": 3}
    return [
        {"of": of, "name": name, **_rates([(bulbs[n], predictions[n]) for n in names[of, name]])}
        for of, name in sorted(names, key=lambda one: (order[one[0]], one[1]))
    ]


def kind_of_defect(bulb: Bulb) -> str:
    """Return what the manifest's column `kind` says of a defective bulb, else its label."""
    kinds = {dict(view.extra).get(KIND, "") for view in bulb.views} - {""}
    return kinds.pop() if len(kinds) == 1 else bulb.label


def shown_strata(strata: Sequence[Stratum]) -> list[Stratum]:
    """Return the strata without the groups that would make the list too long."""
    groups = [one for one in strata if one["of"] == "group"]
    groups.sort(key=lambda one: -(one["num_escape"] + one["num_overkill"]))  # stable
    return [*(one for one in strata if one["of"] != "group"), *groups[:MOST_GROUPS]]


def stratum_row(stratum: Stratum) -> list[str]:
    """Return the cells of STRATUM_COLUMNS; a rate without bulbs is an empty one."""
    values = {**stratum, "name": for_spreadsheet(stratum["name"])}
    for name in ("escape", "overkill"):
        ends = stratum[f"{name}_interval"] or (None, None)
        values[f"{name}_rate_low"], values[f"{name}_rate_high"] = ends
    return ["" if values[name] is None else str(values[name]) for name in STRATUM_COLUMNS]


def named_side(
    bulbs: Sequence[Bulb], predictions: Sequence[Prediction], sides: Sides
) -> dict[str, Any]:
    """Say how often the side that a prediction names shows the defect, and which are named.

    It is counted over the defective bulbs, rejected or for review, of which `sides` is known. In
    `by_view` stands how often each was named on `defective` and on `good` bulbs; of a camera that
    is named often on good ones much of the overkill comes.
    """
    views = dict.fromkeys(view.name for bulb in bulbs for view in bulb.views)
    named: dict[str, Counter[str]] = {name: Counter() for name in views}
    right = num_bulbs = 0
    for bulb, prediction in zip(bulbs, predictions, strict=True):
        view = prediction.defective_view
        if not view:
            continue
        named[view]["good" if bulb.label == GOOD else "defective"] += 1
        if bulb.bulb_id in sides:
            num_bulbs += 1
            right += view in sides[bulb.bulb_id]
    return {
        "num_bulbs": num_bulbs,
        "num_right": right,
        "share_right": right / num_bulbs if num_bulbs else None,
        "interval": list(interval(right, num_bulbs, confidence=CONFIDENCE)) if num_bulbs else None,
        "by_view": {
            name: {kind: counts[kind] for kind in ("defective", "good")}
            for name, counts in named.items()
        },
    }


def _rates(pairs: Sequence[tuple[Bulb, Prediction]]) -> dict[str, Any]:
    judged = [pair for pair in pairs if pair[1].verdict is not Verdict.UNJUDGED]
    defective = np.array([bulb.label != GOOD for bulb, _ in judged], bool)
    verdicts = [one.verdict for _, one in judged]
    passed = np.array([one is Verdict.PASS for one in verdicts], bool)
    rejected = np.array([one is Verdict.REJECT for one in verdicts], bool)
    return {
        "num_bulbs": len(pairs),
        "num_unjudged": len(pairs) - len(judged),
        **error_rates(defective, passed, rejected),
    }
