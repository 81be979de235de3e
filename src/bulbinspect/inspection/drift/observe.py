"""The bulbs of a line as numbers: what each camera showed of each, and what became of it."""

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from bulbinspect.bulb import Bulb, Verdict, View
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.reference import Camera, Reference
from bulbinspect.errors import DataError, PictureError, UsageError
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.arrange import ViewFault, arrange
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import watched
from bulbinspect.progress import progress

ORDER = "order"
"""Stands for the order in which the bulbs were found."""


@dataclass(frozen=True, slots=True)
class CameraView:
    """The measures of one view, or why there are none."""

    camera: str
    measures: Mapping[str, float]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """One bulb: when it was there (the cell of the column, or ""), its views by camera, its answer.

    There is a view for every camera, measured whether it was fit to be judged or not.
    """

    bulb_id: str
    at: str
    views: tuple[CameraView, ...]
    verdict: Verdict | None
    reason: str
    defect_probability: float | None


def in_time(bulbs: Sequence[Bulb], by: str) -> list[tuple[str, Bulb]]:
    """Return the bulbs by a further column of the manifest, with its cell; equals stay in order.

    The column holds numbers, or dates and times as ISO 8601 has them. UsageError if no bulb has
    it, DataError, which names the bulbs, for cells that are neither.
    """
    if by == ORDER:
        return [("", bulb) for bulb in bulbs]
    cells = [_cell(bulb, by) for bulb in bulbs]
    if not any(cells):
        raise UsageError(f"no bulb has a column {by!r}; `--by` needs one of the manifest, or order")
    for read in (_number, _date):
        keys = [read(cell) for cell in cells]
        if None not in keys:
            order = sorted(range(len(keys)), key=lambda at: keys[at] or 0.0)
            return [(cells[at], bulbs[at]) for at in order]
    read = _date if any(_date(cell) is not None for cell in cells) else _number
    raise DataError(
        f"the column {by!r} must hold a number, or a date such as 2026-11-21 or 2026-11-21T06:00, "
        "in every row:",
        [
            f"bulb {bulb.bulb_id!r}: {cell!r}"
            for bulb, cell in zip(bulbs, cells, strict=True)
            if read(cell) is None
        ],
    )


def observe(
    inspector: Inspector, bulbs: Sequence[tuple[str, Bulb]], reference: Reference
) -> list[Observed]:
    """Measure and judge the bulbs, each once, in their order."""
    look = partial(_look, metadata=inspector.bundle.metadata, reference=reference)
    only = [bulb for _, bulb in bulbs]
    looks = []
    with (
        ThreadPoolExecutor(inspector.threads) as pool,
        progress("measure", len(only)) as advance,
    ):
        for views in pool.map(look, only):
            looks.append(views)
            advance(1)
    answers = watched(inspector.inspect(only), len(only))
    return [
        Observed(bulb.bulb_id, at, views, answer.verdict, answer.reason, answer.defect_probability)
        for (at, bulb), views, answer in zip(bulbs, looks, answers, strict=True)
    ]


def _look(bulb: Bulb, *, metadata: BundleMetadata, reference: Reference) -> tuple[CameraView, ...]:
    """Measure every view that can be read, of each camera one."""
    views = _by_camera(bulb.views, metadata.view_names)
    loaded = dict(zip(views, _load(list(views.values()), metadata.preprocess), strict=True))
    found = []
    for name in metadata.view_names:
        one = loaded.get(name)
        if isinstance(one, LoadedView):
            camera = reference.cameras[name]
            found.append(_measured(name, camera, one, metadata.preprocess.max_level))
        else:
            found.append(CameraView(name, {}, one.reason if one else "missing_view"))
    return tuple(found)


def _load(views: Sequence[View], spec: PreprocessSpec) -> Sequence[LoadedView | PictureError]:
    """Read the views; whatever a picture does to us, its bulb keeps its rows."""
    try:
        return load_views(views, spec)
    except Exception as error:
        return [PictureError("unreadable", f"{type(error).__name__}: {error}")] * len(views)


def _measured(name: str, camera: Camera, view: LoadedView, max_level: int) -> CameraView:
    try:
        measures = camera.measure(view.pixels, max_level)
    except Exception:
        return CameraView(name, {}, "not_measured")
    finite = all(map(math.isfinite, measures.values()))
    return CameraView(name, measures) if finite else CameraView(name, {}, "not_measured")


def _by_camera(views: Sequence[View], names: Sequence[str]) -> dict[str, View]:
    """Return which view each camera took, as far as that is known."""
    arranged = arrange(views, names, min_views=1)
    if not isinstance(arranged, ViewFault):
        pairs = zip(names, arranged, strict=True)
        return {name: view for name, view in pairs if view is not None}
    return {view.name: view for view in reversed(views) if view.name in names}


def _cell(bulb: Bulb, column: str) -> str:
    return dict(bulb.views[0].extra).get(column, "").strip() if bulb.views else ""


def _number(cell: str) -> float | None:
    try:
        number = float(cell)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _date(cell: str) -> float | None:
    """Return seconds; a time without a zone is taken for one in UTC, as all are alike then."""
    try:
        read = datetime.fromisoformat(cell)
    except ValueError:
        return None
    return (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
