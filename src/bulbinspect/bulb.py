"""The things everything else speaks of: a bulb, its views, and what was found out about them.

Letters of the shapes, here and everywhere:

    B bulbs in a batch      V views of a bulb        C channels
    H W pixels              h w places of a map      D features      K classes
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

GOOD = "good"
"""The name of the good class; every other label is a kind of defect."""


class Verdict(StrEnum):
    """What the system says of a bulb; the line treats `unjudged` as a reject."""

    PASS = "pass"  # noqa: S105  # a verdict, not a password
    REJECT = "reject"
    REVIEW = "review"
    UNJUDGED = "unjudged"


class ViewsIn(StrEnum):
    """Where the views of a bulb lie: each in its own file, or all of them in one.

    In an array of NumPy channels are its last axis `(H, W, V)`, pages its first `(V, H, W)`.
    """

    FILES = "files"
    CHANNELS = "channels"
    PAGES = "pages"


@dataclass(frozen=True, slots=True)
class Part:
    """One channel or page of a file that holds several views; `index` counts from 0.

    `of` is how many the file must hold. One that holds more or fewer is not what was declared.
    """

    kind: ViewsIn
    index: int
    of: int


@dataclass(frozen=True, slots=True)
class View:
    """One picture of a bulb from one side.

    `name` says which camera took it (the manifest's `view` column); `path` can be opened as it is;
    `part` is None when the file is this view alone; `sha256` is what the file must have, in lower
    case, or `""`; `extra` keeps further manifest columns as (column, value) pairs.
    """

    name: str
    path: Path
    extra: tuple[tuple[str, str], ...] = ()
    part: Part | None = None
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Bulb:
    """One physical thing with its views in camera order.

    `""` stands for an unknown label, group or split. Nothing is promised about the views: one may
    be missing, doubled or unreadable. Who judges, checks.
    """

    bulb_id: str
    views: tuple[View, ...]
    label: str = ""
    group: str = ""
    split: str = ""


@dataclass(frozen=True, slots=True)
class ViewPrediction:
    """What one view contributed: the answer it would give alone, or why it could not be read."""

    view: str
    path: Path
    reason: str = ""
    detail: str = ""
    defect_probability: float | None = None  # 0…1; None without a good class, or unread
    class_probabilities: tuple[float, ...] = ()  # in the order of the bundle's classes
    part: Part | None = None  # as in View
    suspicion_rank: int | None = None  # 1 for the largest defect probability of the bulb's views
    evidence: tuple[tuple[float, ...], ...] = ()  # (h, w) log-odds of a defect at each place


@dataclass(frozen=True, slots=True)
class Prediction:
    """The whole answer for one bulb.

    `verdict` is None only for a bundle without a good class, and then only for a bulb that was
    judged. `defective_view` names the side with the highest defect probability of a bulb that was
    rejected or is to be reviewed.
    `model` is the SHA-256 of the bundle.
    """

    bulb_id: str
    verdict: Verdict | None
    model: str
    reason: str = ""
    detail: str = ""
    label: str = ""
    defect_probability: float | None = None
    defective_view: str = ""
    class_probabilities: tuple[float, ...] = ()
    views: tuple[ViewPrediction, ...] = field(default=())
