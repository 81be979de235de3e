"""Options that several verbs share, so that they read alike everywhere."""

from pathlib import Path
from typing import Annotated

import typer

Model = Annotated[
    Path | None,
    typer.Option(help="A bundle or a run folder.  [default: the newest finished run]"),
]
Html = Annotated[bool, typer.Option("--html", help="Also write report.html.")]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or openvino.")]
Threads = Annotated[
    int | None, typer.Option(min=1, help="Bulbs read and judged at once.  [default: all cores]")
]
