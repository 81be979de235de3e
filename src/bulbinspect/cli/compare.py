"""`bulbinspect compare`: finished runs held against each other."""

from pathlib import Path
from typing import Annotated

import typer


def compare(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUNS",
            help="Run folders, folders with runs below them, or archives (.xz).",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="A new folder for the results.", show_default=False)],
    reference: Annotated[
        str | None,
        typer.Option(
            metavar="ARM",
            help="The arm all others are held against.  [default: siamese, else the best on val]",
            show_default=False,
        ),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option(
            metavar="ARM",
            help="The arm of which is said how many times more bulbs it needs.  "
            "[default: channel_shuffle]",
            show_default=False,
        ),
    ] = None,
    archive: Annotated[
        Path | None,
        typer.Option(
            help="Also write all that comparing these runs again needs to this file, NAME.xz.",
            show_default=False,
        ),
    ] = None,
    same_drawing: Annotated[
        bool,
        typer.Option(
            "--same-drawing",
            help="Take pictures of other bytes for the same where the manifest is: drawn bulbs, "
            "drawn again on another kind of processor.",
        ),
    ] = False,
    resamples: Annotated[
        int, typer.Option(min=100, help="How often bulbs and seeds are drawn for an interval.")
    ] = 2000,
) -> None:
    """Compare finished runs of one data set.

    Writes report.html, report.md, results.csv, results.json, and plots. Exit code 0: compared,
    2: wrong use, or runs that cannot be compared; it is said which and why.

    Example: bulbinspect compare runs/study --out compared
    """
    from bulbinspect.cli.tables import aligned
    from bulbinspect.inspection.predict import refuse_existing
    from bulbinspect.inspection.text import for_terminal
    from bulbinspect.study.archive import write_archive
    from bulbinspect.study.compare import compare as compare_runs
    from bulbinspect.study.compare import read_runs
    from bulbinspect.study.efficiency import headline
    from bulbinspect.study.interval import Resampling
    from bulbinspect.study.readme import readme_table

    refuse_existing(out)
    _refuse_other_ending(archive)
    _refuse_without_matplotlib()
    result = compare_runs(
        runs,
        reference=reference,
        baseline=baseline,
        resampling=Resampling(resamples),
        same_drawing=same_drawing,
    )
    from bulbinspect.study.write import write_result

    write_result(out, result)
    if archive is not None:
        write_archive(archive, read_runs(runs)[0])
    table = readme_table(result)
    rows = [table.columns, *([cell.text for cell in row] for row in table.rows)]
    for line in aligned(rows):
        typer.echo(line)
    wanted = result["settings"]["baseline"]
    for row in result["sample_efficiency"]:
        if row["arm"] == wanted:
            for sentence in headline(row):
                typer.echo(for_terminal(sentence))
    for note in result["notes"]:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    typer.echo(f"results: {for_terminal(str(out))}", err=True)


def _refuse_other_ending(archive: Path | None) -> None:
    """Raise UsageError for a name that would not be known for an archive again."""
    from bulbinspect.errors import UsageError
    from bulbinspect.study.archive import ENDING

    if archive is not None and archive.suffix != ENDING:
        raise UsageError(f"an archive of runs is called NAME{ENDING}, not {archive.name}")


def _refuse_without_matplotlib() -> None:
    """Raise UsageError before any work where plots could not be drawn."""
    from importlib.util import find_spec

    from bulbinspect.errors import UsageError

    absent = [name for name in ("matplotlib", "yaml") if find_spec(name) is None]
    if absent:
        raise UsageError(
            f"not installed: {', '.join(absent)}; `pip install 'bulbinspect[study]'` brings it"
        )
