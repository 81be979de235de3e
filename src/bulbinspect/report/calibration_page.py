"""One HTML file on which a calibration can be looked at: reliability, thresholds, rates."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bulbinspect.files import whole_file
from bulbinspect.report.environment import environment


def write_calibration_page(
    path: Path, title: str, summary: Mapping[str, str], figures: Mapping[str, Any]
) -> None:
    """Write the page; it needs no network, no other file and no script.

    `summary` stands on top as it is. Of `figures` it shows `before` and `after`, each with
    `expected_calibration_error` (None: not known) and `reliability`, rows as in `ReliabilityBin`,
    the thresholds of `operating_point`, and the `notes`.
    """
    template = environment().get_template("calibration.html.jinja")
    with whole_file(path) as file:
        file.writelines(template.generate(title=title, summary=summary, figures=figures))
