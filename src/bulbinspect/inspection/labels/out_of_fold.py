"""What runs say of bulbs that they never saw: each bulb of their folds answered for once."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.bundle.bundle import Bundle, read_bundle
from bulbinspect.data.manifest import Manifest
from bulbinspect.data.natural import some_names
from bulbinspect.data.split import read_splits
from bulbinspect.errors import DataError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.inspection.predict import read_predictions


@dataclass(frozen=True, slots=True)
class Answer:
    """What one run says of a bulb of its test, and the threshold its bundle rejects at.

    `reject_threshold` is None without a good class.
    """

    prediction: Prediction
    run: str
    reject_threshold: float | None


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """Answers by bulb id; a bulb of the manifest without one was in no run at all.

    `models` is the SHA-256 of each run's bundle; `form` is that of the pictures.
    """

    classes: tuple[str, ...]
    answers: Mapping[str, Answer]
    models: Mapping[str, str]
    form: PictureForm


@dataclass(frozen=True, slots=True)
class _Run:
    name: str
    bundle: Bundle
    splits: Mapping[str, str]
    answers: tuple[Prediction, ...]


def read_out_of_fold(runs: Mapping[str, Path], manifest: Manifest) -> OutOfFold:
    """Read the run folders `runs`, by their names, that were trained on the folds of `manifest`.

    A `DataError` says everything for which their answers are not out of fold: another manifest, a
    bulb in the test of two runs, one that was learnt from and is in the test of none, a group that
    a run has both learnt from and judged, predictions that are not those of the bundle.
    """
    read = [_read(name, folder) for name, folder in runs.items()]
    problems = [problem for run in read for problem in _problems(run, manifest)]
    classes = {run.bundle.metadata.classes for run in read}
    if len(classes) > 1:
        problems.append("the runs know different classes: " + "; ".join(map(str, sorted(classes))))
    problems += _not_once(read)
    if problems:
        raise DataError("these runs do not answer for each bulb once, unseen:", problems)
    metadata = read[0].bundle.metadata
    answers = {}
    for run in read:
        point = run.bundle.metadata.operating_point
        threshold = None if point is None else point.reject_threshold
        answers.update({one.bulb_id: Answer(one, run.name, threshold) for one in run.answers})
    return OutOfFold(
        metadata.classes,
        answers,
        {run.name: run.bundle.sha256 for run in read},
        metadata.preprocess.form,
    )


def _read(name: str, folder: Path) -> _Run:
    path = folder / "predictions-test.jsonl"
    try:
        answers = tuple(read_predictions(path))
    except FileNotFoundError:
        raise DataError(
            f"{path} does not exist: a run with data.folds and data.fold writes it, if `judged` "
            "holds test"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise DataError(f"{path} is not what a run writes: {error!r:.200}") from error
    return _Run(
        name, read_bundle(folder / "bundle.onnx"), read_splits(folder / "split.csv"), answers
    )


def _problems(run: _Run, manifest: Manifest) -> list[str]:
    """Say what is wrong with one run by itself."""
    if run.bundle.metadata.provenance.get("manifest_sha256") != manifest.sha256:
        return [
            f"{run.name}: it was trained on another manifest than {manifest.path}; if labels were "
            "corrected since, train the folds anew"
        ]
    group_of = {bulb.bulb_id: bulb.group for bulb in manifest.bulbs}
    in_test = {bulb_id for bulb_id, split in run.splits.items() if split == "test"}
    learnt = {bulb_id for bulb_id, split in run.splits.items() if split in ("train", "val")}
    divided = _groups(in_test, group_of) & _groups(learnt, group_of)
    judged = Counter(one.bulb_id for one in run.answers)
    classes = run.bundle.metadata.classes
    found = {
        "not in the manifest": run.splits.keys() - group_of.keys(),
        "in its test, and not judged": in_test - judged.keys(),
        "judged, and not in its test": judged.keys() - in_test,
        "judged twice": {bulb_id for bulb_id, times in judged.items() if times > 1},
        "judged by another bundle than bundle.onnx": {
            one.bulb_id for one in run.answers if one.model != run.bundle.sha256
        },
        "without a probability for each class": {
            one.bulb_id for one in run.answers if not _is_whole(one, len(classes))
        },
        "with a label that its bundle does not know": {
            bulb.bulb_id
            for bulb in manifest.bulbs
            if bulb.bulb_id in judged and bulb.label not in classes
        },
    }
    problems = [_line(run.name, what, ids) for what, ids in found.items() if ids]
    if divided:
        what = "both in its test and in what it learnt from"
        problems.append(_line(run.name, what, divided, one="group"))
    return problems


def _not_once(runs: Sequence[_Run]) -> list[str]:
    """Say which bulbs are in the test of several runs, and which were learnt from and in none."""
    judges = defaultdict(list)
    used: set[str] = set()
    for run in runs:
        used |= {bulb_id for bulb_id, split in run.splits.items() if split}
        for bulb_id in {one.bulb_id for one in run.answers}:
            judges[bulb_id].append(run.name)
    several = defaultdict(set)
    for bulb_id, names in judges.items():
        if len(names) > 1:
            several[" and ".join(names)].add(bulb_id)
    problems = [_line(names, "in the test of each", ids) for names, ids in several.items()]
    if never := used - judges.keys():
        what = "in no run's test (is the run of a fold missing?)"
        problems.append(_line("all runs", what, never))
    return problems


def _is_whole(prediction: Prediction, num_classes: int) -> bool:
    """Say whether a judged bulb has probabilities that can be ranked; unjudged ones need none."""
    values = prediction.class_probabilities
    if prediction.verdict is Verdict.UNJUDGED:
        return not values
    return (
        len(values) == num_classes
        and all(isinstance(one, float | int) and 0 <= one <= 1 for one in values)
        and math.isclose(sum(values), 1, abs_tol=1e-6)
    )


def _groups(bulb_ids: Iterable[str], group_of: Mapping[str, str]) -> set[str]:
    return {group_of.get(bulb_id, "") for bulb_id in bulb_ids} - {""}


def _line(run: str, what: str, names: set[str], *, one: str = "bulb") -> str:
    number = f"{len(names)} {one}s" if len(names) > 1 else f"1 {one}"
    return f"{run}: {number} {what}: {some_names(names)}"
