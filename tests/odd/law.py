"""The law as assertions: judged rightly, or unjudged with a reason of its own; in training too."""

import ast
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, Prediction
from bulbinspect.data.cache import open_cache
from bulbinspect.data.check.check import check
from bulbinspect.data.check.finding import Finding
from bulbinspect.data.check.look import look
from bulbinspect.data.check.pictures import find_picture_problems
from bulbinspect.data.check.places import Places
from bulbinspect.data.check.source import Source
from bulbinspect.errors import DataError, PictureError
from bulbinspect.imaging.load import load_views
from bulbinspect.imaging.preprocess import PreprocessSpec


def assert_lawful(answer: Prediction, reasons: Collection[str], sound: float) -> None:
    """Hold an answer of the tiny bundle against the `reasons` of the faults that were planted.

    Without any, the bulb must be judged, with the defect probability `sound`.
    """
    if reasons:
        assert answer.verdict == "unjudged"
        assert answer.reason in reasons
        assert answer.detail
        assert answer.defect_probability is None
        return
    assert answer.defect_probability == pytest.approx(sound, abs=1e-5)
    if abs(sound - 0.5) > 1e-5:
        assert answer.verdict == ("reject" if sound > 0.5 else "pass")


Refused = list[tuple[str, str, str]]
"""(bulb id, view name, reason) of each picture that is refused."""


def refused_by_reader(bulbs: Sequence[Bulb], spec: PreprocessSpec) -> Refused:
    return [
        (bulb.bulb_id, view.name, one.reason)
        for bulb in bulbs
        for view, one in zip(bulb.views, load_views(bulb.views, spec), strict=True)
        if isinstance(one, PictureError)
    ]


def refused_by_training(
    bulbs: Sequence[Bulb], num_views: int, spec: PreprocessSpec, folder: Path
) -> Refused:
    """Make training's cache of the bulbs in `folder`, and return which pictures stop it."""
    try:
        cache = open_cache(bulbs, num_views, spec, folder, manifest_sha256="")
    except DataError as error:
        assert not list(folder.glob("*.npy")), "a cache that must not be there"
        return [_parsed(problem) for problem in error.problems]
    assert len(cache.views) == len(bulbs)
    return []


_TEXT = r"""('(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")"""  # as repr writes it
_PROBLEM = re.compile(rf"bulb {_TEXT}, view {_TEXT}, {_TEXT}: (\w+): .+", re.DOTALL)


def _parsed(problem: str) -> tuple[str, str, str]:
    found = _PROBLEM.fullmatch(problem)
    assert found, problem
    return ast.literal_eval(found[1]), ast.literal_eval(found[2]), found[4]


def refused_by_check(bulbs: Sequence[Bulb], spec: PreprocessSpec) -> Refused:
    """Return what the part of `bulbinspect check` that looks at pictures says, in any order."""
    pictures = look(bulbs, spec, threads=1).pictures
    return _with_reasons(find_picture_problems(pictures, Places(Path(), {})))


def refused_by_whole_check(bulbs: Sequence[Bulb], spec: PreprocessSpec) -> Refused:
    """Return what `bulbinspect check` says of pictures, in any order."""
    return _with_reasons(check(Source(Path(), Path(), bulbs), spec, threads=1).findings)


def _with_reasons(findings: Sequence[Finding]) -> Refused:
    return [
        (place.bulb_id, place.view, finding.reason)
        for finding in findings
        if finding.reason
        for place in finding.places
    ]


def assert_refused_alike(
    bulbs: Sequence[Bulb], num_views: int, spec: PreprocessSpec, folder: Path
) -> None:
    """Hold what training and check refuse against what the reader does.

    Bulbs with too many views, which training refuses as a whole, are left out of it.
    """
    assert sorted(refused_by_whole_check(bulbs, spec)) == sorted(refused_by_reader(bulbs, spec))
    trained = [bulb for bulb in bulbs if 0 < len(bulb.views) <= num_views]
    if trained:
        expected = refused_by_reader(trained, spec)
        assert refused_by_training(trained, num_views, spec, folder) == expected
