"""Predictions as files: every bulb one row, the folder whole or not there at all."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TextIO

from bulbinspect.bulb import Prediction
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.errors import UsageError
from bulbinspect.files import whole_file, whole_folder
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.rows import (
    from_json,
    prediction_header,
    prediction_row,
    to_json,
    view_header,
    view_rows,
)
from bulbinspect.inspection.source import Source
from bulbinspect.inspection.summary import Summary, describe
from bulbinspect.progress import progress
from bulbinspect.report.sections import Section

PICTURES = ("inline", "folder")
"""Where a page has its pictures: in itself, or in files beside it."""


def predict_to_folder(
    inspector: Inspector,
    source: Source,
    out: Path,
    *,
    page_title: str | None = None,
    pictures: str = "inline",
) -> Summary:
    """Judge bulbs into a new folder: CSV, JSON lines and, with a title, `report.html`.

    UsageError as in `result_folder`. `pictures` as in `write_report`.
    """
    with result_folder(out) as folder:
        answers = watched(inspector.inspect(source.bulbs), source.num_bulbs)
        summary = write_predictions(folder, answers, inspector.bundle)
        if page_title is not None:
            write_report(folder, page_title, inspector.bundle, pictures=pictures)
    return summary


def write_predictions(
    folder: Path, predictions: Iterable[Prediction], bundle: Bundle, *, suffix: str = ""
) -> Summary:
    """Write `predictions.csv`, `predictions.jsonl` and `views.csv`, row by row as answers come.

    `suffix` (`-val`) goes before the endings.
    """
    classes = bundle.metadata.classes
    summary = Summary()
    with ExitStack() as files:
        csv_file, json_file, views_file = (
            files.enter_context(whole_file(folder / f"{stem}{suffix}{ending}"))
            for stem, ending in (
                ("predictions", ".csv"),
                ("predictions", ".jsonl"),
                ("views", ".csv"),
            )
        )
        rows = csv.writer(csv_file, lineterminator="\n")
        views = csv.writer(views_file, lineterminator="\n")
        rows.writerow(prediction_header(classes))
        views.writerow(view_header(classes))
        for prediction in predictions:
            rows.writerow(prediction_row(prediction, classes))
            views.writerows(view_rows(prediction, classes))
            json_file.write(to_json(prediction, classes) + "\n")
            summary.add(prediction)
    return summary


def print_predictions(predictions: Iterable[Prediction], bundle: Bundle, stream: TextIO) -> Summary:
    """Write the rows of `predictions.csv` to a stream."""
    classes = bundle.metadata.classes
    summary = Summary()
    rows = csv.writer(stream, lineterminator="\n")
    rows.writerow(prediction_header(classes))
    for prediction in predictions:
        rows.writerow(prediction_row(prediction, classes))
        summary.add(prediction)
    stream.flush()
    return summary


def watched(predictions: Iterable[Prediction], total: int | None) -> Iterator[Prediction]:
    """Yield the predictions and show the progress on stderr."""
    with progress("inspect", total) as advance:
        for prediction in predictions:
            yield prediction
            advance(1)


def read_predictions(path: Path) -> Iterator[Prediction]:
    """Yield what stands in a `predictions.jsonl`, a line at a time."""
    with path.open(encoding="utf-8") as lines:
        yield from map(from_json, lines)


@contextmanager
def result_folder(out: Path) -> Iterator[Path]:
    """Yield a folder that becomes `out` when the block ends well, and else leaves nothing.

    UsageError if `out` exists, which is found before any work, or cannot be written.
    """
    refuse_existing(out)
    try:
        with whole_folder(out) as folder:
            yield folder
    except OSError as error:
        raise UsageError(
            f"the results cannot be written to {out}: {error.strerror or error}; nothing is there"
        ) from error


def refuse_existing(out: Path) -> None:
    """Raise UsageError if there is something at `out`: results are never mixed or overwritten."""
    if out.exists() or out.is_symlink():
        raise UsageError(f"{out} exists; name a folder that does not, or remove it")


def refuse_pictures(pictures: str) -> None:
    """Raise UsageError unless it is a place where a page may have its pictures."""
    if pictures not in PICTURES:
        raise UsageError(f"--pictures is one of {', '.join(PICTURES)}, not {pictures!r}")


def write_report(
    folder: Path,
    title: str,
    bundle: Bundle,
    figures: Mapping[str, str] | None = None,
    *,
    truth: Mapping[str, str] | None = None,
    sections: Sequence[Section] = (),
    plots: Mapping[str, str] | None = None,
    pictures: str = "inline",
) -> None:
    """Write `report.html` from the predictions that stand in `folder`, with `figures` on top.

    `truth` are the labels by bulb, where they are known; `sections` and `plots` as in `write_page`;
    `pictures` is one of PICTURES: inside
    the page or in `report_files/` beside it.
    """
    # templates that a run without page needs not
    from bulbinspect.report.page import write_page
    from bulbinspect.report.page_pictures import Pictures

    point = bundle.metadata.operating_point
    write_page(
        folder / "report.html",
        title=title,
        predictions=read_predictions(folder / "predictions.jsonl"),
        summary={**describe(bundle), **(figures or {})},
        pass_threshold=None if point is None else point.pass_threshold,
        reject_threshold=None if point is None else point.reject_threshold,
        truth=truth,
        sections=sections,
        plots=plots,
        pictures=Pictures(pictures),
        preprocess=bundle.metadata.preprocess,
    )
