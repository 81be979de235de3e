"""The figures of an evaluation as tables, for a terminal and for a page."""

from collections.abc import Iterator, Mapping
from typing import Any

from bulbinspect.bulb import GOOD
from bulbinspect.report.sections import Cell, Table

Metrics = Mapping[str, Any]

_ABSENT = Cell("–")
_OF = {
    "kind": "kind",
    "sides": "sides that show it",
    "side": "shows on side",
    "group": "group",
}


def rate_table(metrics: Metrics) -> Table:
    """Return a row for each figure of all bulbs with its interval, where there is one."""
    ends = metrics.get("intervals", {})
    rows = [
        (Cell(_words(name)), _number(value), _ends(ends.get(name)))
        for name, value in metrics.items()
        if isinstance(value, float)
    ]
    if metrics.get("calibration"):
        error = metrics["calibration"]["expected_calibration_error"]
        rows.append((Cell("expected calibration error"), _number(error), _ABSENT))
    return Table(("figure", "value", "95 % interval"), tuple(rows))


def stratum_table(metrics: Metrics) -> Table:
    """Return a row for each stratum with its bulbs, escapes and overkill."""
    columns = ("of", "name", "good", "defective", "unjudged", "escape rate", "overkill rate")
    rows = [
        (
            Cell(_OF[one["of"]]),
            Cell(one["name"]),
            *(_count(one[f"num_{name}"]) for name in ("good", "defective", "unjudged")),
            *(_rate(one, name) for name in ("escape", "overkill")),
        )
        for one in metrics["strata"]
    ]
    return Table(columns, tuple(rows))


def kind_table(metrics: Metrics) -> Table:
    """Return what became of the good bulbs, and of those of each kind of defect."""
    columns = ("kind", "bulbs", "passed", "review", "rejected", "unjudged")
    good = metrics["classes"][GOOD]
    counts = [
        (
            GOOD,
            good["bulbs"],
            *(good["verdicts"].get(one, 0) for one in ("pass", "review", "reject", "unjudged")),
        )
    ]
    for one in metrics["strata"]:
        if one["of"] != "kind":
            continue
        rejected = one["num_defective"] - one["num_escape"] - one["num_review"]
        ends = (one["num_escape"], one["num_review"], rejected, one["num_unjudged"])
        counts.append((one["name"], one["num_bulbs"], *ends))
    rows = tuple((Cell(name), *map(_count, numbers)) for name, *numbers in counts)
    return Table(columns, rows)


def answer_table(metrics: Metrics) -> Table:
    """Return the confusion of classes: a row for each label, a column for each answer."""
    classes = metrics["classes"]
    rows = tuple(
        (
            Cell(name),
            _count(one["bulbs"]),
            *(_count(one["labels"].get(answer, 0)) for answer in classes),
        )
        for name, one in classes.items()
    )
    return Table(("labelled", "bulbs", *(f"called {answer}" for answer in classes)), rows)


def number_table(metrics: Metrics) -> Table:
    """Return a row for each number of views: the mean over its sets, and the worst set."""
    columns = ("views", "sets", "judged", "escape rate", "worst", "overkill rate", "worst", "AUROC")
    rows = [
        (
            _count(one["num_views"]),
            _count(one["num_sets"]),
            _yes(one["judged_on_line"]),
            *(
                _percent(one[name])
                for name in (
                    *("escape_rate", "worst_escape_rate"),
                    *("overkill_rate", "worst_overkill_rate"),
                )
            ),
            _number(one["auroc"]),
        )
        for one in metrics["fewer_views"]["by_number"]
    ]
    return Table(columns, tuple(rows))


def set_table(metrics: Metrics) -> Table:
    """Return a row for each set of views."""
    columns = ("absent", "views", "judged", "escape rate", "overkill rate", "review rate", "AUROC")
    rows = [
        (
            Cell(", ".join(one["absent"]) or "none"),
            _count(one["num_views"]),
            _yes(one["judged_on_line"]),
            *(_rate(one, name) for name in ("escape", "overkill", "review")),
            _number(one["auroc"]),
        )
        for one in metrics["fewer_views"]["by_views"]
    ]
    return Table(columns, tuple(rows))


def side_table(metrics: Metrics) -> Table:
    """Return a row for each side with how often it was named."""
    rows = [
        (Cell(name), _count(counts["defective"]), _count(counts["good"]))
        for name, counts in metrics["named_side"]["by_view"].items()
    ]
    return Table(("side", "named on defective bulbs", "named on good bulbs"), tuple(rows))


def tables(metrics: Metrics) -> Iterator[Table]:
    """Yield what a terminal shows beside the rates: strata, named sides, numbers of views.

    Groups are left out: there may be many.
    """
    if "strata" not in metrics:  # the bundle has no good class
        return
    few = [one for one in metrics["strata"] if one["of"] != "group"]
    found = [stratum_table({"strata": few}), side_table(metrics)]
    if "fewer_views" in metrics:
        found += [number_table(metrics), set_table(metrics)]
    yield from (one for one in found if one.rows)


def sentences(metrics: Metrics) -> Iterator[str]:
    """Yield what is said of the named side, of evidence maps and of the costs."""
    if "named_side" not in metrics:
        return
    named, costs = metrics["named_side"], metrics["costs"]
    if named["num_bulbs"]:
        low, high = named["interval"]
        yield (
            f"The named side shows the defect on {named['num_right']} of {named['num_bulbs']} "
            f"bulbs, {_share(named['share_right'])} ({_between(low, high)})."
        )
    peak = metrics.get("evidence_peak")
    if peak is not None:
        low, high = peak["interval"]
        yield (
            f"The peak of the evidence map lies within the defect on {peak['within']} of "
            f"{peak['rejected_defective']} bulbs, {_share(peak['share_within'])} "
            f"({_between(low, high)}); by chance on {_share(peak['by_chance'])}."
        )
    line = None if costs is None else costs["line"]
    if line is not None:
        best = line["lowest"]
        rejects = "no bulb" if best["threshold"] is None else f"from {best['threshold']:.6g} on"
        yield (
            f"Errors cost {line['cost_per_bulb']:.4g} per bulb. On these bulbs no threshold would "
            f"have cost less than {best['cost_per_bulb']:.4g} (reject {rejects}); to reject all "
            f"costs {line['reject_all']:.4g}, to pass all {line['pass_all']:.4g}."
        )


def _words(name: str) -> str:
    return name.replace("_", " ").replace("auroc", "AUROC")


def _rate(one: Mapping[str, Any], name: str) -> Cell:
    rate, ends = one[f"{name}_rate"], one[f"{name}_interval"]
    if rate is None:
        return _ABSENT
    return Cell(f"{_share(rate)} ({_between(*ends)})", rate)


def _percent(share: float | None) -> Cell:
    return _ABSENT if share is None else Cell(_share(share), share)


def _number(value: float | None) -> Cell:
    return _ABSENT if value is None else Cell(f"{value:.4f}", value)


def _ends(ends: tuple[float, float] | None) -> Cell:
    return _ABSENT if ends is None else Cell(f"{ends[0]:.4f} to {ends[1]:.4f}")


def _count(number: int) -> Cell:
    return Cell(str(number), number)


def _yes(value: bool) -> Cell:
    return Cell("yes" if value else "no")


def _share(share: float) -> str:
    return f"{100 * share:.1f} %"


def _between(low: float, high: float) -> str:
    return f"{100 * low:.1f}–{100 * high:.1f}"
