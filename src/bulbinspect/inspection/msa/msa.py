"""The attribute agreement study: how far verdicts repeat, agree, and are right, over re-shots.

`docs/msa.md` explains the figures.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import combinations
from typing import Any

import numpy as np

from bulbinspect.bulb import Verdict
from bulbinspect.inspection.msa.appraisers import ANSWERS, LINE, Appraiser
from bulbinspect.inspection.reshots import Copies, ReshotBulb, shots_of_a_bulb
from bulbinspect.inspection.text import for_spreadsheet
from bulbinspect.metrics import agreement
from bulbinspect.metrics.agreement import Kappa
from bulbinspect.metrics.clustered_rate import Rate
from bulbinspect.metrics.traffic_light import Light, light_at_worst, light_of, together

FORMAT_VERSION = 1
PASS, REJECT, REVIEW = range(len(ANSWERS))

ANSWER_COLUMNS = (
    "bulb",
    "label",
    "limit",
    "appraiser",
    "trial",
    "shot",
    "answer",
    "right",
    "reason",
    "defect_probability",
)


def study_agreement(
    bulbs: Sequence[ReshotBulb],
    appraisers: Sequence[Appraiser],
    copies: Copies,
    facts: Mapping[str, Any],
    *,
    confidence: float = 0.95,
) -> dict[str, Any]:
    """Return the content of `msa.json`; `facts` (model, manifest, …) stand in front.

    The first appraiser is the line. Every bulb has a label; shots that are copies have no answers.
    """
    line = appraisers[0]
    return {
        "format_version": FORMAT_VERSION,
        **facts,
        "confidence": confidence,
        "num_bulbs": len(bulbs),
        "num_good": sum(not bulb.defective for bulb in bulbs),
        "num_defective": sum(bulb.defective for bulb in bulbs),
        "num_limit": sum(bulb.limit for bulb in bulbs),
        "num_shots": sum(len(bulb.shots) for bulb in bulbs),
        "num_copies": len(copies.of),
        "shots_of_a_bulb": {
            str(shots): number for shots, number in shots_of_a_bulb(bulbs, copies.of).items()
        },
        "appraisers": [_figures(bulbs, one, confidence) for one in appraisers],
        "between": _between(bulbs, appraisers, confidence) if len(appraisers) > 1 else None,
        "unjudged": dict(
            Counter(
                answer.reason
                for some in line.answers.values()
                for answer in some
                if answer.verdict is Verdict.UNJUDGED
            ).most_common()
        ),
        "probability_change": _probability_change(line),
    }


def answer_rows(
    bulbs: Sequence[ReshotBulb], appraisers: Sequence[Appraiser], copies: Copies
) -> Iterator[list[str]]:
    """Yield the rows of `answers.csv` below its header; a copy has a row without an answer."""
    for bulb in bulbs:
        known = [bulb.name, bulb.label, "yes" if bulb.limit else "no"]
        rows: list[tuple[str, int, list[str]]] = []
        for appraiser in appraisers:
            for one in appraiser.answers.get(bulb.name, ()):
                probability = one.defect_probability
                right = one.counts_as is ANSWERS[_right(bulb)]
                cells = [one.verdict, "yes" if right else "no", one.reason]
                number = "" if probability is None else repr(probability)
                rows.append((appraiser.name, one.trial, [one.shot, *cells, number]))
        for trial, shot in enumerate(bulb.shots, start=1):
            if shot.bulb_id in copies.of:
                rows.append((LINE, trial, [shot.bulb_id, "", "", "copy", ""]))
        place = {appraiser.name: at for at, appraiser in enumerate(appraisers)}
        for name, trial, cells in sorted(rows, key=lambda row: (place[row[0]], row[1])):
            yield [for_spreadsheet(cell) for cell in (*known, name, str(trial), *cells)]


def changed_bulbs(
    bulbs: Sequence[ReshotBulb], line: Appraiser
) -> list[tuple[ReshotBulb, list[Verdict]]]:
    """Return the bulbs to which the line gave more than one answer, or a wrong one, as it came."""
    found = []
    for bulb in bulbs:
        answers = line.answers.get(bulb.name, ())
        if {one.counts_as for one in answers} - {ANSWERS[_right(bulb)]}:
            found.append((bulb, [one.verdict for one in answers]))
    return found


def _figures(
    bulbs: Sequence[ReshotBulb], appraiser: Appraiser, confidence: float
) -> dict[str, Any]:
    """Return what is said of one appraiser."""
    answers = appraiser.counts(bulbs)
    truth = np.array([_right(bulb) for bulb in bulbs], int)
    limit = np.array([bulb.limit for bulb in bulbs], bool)
    defective, sure = truth == REJECT, {"confidence": confidence}
    rates = {
        "effectiveness": agreement.effectiveness(answers, truth, **sure),
        "miss_rate": agreement.share_of_answers(answers, PASS, defective, **sure),
        "false_alarm_rate": agreement.share_of_answers(answers, REJECT, ~defective, **sure),
    }
    lights = {
        name: light_of(name, None if rate is None else rate.share) for name, rate in rates.items()
    }
    worst = {name: light_at_worst(name, rate) for name, rate in rates.items()}
    within = agreement.agreement_within(answers, **sure)
    repeats = [] if within else [Light.UNKNOWN]  # asked once only, nobody is known to be reliable
    return {
        "name": appraiser.name,
        "num_bulbs": int(np.sum(answers.sum(axis=1) > 0)),
        "num_trials": int(answers.sum()),
        "light": together([*lights.values(), *repeats]),
        "light_at_worst": together([*worst.values(), *repeats]),
        "lights": lights,
        "lights_at_worst": worst,
        "within": _plain(within),
        "within_kappa": _plain(agreement.fleiss_kappa(answers, **sure)),
        **{name: _plain(rate) for name, rate in rates.items()},
        "review_rate": _plain(
            agreement.share_of_answers(answers, REVIEW, np.ones(len(bulbs), bool), **sure)
        ),
        "truth_kappa": _plain(
            agreement.cohen_kappa(answers, agreement.truth_answers(truth, len(ANSWERS)), **sure)
        ),
        "effectiveness_limit": _plain(
            agreement.effectiveness(answers[limit], truth[limit], **sure)
        ),
        "effectiveness_clear": _plain(
            agreement.effectiveness(answers[~limit], truth[~limit], **sure)
        ),
        "answers": {
            "good": _verdicts(appraiser, [bulb for bulb in bulbs if not bulb.defective]),
            "defective": _verdicts(appraiser, [bulb for bulb in bulbs if bulb.defective]),
        },
    }


def _between(
    bulbs: Sequence[ReshotBulb], appraisers: Sequence[Appraiser], confidence: float
) -> dict[str, Any]:
    """Return how far the appraisers agree with one another."""
    truth = np.array([_right(bulb) for bulb in bulbs], int)
    sure = {"confidence": confidence}
    answers = {one.name: one.counts(bulbs) for one in appraisers}
    each = list(answers.values())
    asked = np.all([some.sum(axis=1) > 0 for some in each], axis=0)
    return {
        "agreement": _plain(agreement.agreement_between(each, **sure)),
        "all_right": _plain(agreement.all_right(each, truth, **sure)),
        "kappa": _plain(agreement.fleiss_kappa(np.sum(each, axis=0)[asked], **sure)),
        "pairs": [
            {
                "names": [one, other],
                "agreement": _plain(
                    agreement.agreement_between([answers[one], answers[other]], **sure)
                ),
                "kappa": _plain(agreement.cohen_kappa(answers[one], answers[other], **sure)),
            }
            for one, other in combinations(answers, 2)
        ],
    }


def _probability_change(line: Appraiser) -> dict[str, float] | None:
    """Return how far the defect probability of a bulb moves between its shots, None without any."""
    ranges = []
    for some in line.answers.values():
        known = [one.defect_probability for one in some if one.defect_probability is not None]
        if len(known) > 1:
            ranges.append(max(known) - min(known))
    if not ranges:
        return None
    return {"mean": float(np.mean(ranges)), "largest": float(np.max(ranges))}


def _verdicts(appraiser: Appraiser, bulbs: Sequence[ReshotBulb]) -> dict[str, int]:
    """Return how often which verdict was given, `unjudged` apart from `reject`."""
    counted = Counter(
        answer.verdict for bulb in bulbs for answer in appraiser.answers.get(bulb.name, ())
    )
    return {str(verdict): counted[verdict] for verdict in Verdict}


def _right(bulb: ReshotBulb) -> int:
    """Return the place among `ANSWERS` of what is right for a bulb."""
    return REJECT if bulb.defective else PASS


def _plain(figure: Rate | Kappa | None) -> dict[str, Any] | None:
    return None if figure is None else asdict(figure)
