"""The figures of an evaluation as sections of a page: curves, tables, the worst mistakes."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bulbinspect.inspection.evaluation.learning import Epoch
from bulbinspect.inspection.evaluation.tables import (
    answer_table,
    kind_table,
    number_table,
    rate_table,
    sentences,
    set_table,
    side_table,
    stratum_table,
)
from bulbinspect.metrics.cost_curve import OperatingCurve
from bulbinspect.report.curve_plot import Curve, Mark, Plot, draw, limit_for
from bulbinspect.report.sections import Cell, Section, Table

Metrics = Mapping[str, Any]
Part = tuple[Section, Plot | None]


def figure_sections(
    metrics: Metrics, curve: OperatingCurve | None, learning: Sequence[Epoch] = ()
) -> tuple[list[Section], dict[str, str]]:
    """Return the sections of the page and their plots, SVG files by name.

    `curve` is that of the judged bulbs, None where there is none; `learning` are the epochs of the
    run that the bundle is from.
    """
    parts = list(_parts(metrics, curve, learning))
    plots = {section.plot: draw(plot) for section, plot in parts if plot is not None}
    return [section for section, _ in parts], plots


def _parts(
    metrics: Metrics, curve: OperatingCurve | None, learning: Sequence[Epoch]
) -> Iterator[Part]:
    """Yield the sections with their plots; what there is nothing to say of is left out."""
    notes = tuple(metrics.get("notes", ()))
    yield Section("rates", "Rates", text=notes, table=rate_table(metrics)), None
    if "strata" in metrics and curve is not None:
        yield _operating(metrics, curve)
    if len(learning) > 1:
        yield _learning(learning)
    if len(metrics["classes"]) > 2:
        yield Section("answers", "Answers", table=answer_table(metrics)), None
    if "strata" not in metrics:  # the bundle has no good class
        return
    yield Section("kinds", "What became of them", table=kind_table(metrics)), None
    if metrics["strata"]:
        text = "A bulb whose defect shows on two sides counts for both."
        yield Section("strata", "Where it errs", (), (text,), table=stratum_table(metrics)), None
    said = list(sentences(metrics))
    named = tuple(one for one in said if one.startswith("The named side"))
    yield Section("sides", "The named side", lead=named, table=side_table(metrics)), None
    if metrics["calibration"]["reliability"]:
        yield _calibration(metrics)
    if curve is not None:
        lead = tuple(one for one in said if one not in named)
        yield _costs(metrics, lead)
    if "fewer_views" in metrics:
        text = "Where judged says no, the line would leave such a bulb unjudged."
        few = Section("views", "With fewer views", (text,), table=number_table(metrics))
        yield few, None
        yield Section("sets", "With each set of views", table=set_table(metrics)), None
    yield from _mistakes(metrics)


def _operating(metrics: Metrics, curve: OperatingCurve) -> Part:
    here = metrics["overkill_rate"], metrics["escape_rate"]
    points = zip(curve.overkill_rate.tolist(), curve.escape_rate.tolist(), strict=True)
    plot = Plot(
        says="Escape rate over overkill rate for every threshold",
        x_label="overkill rate",
        y_label="escape rate",
        curves=(Curve("all thresholds", "main", tuple(points)),),
        marks=(Mark("the bundle's thresholds", *here, *metrics["intervals"]["escape_rate"]),),
        x_limit=limit_for([3 * here[0]]),
        y_limit=limit_for([1.2 * metrics["intervals"]["escape_rate"][1]]),
    )
    text = "The dot is the bundle's, with the 95 % interval of its escape rate."
    return Section(
        "operating", "Operating curve", (), (text,), plot="operating", plot_says=plot.says
    ), plot


def _learning(epochs: Sequence[Epoch]) -> Part:
    best = max(epochs, key=lambda one: one.score)
    score = tuple((one.epoch, one.score) for one in epochs)
    losses = [one.train_loss for one in epochs] + [one.val_loss for one in epochs]
    plot = Plot(
        says="Score on val and loss on train and val after each epoch",
        x_label="epoch",
        y_label="score, loss",
        curves=(
            Curve("score on val", "main", score),
            Curve("loss on val", "other", tuple((one.epoch, one.val_loss) for one in epochs)),
            Curve("loss on train", "faint", tuple((one.epoch, one.train_loss) for one in epochs)),
        ),
        marks=(Mark("the epoch that was taken", best.epoch, best.score),),
        x_limit=max(5, 5 * math.ceil(epochs[-1].epoch / 5)),  # five ticks, all of them epochs
        y_limit=max(1.0, math.ceil(2 * min(max(losses), 2.0)) / 2),
    )
    text = (
        f"Epoch {best.epoch} of 0 to {epochs[-1].epoch} had the best score on val, "
        f"{best.score:.4f}: its weights are in the bundle."
    )
    return Section(
        "learning", "Learning curve", (), (text,), plot="learning", plot_says=plot.says
    ), plot


def _calibration(metrics: Metrics) -> Part:
    rows = metrics["calibration"]["reliability"]
    plot = Plot(
        says="Share of defective bulbs over their mean defect probability, bin by bin",
        x_label="mean defect probability",
        y_label="share defective",
        curves=(Curve("as probabilities ought to be", "faint", ((0, 0), (1, 1))),),
        marks=tuple(
            Mark(
                f"{row['count']} bulbs",
                *(row[name] for name in ("mean_probability", "share_defective")),
                *(row[name] for name in ("low_share", "high_share")),
            )
            for row in rows
        ),
    )
    table = _table(
        ("from", "to", "bulbs", "mean probability", "share defective", "low", "high"), rows
    )
    return Section(
        "calibration", "Calibration", table=table, plot="calibration", plot_says=plot.says
    ), plot


def _costs(metrics: Metrics, lead: tuple[str, ...]) -> Part:
    """Return cost curves: the bundle's, the cheapest, and those of judging without looking."""
    costs = metrics["costs"]
    hull = costs["cheapest_thresholds"]
    line = costs["line"]
    plot = Plot(
        says="Share of the highest cost over the probability cost",
        x_label="probability cost: 0 overkill alone counts, 1 escapes alone",
        y_label="cost, of that of errors on every bulb",
        curves=(
            Curve("reject none, or reject all", "faint", ((0, 0), (0.5, 0.5), (1, 0))),
            Curve("the cheapest threshold on these bulbs", "main", tuple(_lowest(hull))),
            Curve(
                "the bundle's thresholds",
                "other",
                ((0, metrics["overkill_rate"]), (1, metrics["escape_rate"])),
            ),
        ),
        marks=() if line is None else (_here(metrics, line),),
        y_limit=limit_for([0.5]),
    )
    table = _table(("from", "to", "threshold", "escape rate", "overkill rate"), hull)
    return Section(
        "costs", "Costs", lead, plot="costs", plot_says=plot.says, table=table, folded=True
    ), plot


def _lowest(hull: Iterable[Mapping[str, float]]) -> Iterator[tuple[float, float]]:
    """Yield the corners of the lower envelope, each where a threshold begins and ends."""
    for one in hull:
        for at in (one["low"], one["high"]):
            yield at, at * one["escape_rate"] + (1 - at) * one["overkill_rate"]


def _here(metrics: Metrics, line: Mapping[str, float]) -> Mark:
    at = line["probability_cost"]
    cost = at * metrics["escape_rate"] + (1 - at) * metrics["overkill_rate"]
    return Mark("the line that was asked for", at, cost)


def _mistakes(metrics: Metrics) -> Iterator[Part]:
    """Yield the lists of the worst mistakes; the page shows their pictures."""
    text = ("Choose this mistake below to see them all with their pictures.",)
    shown = {
        "escapes": ("Worst escapes", ("bulb_id", "kind", "group", "defect_probability")),
        "overkills": (
            "Worst overkill",
            ("bulb_id", "defective_view", "group", "defect_probability"),
        ),
    }
    for name, (title, columns) in shown.items():
        rows = metrics["mistakes"][name]
        if rows:
            picked = ({column: row[column] for column in columns} for row in rows)
            table = _table(tuple(one.replace("_", " ") for one in columns), picked)
            yield Section(name, title, (), text, table=table), None


def _table(columns: tuple[str, ...], rows: Iterable[Mapping[str, Any]]) -> Table:
    """Return a table of plain values, in their order; a number that is not there is a dash."""
    return Table(columns, tuple(tuple(map(_cell, row.values())) for row in rows))


def _cell(value: Any) -> Cell:
    if value is None:
        return Cell("–")
    if isinstance(value, str):
        return Cell(value)
    return Cell(str(value) if isinstance(value, int) else f"{value:.4g}", value)
