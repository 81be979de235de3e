"""`bulbinspect predict`: verdicts on a folder of pictures."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulbinspect.bulb import ViewsIn
from bulbinspect.cli.options import Device, Gate, Html, Model, Pictures, Threads

if TYPE_CHECKING:
    from bulbinspect.inspection.inspector import Inspector
    from bulbinspect.inspection.source import Source
    from bulbinspect.inspection.summary import Summary


def predict(
    path: Annotated[
        Path, typer.Argument(help="A folder of pictures, or a manifest.", show_default=False)
    ],
    model: Model = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A new folder for the results.  [default: rows go to stdout]"),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Regular expression with the named groups `bulb` and `view`, for the names of "
            "flat files.  [default: <bulb>_<view>.<ending>]"
        ),
    ] = None,
    views_in: Annotated[
        ViewsIn | None,
        typer.Option(
            help="Where the views of a bulb lie: each in a file, or all as channels or pages of "
            "one.  [default: as in training]"
        ),
    ] = None,
    gate: Gate = None,
    html: Html = False,
    pictures: Pictures = "inline",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Give a verdict on every bulb of a folder.

    Pass, reject, or unjudged with the reason; the line treats unjudged as a reject. Exit code 0:
    all judged, 1: some unjudged, 2: wrong use.

    Example: bulbinspect predict pictures/ --out results --html
    """
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.errors import UsageError
    from bulbinspect.inspection.inspector import Inspector
    from bulbinspect.inspection.overrides import override_gate
    from bulbinspect.inspection.predict import predict_to_folder, refuse_existing, refuse_pictures
    from bulbinspect.inspection.source import find_bulbs
    from bulbinspect.inspection.summary import describe
    from bulbinspect.inspection.text import for_terminal

    refuse_pictures(pictures)
    if out is not None:
        refuse_existing(out)
    elif html:
        raise UsageError("--html needs --out, the folder that the page belongs to")
    if views_in is not None and path.is_file():
        raise UsageError(f"{path} is a manifest, which says itself where views lie (--views-in)")
    bundle = override_gate(read_bundle(find_bundle(model)), gate or ())
    metadata = bundle.metadata
    source = find_bulbs(
        path, pattern, views_in=views_in or metadata.views_in, view_names=metadata.view_names
    )
    for note in source.notes:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    inspector = Inspector(bundle, device=device, threads=threads)
    if out is None:
        summary = _to_stdout(inspector, source)
    else:
        title = f"Verdicts on {Path(*path.resolve().parts[-2:])}" if html else None
        summary = predict_to_folder(inspector, source, out, page_title=title, pictures=pictures)
    for line in summary.lines():
        typer.echo(line, err=True)
    for name, value in describe(bundle).items():
        typer.echo(f"{name}: {for_terminal(value)}", err=True)
    if out is not None:
        typer.echo(f"results: {for_terminal(str(out))}", err=True)
    raise typer.Exit(1 if summary.num_unjudged else 0)


def _to_stdout(inspector: "Inspector", source: "Source") -> "Summary":
    from bulbinspect.inspection.predict import print_predictions, watched

    answers = inspector.inspect(source.bulbs)
    if not sys.stdout.isatty():  # a progress bar would stand in the way of the rows
        answers = watched(answers, source.num_bulbs)
    # not sys.stdout itself: rich takes that for its bar, and it may not encode every name
    with os.fdopen(sys.stdout.fileno(), "w", encoding="utf-8", newline="", closefd=False) as rows:
        return print_predictions(answers, inspector.bundle, rows)
