"""How hard the defects are to see, and how much harmless there is to be mistaken for one."""

from dataclasses import dataclass

from bulbinspect.errors import SpecError

Range = tuple[float, float]
Count = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Difficulty:
    """Ranges that a bulb's numbers are drawn from, uniformly; counts include both ends."""

    extent: Range  # of a defect, as share of the bulb's width
    contrast: Range  # of a defect: the share of light that its darkest place takes away
    ink: Range  # the same for harmless marks
    prints: Count
    labels: Count
    specks: Count
    seams: Count
    mottling: Range  # amplitude of the harmless unevenness of the surface


DIFFICULTIES: dict[str, Difficulty] = {
    "easy": Difficulty(
        extent=(0.32, 0.42),
        contrast=(0.75, 0.9),
        ink=(0.2, 0.5),
        prints=(0, 1),
        labels=(0, 0),
        specks=(0, 3),
        seams=(0, 1),
        mottling=(0.02, 0.06),
    ),
    "default": Difficulty(
        extent=(0.26, 0.36),
        contrast=(0.7, 0.9),
        ink=(0.3, 0.8),
        prints=(0, 1),
        labels=(0, 1),
        specks=(0, 6),
        seams=(0, 1),
        mottling=(0.03, 0.08),
    ),
    "hard": Difficulty(
        extent=(0.09, 0.17),
        contrast=(0.3, 0.6),
        ink=(0.4, 0.9),
        prints=(1, 4),
        labels=(0, 2),
        specks=(4, 20),
        seams=(1, 4),
        mottling=(0.05, 0.18),
    ),
}


def find_difficulty(name: str) -> Difficulty:
    """Return the difficulty called `name`; an unknown one is a SpecError that lists the known."""
    if name not in DIFFICULTIES:
        raise SpecError(f"difficulty {name!r} is unknown; known: {', '.join(DIFFICULTIES)}")
    return DIFFICULTIES[name]
