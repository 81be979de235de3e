"""`bulbinspect bench`: speed, as medians and ratios of one run."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from bulbinspect.cli.options import Model

bench = typer.Typer(
    name="bench",
    help="Measure speed: medians, ratios, promises.",
    rich_markup_mode=None,
)

Repeats = Annotated[int, typer.Option(min=1, help="How often everything is timed, in turn.")]
Json = Annotated[Path | None, typer.Option("--json", help="Also write the result to this file.")]


@bench.command()
def predict(
    model: Model = None,
    bulbs: Annotated[int, typer.Option(min=8, help="How many bulbs to draw and judge.")] = 500,
    size: Annotated[int, typer.Option(min=32, help="Width and height of a picture.")] = 256,
    repeats: Repeats = 5,
    json: Json = None,
) -> None:
    """Judge a folder of drawn bulbs.

    The time on all cores, result files included, against what decoding and the network cost alone.

    Example: bulbinspect bench predict --json bench-predict.json
    """
    from bulbinspect.benchmark.predict import run_predict
    from bulbinspect.bundle.find import find_bundle

    _show(run_predict(find_bundle(model), num_bulbs=bulbs, size_px=size, repeats=repeats), json)


@bench.command()
def check(
    bulbs: Annotated[int, typer.Option(min=8, help="How many bulbs to draw and check.")] = 500,
    size: Annotated[int, typer.Option(min=32, help="Width and height of a picture.")] = 256,
    repeats: Repeats = 5,
    json: Json = None,
) -> None:
    """Check a data set of drawn bulbs.

    The time on all cores, findings included, against what decoding costs alone.

    Example: bulbinspect bench check --json bench-check.json
    """
    from bulbinspect.benchmark.check import run_check

    _show(run_check(num_bulbs=bulbs, size_px=size, repeats=repeats), json)


@bench.command()
def start(model: Model = None, repeats: Repeats = 9, json: Json = None) -> None:
    """Start the program.

    The time to its help and to the verdict on one bulb, each in a new process.

    Example: bulbinspect bench start
    """
    from bulbinspect.benchmark.start import run_start
    from bulbinspect.bundle.find import find_bundle

    _show(run_start(find_bundle(model), repeats=repeats), json)


@bench.command()
def training(
    trunks: Annotated[
        str, typer.Option(help="Names of trunks, with commas between.")
    ] = "compact,resnet18",
    size: Annotated[int, typer.Option(min=32, help="Width and height of a view.")] = 128,
    batch: Annotated[int, typer.Option(min=1, help="Bulbs in a batch.")] = 16,
    steps: Annotated[int, typer.Option(min=2, help="Steps in each repeat.")] = 20,
    repeats: Repeats = 5,
    json: Json = None,
) -> None:
    """Train from the cache.

    A step with augmentation and logging against forward, backward and optimiser alone.

    Example: bulbinspect bench training --json bench-training.json
    """
    from bulbinspect.benchmark.training import run_training
    from bulbinspect.errors import UsageError

    names = _names(trunks)
    if not names:
        raise UsageError("--trunks names no trunk")
    result = run_training(
        trunks=names, size_px=size, batch_size=batch, num_steps=steps, repeats=repeats
    )
    _show(result, json)


@bench.command()
def kernels(
    shapes: Annotated[
        str, typer.Option(help="Names of shapes, with commas between; all by default.")
    ] = "",
    repeats: Repeats = 7,
    json: Json = None,
    read: Annotated[
        Path | None, typer.Option("--from", help="Measure nothing: show this --json file.")
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the tables to this file.")] = None,
    svg: Annotated[Path | None, typer.Option(help="Write the plot to this file.")] = None,
) -> None:
    """Share a kernel in every way.

    Time and peak memory of each, forward and backward, with stock and with raised malloc.

    Example: bulbinspect bench kernels --shapes "rgb 200,pixel" --json kernels.json
    """
    from bulbinspect.benchmark.kernel_report import markdown as tables
    from bulbinspect.benchmark.kernel_report import plot, print_kernels
    from bulbinspect.benchmark.kernels import read_kernels, run_kernels
    from bulbinspect.files import whole_file, write_json

    result = (
        run_kernels(shapes=_names(shapes), repeats=repeats) if read is None else read_kernels(read)
    )
    print_kernels(result)
    if json is not None:
        write_json(json, result)
    for path, text in ((markdown, tables), (svg, plot)):
        if path is not None:
            with whole_file(path) as file:
                file.write(text(result))


def _names(listed: str) -> list[str]:
    return [name.strip() for name in listed.split(",") if name.strip()]


def _show(result: Mapping[str, Any], json: Path | None) -> None:
    from bulbinspect.benchmark.result import print_result
    from bulbinspect.files import write_json

    print_result(result)
    if json is not None:
        write_json(json, result)
