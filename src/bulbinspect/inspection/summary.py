"""What came out of many bulbs, counted as they pass."""

import time
from collections import Counter
from dataclasses import dataclass, field

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.inspection.text import for_terminal


@dataclass(slots=True)
class Summary:
    """Counts of bulbs: by verdict, the unjudged by reason, and the labels where no verdict is."""

    verdicts: Counter[Verdict] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    labels: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0  # from the beginning to the last bulb
    _start: float = field(default_factory=time.monotonic, repr=False)

    def add(self, prediction: Prediction) -> None:
        """Count one bulb."""
        self.seconds = time.monotonic() - self._start
        if prediction.verdict is None:
            self.labels[prediction.label] += 1
            return
        self.verdicts[prediction.verdict] += 1
        if prediction.verdict is Verdict.UNJUDGED:
            self.reasons[prediction.reason] += 1

    @property
    def num_bulbs(self) -> int:
        """All bulbs, judged or not."""
        return self.verdicts.total() + self.labels.total()

    @property
    def num_unjudged(self) -> int:
        """Bulbs for which there is no answer."""
        return self.verdicts[Verdict.UNJUDGED]

    def lines(self) -> list[str]:
        """Return the counts and the rate as lines for a person."""
        counted = [f"{self.verdicts[one]} {one}" for one in Verdict if self.verdicts[one]]
        counted += [f"{number} {for_terminal(name)}" for name, number in self.labels.most_common()]
        bulbs = "1 bulb" if self.num_bulbs == 1 else f"{self.num_bulbs} bulbs"
        rate = self.num_bulbs / max(self.seconds, 1e-9)
        lines = [f"{bulbs} in {self.seconds:.1f} s ({rate:,.1f} a second): {', '.join(counted)}"]
        if self.reasons:
            why = ", ".join(f"{number} {reason}" for reason, number in self.reasons.most_common())
            lines.append(f"unjudged because of: {why}")
        return lines


def describe(bundle: Bundle) -> dict[str, str]:
    """Return what a person wants to know of the bundle that judged."""
    described = {"model": bundle.sha256[:12]}
    point = bundle.metadata.operating_point
    if point is not None:
        rule = f"{point.rule.replace('_', ' ')} on {point.chosen_on}"
        described["reject threshold"] = f"{point.reject_threshold:.4g} ({rule})"
    if bundle.overrides:
        described["gate, overridden"] = "; ".join(bundle.overrides)
    elif bundle.metadata.gate is None:
        described["gate"] = "none: every view that can be read is judged"
    return described
