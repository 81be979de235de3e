"""Bulbs that were photographed several times: which pictures are shots of one and the same bulb."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.data.check.look import Picture, look
from bulbinspect.errors import DataError
from bulbinspect.imaging.preprocess import PreprocessSpec

LIMIT = "limit"
"""A further column of the manifest: whether a bulb lies at the limit between good and defective."""

_YES_NO = {"yes": True, "1": True, "true": True, "no": False, "0": False, "false": False, "": False}


@dataclass(frozen=True, slots=True)
class ReshotBulb:
    """One bulb with its shots, in the order of the manifest; each shot has all views.

    `name` is the `group` that the shots share, or the id of a shot that has none.
    """

    name: str
    label: str
    limit: bool
    shots: tuple[Bulb, ...]

    @property
    def defective(self) -> bool:
        """Whether it must be rejected."""
        return self.label != GOOD


@dataclass(frozen=True, slots=True)
class Copies:
    """Shots that are none: `of` says by shot whose picture it has.

    `num_unknown` pictures could not be looked at.
    """

    of: dict[str, str]
    num_unknown: int


def gather_shots(bulbs: Iterable[Bulb]) -> list[ReshotBulb]:
    """Return the bulbs whose shots these are, in order of first appearance.

    DataError, with all problems at once, for a shot without a label, for shots of one bulb with
    different labels, and for a column `limit` that is not yes or no, or not the same in all rows.
    """
    shots: dict[str, list[Bulb]] = {}
    for bulb in bulbs:
        shots.setdefault(bulb.group or bulb.bulb_id, []).append(bulb)
    gathered, problems = [], []
    for name, some in shots.items():
        labels = list(dict.fromkeys(bulb.label for bulb in some))
        limits = sorted({_limit_cell(bulb, at) for bulb in some for at in range(len(bulb.views))})
        if "" in labels:
            problems.append(f"bulb {name!r}: a shot has no label, and the truth is needed")
        elif len(labels) > 1:
            told = " and ".join(map(repr, labels))
            problems.append(
                f"bulb {name!r}: its shots are labelled {told}; is `group` something else than one "
                "bulb?"
            )
        strange = [cell for cell in limits if cell not in _YES_NO]
        if strange:
            problems.append(f"bulb {name!r}: {LIMIT} is {strange[0]!r}, expected yes or no")
        elif len({_YES_NO[cell] for cell in limits}) > 1:
            problems.append(f"bulb {name!r}: {LIMIT} is yes in some of its rows, and no in others")
        else:
            limit = any(_YES_NO[cell] for cell in limits)
            gathered.append(ReshotBulb(name, labels[0], limit, tuple(some)))
    if problems:
        raise DataError("the shots cannot be studied:", problems)
    return gathered


def find_copies(bulbs: Sequence[ReshotBulb], spec: PreprocessSpec) -> Copies:
    """Return the shots with a picture that an earlier shot has already, whatever its view.

    Alike are files to the byte, and pictures to the pixel. Pictures that show nothing, and those of
    one shot among themselves, are not compared.
    """
    shots = [shot for bulb in bulbs for shot in bulb.shots]
    first: dict[object, str] = {}
    copies: dict[str, str] = {}
    num_unknown = 0
    for picture in look(shots, spec).pictures:
        shot = picture.bulb.bulb_id
        marks = _marks(picture)
        num_unknown += not marks
        for mark in marks if not picture.blank else ():
            owner = first.setdefault(mark, shot)
            if owner != shot:
                copies.setdefault(shot, owner)
    return Copies(copies, num_unknown)


def shots_of_a_bulb(bulbs: Sequence[ReshotBulb], left_out: Iterable[str]) -> dict[int, int]:
    """Return how many bulbs have how many shots that are not `left_out`, most bulbs first."""
    without = set(left_out)
    numbers = Counter(sum(shot.bulb_id not in without for shot in bulb.shots) for bulb in bulbs)
    return dict(numbers.most_common())


def _limit_cell(bulb: Bulb, at: int) -> str:
    return dict(bulb.views[at].extra).get(LIMIT, "").strip().lower()


def _marks(picture: Picture) -> list[object]:
    """Return what other pictures would share with this one if they were copies of it."""
    view = picture.view
    content = picture.content or (bytes.fromhex(view.sha256) if view.sha256 else None)
    marks: list[object] = [] if content is None else [(content, view.part)]
    return marks if picture.pixels is None else [*marks, picture.pixels]
