"""A certificate on a terminal."""

from collections.abc import Iterator, Mapping
from typing import Any

import typer

from bulbinspect.cli.tables import aligned


def print_certificate(plain: Mapping[str, Any], *, show: int) -> None:
    """Print what `inspection.certificate.to_dict` returned, with so many of the worst bulbs."""
    low, high = plain["pass_threshold"], plain["reject_threshold"]
    band = "" if low == high else f", review from {low:.4g}"
    typer.echo(f"model {plain['model'][:12]}, reject threshold {high:.4g}{band}")
    typer.echo(f"{plain['num_judged']} of {plain['num_bulbs']} bulbs judged in {plain['orders']}")
    for reason, number in plain["left_out"].items():
        typer.echo(f"left out because of {reason}: {number}")
    typer.echo()
    for line in aligned(_figures(plain)):
        typer.echo(line)
    shown = [bulb for bulb in plain["bulbs"][:show] if _is_worth_showing(bulb, plain["tolerance"])]
    if shown:
        typer.echo("\nthe bulbs that change most")
        for line in aligned(_bulbs(shown)):
            typer.echo(line)
    typer.echo()
    typer.echo(_verdict(plain))


def _figures(plain: Mapping[str, Any]) -> Iterator[list[str]]:
    every, turned = plain["every_order"], plain["shifts"]
    sets = [every] if every["num_orders"] == turned["num_orders"] else [every, turned]
    names = ["shifts"] if len(sets) == 1 else ["every order tried", "shifts alone"]
    yield ["", *names]
    yield ["orders other than the given one", *(str(one["num_orders"]) for one in sets)]
    yield ["largest change of probability", *(_number(one["largest_change"]) for one in sets)]
    yield ["the same, of the median bulb", *(_number(one["median_change"]) for one in sets)]
    if every["not_finite"]:
        yield ["answers that are not finite", *(str(one["not_finite"]) for one in sets)]
    answers = [plain["num_judged"] * one["num_orders"] for one in sets]
    pairs = zip(sets, answers, strict=True)
    yield ["changed verdicts", *(f"{one['changed_verdicts']} of {all_}" for one, all_ in pairs)]
    number = plain["num_judged"]
    yield ["bulbs with a changed verdict", *(f"{one['changed_bulbs']} of {number}" for one in sets)]
    if every["num_defective"]:
        yield ["defective bulbs that pass, as given", *_of(sets, "defective_passed_as_given")]
        yield ["defective bulbs that pass in some order", *_of(sets, "defective_passed_somewhere")]
    if every["num_good"]:
        yield ["good bulbs that do not pass, as given", *_of(sets, "good_stopped_as_given")]
        yield ["good bulbs that do not pass in some order", *_of(sets, "good_stopped_somewhere")]


def _of(sets: list[Mapping[str, Any]], name: str) -> list[str]:
    whole = "num_defective" if name.startswith("defective") else "num_good"
    return [f"{one[name]} of {one[whole]}" for one in sets]


def _bulbs(bulbs: list[Mapping[str, Any]]) -> Iterator[list[str]]:
    yield ["bulb", "label", "as given", "lowest other", "in order", "highest other", "in order"]
    for bulb in bulbs:
        cells = [_answer(bulb)]
        for one in (bulb["lowest"], bulb["highest"]):
            cells += [_answer(one), " ".join(one["order"])]
        yield [bulb["bulb_id"], bulb["label"], *cells]


def _answer(one: Mapping[str, Any]) -> str:
    return f"{_number(one['defect_probability'])} {one['verdict']}"


def _is_worth_showing(bulb: Mapping[str, Any], tolerance: float) -> bool:
    change = bulb["largest_change"]
    return change is None or change > tolerance or bool(bulb["changed_verdicts"])


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.3g}"


def _verdict(plain: Mapping[str, Any]) -> str:
    every, tolerance = plain["every_order"], plain["tolerance"]
    if plain["certified"]:
        return f"certified: no verdict changes, and no probability by more than {tolerance:g}"
    largest = _number(every["largest_change"])
    return (
        f"not certified: {every['changed_bulbs']} of {plain['num_judged']} bulbs change their "
        f"verdict, largest change {largest} (tolerance {tolerance:g})"
    )
