"""`bulbinspect`: the verbs, and what becomes of an error."""

import sys
from typing import Annotated

import typer

from bulbinspect.cli.audit_labels import audit_labels
from bulbinspect.cli.bench import bench
from bulbinspect.cli.calibrate import calibrate
from bulbinspect.cli.card import card
from bulbinspect.cli.certify import certify
from bulbinspect.cli.check import check
from bulbinspect.cli.compare import compare
from bulbinspect.cli.drift import drift
from bulbinspect.cli.evaluate import evaluate
from bulbinspect.cli.explain import explain
from bulbinspect.cli.manifest import manifest
from bulbinspect.cli.msa import msa
from bulbinspect.cli.predict import predict
from bulbinspect.cli.split import split
from bulbinspect.cli.synth import synth
from bulbinspect.cli.verify import verify
from bulbinspect.errors import BulbInspectError

WRONG_USE = 2

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # rich would triple the time that --help takes
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
for _verb in (
    predict,
    evaluate,
    explain,
    card,
    calibrate,
    certify,
    compare,
    msa,
    verify,
    drift,
    check,
    manifest,
    split,
    audit_labels,
    synth,
):
    app.command()(_verb)
app.add_typer(bench)


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"bulbinspect {version('bulbinspect')}")
        raise typer.Exit


@app.callback()
def bulbinspect(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """One verdict for a bulb photographed from several sides."""


def run() -> None:
    """Run the command line; a mistake of the user is a line on stderr and exit code 2."""
    try:
        sys.exit(app(sys.argv[1:] or ["--help"], standalone_mode=False))
    except (BulbInspectError, OSError, typer.TyperException) as error:
        from bulbinspect.inspection.text import for_terminal

        text = for_terminal(str(error), keep="\n")
        print(f"bulbinspect: {text}", file=sys.stderr)
        sys.exit(WRONG_USE)
