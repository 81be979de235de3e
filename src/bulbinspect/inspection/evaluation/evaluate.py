"""How well a bundle judges bulbs whose labels are known, measured through the inspector."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from bulbinspect.bulb import GOOD, Bulb, Prediction, Verdict
from bulbinspect.data.table import write_rows
from bulbinspect.errors import DataError, UsageError
from bulbinspect.files import whole_file, write_json
from bulbinspect.inspection.evaluation.costs import Line, cost_figures, curve_rows
from bulbinspect.inspection.evaluation.evidence_peak import evidence_peak
from bulbinspect.inspection.evaluation.fewer_views import fewer_views
from bulbinspect.inspection.evaluation.figures import measure
from bulbinspect.inspection.evaluation.learning import Epoch
from bulbinspect.inspection.evaluation.mistakes import worst_mistakes
from bulbinspect.inspection.evaluation.page import figure_sections
from bulbinspect.inspection.evaluation.strata import (
    STRATUM_COLUMNS,
    Sides,
    named_side,
    shown_strata,
    stratum_figures,
    stratum_row,
)
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import (
    read_predictions,
    result_folder,
    watched,
    write_predictions,
    write_report,
)
from bulbinspect.metrics.cost_curve import OperatingCurve, operating_curve

ALL = "all"
"""Stands for every split, and for bulbs that are in none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be found out beside the rates of all bulbs.

    `sides` are those that show the defect, for the defective bulbs (by id) of which it is known;
    `masks` is a folder that says where on them it is (see `evidence_peak`);
    `line` has costs and prevalence; with `fewer_views` bulbs are judged without some views too.
    `learning` are the epochs of the run that the bundle is from. `notes` are kept beside the
    figures.
    """

    sides: Sides = field(default_factory=lambda: MappingProxyType({}))
    masks: Path | None = None
    line: Line | None = None
    fewer_views: bool = False
    learning: tuple[Epoch, ...] = ()
    notes: tuple[str, ...] = ()


def evaluate_to_folder(
    inspector: Inspector,
    bulbs: Sequence[Bulb],
    out: Path,
    facts: Mapping[str, str],
    asked: Asked | None = None,
    *,
    page_title: str | None = None,
    pictures: str = "inline",
) -> dict[str, Any]:
    """Write predictions, `metrics.json` and tables to a new folder, and return the figures.

    `facts` (split, hash of the manifest, …) go into `metrics.json` beside them; with a title there
    is `report.html` too, with its `pictures` where `write_report` says.
    UsageError where costs or fewer views are asked of a bundle without a good class.
    """
    wanted = asked or Asked()
    metadata = inspector.bundle.metadata
    if metadata.good_index is None and (wanted.line or wanted.fewer_views):
        raise UsageError("the bundle has no good class: there are no costs and no verdicts to lose")
    with result_folder(out) as folder:
        answers, figures = _judge(inspector, bulbs, folder)
        metrics = {**facts, **figures}
        curve = None
        if metadata.good_index is not None:
            curve = _curve(bulbs, answers)
            strata = stratum_figures(bulbs, answers, wanted.sides)
            metrics |= {
                "strata": shown_strata(strata),
                "named_side": named_side(bulbs, answers, wanted.sides),
                "costs": None if curve is None else cost_figures(curve, figures, wanted.line),
                "mistakes": worst_mistakes(bulbs, answers, wanted.sides),
                "notes": [*wanted.notes, *_notes(bulbs, answers)],
            }
            if wanted.masks is not None:
                told = read_predictions(folder / "predictions.jsonl")  # with their maps
                peak = evidence_peak(told, wanted.masks, metadata.preprocess)
                metrics["evidence_peak"] = None if peak is None else peak.to_dict()
            if wanted.fewer_views:
                metrics["fewer_views"] = fewer_views(inspector, bulbs)
            _write_table(folder / "strata.csv", [STRATUM_COLUMNS, *map(stratum_row, strata)])
            if curve is not None:
                _write_table(folder / "operating-curve.csv", curve_rows(curve, wanted.line))
        write_json(folder / "metrics.json", metrics)
        if page_title is not None:
            sections, plots = figure_sections(metrics, curve, wanted.learning)
            write_report(
                folder,
                page_title,
                inspector.bundle,
                _for_page(figures),
                truth={bulb.bulb_id: bulb.label for bulb in bulbs},
                sections=sections,
                plots=plots,
                pictures=pictures,
            )
    return metrics


def evaluate(
    inspector: Inspector, bulbs: Sequence[Bulb], folder: Path, *, suffix: str = ""
) -> dict[str, Any]:
    """Judge labelled bulbs, write their predictions into `folder`, and return the figures.

    DataError, before any work, if a label is not one of the bundle's classes.
    """
    return _judge(inspector, bulbs, folder, suffix=suffix)[1]


def _judge(
    inspector: Inspector, bulbs: Sequence[Bulb], folder: Path, *, suffix: str = ""
) -> tuple[list[Prediction], dict[str, Any]]:
    """Return the predictions, without their views, and the figures."""
    bundle = inspector.bundle
    refuse_unknown_labels(bulbs, bundle.metadata.classes)
    answers: list[Prediction] = []

    def kept() -> Iterator[Prediction]:
        for prediction in watched(inspector.inspect(bulbs), len(bulbs)):
            answers.append(replace(prediction, views=()))  # a file holds the views
            yield prediction

    write_predictions(folder, kept(), bundle, suffix=suffix)
    figures = measure([bulb.label for bulb in bulbs], answers, bundle.metadata)
    about = {"model": bundle.sha256, "gate_overrides": list(bundle.overrides)}
    return answers, {**about, **figures}


def _curve(bulbs: Sequence[Bulb], answers: Sequence[Prediction]) -> OperatingCurve | None:
    """Return the curve of the judged bulbs, None without good or without defective ones."""
    pairs = [
        (bulb.label != GOOD, one.defect_probability)
        for bulb, one in zip(bulbs, answers, strict=True)
        if one.defect_probability is not None
    ]
    if len({defective for defective, _ in pairs}) < 2:
        return None
    return operating_curve(*zip(*pairs, strict=True))


def _notes(bulbs: Sequence[Bulb], answers: Sequence[Prediction]) -> list[str]:
    """Return what a person must know who relies on the intervals."""
    judged = [
        bulb
        for bulb, one in zip(bulbs, answers, strict=True)
        if one.verdict is not Verdict.UNJUDGED
    ]
    groups = len({bulb.group or (bulb.bulb_id,) for bulb in judged})
    if groups == len(judged):
        return []
    return [
        f"the {len(judged)} judged bulbs are of {groups} groups; the intervals hold for bulbs that "
        "have nothing in common, and those of one group may resemble each other"
    ]


def _write_table(path: Path, rows: Iterable[Sequence[str]]) -> None:
    with whole_file(path) as file:
        write_rows(file, rows)


def choose_bulbs(
    bulbs: Sequence[Bulb], split: str, splits: Mapping[str, str] | None = None
) -> list[Bulb]:
    """Return the bulbs of a split, or every bulb for `ALL`.

    `splits` (bulb id -> split) stand in place of the manifest's own, and must know every bulb.
    UsageError says what to do when there are none.
    """
    if split == ALL:
        return list(bulbs)
    if splits is not None:
        absent = [bulb.bulb_id for bulb in bulbs if bulb.bulb_id not in splits]
        if absent:
            raise DataError(
                f"the splits do not know {len(absent)} of {len(bulbs)} bulbs; they belong to "
                "another manifest",
                [f"bulb {bulb_id!r}" for bulb_id in absent],
            )
        bulbs = [replace(bulb, split=splits[bulb.bulb_id]) for bulb in bulbs]
    known = sorted({bulb.split for bulb in bulbs} - {""})
    if not known:
        raise UsageError(
            "the manifest has no splits: name those of a run with `--splits RUN/split.csv`, or "
            f"evaluate every bulb with `--split {ALL}`"
        )
    chosen = [bulb for bulb in bulbs if bulb.split == split]
    if not chosen:
        raise UsageError(f"no bulb is in split {split!r}; there are: {', '.join([*known, ALL])}")
    return chosen


def _for_page(figures: Mapping[str, Any]) -> dict[str, str]:
    """Return the rates as a page shows them; the reject threshold is there already."""
    left_out = {"reject_threshold"}
    if figures.get("pass_threshold") == figures.get("reject_threshold"):  # no review band
        left_out.add("pass_threshold")
    return {
        name.replace("_", " ").replace("auroc", "AUROC"): f"{value:.3f}"
        for name, value in figures.items()
        if isinstance(value, float) and name not in left_out
    }


def refuse_unknown_labels(bulbs: Iterable[Bulb], classes: Sequence[str]) -> None:
    """Raise DataError, which counts them, if labels are none of the bundle's classes."""
    strange = Counter(bulb.label for bulb in bulbs if bulb.label not in classes)
    if strange:
        raise DataError(
            f"{strange.total()} bulbs have a label that the bundle does not know; it knows "
            f"{', '.join(classes)}",
            [
                f"{number} bulbs labelled {label!r}" if label else f"{number} bulbs without label"
                for label, number in strange.items()
            ],
        )
