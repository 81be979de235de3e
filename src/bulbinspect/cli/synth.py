"""`bulbinspect synth`: draw a data set of bulbs whose defects are known to the pixel."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class DifficultyName(StrEnum):
    """The names of `data.synthetic.difficulty.DIFFICULTIES`, known here without importing it."""

    EASY = "easy"
    DEFAULT = "default"
    HARD = "hard"


class LabelChoice(StrEnum):
    """What the label of a defective bulb says."""

    BINARY = "binary"
    KINDS = "kinds"


def synth(
    out: Annotated[Path, typer.Argument(help="New folder for the pictures, manifest and truth.")],
    bulbs: Annotated[int, typer.Option(min=1, help="How many bulbs.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same bytes.")] = 0,
    size: Annotated[int, typer.Option(min=32, help="Width and height of a view in pixels.")] = 96,
    views: Annotated[int, typer.Option(min=1, help="Cameras around a bulb.")] = 4,
    shots: Annotated[
        int, typer.Option(min=1, help="Shots of each bulb, each at another turn.")
    ] = 1,
    difficulty: Annotated[
        DifficultyName, typer.Option(help="How hard the defects are to see.")
    ] = DifficultyName.DEFAULT,
    defect_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of defective bulbs.")
    ] = 0.5,
    splits: Annotated[
        str, typer.Option(metavar="TRAIN,VAL,TEST", help="Shares of the bulbs.")
    ] = "0.6,0.15,0.25",
    labels: Annotated[
        LabelChoice, typer.Option(help="Label defective bulbs `defect`, or by kind of defect.")
    ] = LabelChoice.BINARY,
    view_labels: Annotated[
        bool, typer.Option("--view-labels", help="Label each view too: column `view_label`.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; one for each core unless given.")
    ] = None,
) -> None:
    """Draw synthetic bulbs.

    Example: bulbinspect synth data/drawn --bulbs 1000 --seed 1 --size 128
    """
    from bulbinspect.data.synthetic.write import write_set

    write_set(
        out,
        num_bulbs=bulbs,
        seed=seed,
        size_px=size,
        num_views=views,
        num_shots=shots,
        difficulty=difficulty.value,
        defect_share=defect_share,
        fractions=_read_fractions(splits),
        labels=labels.value,
        view_labels=view_labels,
        workers=workers or os.cpu_count() or 1,
    )
    typer.echo(f"{bulbs} bulbs, {bulbs * shots * views} pictures: {out / 'manifest.csv'}")


def _read_fractions(text: str) -> tuple[float, ...]:
    from bulbinspect.errors import UsageError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise UsageError(f"--splits is {text!r}, expected three numbers: 0.6,0.15,0.25") from None
