"""The tables of a result: what stands in `report.html` and `report.md`."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from bulbinspect.report.sections import Cell, Table
from bulbinspect.study.figures import OF_FEWER_VIEWS
from bulbinspect.study.numbers import (
    amount,
    area,
    area_with_ends,
    count,
    percent,
    percent_with_ends,
    text,
)

Result = Mapping[str, Any]
Row = Mapping[str, Any]

BUDGET_WORDS = {"steps": "equal steps", "flops": "equal FLOPs"}


def at_sizes(result: Result) -> Table:
    """Return the AUROC of every arm as it is credited, a column for each size."""
    credited = [row for row in result["arms"] if row["credited"]]
    sizes = sorted({row["num_train"] for row in credited})
    areas = {(row["arm"], row["num_train"]): row["figures"]["auroc"] for row in credited}
    arms = best_first(credited)
    rows = [
        (text(arm), *(area_with_ends(areas.get((arm, size), {})) for size in sizes)) for arm in arms
    ]
    reference = result["settings"]["reference"]
    strong = frozenset(at for at, arm in enumerate(arms) if arm == reference)
    return Table(("arm", *(f"{size} bulbs" for size in sizes)), tuple(rows), strong)


def quality(result: Result) -> Table:
    """Return AUROC, escape and overkill of every arm, size and budget."""
    columns = (
        *_PLACE,
        "seeds",
        "AUROC (interval)",
        "± over seeds",
        f"escape rate at {100 * result['settings']['max_overkill']:g} % overkill (interval)",
        "overkill there",
        "escape rate at own threshold",
        "overkill there",
        "named side right",
    )
    return _of_arms(
        result["arms"],
        columns,
        lambda row: (
            count(len(row["seeds"])),
            area_with_ends(row["figures"]["auroc"]),
            area(row["figures"]["auroc"]["spread"]),
            percent_with_ends(row["figures"]["escape_rate_at_overkill"]),
            percent(mean(row, "overkill_rate_at_overkill")),
            percent(mean(row, "escape_rate")),
            percent(mean(row, "overkill_rate")),
            percent(mean(row, "named_side_right")),
        ),
    )


def changes(result: Result) -> Table:
    """Return how many verdicts change with the order of the views, and with another shot."""
    columns = (
        *_PLACE,
        "bulbs that change in some of 24 orders",
        "verdicts changed, over all orders",
        "largest change of probability",
        "bulbs that change in some of 4 shifts",
        "verdicts changed, over all shifts",
        "largest change of probability",
        "bulbs that change in another shot",
        "unjudged",
    )
    return _of_arms(
        result["arms"],
        columns,
        lambda row: (
            *(
                show(mean(row, f"{which}_{what}"))
                for which in ("orders", "shifts")
                for what, show in (
                    ("changed", percent),
                    ("mean_changed", percent),
                    ("largest_change", area),
                )
            ),
            percent(mean(row, "reshots_changed")),
            amount(mean(row, "num_unjudged")),
        ),
    )


def fewer_views(result: Result) -> Table | None:
    """Return the figures with only some of the views; None if they were not measured."""
    names = {name for row in result["arms"] for name in row["figures"]}
    numbers = sorted(
        (int(name.split("_")[-2]) for name in names if name.startswith("auroc_")), reverse=True
    )
    if not numbers:
        return None
    columns = (
        *_PLACE,
        *(
            f"{figure.replace('_', ' ').replace('auroc', 'AUROC')}, {number} of the views"
            for figure in OF_FEWER_VIEWS[:2]
            for number in numbers
        ),
    )
    return _of_arms(
        result["arms"],
        columns,
        lambda row: tuple(
            (area if figure == "auroc" else percent)(mean(row, f"{figure}_{number}_views"))
            for figure in OF_FEWER_VIEWS[:2]
            for number in numbers
        ),
    )


def cost(result: Result) -> Table:
    """Return what every arm costs beside what it reaches."""
    columns = (
        *_PLACE,
        "AUROC",
        "parameters",
        "FLOPs for a bulb",
        "training",
        "peak memory",
        "judging a bulb",
    )
    return _of_arms(
        result["arms"],
        columns,
        lambda row: (
            area(mean(row, "auroc")),
            amount(mean(row, "parameters")),
            amount(mean(row, "flops_per_bulb")),
            amount(mean(row, "train_s"), "s"),
            amount(mean(row, "peak_mib"), "MiB"),
            amount(mean(row, "judge_ms"), "ms"),
        ),
    )


def every_run(result: Result) -> Table:
    """Return one row for each run."""
    columns = (
        "run",
        "arm",
        "training bulbs",
        "budget",
        "seed",
        "learning rate",
        "val AUROC",
        "AUROC",
        "escape rate at 2 % overkill",
        "overkill there",
        "unjudged",
        "model",
    )
    rows = [
        (
            text(row["run"]),
            text(row["arm"]),
            count(row["num_train"]),
            text(BUDGET_WORDS[row["budget"]]),
            Cell(str(row["seed"]), row["seed"]),
            amount(row["learning_rate"]),
            area(row["val_auroc"]),
            area(row["auroc"]),
            percent(row["escape_rate_at_overkill"]),
            percent(row["overkill_rate_at_overkill"]),
            count(row["num_unjudged"]),
            text(row["model"][:12]),
        )
        for row in result["runs"]
    ]
    return Table(columns, tuple(rows))


def shared_sizes(credited: Sequence[Row]) -> list[int]:
    """Return the numbers of training bulbs that most arms were tried with, ascending."""
    numbers = [row["num_train"] for row in credited]
    most = max(map(numbers.count, numbers))
    return sorted({size for size in numbers if numbers.count(size) == most})


def best_first(credited: Sequence[Row]) -> list[str]:
    """Return the arms by their AUROC at the largest shared size; those that lack it come last."""
    size = shared_sizes(credited)[-1]
    reached = {row["arm"]: mean(row, "auroc") for row in credited if row["num_train"] == size}
    return sorted(
        {row["arm"] for row in credited}, key=lambda arm: (-(reached.get(arm) or -1.0), arm)
    )


def mean(row: Row, column: str) -> float | None:
    """Return the mean of a figure over the seeds, None if it was not measured."""
    figure = row["figures"].get(column)
    return None if figure is None else figure["mean"]


_PLACE = ("arm", "training bulbs", "budget")


def _of_arms(
    rows: Iterable[Row], columns: Sequence[str], cells: Callable[[Row], tuple[Cell, ...]]
) -> Table:
    """Return a row for each arm, size and budget; bold are those that count of two budgets."""
    rows = sorted(rows, key=lambda row: (row["num_train"], row["arm"], row["budget"] != "steps"))
    places = [(row["arm"], row["num_train"]) for row in rows]
    strong = frozenset(
        at for at, row in enumerate(rows) if row["credited"] and places.count(places[at]) > 1
    )
    filled = tuple(
        (text(row["arm"]), count(row["num_train"]), text(_budget(row)), *cells(row)) for row in rows
    )
    return Table(tuple(columns), filled, strong)


def _budget(row: Row) -> str:
    return BUDGET_WORDS[row["budget"]]
