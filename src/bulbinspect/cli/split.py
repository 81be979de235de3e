"""`bulbinspect split`: the split of every bulb, by whole groups."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bulbinspect.data.divide import Division


def split(
    manifest: Annotated[Path, typer.Argument(help="The manifest to divide.", show_default=False)],
    out: Annotated[
        Path, typer.Option(help="A new file in the folder of the manifest.", show_default=False)
    ],
    fractions: Annotated[
        str, typer.Option(metavar="TRAIN,VAL,TEST", help="Shares of the bulbs; they sum to 1.")
    ] = "0.6,0.15,0.25",
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same splits.")] = 0,
    redo: Annotated[
        bool, typer.Option("--redo", help="Draw splits anew that stand in the manifest.")
    ] = False,
    carve_val: Annotated[
        bool, typer.Option("--carve-val", help="Take val out of train where there is none.")
    ] = False,
    join_copies: Annotated[
        bool,
        typer.Option("--join-copies", help="One group for bulbs that have a picture in common."),
    ] = False,
) -> None:
    """Divide the bulbs of a manifest into train, val and test.

    Whole groups, every class in its share. Refused: a picture or a group in two splits, a class
    that train or val would lack. Exit code 0: written, 2: refused.

    Example: bulbinspect split manifest.csv --out split.csv --fractions 0.6,0.15,0.25 --seed 1
    """
    from bulbinspect.cli.tables import aligned
    from bulbinspect.data.divide import divide_manifest
    from bulbinspect.inspection.text import for_terminal

    shares = _read_fractions(fractions)
    division = divide_manifest(
        manifest,
        out,
        fractions=shares,
        seed=seed,
        redo=redo,
        carve_val=carve_val,
        join_copies=join_copies,
    )
    for note in division.notes:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    typer.echo(for_terminal(f"{len(division.bulbs)} bulbs: {out}"))
    for line in aligned(_table(division, shares)):
        typer.echo(line)


def _table(division: "Division", shares: "Mapping[str, float]") -> "Iterator[list[str]]":
    """Yield rows: bulbs, their share of the class, and groups, by label and split."""
    from bulbinspect.data.natural import natural_key

    rows = [
        (bulb.label, bulb.split, group)
        for bulb, group in zip(division.bulbs, division.groups, strict=True)
    ]
    yield ["label", *(title for name in shares for title in (name, "", "groups"))]
    for label in [*sorted({bulb.label for bulb in division.bulbs}, key=natural_key), None]:
        here = [row for row in rows if label is None or row[0] == label]
        line = ["all" if label is None else label or "(none)"]
        for name in shares:
            groups = [group for _, one, group in here if one == name]
            line += [f"{len(groups)}", f"{len(groups) / len(here):.1%}", f"{len(set(groups))}"]
        yield line
    yield ["wanted", *(text for share in shares.values() for text in ("", f"{share:.1%}", ""))]


def _read_fractions(text: str) -> dict[str, float]:
    from bulbinspect.data.manifest import SPLITS
    from bulbinspect.errors import UsageError

    try:
        return dict(zip(SPLITS, map(float, text.split(",")), strict=True))
    except ValueError:
        raise UsageError(
            f"--fractions is {text!r}, expected three numbers: 0.6,0.15,0.25"
        ) from None
