"""Who says what becomes of a bulb, again and again: the line, by its predictions, and people."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.errors import DataError
from bulbinspect.inspection.reshots import ReshotBulb

LINE = "line"
"""The name of the appraiser that is the bundle."""

ANSWERS = (Verdict.PASS, Verdict.REJECT, Verdict.REVIEW)
"""What can be answered, in the order of the counts; the line's `unjudged` is a reject."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What an appraiser said of a bulb once; `shot` is empty for a person, who saw the bulb."""

    trial: int
    verdict: Verdict
    shot: str = ""
    reason: str = ""
    defect_probability: float | None = None

    @property
    def counts_as(self) -> Verdict:
        """What the line does: it treats unjudged as a reject."""
        return Verdict.REJECT if self.verdict is Verdict.UNJUDGED else self.verdict


@dataclass(frozen=True)
class Appraiser:
    """The answers of one appraiser by the name of the bulb, in the order of its trials."""

    name: str
    answers: Mapping[str, Sequence[Answer]] = field(default_factory=dict)

    def counts(self, bulbs: Sequence[ReshotBulb]) -> NDArray[np.int64]:
        """Return how often each bulb got each of `ANSWERS`: (N, 3)."""
        counts = np.zeros((len(bulbs), len(ANSWERS)), np.int64)
        for row, bulb in zip(counts, bulbs, strict=True):
            for answer in self.answers.get(bulb.name, ()):
                row[ANSWERS.index(answer.counts_as)] += 1
        return counts


def line_appraiser(
    bulbs: Sequence[ReshotBulb], predictions: Iterable[Prediction], left_out: Iterable[str]
) -> Appraiser:
    """Return the line with its predictions, a trial for each shot that is not `left_out`.

    DataError for a shot without a prediction, one with two, and one without a verdict.
    """
    of_shot: dict[str, Prediction] = {}
    problems = []
    for one in predictions:
        if one.bulb_id in of_shot:
            problems.append(f"shot {one.bulb_id!r} was judged twice")
        of_shot[one.bulb_id] = one
    without = set(left_out)
    answers: dict[str, list[Answer]] = {}
    for bulb in bulbs:
        for trial, shot in enumerate(bulb.shots, start=1):
            said = of_shot.get(shot.bulb_id)
            if shot.bulb_id in without:
                continue
            if said is None:
                problems.append(f"shot {shot.bulb_id!r} was not judged")
            elif said.verdict is None:
                problems.append(f"shot {shot.bulb_id!r} has no verdict")
            else:
                answers.setdefault(bulb.name, []).append(
                    Answer(trial, said.verdict, shot.bulb_id, said.reason, said.defect_probability)
                )
    if problems:
        raise DataError("the predictions are not those of the manifest:", problems)
    return Appraiser(LINE, answers)
