"""What a result says, in order: the words around the tables and plots."""

from collections.abc import Mapping
from typing import Any

from bulbinspect.report.sections import Section
from bulbinspect.study import paired_tables, tables
from bulbinspect.study.efficiency import headline

Result = Mapping[str, Any]


def title(result: Result) -> str:
    """Return the title of the page."""
    return f"Study: {result['data']['name']}"


def facts(result: Result) -> dict[str, str]:
    """Return what stands on top: data, arms, and how the intervals were made."""
    data, settings = result["data"], result["settings"]
    arms = {row["arm"] for row in result["arms"]}
    return {
        "test bulbs": f"{data['num_test']}, {data['num_test_defective']} defective, in "
        f"{data['num_test_groups']} groups",
        "val bulbs": str(data["num_val"]),
        "runs": f"{len(result['runs'])} of {len(arms)} arms",
        "reference": settings["reference"],
        "baseline": settings["baseline"] or "none",
        "intervals": f"{100 * settings['confidence']:g} %, BCa, "
        f"{settings['num_resamples']} resamples of groups and seeds",
        "data": data["data_sha256"][:12],
    }


def sections(result: Result) -> list[Section]:
    """Return the parts of the page; what there is nothing to say of is left out."""
    possible = [
        _more_bulbs(result),
        _learning_curves(result),
        _differences(result),
        _changes(result),
        _fewer_views(result),
        _cost(result),
        _strata(result),
        _quality(result),
        _every_run(result),
        _meanings(result),
    ]
    return [one for one in possible if one is not None]


def _more_bulbs(result: Result) -> Section | None:
    rows = result["sample_efficiency"]
    if not rows:
        return None
    baseline = result["settings"]["baseline"]
    said = headline(next((row for row in rows if row["arm"] == baseline), None))
    return Section(
        "more-bulbs",
        "How many times more bulbs",
        lead=tuple(said),
        text=(
            "Learning curves of AUROC, mean over seeds, made to never fall, straight between two "
            "sizes in the logarithm of the size. Nothing is extrapolated: an open end lies beyond "
            "the sizes that were tried.",
        ),
        table=paired_tables.more_bulbs(result),
        folded=bool(said),
    )


def _learning_curves(result: Result) -> Section:
    return Section(
        "learning-curves",
        "Learning curves",
        text=(
            "AUROC on test, mean over seeds, with its interval over groups of test bulbs and "
            "seeds. Of an arm that ran with two budgets the better one on val counts.",
        ),
        plot="learning-curves",
        plot_says="AUROC against the number of training bulbs, a line with a band for each arm",
        table=tables.at_sizes(result),
    )


def _quality(result: Result) -> Section:
    return Section(
        "arms",
        "Every arm",
        text=("Means over seeds. Of an arm with two budgets the one that counts is bold.",),
        table=tables.quality(result),
        folded=True,
    )


def _differences(result: Result) -> Section | None:
    if not result["differences"]:
        return None
    reference = result["settings"]["reference"]
    return Section(
        "differences",
        f"Against {reference}",
        text=(
            f"Each arm less {reference}, paired by test bulb and seed: below zero in AUROC, "
            f"{reference} is better. Bold where the interval of the AUROC leaves out zero. "
            "McNemar's exact test is of the verdicts at each bundle's own threshold; it and "
            "DeLong's are of each seed, then combined, and corrected by Holm over the arms of a "
            "size. They take bulbs as independent; where groups hold several, the interval counts.",
        ),
        plot="differences",
        plot_says=f"Difference in AUROC of each arm to {reference}, with intervals, by size",
        table=paired_tables.differences(result),
        folded=True,
    )


def _changes(result: Result) -> Section | None:
    return _if_measured(
        result,
        "orders_changed",
        Section(
            "verdict-changes",
            "Verdicts that change",
            text=(
                "The same bulb with its views in another order (all 24; the 4 shifts are the true "
                "turns by a quarter), and photographed again at another turn. At each bundle's own "
                "threshold.",
            ),
            plot="verdict-changes",
            plot_says="Share of verdicts that change with the order of the views, for each arm",
            table=tables.changes(result),
            folded=True,
        ),
    )


def _fewer_views(result: Result) -> Section | None:
    table = tables.fewer_views(result)
    if table is None:
        return None
    return Section(
        "fewer-views",
        "With fewer views",
        text=("The same bundles when only some of the views of each bulb are there.",),
        table=table,
        folded=True,
    )


def _cost(result: Result) -> Section | None:
    return _if_measured(
        result,
        "parameters",
        Section(
            "cost",
            "Cost against quality",
            plot="cost",
            plot_says="AUROC against the FLOPs of judging one bulb, a point for each arm",
            table=tables.cost(result),
            folded=True,
        ),
    )


def _strata(result: Result) -> Section | None:
    if not result["strata"]:
        return None
    return Section(
        "strata",
        "Which defects escape",
        text=(
            "Escape rate at 2 % overkill, of the defective bulbs of one kind, and of those whose "
            "defect crosses the border of two views (both show at least 20 % of its visible "
            "pixels). Bold where the difference to the reference is certain.",
        ),
        table=paired_tables.strata(result),
        folded=True,
    )


def _every_run(result: Result) -> Section:
    return Section("runs", "Every run", table=tables.every_run(result), folded=True)


def _meanings(result: Result) -> Section:
    return Section(
        "meanings",
        "What the figures mean",
        text=(
            "Escape rate: defective bulbs that pass, of all defective bulbs. Overkill rate: good "
            "bulbs rejected, of all good bulbs. The threshold at 2 % overkill is the lowest that "
            "rejects at most 2 % of the good val bulbs; what it does on test stands beside it.",
            "An unjudged bulb is a reject in every rate and every verdict, as on the line. In "
            "AUROC it is left out, and counted as unjudged.",
            *(f"Note: {note}." for note in result["notes"]),
        ),
    )


def _if_measured(result: Result, column: str, section: Section) -> Section | None:
    measured = any(tables.mean(row, column) is not None for row in result["arms"])
    return section if measured else None
