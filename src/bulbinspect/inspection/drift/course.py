"""What moved as a plot: how it went, bulb by bulb, beside what the reference had."""

from collections.abc import Iterator, Sequence

import numpy as np

from bulbinspect.inspection.drift.drift import PROBABILITY, Finding, first_sign
from bulbinspect.inspection.drift.observe import Observed
from bulbinspect.report.curve_plot import Curve, Mark, Plot, draw, round_limit
from bulbinspect.report.sections import Section

_MOST_POINTS = 60


def course_sections(
    findings: Sequence[Finding], observed: Sequence[Observed]
) -> tuple[list[Section], dict[str, str]]:
    """Return a section for each camera that moved, and for the answers, and their plots by name.

    Each shows the measure by which the start was found.
    """
    sections, plots = [], {}
    for number, finding in enumerate(_moved(findings)):
        what = finding.measure.replace("_", " ")
        title = f"Camera {finding.camera!r}: {what}" if finding.camera else f"Answers: {what}"
        plot, size = _plot(finding, observed, what)
        said = [f"The upright line: since {finding.since}; the dot on it: the reference's median."]
        if size > 1:
            said.append(f"Each point is the median of {size} bulbs in a row.")
        section = Section(
            f"course-{number}",
            title,
            text=tuple(said),
            plot=f"course-{number}",
            plot_says=plot.says,
        )
        sections.append(section)
        plots[section.plot] = draw(plot)
    return sections, plots


def _moved(findings: Sequence[Finding]) -> Iterator[Finding]:
    for camera in dict.fromkeys(one.camera for one in findings):
        found = first_sign(findings, camera)
        if found is not None:
            yield found


def _plot(finding: Finding, observed: Sequence[Observed], what: str) -> tuple[Plot, int]:
    """Return the plot, and of how many bulbs each point is."""
    values = list(_values(finding, observed))
    size = -(-len(values) // _MOST_POINTS)
    blocks = [values[at : at + size] for at in range(0, len(values), size)]
    middles = [np.median(block, axis=0).tolist() for block in blocks]
    edges = (finding.reference_low or 0.0, finding.reference_high or 0.0)
    high = round_limit(max(*edges, *(value for _, value in middles)))
    last = 5 * -(-len(observed) // 5)  # five ticks, all of them bulbs
    return Plot(
        says=f"{what} of the bulbs in their order, and the middle 90 % of the reference",
        x_label="bulb, counted from 1",
        y_label=what,
        curves=(
            Curve(what, "main", tuple((number, value) for number, value in middles)),
            *(
                Curve(f"{share} of the reference lie below", "faint", ((0, edge), (last, edge)))
                for share, edge in zip(("5 %", "95 %"), edges, strict=True)
            ),
        ),
        marks=(
            Mark(
                f"since {finding.since}",
                finding.since_number or 1,
                finding.reference_median or 0.0,
                0,
                high,
            ),
        ),
        x_limit=last,
        y_limit=high,
    ), size


def _values(finding: Finding, observed: Sequence[Observed]) -> Iterator[tuple[int, float]]:
    """Yield each bulb that has a value, by its number from 1."""
    for number, one in enumerate(observed, start=1):
        if finding.measure == PROBABILITY:
            value = one.defect_probability
        else:
            seen = next(view for view in one.views if view.camera == finding.camera)
            value = seen.measures.get(finding.measure)
        if value is not None:
            yield number, value
