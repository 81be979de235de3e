"""Finished runs to one result: plain values, as they stand in `results.json`."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from bulbinspect.errors import UsageError
from bulbinspect.metrics import rates
from bulbinspect.progress import progress
from bulbinspect.study.archive import ENDING, read_archive
from bulbinspect.study.comparable import refuse_incomparable
from bulbinspect.study.differences import differences
from bulbinspect.study.efficiency import sample_efficiency
from bulbinspect.study.figures import IDENTITY, MAX_OVERKILL, RunFigures, figures_of
from bulbinspect.study.find import find_runs, names_of
from bulbinspect.study.interval import (
    AS_EVER,
    Ends,
    Resampling,
    TestBulbs,
    auroc_under,
    escape_under,
    interval,
)
from bulbinspect.study.record import RunRecord, read_run
from bulbinspect.study.strata import read_strata, stratum_rows
from bulbinspect.study.trials import Credited, Trial, arms_of, credit, trials_of

FORMAT_VERSION = 1
REFERENCE, BASELINE = "siamese", "channel_shuffle"
"""The arms that the others are held against unless somebody says otherwise."""

_NOT_AVERAGED = {*IDENTITY, "threshold_at_overkill", "reject_threshold"}


def compare(
    places: Sequence[Path],
    *,
    reference: str | None = None,
    baseline: str | None = None,
    resampling: Resampling = AS_EVER,
    same_drawing: bool = False,
) -> dict[str, Any]:
    """Read the finished runs in these folders and archives, and compare them.

    `same_drawing` takes pictures of other bytes for the same where the manifest is: those of a set
    that was drawn again on another kind of processor. A note says of how many runs they are.
    DataError or BundleError for a file that cannot be used, DataError with all problems for runs
    that cannot be compared, UsageError for an arm that there is not.
    """
    runs, notes = read_runs(places)
    refuse_incomparable(runs, same_drawing=same_drawing)
    runs.sort(key=lambda run: run.trial)
    notes += _about_drawings(runs)
    return compared(
        runs, reference=reference, baseline=baseline, resampling=resampling, notes=notes
    )


def read_runs(places: Sequence[Path]) -> tuple[list[RunRecord], list[str]]:
    """Return the finished runs in these folders and archives, and notes on what was left out.

    A run that is in a folder and in an archive is taken from the folder.
    """
    archives = [place for place in places if place.suffix == ENDING]
    folders, notes = find_runs([place for place in places if place not in archives])
    if not folders and not archives:
        raise UsageError("name run folders, or a folder above them, or an archive of runs")
    runs: list[RunRecord] = []
    with progress("read runs", len(folders)) as advance:
        for folder, name in zip(folders, names_of(folders), strict=True):
            runs.append(read_run(folder, name=name))
            advance(1)
    seen = {run.trial for run in runs}
    for archive in archives:
        archived = read_archive(archive)
        runs += [run for run in archived if run.trial not in seen]
    return runs, notes


def compared(
    runs: Sequence[RunRecord],
    *,
    reference: str | None,
    baseline: str | None,
    resampling: Resampling,
    notes: Iterable[str] = (),
) -> dict[str, Any]:
    """Return the result for runs that can be compared."""
    figures = [figures_of(run) for run in runs]
    trials = trials_of(figures)
    credited = credit(trials)
    reference = _reference(credited, reference)
    baseline = _baseline(credited, baseline)
    bulbs = TestBulbs.of(runs[0].test)
    strata, about_strata = read_strata(next((run for run in runs if run.manifest), runs[0]))
    with progress("resample", len(trials) + 3 * len(credited)) as advance:
        arms = []
        for trial in trials:
            is_credited = credited[trial.arm, trial.num_train] is trial
            arms.append(_arm(trial, bulbs, resampling, is_credited=is_credited))
            advance(1)
        pairs = differences(credited, reference, bulbs, resampling)
        advance(len(credited))
        in_strata = stratum_rows(credited, strata, reference, bulbs, resampling)
        advance(len(credited))
        efficiency = sample_efficiency(credited, reference, bulbs, resampling)
        advance(len(credited))
    result = {
        "format_version": FORMAT_VERSION,
        "data": _data(runs[0], bulbs),
        "settings": {
            "reference": reference,
            "baseline": baseline,
            "max_overkill": MAX_OVERKILL,
            **asdict(resampling),
        },
        "notes": [*notes, *_notes(figures, credited, baseline), *about_strata],
        "runs": [dict(one.row) for one in figures],
        "arms": arms,
        "differences": pairs,
        "sample_efficiency": efficiency,
        "strata": in_strata,
    }
    plain: dict[str, Any] = _plain(result)
    return plain


def _reference(credited: Credited, wanted: str | None) -> str:
    """Return the arm that is asked for, else `REFERENCE`, else the best on val.

    That is of the arms with most sizes the one with the highest AUROC on val, mean over them.
    """
    if wanted is not None:
        return _known(credited, wanted, "--reference")
    if REFERENCE in arms_of(credited):
        return REFERENCE
    areas: dict[str, list[float]] = {}
    for (arm, _), trial in sorted(credited.items()):
        areas.setdefault(arm, []).append(trial.mean("val_auroc") or 0.0)
    return max(areas, key=lambda arm: (len(areas[arm]), float(np.mean(areas[arm]))))


def _baseline(credited: Credited, wanted: str | None) -> str | None:
    if wanted is not None:
        return _known(credited, wanted, "--baseline")
    return BASELINE if BASELINE in arms_of(credited) else None


def _known(credited: Credited, arm: str, option: str) -> str:
    arms = arms_of(credited)
    if arm not in arms:
        raise UsageError(f"`{option} {arm}`: no run is of that arm; there are: {', '.join(arms)}")
    return arm


def _arm(
    trial: Trial, bulbs: TestBulbs, resampling: Resampling, *, is_credited: bool
) -> dict[str, Any]:
    ends = {"auroc": interval(bulbs, [auroc_under(one.run.test) for one in trial.runs], resampling)}
    verdicts = [one.rejected for one in trial.runs if one.rejected is not None]
    if len(verdicts) == len(trial.runs):
        ends["escape_rate_at_overkill"] = interval(
            bulbs, [escape_under(bulbs.defective, one) for one in verdicts], resampling
        )
    columns = dict.fromkeys(
        key for one in trial.runs for key in one.row if key not in _NOT_AVERAGED
    )
    return {
        "arm": trial.arm,
        "num_train": trial.num_train,
        "budget": trial.budget,
        "credited": is_credited,
        "seeds": list(trial.seeds),
        "figures": {column: _summary(trial, column, ends.get(column)) for column in columns},
    }


def _summary(trial: Trial, column: str, ends: Ends | None) -> dict[str, Any]:
    """Return mean and spread over the seeds (a standard deviation, None with one), and the ends."""
    values = [one.row[column] for one in trial.runs if one.row.get(column) is not None]
    summary: dict[str, Any] = {
        "mean": float(np.mean(values)) if values else None,
        "spread": float(np.std(values, ddof=1)) if len(values) > 1 else None,
        "num_runs": len(values),
    }
    if ends is not None:
        summary |= {"low": ends.low, "high": ends.high, "no_interval": ends.why_not}
    return summary


def _data(run: RunRecord, bulbs: TestBulbs) -> dict[str, Any]:
    counts = rates.Counts.of(bulbs.defective, run.test.rejected)
    return {
        "name": run.data,
        "data_sha256": run.data_sha256,
        "manifest_sha256": run.manifest_sha256,
        "preprocess": run.preprocess.to_dict(),
        "num_test": len(run.test.ids),
        "num_test_defective": counts.num_defective,
        "num_test_groups": bulbs.num_groups,
        "num_val": len(run.val.ids),
    }


def _about_drawings(runs: Sequence[RunRecord]) -> list[str]:
    counts = Counter(run.data_sha256[:12] for run in runs).most_common()
    if len(counts) == 1:
        return []
    kinds = ", ".join(f"{data} in {count} runs" for data, count in counts)
    return [f"pictures that differ in their bytes, taken for drawn alike: data {kinds}"]


def _notes(figures: Sequence[RunFigures], credited: Credited, baseline: str | None) -> list[str]:
    notes = []
    unjudged = [one for one in figures if one.row["num_unjudged"]]
    if unjudged:
        most = max(one.row["num_unjudged"] for one in unjudged)
        notes.append(
            f"unjudged test bulbs in {len(unjudged)} of {len(figures)} runs, at most {most} of "
            f"{len(figures[0].run.test.ids)}: left out of AUROC, rejects in every rate"
        )
    without = sum(not one.run.measured for one in figures)
    if without:
        notes.append(f"without study.json, so without orders, shifts and cost: {without} runs")
    counts = Counter(len(trial.seeds) for trial in credited.values())
    if counts[1]:
        notes.append(f"with one seed only, so without spread over seeds: {counts[1]} trials")
    if baseline is None:
        notes.append(f"no run is of the arm {BASELINE}, so nothing is said of it")
    return notes


def _plain(value: Any) -> Any:
    """Return plain values without NaN, which JSON lacks: null stands for it."""
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
