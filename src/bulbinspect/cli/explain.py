"""`bulbinspect explain`: where a network sees what it says of a bulb."""

from pathlib import Path
from typing import Annotated

import typer

from bulbinspect.cli.options import Device, Gate, Model, Threads


def explain(
    bulb: Annotated[
        str,
        typer.Argument(
            help="A folder with the views of one bulb, or with --manifest a bulb id.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option(help="A new folder for the results.", show_default=False)],
    model: Model = None,
    manifest: Annotated[
        Path | None, typer.Option(help="The manifest that has the bulb.", show_default=False)
    ] = None,
    method: Annotated[
        str,
        typer.Option(
            help="evidence: the network's own map. occlusion: what changes where a gray patch "
            "lies. auto: the first one that the network has."
        ),
    ] = "auto",
    patch: Annotated[
        int | None,
        typer.Option(
            min=1, help="Side of the patch in pixels of the network.  [default: an eighth]"
        ),
    ] = None,
    stride: Annotated[
        int | None, typer.Option(min=1, help="Step of the patch.  [default: half a patch]")
    ] = None,
    gate: Gate = None,
    device: Device = "auto",
    threads: Threads = None,
) -> None:
    """Show where in each view a bulb's answer comes from, and what it would be without each view.

    Writes a picture of each view with its map, and explanation.json. Exit code 0: written, 2:
    wrong use, or a bulb that cannot be judged.

    Example: bulbinspect explain pictures/bulb-7 --out why
    """
    from bulbinspect.bundle.bundle import read_bundle
    from bulbinspect.bundle.find import find_bundle
    from bulbinspect.cli.tables import aligned
    from bulbinspect.inspection.explanation.explain import explain as explain_bulb
    from bulbinspect.inspection.explanation.one_bulb import find_bulb
    from bulbinspect.inspection.explanation.write import write_explanation
    from bulbinspect.inspection.inspector import Inspector
    from bulbinspect.inspection.overrides import override_gate
    from bulbinspect.inspection.predict import refuse_existing
    from bulbinspect.inspection.text import for_terminal

    refuse_existing(out)
    bundle = override_gate(read_bundle(find_bundle(model)), gate or ())
    chosen = find_bulb(bulb, manifest)
    inspector = Inspector(bundle, device=device, threads=threads)
    found = explain_bulb(inspector, chosen, method=method, patch_px=patch, stride_px=stride)
    figures = write_explanation(out, found, bundle.metadata)
    typer.echo(
        for_terminal(
            f"{figures['bulb_id']}: {figures['verdict']}, defect probability "
            f"{figures['defect_probability']:.4f}, by {figures['method']}"
        )
    )
    rows = [("view", "alone", "without it", "peak (left, top, right, bottom) px", "picture")]
    for view in figures["views"]:
        without = view["probability_without"]
        rows.append(
            (
                view["view"],
                f"{view['defect_probability']:.4f}",
                "-" if without is None else f"{without:.4f}",
                ", ".join(map(str, view["peak_px"])),
                view["picture"],
            )
        )
    for line in aligned(rows):
        typer.echo(line)
    if not figures["trained_without_views"]:
        typer.echo(
            "note: the network was not trained with absent views; what it says without one is a "
            "hint at most",
            err=True,
        )
    typer.echo(f"results: {for_terminal(str(out))}", err=True)
