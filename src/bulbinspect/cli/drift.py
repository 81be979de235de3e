"""`bulbinspect drift`: whether a line is still what a bundle was made with."""

from pathlib import Path
from typing import Annotated

import typer

from bulbinspect.cli.options import Device, Gate, Model, Threads


def drift(
    path: Annotated[
        Path, typer.Argument(help="A folder of pictures, or a manifest.", show_default=False)
    ],
    out: Annotated[Path, typer.Option(help="A new folder for the results.", show_default=False)],
    model: Model = None,
    by: Annotated[
        str,
        typer.Option(
            help="A column of the manifest with dates or numbers to order the bulbs by, or "
            "`order`: as they are found."
        ),
    ] = "order",
    alpha: Annotated[
        float,
        typer.Option(min=1e-6, max=0.5, help="Chance of a false alarm, of all tests together."),
    ] = 0.01,
    gate: Gate = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Say which camera of a line moved against the bulbs of training, and since when.

    Writes drift.json, drift.csv, views.csv and report.html. Exit code 0: no drift found, 1: drift,
    or too little to say, 2: wrong use.

    Example: bulbinspect drift today/manifest.csv --by taken --out drift-today
    """
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.cli.tables import aligned
    from bulbinspect.inspection.drift.drift import find_drift, reference_of
    from bulbinspect.inspection.drift.observe import in_time, observe
    from bulbinspect.inspection.drift.report import is_drift, sentences, table, write_drift
    from bulbinspect.inspection.inspector import Inspector
    from bulbinspect.inspection.overrides import override_gate
    from bulbinspect.inspection.predict import refuse_existing
    from bulbinspect.inspection.source import find_bulbs
    from bulbinspect.inspection.text import for_terminal

    refuse_existing(out)
    bundle = override_gate(read_bundle(find_bundle(model)), gate or ())
    metadata = bundle.metadata
    reference = reference_of(metadata)
    source = find_bulbs(path, views_in=metadata.views_in, view_names=metadata.view_names)
    for note in source.notes:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    bulbs = in_time(list(source.bulbs), by)
    observed = observe(Inspector(bundle, device=device, threads=threads), bulbs, reference)
    findings = find_drift(observed, reference, calibration=metadata.calibration, alpha=alpha)
    facts = {
        "model": bundle.sha256,
        "reference": reference.chosen_on,
        "reference_bulbs": reference.num_bulbs,
        "by": by,
        "alpha": alpha,
        "gate_overrides": list(bundle.overrides),
    }
    write_drift(out, findings, observed, facts)
    shown = table(findings)
    for line in aligned([shown.columns, *([cell.text for cell in row] for row in shown.rows)]):
        typer.echo(line)
    for sentence in sentences(findings):
        typer.echo(for_terminal(sentence))
    typer.echo(f"results: {for_terminal(str(out))}", err=True)
    raise typer.Exit(1 if is_drift(findings) else 0)
