"""`bulbinspect calibrate`: probabilities that mean something, thresholds with a promise."""

from pathlib import Path
from typing import Annotated

import typer

from bulbinspect.cli.options import CostOverkill, Device, Model, Splits, Threads


def calibrate(
    manifest: Annotated[Path, typer.Option(help="The manifest, with labels.", show_default=False)],
    out: Annotated[Path, typer.Option(help="A new bundle, NAME.onnx.", show_default=False)],
    model: Model = None,
    split: Annotated[
        str, typer.Option(help="val, test, or all: bulbs that the network did not learn from.")
    ] = "val",
    splits: Splits = None,
    max_escape: Annotated[
        float | None,
        typer.Option(help="At most this share of the defective bulbs may pass, as 0.01."),
    ] = None,
    max_overkill: Annotated[
        float | None,
        typer.Option(help="At most this share of the good bulbs may be rejected, as 0.05."),
    ] = None,
    confidence: Annotated[
        float, typer.Option(help="How sure each promise, and each bound, must be.")
    ] = 0.95,
    review: Annotated[
        bool,
        typer.Option("--review", help="Bulbs between the two rates go to a person: `review`."),
    ] = False,
    conformal: Annotated[
        bool,
        typer.Option(
            "--conformal",
            help="Keep the two rates on average only, by prediction sets, with a review band.",
        ),
    ] = False,
    cost_escape: Annotated[
        float | None,
        typer.Option(help="What a defective bulb costs that passes, in place of rates."),
    ] = None,
    cost_overkill: CostOverkill = None,
    prevalence: Annotated[
        float | None,
        typer.Option(
            help="The share of defective bulbs on the line, as 0.002; probabilities are then "
            "those of the line.  [default: what the bundle says]",
            show_default=False,
        ),
    ] = None,
    keep_calibration: Annotated[
        bool,
        typer.Option("--keep-calibration", help="Choose thresholds alone; fit no probabilities."),
    ] = False,
    report: Annotated[
        Path | None, typer.Option(help="A new folder for a page, the figures and a table.")
    ] = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Choose thresholds that keep a promise, or cost least.

    Fits the probabilities to labelled bulbs and writes a new bundle; the old one stays as it is.
    Exit code 0: written, 2: wrong use, or bulbs that cannot support the promise; nothing is
    written then.

    Example: bulbinspect calibrate --manifest data/manifest.csv --max-escape 0.01 --out line.onnx
    """
    from bulbinspect.bundle.bundle import read_bundle, write_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.cli.tables import aligned
    from bulbinspect.data.manifest import read_manifest
    from bulbinspect.data.split import read_splits
    from bulbinspect.errors import UsageError
    from bulbinspect.inspection.calibration.calibrate import calibrate as choose
    from bulbinspect.inspection.calibration.calibrate import (
        judge_labelled,
        metadata_with,
        unlearnt_bulbs,
    )
    from bulbinspect.inspection.calibration.figures import figures_of, summarise
    from bulbinspect.inspection.predict import refuse_existing
    from bulbinspect.inspection.text import for_terminal
    from bulbinspect.metrics.choose_point import Wanted

    wanted = Wanted(
        max_escape=max_escape,
        max_overkill=max_overkill,
        confidence=confidence,
        cost_escape=cost_escape,
        cost_overkill=cost_overkill,
        prevalence=prevalence,
        review=review,
        conformal=conformal,
    )
    if out.suffix != ".onnx":
        raise UsageError(f"a bundle is called NAME.onnx, not {out.name}")
    for path in (out, report):
        if path is not None:
            refuse_existing(path)
    bundle = read_bundle(find_bundle(model))
    table = read_manifest(manifest)
    bulbs = unlearnt_bulbs(
        table.bulbs,
        split,
        None if splits is None else read_splits(splits),
        same_manifest=bundle.metadata.provenance.get("manifest_sha256") == table.sha256,
    )
    judged = judge_labelled(bundle, bulbs, wanted=wanted, device=device, threads=threads)
    calibration, point = choose(
        bundle.metadata, judged, wanted, chosen_on=split, keep_calibration=keep_calibration
    )
    source = {"model": bundle.sha256, "manifest_sha256": table.sha256, "split": split}
    before = bundle.metadata.calibration
    figures = {**source, **figures_of(judged, before=before, after=calibration, point=point)}
    metadata = metadata_with(bundle.metadata, calibration, point, source)
    written = write_bundle(out, bundle.graph, metadata)
    summary = summarise(figures)
    if report is not None:
        from bulbinspect.inspection.calibration.report import write_calibration_report

        write_calibration_report(report, written.sha256[:12], summary, figures)
    for line in aligned(summary.items()):
        typer.echo(line)
    for note in figures["notes"]:
        typer.echo(f"note: {note}", err=True)
    for reason, number in figures["unjudged"].items():
        typer.echo(f"unjudged, and left out, because of {reason}: {number}", err=True)
    typer.echo(f"bundle: {for_terminal(str(out))}", err=True)
    if report is not None:
        typer.echo(f"report: {for_terminal(str(report))}", err=True)
