"""Many runs in one small file: all that comparing them again needs, without their bundles.

JSON, compressed by LZMA. Every number is kept as it is, so that a comparison comes out the same.
"""

import json
import lzma
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bulbinspect.bulb import GOOD
from bulbinspect.errors import DataError, SpecError
from bulbinspect.files import whole_file
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.study.read import Answers
from bulbinspect.study.record import RunRecord

ENDING = ".xz"
FORMAT_VERSION = 1

_MOST_BYTES = 1 << 29  # unpacked; a run of 1,000 bulbs has about 20 KB
_AS_THEY_ARE = (
    "name", "arm", "seed", "num_train", "budget", "learning_rate", "data", "model", "has_good",
    "reject_threshold", "data_sha256", "manifest_sha256", "measured",
)  # fmt: skip


def write_archive(path: Path, runs: Sequence[RunRecord]) -> None:
    """Write what is known of these runs to `path`, whole or not at all."""
    bulbs: list[dict[str, list[str]]] = []  # each val and test once, most runs have the same

    def packed(answers: Answers) -> dict[str, Any]:
        own = {name: list(getattr(answers, name)) for name in ("ids", "labels", "groups")}
        if own not in bulbs:
            bulbs.append(own)
        return {
            "bulbs": bulbs.index(own),
            "probability": [None if np.isnan(p) else p for p in answers.probability.tolist()],
            "rejected": "".join("01"[value] for value in answers.rejected.tolist()),
        }

    rows = [
        {
            **{name: getattr(run, name) for name in _AS_THEY_ARE},
            "preprocess": run.preprocess.to_dict(),
            "val": packed(run.val),
            "test": packed(run.test),
        }
        for run in runs
    ]
    text = json.dumps({"format_version": FORMAT_VERSION, "bulbs": bulbs, "runs": rows})
    with whole_file(path, "wb") as file:
        file.write(lzma.compress(text.encode()))


def read_archive(path: Path) -> list[RunRecord]:
    """Return the runs that `write_archive` wrote; DataError names a file that is no such thing."""
    try:
        with lzma.open(path) as file:
            text = file.read(_MOST_BYTES)
            if file.read(1):
                raise DataError(f"{path} unpacks to more than {_MOST_BYTES >> 20} MiB")
        values = json.loads(text)
        if values["format_version"] != FORMAT_VERSION:
            raise DataError(
                f"{path} has format {values['format_version']!r:.20}, expected {FORMAT_VERSION}"
            )
        return [_run(row, values["bulbs"], path) for row in values["runs"]]
    except (OSError, EOFError, lzma.LZMAError) as error:
        raise DataError(f"{path} cannot be unpacked: {error}") from error
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, SpecError) as error:
        raise DataError(f"{path} holds no runs of a study: {type(error).__name__}") from error


def _run(row: Mapping[str, Any], bulbs: Sequence[Mapping[str, Any]], path: Path) -> RunRecord:
    return RunRecord(
        folder=path,
        manifest=None,
        preprocess=PreprocessSpec.from_dict(row["preprocess"]),
        val=_answers(row["val"], bulbs),
        test=_answers(row["test"], bulbs),
        **{name: row[name] for name in _AS_THEY_ARE},
    )


def _answers(row: Mapping[str, Any], bulbs: Sequence[Mapping[str, Any]]) -> Answers:
    known = bulbs[row["bulbs"]]
    probability = np.array([np.nan if p is None else p for p in row["probability"]], np.float64)
    rejected = np.array([mark == "1" for mark in row["rejected"]], bool)
    ids, labels, groups = (tuple(known[name]) for name in ("ids", "labels", "groups"))
    if not len(ids) == len(labels) == len(groups) == len(probability) == len(rejected):
        raise ValueError("as many answers as bulbs")
    defective = np.array([label != GOOD for label in labels], bool)
    return Answers(ids, labels, groups, defective, probability, rejected)
