"""`bulbinspect certify`: whether a verdict hangs on which camera saw which side."""

from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bulbinspect.bulb import ViewsIn
from bulbinspect.cli.options import Device, Gate, Model, Threads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bulbinspect.bulb import Bulb
    from bulbinspect.bundle.bundle import Bundle


def certify(
    path: Annotated[
        Path, typer.Argument(help="A manifest, or a folder of pictures.", show_default=False)
    ],
    model: Model = None,
    split: Annotated[str, typer.Option(help="Of a manifest: train, val, test, or all.")] = "all",
    splits: Annotated[
        Path | None,
        typer.Option(help="The split.csv of a run, in place of the manifest's own splits."),
    ] = None,
    tolerance: Annotated[
        float, typer.Option(min=0.0, help="By how much a probability may change.")
    ] = 1e-5,
    only_shifts: Annotated[
        bool, typer.Option("--only-shifts", help="Only turn the bulb from camera to camera.")
    ] = False,
    random_orders: Annotated[
        int, typer.Option(min=0, help="Above 4 views: how many orders beside the shifts.")
    ] = 100,
    seed: Annotated[int, typer.Option(min=0, help="Of the random orders.")] = 0,
    show: Annotated[int, typer.Option(min=0, help="How many of the worst bulbs to show.")] = 5,
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write all of it to this .json file.")
    ] = None,
    pattern: Annotated[
        str | None, typer.Option(help="For the names of flat files, as for `predict`.")
    ] = None,
    views_in: Annotated[
        ViewsIn | None,
        typer.Option(help="Where the views of a bulb are in a folder.  [default: as in training]"),
    ] = None,
    gate: Gate = None,
    device: Device = "auto",
    threads: Threads = None,
    foreign: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.onnx",
            help="A network of somebody else in place of a bundle: views (B, V, H, W) in.",
        ),
    ] = None,
    answer: Annotated[
        str | None, typer.Option(help="What it answers: logits or probabilities.")
    ] = None,
    good: Annotated[
        int | None, typer.Option(min=0, help="Which class of its answer is good, from 0; or:")
    ] = None,
    defective: Annotated[
        int | None, typer.Option(min=0, help="which is defective.  [default: the only one]")
    ] = None,
    threshold: Annotated[
        float | None,
        typer.Option(min=0.0, max=1.0, help="Its reject threshold.  [default: 0.5]"),
    ] = None,
    output: Annotated[
        str | None, typer.Option(help="Which of its outputs.  [default: the only one]")
    ] = None,
    scale: Annotated[
        str | None,
        typer.Option(metavar="BLACK,WHITE", help="Gray levels as it takes them.  [default: 0,1]"),
    ] = None,
    size: Annotated[
        str | None,
        typer.Option(metavar="HEIGHTxWIDTH", help="Of its views.  [default: what the graph says]"),
    ] = None,
    fit: Annotated[
        str | None, typer.Option(help="pad, stretch or crop to that size.  [default: pad]")
    ] = None,
    bit_depth: Annotated[
        int | None, typer.Option(help="Of its pictures, 8 to 16.  [default: 8]")
    ] = None,
    colour: Annotated[
        str | None, typer.Option(help="How its colour becomes gray.  [default: refuse]")
    ] = None,
) -> None:
    """Judge bulbs in every order of their views.

    Which camera sees which side is chance. Exit code 0: certified, no verdict changes and no
    probability by more than the tolerance, 1: not certified, 2: wrong use.

    Example: bulbinspect certify data/manifest.csv --split test --model runs/first
    """
    from bulbinspect.cli.certificate import print_certificate
    from bulbinspect.cli.target import check_target
    from bulbinspect.errors import UsageError
    from bulbinspect.files import write_json
    from bulbinspect.inspection.certification.certificate import to_dict
    from bulbinspect.inspection.certification.certify import certify as try_orders
    from bulbinspect.inspection.certification.orders import other_orders
    from bulbinspect.inspection.inspector import Inspector

    check_target(json, "--json", ".json")
    if not isfinite(tolerance):
        raise UsageError(f"--tolerance is {tolerance}, expected a number such as 1e-5")
    said = {
        "answer": answer,
        "good": good,
        "defective": defective,
        "threshold": threshold,
        "output": output,
        "scale": scale,
        "size": size,
        "fit": fit,
        "bit_depth": bit_depth,
        "colour": colour,
    }
    given = {name: value for name, value in said.items() if value is not None}
    where = _Where(path, split, splits, pattern, views_in)
    if foreign is None:
        if given:
            names = ", ".join(f"--{name.replace('_', '-')}" for name in given)
            raise UsageError(f"{names}: a bundle says that itself; it is for --foreign")
        bundle, bulbs = _of_bundle(model, gate or (), where)
    else:
        if model is not None or gate:
            raise UsageError("--foreign stands in place of --model, and has no --gate")
        bundle, bulbs = _of_foreign(foreign, given, where)
    orders = other_orders(
        bundle.metadata.num_views, only_shifts=only_shifts, num_random=random_orders, seed=seed
    )
    inspector = Inspector(bundle, device=device, threads=threads)
    plain = to_dict(try_orders(inspector, bulbs, orders), bundle, tolerance)
    print_certificate(plain, show=show)
    if json is not None:
        write_json(json, plain)
    raise typer.Exit(0 if plain["certified"] else 1)


@dataclass(frozen=True)
class _Where:
    """Where the bulbs are."""

    path: Path
    split: str
    splits: Path | None
    pattern: str | None
    views_in: ViewsIn | None


def _of_bundle(
    model: Path | None, gate: "Sequence[str]", where: _Where
) -> "tuple[Bundle, list[Bulb]]":
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.inspection.overrides import override_gate

    bundle = override_gate(read_bundle(find_bundle(model)), gate)
    metadata = bundle.metadata
    return bundle, _bulbs(where, where.views_in or metadata.views_in, metadata.view_names)


def _of_foreign(
    file: Path, given: "Mapping[str, Any]", where: _Where
) -> "tuple[Bundle, list[Bulb]]":
    from bulbinspect.bundle.foreign import read_foreign
    from bulbinspect.cli.foreign import describe_foreign

    graph = read_foreign(file)
    views_in = where.views_in or ViewsIn.FILES
    bulbs = _bulbs(where, views_in, [str(place) for place in range(graph.sizes[0] or 0)])
    return describe_foreign(graph, bulbs, given), bulbs


def _bulbs(where: _Where, views_in: ViewsIn, view_names: "Sequence[str]") -> "list[Bulb]":
    """Return the bulbs of a folder, or those of a manifest in the split."""
    from bulbinspect.data.split import read_splits
    from bulbinspect.errors import UsageError
    from bulbinspect.inspection.evaluation.evaluate import ALL, choose_bulbs
    from bulbinspect.inspection.source import find_bulbs
    from bulbinspect.inspection.text import for_terminal

    folder = where.path.is_dir()
    if folder and (where.split != ALL or where.splits is not None):
        raise UsageError(f"{where.path} is a folder, which has no splits")
    if where.views_in is not None and not folder:
        raise UsageError(f"{where.path} is a manifest, which says itself where views lie")
    source = find_bulbs(where.path, where.pattern, views_in=views_in, view_names=view_names)
    for note in source.notes:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    splits = None if where.splits is None else read_splits(where.splits)
    return choose_bulbs(list(source.bulbs), where.split, splits)
