"""`bulbinspect msa`: whether verdicts repeat, over several shots of the same bulbs."""

from pathlib import Path
from typing import Annotated

import typer

from bulbinspect.cli.options import Device, Gate, Model, Threads


def msa(
    manifest: Annotated[
        Path,
        typer.Option(
            help="The manifest, with labels; shots of one bulb share `group`.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option(help="A new folder for the results.", show_default=False)],
    model: Model = None,
    results: Annotated[
        Path | None,
        typer.Option(help="A folder of `predict` or `evaluate`: take its verdicts, judge nothing."),
    ] = None,
    people: Annotated[
        Path | None,
        typer.Option(
            help="A CSV of what people answered: bulb_id, and columns NAME-TRIAL with pass, reject "
            "or review."
        ),
    ] = None,
    split: Annotated[str, typer.Option(help="train, val, test, or all.")] = "all",
    splits: Annotated[
        Path | None,
        typer.Option(help="The split.csv of a run, in place of the manifest's own splits."),
    ] = None,
    confidence: Annotated[
        float, typer.Option(min=0.5, max=0.999, help="Of the intervals, two-sided.")
    ] = 0.95,
    gate: Gate = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Study the agreement of verdicts: with themselves, with people, with the truth.

    Writes msa.json, answers.csv and report.html. Exit code 0: the line is acceptable by its
    figures, 1: marginal, unacceptable or not known, 2: wrong use.

    Example: bulbinspect msa --manifest reshots/manifest.csv --people people.csv --out study
    """
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.cli.tables import aligned
    from bulbinspect.data.manifest import read_manifest
    from bulbinspect.data.split import read_splits
    from bulbinspect.errors import UsageError
    from bulbinspect.inspection.evaluation.evaluate import choose_bulbs
    from bulbinspect.inspection.inspector import Inspector
    from bulbinspect.inspection.msa.appraisers import line_appraiser
    from bulbinspect.inspection.msa.cautions import warnings_of
    from bulbinspect.inspection.msa.line_verdicts import judge_shots, read_verdicts
    from bulbinspect.inspection.msa.msa import study_agreement
    from bulbinspect.inspection.msa.page import appraiser_table, judgement, write_study
    from bulbinspect.inspection.msa.people import read_people
    from bulbinspect.inspection.overrides import override_gate
    from bulbinspect.inspection.predict import refuse_existing
    from bulbinspect.inspection.reshots import find_copies, gather_shots
    from bulbinspect.inspection.text import for_terminal
    from bulbinspect.metrics.traffic_light import Light

    refuse_existing(out)
    if results is not None and (model is not None or gate):
        raise UsageError("--results are verdicts already: leave out --model and --gate")
    table = read_manifest(manifest)
    known = None if splits is None else read_splits(splits)
    shots = choose_bulbs(table.bulbs, split, known)
    bulbs = gather_shots(shots)
    looked = [] if people is None else read_people(people, bulbs)
    if results is None:
        bundle = override_gate(read_bundle(find_bundle(model)), gate or ())
        verdicts = judge_shots(Inspector(bundle, device=device, threads=threads), shots)
    else:
        verdicts = read_verdicts(results, manifest_sha256=table.sha256)
    copies = find_copies(bulbs, verdicts.spec)
    appraisers = [line_appraiser(bulbs, verdicts.predictions, copies.of), *looked]
    warnings = warnings_of(
        bulbs,
        appraisers,
        copies,
        splits={one.bulb_id: (known or {}).get(one.bulb_id, one.split) for one in shots},
        learnt_from_it=verdicts.learnt_from == table.sha256,
    )
    facts = {
        "manifest_sha256": table.sha256,
        "split": split,
        "model": verdicts.model,
        "gate_overrides": list(verdicts.gate_overrides),
        "warnings": [*verdicts.notes, *warnings],
    }
    result = study_agreement(bulbs, appraisers, copies, facts, confidence=confidence)
    write_study(out, result, bulbs, appraisers, copies)
    shown = appraiser_table(result)
    for line in aligned([shown.columns, *([cell.text for cell in row] for row in shown.rows)]):
        typer.echo(line)
    for sentence in judgement(result):
        typer.echo(sentence)
    for warning in result["warnings"]:
        typer.echo(f"warning: {for_terminal(warning)}", err=True)
    typer.echo(f"results: {for_terminal(str(out))}", err=True)
    raise typer.Exit(0 if result["appraisers"][0]["light"] is Light.ACCEPTABLE else 1)
