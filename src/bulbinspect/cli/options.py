"""Options that several verbs share, so that they read alike everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    Path | None,
    typer.Option(help="A bundle or a run folder.  [default: the newest finished run]"),
]
Gate = Annotated[
    list[str] | None,
    typer.Option(
        "--gate",
        metavar="NAME=VALUE",
        help="Set a limit of the gate to a number or `off`; may be given again. `--gate off`: no "
        "gate at all.  [default: the bundle's limits]",
        show_default=False,
    ),
]
Splits = Annotated[
    Path | None,
    typer.Option(help="The split.csv of a run, in place of the manifest's own splits."),
]
CostEscape = Annotated[float | None, typer.Option(help="What a defective bulb costs that passes.")]
CostOverkill = Annotated[
    float | None, typer.Option(help="What a good bulb costs that is rejected.")
]
Html = Annotated[bool, typer.Option("--html", help="Also write report.html.")]
Pictures = Annotated[
    str,
    typer.Option(
        help="Where the page has its pictures: inline, or folder, for many bulbs "
        "(report_files/ beside it)."
    ),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or openvino.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Bulbs read and judged at once.  [default: all cores]")
]
