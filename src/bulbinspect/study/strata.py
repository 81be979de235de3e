"""Which defective bulbs escape: by kind of defect, and by whether it crosses to the next view."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.data.manifest import Manifest, read_manifest
from bulbinspect.data.visible_sides import TRUTH, read_truth
from bulbinspect.errors import DataError
from bulbinspect.metrics import rates
from bulbinspect.study.differences import escape_difference, estimate
from bulbinspect.study.interval import Resampling, TestBulbs, escape_under, interval
from bulbinspect.study.record import RunRecord
from bulbinspect.study.trials import Credited, Trial, common_seeds

KIND = "kind"
"""A further column of the manifest: the kind of defect, where the label does not tell it."""

LEAST_SHARE = 0.2
"""A defect crosses a border if two neighbouring views each show this share of its pixels."""

CROSSES, ON_ONE_VIEW = "crosses to the next view", "on one view"


@dataclass(frozen=True, slots=True, eq=False)
class Stratum:
    """Some of the defective test bulbs: `of` is `kind` or `place`, `member` (N,)."""

    of: str
    name: str
    member: NDArray[np.bool_]


def read_strata(run: RunRecord) -> tuple[list[Stratum], list[str]]:
    """Return the strata of the test bulbs, and notes on what could not be told.

    Kinds come from the manifest's column `kind`, or from the labels where there are several kinds;
    places from the truth of drawn bulbs. The manifest must be the one that the runs were made from.
    """
    test, notes = run.test, []
    bulbs: dict[str, Bulb] = {}
    truth: dict[str, dict[str, int]] = {}
    try:
        manifest = _manifest(run)
        bulbs = {bulb.bulb_id: bulb for bulb in manifest.bulbs}
        truth = read_truth(manifest.path.with_name(TRUTH))
    except DataError as error:
        notes.append(f"no strata from the manifest: {error.summary}")
    kinds = [
        _kind(bulbs.get(one)) or label for one, label in zip(test.ids, test.labels, strict=True)
    ]
    places = [
        _place(bulbs[one], truth[one]) if one in truth and one in bulbs else "" for one in test.ids
    ]
    strata = [*_strata("kind", kinds, test.defective), *_strata("place", places, test.defective)]
    return strata, notes


def stratum_rows(
    credited: Credited,
    strata: Sequence[Stratum],
    reference: str,
    bulbs: TestBulbs,
    resampling: Resampling,
) -> list[dict[str, Any]]:
    """Return the escape rates at the overkill of val in each stratum, and against the reference."""
    rows = []
    for stratum in strata:
        for (arm, size), trial in sorted(
            credited.items(), key=lambda item: (item[0][1], item[0][0])
        ):
            base = credited.get((reference, size))
            rows.append(
                {
                    "of": stratum.of,
                    "stratum": stratum.name,
                    "arm": arm,
                    "num_train": size,
                    "budget": trial.budget,
                    "seeds": list(trial.seeds),
                    "num_defective": int(stratum.member.sum()),
                    "escape_rate_at_overkill": _escapes(trial, stratum, bulbs, resampling),
                    "difference": _difference(trial, base, stratum, bulbs, resampling),
                }
            )
    return rows


def _escapes(
    trial: Trial, stratum: Stratum, bulbs: TestBulbs, resampling: Resampling
) -> dict[str, Any]:
    verdicts = [one.rejected for one in trial.runs if one.rejected is not None]
    values = [rates.escape_rate(stratum.member, one) for one in verdicts]
    if len(verdicts) < len(trial.runs):
        values.append(None)
    ends = interval(bulbs, [escape_under(stratum.member, one) for one in verdicts], resampling)
    return estimate(values, ends)


def _difference(
    trial: Trial, base: Trial | None, stratum: Stratum, bulbs: TestBulbs, resampling: Resampling
) -> dict[str, Any] | None:
    if base is None or base is trial:
        return None
    seeds = common_seeds([trial, base])
    pairs = list(zip(trial.of_seeds(seeds), base.of_seeds(seeds), strict=True))
    return escape_difference(pairs, stratum.member, bulbs, resampling)


def _strata(of: str, names: Sequence[str], defective: NDArray[np.bool_]) -> list[Stratum]:
    """Return a stratum for each name, none if there is only one."""
    each = np.array(names, object)
    found = sorted({name for name in each[defective] if name})
    if len(found) < 2:
        return []
    return [Stratum(of, name, defective & (each == name)) for name in found]


def _manifest(run: RunRecord) -> Manifest:
    if run.manifest is None or not run.manifest.is_file():
        raise DataError("the one that the runs were made from is no longer there")
    manifest = read_manifest(run.manifest)
    if manifest.sha256 != run.manifest_sha256:
        raise DataError("it has changed since the runs were made")
    return manifest


def _kind(bulb: Bulb | None) -> str:
    """Return what the column `kind` says of a bulb, nothing where its views disagree."""
    if bulb is None or bulb.label == GOOD:
        return ""
    kinds = {dict(view.extra).get(KIND, "") for view in bulb.views} - {""}
    return kinds.pop() if len(kinds) == 1 else ""


def _place(bulb: Bulb, visible: Mapping[str, int]) -> str:
    """Say whether two neighbours share the defect, nothing where its pixels are not known."""
    pixels = np.array([max(visible.get(view.name, 0), 0) for view in bulb.views], float)
    if len(pixels) < 2 or not pixels.sum():
        return ""
    much = pixels / pixels.sum() >= LEAST_SHARE
    return CROSSES if bool(np.any(much & np.roll(much, -1))) else ON_ONE_VIEW
