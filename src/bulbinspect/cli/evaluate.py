"""`bulbinspect evaluate`: how well a bundle judges bulbs whose labels are known."""

from pathlib import Path
from typing import Annotated

import typer

from bulbinspect.cli.options import (
    CostEscape,
    CostOverkill,
    Device,
    Gate,
    Html,
    Model,
    Pictures,
    Splits,
    Threads,
)


def evaluate(
    manifest: Annotated[Path, typer.Option(help="The manifest, with labels.", show_default=False)],
    out: Annotated[Path, typer.Option(help="A new folder for the results.", show_default=False)],
    model: Model = None,
    split: Annotated[str, typer.Option(help="train, val, test, or all.")] = "test",
    splits: Splits = None,
    fewer_views: Annotated[
        bool,
        typer.Option("--fewer-views", help="Also judge every bulb as if some views were absent."),
    ] = False,
    cost_escape: CostEscape = None,
    cost_overkill: CostOverkill = None,
    prevalence: Annotated[
        float | None,
        typer.Option(help="The share of defective bulbs on the line, as 0.002, for the costs."),
    ] = None,
    gate: Gate = None,
    html: Html = False,
    pictures: Pictures = "inline",
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Measure a bundle on labelled bulbs.

    Writes metrics.json, tables and every prediction. Exit code 0: all judged, 1: some unjudged, 2:
    wrong use.

    Example: bulbinspect evaluate --manifest data/manifest.csv --split test --out figures
    """
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.cli.tables import aligned
    from bulbinspect.data.manifest import read_manifest
    from bulbinspect.data.split import read_splits
    from bulbinspect.data.visible_sides import known_sides
    from bulbinspect.inspection.evaluation.costs import read_line
    from bulbinspect.inspection.evaluation.evaluate import Asked, choose_bulbs, evaluate_to_folder
    from bulbinspect.inspection.evaluation.learning import read_learning
    from bulbinspect.inspection.evaluation.tables import sentences, tables
    from bulbinspect.inspection.inspector import Inspector
    from bulbinspect.inspection.overrides import override_gate
    from bulbinspect.inspection.predict import refuse_existing, refuse_pictures
    from bulbinspect.inspection.text import for_terminal

    refuse_existing(out)
    refuse_pictures(pictures)
    line = read_line(cost_escape, cost_overkill, prevalence)
    at = find_bundle(model)
    bundle = override_gate(read_bundle(at), gate or ())
    table = read_manifest(manifest)
    bulbs = choose_bulbs(table.bulbs, split, None if splits is None else read_splits(splits))
    sides, notes = known_sides(table)
    masks = manifest.with_name("truth")  # beside drawn bulbs
    asked = Asked(
        sides=sides,
        masks=masks if masks.is_dir() else None,
        line=line,
        fewer_views=fewer_views,
        learning=tuple(read_learning(at)),
        notes=notes,
    )
    inspector = Inspector(bundle, device=device, threads=threads)
    facts = {"manifest_sha256": table.sha256, "split": split}
    title = f"{manifest.resolve().parent.name}, {split}" if html else None
    metrics = evaluate_to_folder(
        inspector, bulbs, out, facts, asked, page_title=title, pictures=pictures
    )
    for name, value in metrics.items():
        if isinstance(value, float):
            ends = metrics.get("intervals", {}).get(name)
            text = f" ({ends[0]:.4f} to {ends[1]:.4f})" if ends else ""
            typer.echo(f"{name}: {value:.4f}{text}")
    for shown in tables(metrics):
        typer.echo()
        for cells in aligned([shown.columns, *([cell.text for cell in row] for row in shown.rows)]):
            typer.echo(cells)
    for sentence in sentences(metrics):
        typer.echo(f"\n{sentence}")
    for note in metrics.get("notes", ()):
        typer.echo(f"note: {for_terminal(note)}", err=True)
    typer.echo(f"{metrics['num_judged']} of {metrics['num_bulbs']} bulbs judged", err=True)
    for reason, number in metrics["unjudged"].items():
        typer.echo(f"unjudged because of {reason}: {number}", err=True)
    for text in bundle.overrides:
        typer.echo(f"gate, overridden: {for_terminal(text)}", err=True)
    typer.echo(f"results: {for_terminal(str(out))}", err=True)
    raise typer.Exit(1 if metrics["num_unjudged"] else 0)
