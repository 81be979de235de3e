"""`bulbinspect audit-labels`: the labels that runs which never saw the bulb do not believe."""

from pathlib import Path
from typing import Annotated

import typer


def audit_labels(
    runs: Annotated[
        list[Path],
        typer.Argument(
            metavar="RUNS",
            help="The run folders of all folds, or a folder with them below it.",
            show_default=False,
        ),
    ],
    manifest: Annotated[
        Path, typer.Option(help="The manifest that they were trained on.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="A new folder for the results.", show_default=False)],
    show: Annotated[
        int, typer.Option(min=1, help="Bulbs of a kind on the page; the table has all of them.")
    ] = 200,
) -> None:
    """Rank bulbs by how much speaks against their labels.

    Takes the answers of runs on folds (`data.folds`, `data.fold`), each of a run that never saw the
    bulb. Writes audit.csv, audit.json and report.html: defective bulbs without a defective side
    first. Exit code 0: every bulb ranked, 1: some unjudged or in no run, 2: refused, for example
    because a bulb is judged twice or by no run that did not learn from it.

    Example: bulbinspect audit-labels runs/folds --manifest data/manifest.csv --out doubtful
    """
    from bulbinspect.cli.tables import aligned
    from bulbinspect.data.manifest import read_manifest
    from bulbinspect.inspection.labels.audit import audit_labels as audit
    from bulbinspect.inspection.labels.out_of_fold import read_out_of_fold
    from bulbinspect.inspection.labels.write import facts_of, write_audit
    from bulbinspect.inspection.predict import refuse_existing, result_folder
    from bulbinspect.inspection.text import for_terminal
    from bulbinspect.study.find import find_runs, names_of

    refuse_existing(out)
    folders, notes = find_runs(runs)
    for note in notes:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    table = read_manifest(manifest)
    named = dict(zip(names_of(folders), folders, strict=True))
    result = audit(table, read_out_of_fold(named, table))
    with result_folder(out) as folder:
        title = f"Labels of {Path(*manifest.resolve().parts[-2:])}"
        write_audit(folder, result, page_title=title, show=show)
    first = [row for row in result.rows if row.rank is not None and row.finding != "agrees"][:10]
    head = ["rank", "bulb", "label", "looks", "finding", "margin"]
    cells = [
        [
            row.rank,
            row.bulb.bulb_id,
            row.bulb.label,
            row.suggested_label,
            row.finding.value,
            f"{row.normalized_margin:.3f}",
        ]
        for row in first
    ]
    for line in aligned([head, *cells]):
        typer.echo(line)
    for name, value in facts_of(result).items():
        typer.echo(f"{name}: {value}", err=True)
    typer.echo(f"results: {for_terminal(str(out))}", err=True)
    raise typer.Exit(1 if any(row.rank is None for row in result.rows) else 0)
