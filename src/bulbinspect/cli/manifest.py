"""`bulbinspect manifest`: a manifest made from a folder of pictures."""

from collections import Counter
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bulbinspect.bulb import ViewsIn

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bulbinspect.bulb import Bulb

_NAMES_SHOWN = 30


class By(StrEnum):
    """What the folders at the top are."""

    BULB = "bulb"
    CLASS = "class"


def manifest(
    folder: Annotated[Path, typer.Argument(help="A folder of pictures.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(
            help="A new file in that folder or above it.  [default: manifest.csv in the folder]"
        ),
    ] = None,
    by: Annotated[
        By,
        typer.Option(
            help="What folders are. bulb: each with files is a bulb. class: those at the top are "
            "labels, and below each of them it is so."
        ),
    ] = By.BULB,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Regular expression for the whole path of a file below the folder, with the named "
            "groups `bulb` and `view`, and perhaps `label`, `group` and `split`."
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="A CSV with the columns bulb_id and label, and perhaps group, split and others."
        ),
    ] = None,
    allow_unlabelled: Annotated[
        bool, typer.Option("--allow-unlabelled", help="Take bulbs that have no label there, too.")
    ] = False,
    allow_absent: Annotated[
        bool, typer.Option("--allow-absent", help="Leave out rows there that have no pictures.")
    ] = False,
    views_in: Annotated[
        ViewsIn,
        typer.Option(help="Where the views of a bulb are: in files, or all in one."),
    ] = ViewsIn.FILES,
    view_names: Annotated[
        str | None,
        typer.Option(
            metavar="A,B,…",
            help="Names of the channels or pages in their order.  [default: 0,1,…]",
        ),
    ] = None,
) -> None:
    """Make a manifest of a folder of pictures.

    One row for each view, with the SHA-256 of its picture. What could not be used is refused, all
    at once; nothing is left out but what is counted. Exit code 0: written, 2: refused.

    Example: bulbinspect manifest pictures/ --by class
    """
    from bulbinspect.cli.tables import aligned
    from bulbinspect.data.collect.collect import collect
    from bulbinspect.data.collect.layout import Layout
    from bulbinspect.inspection.text import for_terminal

    names = tuple(view_names.split(",")) if view_names is not None else ()
    layout = Layout(by is By.CLASS, pattern, views_in, names)
    place = folder / "manifest.csv" if out is None else out
    collected = collect(
        folder,
        place,
        layout,
        labels=labels,
        allow_unlabelled=allow_unlabelled,
        allow_absent=allow_absent,
    )
    for note in collected.notes:
        typer.echo(f"note: {for_terminal(note)}", err=True)
    pictures = len({view.path for bulb in collected.bulbs for view in bulb.views})
    typer.echo(for_terminal(f"{len(collected.bulbs)} bulbs, {pictures} pictures: {place}"))
    for line in aligned(_counts(collected.bulbs)):
        typer.echo(line)


def _counts(bulbs: "tuple[Bulb, ...]") -> "Iterator[tuple[object, object]]":
    """Yield the rows of a table: bulbs by label, and by view."""
    from bulbinspect.data.natural import natural_key

    for title, counts in (
        ("label", Counter(bulb.label for bulb in bulbs)),
        ("view", Counter(view.name for bulb in bulbs for view in bulb.views)),
    ):
        names = sorted(counts, key=natural_key)
        yield title, "bulbs"
        for name in names[:_NAMES_SHOWN]:
            yield name or "(none)", counts[name]
        if len(names) > _NAMES_SHOWN:
            rest = names[_NAMES_SHOWN:]
            yield f"{len(rest)} others", sum(counts[name] for name in rest)
