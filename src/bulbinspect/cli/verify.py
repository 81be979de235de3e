"""`bulbinspect verify`: the check on golden bulbs at the start of a shift."""

from pathlib import Path
from typing import Annotated

import typer

from bulbinspect.cli.options import Device, Gate, Model, Threads


def verify(
    golden: Annotated[
        Path,
        typer.Argument(
            help="A folder or manifest of golden, limit and defective bulbs.", show_default=False
        ),
    ],
    model: Model = None,
    record: Annotated[
        bool, typer.Option("--record", help="Write down what the bundle says, at release.")
    ] = False,
    retake: Annotated[
        Path | None,
        typer.Option(
            help="A folder or manifest of pictures newly taken of the same bulbs: verdicts must be "
            "as recorded, pictures must not."
        ),
    ] = None,
    expected: Annotated[
        Path | None,
        typer.Option(help="The record.  [default: expected.json in the folder of GOLDEN]"),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0, max=1, help="How far a defect probability may move.")
    ] = 1e-3,
    out: Annotated[
        Path | None, typer.Option(help="A new folder for verify.json and verify.csv.")
    ] = None,
    gate: Gate = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Check that golden bulbs are judged as they were at release.

    Exit code 0: all as recorded, 1: something differs, and every difference is named, 2: wrong
    use.

    Example: bulbinspect verify golden/ --model runs/first
    """
    from datetime import UTC, datetime

    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.cli.tables import aligned
    from bulbinspect.errors import UsageError
    from bulbinspect.inspection.inspector import Inspector
    from bulbinspect.inspection.overrides import override_gate
    from bulbinspect.inspection.predict import refuse_existing
    from bulbinspect.inspection.text import for_terminal
    from bulbinspect.inspection.verification.record import (
        RECORD_NAME,
        find_golden,
        look_at,
        make_record,
        notes_on,
        read_record,
        refuse_existing_record,
        write_record,
    )
    from bulbinspect.inspection.verification.verify import verify as compare
    from bulbinspect.inspection.verification.verify import write_verification

    if record and (retake is not None or out is not None):
        raise UsageError("`--record` only writes the record: leave out `--retake` and `--out`")
    place = expected or (golden if golden.is_dir() else golden.parent) / RECORD_NAME
    if record:
        refuse_existing_record(place)
    known = None if record else read_record(place)
    if out is not None:
        refuse_existing(out)
    bundle = override_gate(read_bundle(find_bundle(model)), gate or ())
    metadata = bundle.metadata
    source = find_golden(
        golden if retake is None else retake,
        views_in=metadata.views_in,
        view_names=metadata.view_names,
    )
    for note in source.notes:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    seen = look_at(Inspector(bundle, device=device, threads=threads), list(source.bulbs))
    if known is None:
        known = make_record(seen, model=bundle.sha256, gate_overrides=bundle.overrides)
        write_record(place, known)
        for note in notes_on(known):
            typer.echo(f"note: {for_terminal(note)}", err=True)
        typer.echo(f"recorded {len(known.bulbs)} bulbs: {for_terminal(str(place))}", err=True)
        return
    result = compare(
        known,
        seen,
        model=bundle.sha256,
        gate_overrides=bundle.overrides,
        tolerance=tolerance,
        retaken=retake is not None,
    )
    if out is not None:
        facts = {
            "checked_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "model": bundle.sha256,
            "record_sha256": known.sha256,
            "gate_overrides": list(bundle.overrides),
            "tolerance": tolerance,
            "retaken": retake is not None,
        }
        write_verification(out, result, facts)
    header = ["bulb", "label", "expected", "", "now", "", "differs"]
    rows = [
        [
            row.bulb_id,
            row.label,
            row.expected_verdict or "–",
            _shown(row.expected_probability),
            row.verdict or "–",
            _shown(row.defect_probability),
            row.detail or "–",
        ]
        for row in result.rows
    ]
    for line in aligned([header, *rows]):
        typer.echo(line)
    for problem in result.problems:
        typer.echo(for_terminal(problem))
    change = "" if result.largest_change is None else f"{result.largest_change:.2g}"
    typer.echo(
        f"{len(result.rows)} bulbs, {result.num_different} not as recorded; largest change of the "
        f"defect probability: {change or 'not known'}"
    )
    if out is not None:
        typer.echo(f"results: {for_terminal(str(out))}", err=True)
    raise typer.Exit(0 if result.as_recorded else 1)


def _shown(probability: float | None) -> str:
    return "–" if probability is None else f"{probability:.4f}"
