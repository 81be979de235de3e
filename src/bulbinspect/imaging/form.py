"""How pictures are declared to be stored, where the files alone cannot say it."""

import math
from dataclasses import dataclass

COLOURS = ("refuse", "luma", "mean", "red", "green", "blue")


@dataclass(frozen=True, slots=True)
class PictureForm:
    """What the reader is told of the pictures.

    `bit_depth` is that of the camera: 10 and 12 bits stand in pictures of 16. `value_range` (black,
    white) declares what the values of floating-point pictures, and of 32-bit integers, mean; they
    become levels of `bit_depth`, and a value outside is refused. `colour` says how true colour
    becomes gray: `luma` weighs red, green and blue by 0.299, 0.587 and 0.114 (ITU-R BT.601), `mean`
    alike, `red`, `green` and `blue` take that channel alone, `refuse` takes none.
    """

    bit_depth: int = 8
    value_range: tuple[float, float] | None = None
    colour: str = "refuse"

    @property
    def max_level(self) -> int:
        """Gray level of white."""
        return (1 << self.bit_depth) - 1

    def problems(self) -> list[str]:
        """Return what is wrong with the values; PreprocessSpec, which holds them, raises it."""
        problems = []
        if type(self.bit_depth) is not int or not 8 <= self.bit_depth <= 16:
            problems.append(
                f"bit_depth must be a whole number from 8 to 16, not {self.bit_depth!r}"
            )
        if self.value_range is not None and not _is_range(self.value_range):
            problems.append(
                f"value_range must be two numbers, black and another one for white, not "
                f"{self.value_range!r}"
            )
        if self.colour not in COLOURS:
            problems.append(f"colour must be one of {', '.join(COLOURS)}, not {self.colour!r}")
        return problems


def _is_range(value: object) -> bool:
    return (
        isinstance(value, tuple)
        and len(value) == 2
        and all(type(one) in (int, float) and math.isfinite(one) for one in value)
        and value[0] != value[1]
    )
