"""The files of a comparison, in a new folder that is whole or not there."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bulbinspect.data.table import write_rows
from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.predict import result_folder
from bulbinspect.inspection.text import for_spreadsheet
from bulbinspect.report.study_page import markdown, write_study_page
from bulbinspect.study.figures import IDENTITY, MEASURED_COLUMNS, ON_TEST
from bulbinspect.study.plots import PLOTS, draw
from bulbinspect.study.sections import facts, sections, title

COLUMNS = (*IDENTITY, *ON_TEST, *MEASURED_COLUMNS)
"""Of `results.csv`; those of fewer views follow, as far as they were measured."""


def write_result(out: Path, result: Mapping[str, Any]) -> None:
    """Write a result of `compare` to the new folder `out`; UsageError as in `result_folder`."""
    with result_folder(out) as folder:
        write_json(folder / "results.json", result)
        with whole_file(folder / "results.csv") as file:
            write_rows(file, csv_rows(result["runs"]))
        shown = sections(result)
        drawn = {one.plot for one in shown}
        svg = {}
        for name in PLOTS:
            if name in drawn:
                for ending in ("svg", "png"):
                    content = draw(name, result, ending)
                    with whole_file(folder / f"{name}.{ending}", "wb") as file:
                        file.write(content)
                    if ending == "svg":
                        svg[name] = content.decode("utf-8")
        with whole_file(folder / "report.md") as file:
            file.write(markdown(title=title(result), facts=facts(result), sections=shown))
        write_study_page(
            folder / "report.html",
            title=title(result),
            facts=facts(result),
            sections=shown,
            plots=svg,
        )


def csv_rows(runs: Sequence[Mapping[str, Any]]) -> list[list[str]]:
    """Return the rows of `results.csv`, its header first."""
    more = dict.fromkeys(column for run in runs for column in run if column not in COLUMNS)
    columns = [*COLUMNS, *more]
    return [columns, *([_cell(run.get(column)) for column in columns] for run in runs)]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return for_spreadsheet(value) if isinstance(value, str) else repr(value)
