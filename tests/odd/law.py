"""The law as assertions: judged rightly, or unjudged with a reason of its own; in training too."""

from collections.abc import Collection, Sequence
from pathlib import Path

import pytest

from bulbinspect.bulb import Bulb, Prediction
from bulbinspect.data.cache import open_cache
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


def assert_training_refuses_the_same(
    bulbs: Sequence[Bulb], num_views: int, spec: PreprocessSpec, folder: Path
) -> None:
    """Make the cache of those bulbs that have no surplus views: each bad picture is named once."""
    trained = [bulb for bulb in bulbs if 0 < len(bulb.views) <= num_views]
    bad = [
        (bulb.bulb_id, view.name, one.reason)
        for bulb in trained
        for view, one in zip(bulb.views, load_views(bulb.views, spec), strict=True)
        if isinstance(one, PictureError)
    ]
    if not trained:
        return
    problems: Sequence[str] = ()
    try:
        cache = open_cache(trained, num_views, spec, folder, manifest_sha256="")
        assert len(cache.views) == len(trained)
    except DataError as error:
        problems = error.problems
    assert len(problems) == len(bad)
    for problem, (bulb_id, view, reason) in zip(problems, bad, strict=True):
        assert problem.startswith(f"bulb {bulb_id!r}, view {view!r}, ")
        assert f": {reason}: " in problem
