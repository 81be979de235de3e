"""A calibration and its thresholds as files: a page, the figures, a table."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.predict import result_folder
from bulbinspect.report.calibration_page import write_calibration_page


def write_calibration_report(
    out: Path, title: str, summary: Mapping[str, str], figures: Mapping[str, Any]
) -> None:
    """Write `calibration.html`, `calibration.json` and `reliability.csv` to a new folder.

    `figures` are those of `figures_of`, `summary` their lines; UsageError as in `result_folder`.
    """
    with result_folder(out) as folder:
        write_json(folder / "calibration.json", dict(figures))
        with whole_file(folder / "reliability.csv") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["calibration", *figures["after"]["reliability"][0]])
            for side in ("before", "after"):
                rows.writerows([side, *row.values()] for row in figures[side]["reliability"])
        write_calibration_page(folder / "calibration.html", title, summary, figures)
