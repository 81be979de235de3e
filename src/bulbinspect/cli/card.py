"""`bulbinspect card`: what a bundle says of itself, for people."""

from pathlib import Path
from typing import Annotated

import typer

from bulbinspect.cli.options import Model


def card(
    model: Model = None,
    out: Annotated[
        Path | None,
        typer.Option(help="A new file, such as model-card.md.  [default: goes to stdout]"),
    ] = None,
) -> None:
    """Write the model card of a bundle: what it judges, how it decides, where it comes from.

    All of it stands in the bundle. Exit code 0: written, 2: wrong use.

    Example: bulbinspect card --model runs/first --out model-card.md
    """
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.files import whole_file
    from bulbinspect.inspection.card import model_card
    from bulbinspect.inspection.predict import refuse_existing
    from bulbinspect.inspection.text import for_terminal

    if out is not None:
        refuse_existing(out)
    text = model_card(read_bundle(find_bundle(model)))
    if out is None:
        typer.echo(text, nl=False)
        return
    with whole_file(out) as file:
        file.write(text)
    typer.echo(f"model card: {for_terminal(str(out))}", err=True)
