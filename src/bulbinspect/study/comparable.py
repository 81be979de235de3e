"""Which runs must not be compared, and why: all reasons at once."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from bulbinspect.errors import DataError
from bulbinspect.study.read import Answers
from bulbinspect.study.record import RunRecord

Runs = Sequence[RunRecord]


def refuse_incomparable(runs: Runs, *, same_drawing: bool = False) -> None:
    """Raise a DataError that lists every run that differs from most, and in what.

    With `same_drawing` the pictures may have other bytes where the manifest is the same.
    """
    other_data = _odd(runs, lambda run: run.data_sha256, "other data (data_sha256 {})")
    problems = [
        *(f"{run.name}: its bundle has no class good" for run in runs if not run.has_good),
        *(() if same_drawing else other_data),
        *_odd(runs, lambda run: run.manifest_sha256, "another manifest (sha256 {})"),
        *_other_preprocess(runs),
        *_other_bulbs(runs, "test"),
        *_other_val(runs),
        *_doubled(runs),
        *_one_sided(runs),
    ]
    if problems:
        raise DataError("these runs cannot be compared:", problems)


def _most(values: Sequence[Any]) -> Any:
    """Return the value that most runs have; of equals the first."""
    return Counter(values).most_common(1)[0][0]


def _odd(runs: Runs, value: Callable[[RunRecord], str], what: str) -> Iterator[str]:
    usual = _most([value(run) for run in runs])
    for run in runs:
        if value(run) != usual:
            text = what.format(value(run)[:12])
            yield f"{run.name}: {text} than most, which have {usual[:12]}"


def _other_preprocess(runs: Runs) -> Iterator[str]:
    usual = _most([run.preprocess for run in runs]).to_dict()
    for run in runs:
        own = run.preprocess.to_dict()
        other = [
            f"{key} {own[key]!r} (most: {usual[key]!r})" for key in own if own[key] != usual[key]
        ]
        if other:
            yield f"{run.name}: another preprocess: {', '.join(other)}"


def _other_bulbs(runs: Runs, split: str) -> Iterator[str]:
    """Compare ids, then labels, then groups with those of most runs."""
    answers: list[Answers] = [getattr(run, split) for run in runs]
    usual = _most([one.ids for one in answers])
    same = [(run, one) for run, one in zip(runs, answers, strict=True) if one.ids == usual]
    for run, one in zip(runs, answers, strict=True):
        if one.ids != usual:
            lacking, more = sorted({*usual} - {*one.ids}), sorted({*one.ids} - {*usual})
            differences = [f"lacks {_some(lacking)}"] * bool(lacking)
            differences += [f"has {_some(more)} besides"] * bool(more)
            yield f"{run.name}: other {split} bulbs: {', '.join(differences)}"
    for what in ("labels", "groups"):
        usual_facts = _most([getattr(one, what) for _, one in same])
        for run, one in same:
            facts = getattr(one, what)
            at = [place for place, fact in enumerate(facts) if fact != usual_facts[place]]
            if at:
                own, common = facts[at[0]], usual_facts[at[0]]
                first = f"bulb {usual[at[0]]!r} is {own!r}, in most runs {common!r}"
                yield f"{run.name}: other {what} of {split} bulbs ({len(at)}): {first}"


def _other_val(runs: Runs) -> Iterator[str]:
    """Thresholds and budgets are chosen on val, so runs of a size must have the same."""
    for size in sorted({run.num_train for run in runs}):
        yield from _other_bulbs([run for run in runs if run.num_train == size], "val")


def _doubled(runs: Runs) -> Iterator[str]:
    first: dict[tuple[str, str, int, int], RunRecord] = {}
    for run in runs:
        twin = first.setdefault(run.trial, run)
        if twin is not run:
            yield (
                f"{run.name}: the same as {twin.name}: arm {run.arm!r}, {run.num_train} bulbs, "
                f"equal {run.budget}, seed {run.seed}"
            )


def _one_sided(runs: Runs) -> Iterator[str]:
    for split in ("val", "test"):
        for run in runs:
            defective = getattr(run, split).defective
            if run.has_good and (defective.all() or not defective.any()):
                kind = "defective" if defective.all() else "good"
                yield f"{run.name}: all bulbs of {split} are {kind}, so nothing can be told apart"


def _some(ids: Sequence[str]) -> str:
    more = f" and {len(ids) - 2} more" if len(ids) > 2 else ""
    return ", ".join(repr(one) for one in ids[:2]) + more
