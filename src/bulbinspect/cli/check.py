"""`bulbinspect check`: every problem of a data set at once, before anything is learnt from it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bulbinspect.bulb import ViewsIn

if TYPE_CHECKING:
    from bulbinspect.data.check.check import CheckResult
    from bulbinspect.data.check.look import Refusal
    from bulbinspect.imaging.preprocess import PreprocessSpec


def check(
    path: Annotated[
        Path, typer.Argument(help="A manifest, or a folder of pictures.", show_default=False)
    ],
    json: Annotated[
        Path | None, typer.Option("--json", help="Also write all findings to this .json file.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", help="Also write a page with pictures to this file.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="A bundle or a run folder: check as it would see the pictures."),
    ] = None,
    bit_depth: Annotated[
        int | None, typer.Option(help="Of the camera, 8 to 16.  [default: 8]")
    ] = None,
    colour: Annotated[
        str | None,
        typer.Option(
            help="How colour becomes gray: refuse, luma, mean, red, green or blue.  "
            "[default: refuse]"
        ),
    ] = None,
    value_range: Annotated[
        str | None,
        typer.Option(
            metavar="BLACK,WHITE", help="What floating-point and 32-bit values mean: 0,1."
        ),
    ] = None,
    pattern: Annotated[
        str | None,
        typer.Option(
            help="Regular expression with the named groups `bulb` and `view`, for the files of a "
            "folder.  [default: <bulb>_<view>.<ending>]"
        ),
    ] = None,
    views_in: Annotated[
        ViewsIn | None,
        typer.Option(help="Where the views of a bulb are in a folder.  [default: files]"),
    ] = None,
    view_names: Annotated[
        str | None,
        typer.Option(metavar="A,B,…", help="Names of the channels or pages in their order."),
    ] = None,
    allow_outside: Annotated[
        bool,
        typer.Option("--allow-outside", help="Paths of a manifest may leave its folder."),
    ] = False,
    threads: Annotated[
        int | None, typer.Option(min=1, help="Pictures looked at at once.  [default: all cores]")
    ] = None,
    show: Annotated[
        int, typer.Option(min=0, help="How many findings of each kind the terminal shows.")
    ] = 3,
) -> None:
    """Look for what is wrong with a data set.

    Unreadable pictures, missing views, copies, leaks between splits, labels that disagree, and what
    the data can prove. Exit code 0: no problem, 1: problems, 2: wrong use.

    Example: bulbinspect check data/manifest.csv --html check.html
    """
    from bulbinspect.cli.check_table import print_findings
    from bulbinspect.cli.target import check_target
    from bulbinspect.files import write_json

    check_target(json, "--json", ".json")
    check_target(html, "--html", ".html")
    look_with = _looking(model, _form(bit_depth, colour, value_range))
    result = _check(path, look_with, pattern, views_in, view_names, allow_outside, threads)
    plain = result.to_dict()
    print_findings(plain, show=show)
    if json is not None:
        write_json(json, plain)
    if html is not None:
        from bulbinspect.report.check_page import write_check_page

        write_check_page(html, plain, form=result.spec.form)
    raise typer.Exit(1 if result.num_problems else 0)


@dataclass(frozen=True)
class _Looking:
    """How pictures are looked at: by what was declared, or as the bundle of a model sees them."""

    spec: "PreprocessSpec"
    refusal: "Refusal | None" = None
    views_in: ViewsIn = ViewsIn.FILES
    view_names: tuple[str, ...] = ()
    model: str = ""


def _looking(model: Path | None, form: dict[str, Any]) -> _Looking:
    from bulbinspect.data.check.look import plain_spec
    from bulbinspect.errors import UsageError

    if model is None:
        return _Looking(plain_spec(**form))
    if form:
        raise UsageError("a model says itself how its pictures are stored: leave out the options")
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle

    bundle = read_bundle(find_bundle(model))
    metadata = bundle.metadata
    gate, white = metadata.gate, metadata.preprocess.max_level
    return _Looking(
        metadata.preprocess,
        None if gate is None else lambda view: gate.refusal(view, white),
        metadata.views_in,
        metadata.view_names,
        bundle.sha256,
    )


def _check(
    path: Path,
    looking: _Looking,
    pattern: str | None,
    views_in: ViewsIn | None,
    view_names: str | None,
    allow_outside: bool,
    threads: int | None,
) -> "CheckResult":
    from bulbinspect.data.check.check import check as check_source
    from bulbinspect.data.check.source import find_source

    names = tuple(view_names.split(",")) if view_names is not None else looking.view_names
    if views_in is None:
        views_in = looking.views_in if path.is_dir() else ViewsIn.FILES
    source = find_source(
        path, pattern, views_in=views_in, view_names=names, allow_outside=allow_outside
    )
    return check_source(
        source,
        looking.spec,
        refusal=looking.refusal,
        view_names=looking.view_names,
        model=looking.model,
        threads=threads,
    )


def _form(bit_depth: int | None, colour: str | None, value_range: str | None) -> dict[str, Any]:
    """Return what was declared of the pictures; what makes no sense is refused by the spec."""
    from bulbinspect.errors import UsageError

    form: dict[str, Any] = {}
    if bit_depth is not None:
        form["bit_depth"] = bit_depth
    if colour is not None:
        form["colour"] = colour
    if value_range is not None:
        try:
            black, white = map(float, value_range.split(","))
        except ValueError:
            raise UsageError(
                f"--value-range is {value_range!r}, expected two numbers: 0,1"
            ) from None
        form["value_range"] = (black, white)
    return form
