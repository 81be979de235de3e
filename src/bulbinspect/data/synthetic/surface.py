"""The skin of a bulb: maps over angle and height that marks and defects are painted into."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.shape import Floats, Shape


@dataclass(slots=True)
class Surface:
    """The maps `(A, Z)` of a bulb: A angles around it, Z heights up it.

    `albedo` is the share of light thrown back (above 1 for what shines), `relief` the height above
    the body, `defect` where the defect is: the truth.
    """

    shape: Shape
    albedo: Floats
    relief: Floats
    defect: npt.NDArray[np.bool_]
    gloss: float

    def patch(self, angle: float, height: float, reach: float) -> "Patch":
        """Return the part of the surface within `reach` of a place, to paint on."""
        num_angles, num_heights = self.albedo.shape
        k = self.shape.at(height)
        step_u = 2 * math.pi * float(self.shape.radius[k]) / num_angles
        step_v = self.shape.tallness * math.hypot(1.0, float(self.shape.slope[k])) / num_heights
        row = angle / (2 * math.pi) * num_angles - 0.5
        column = height * num_heights - 0.5
        half = min(math.ceil(reach / step_u), (num_angles - 1) // 2)
        near = np.arange(round(row) - half, round(row) + half + 1)
        first = max(math.floor(column - reach / step_v), 0)
        last = min(math.ceil(column + reach / step_v) + 1, num_heights)
        return Patch(
            self,
            near % num_angles,
            slice(first, last),
            ((near - row) * step_u).astype(np.float32)[:, None],
            ((np.arange(first, last) - column) * step_v).astype(np.float32)[None, :],
        )


@dataclass(frozen=True, slots=True)
class Patch:
    """A part of the surface in its own lengths: `u (n, 1)` around the body, `v (1, m)` up it."""

    surface: Surface
    rows: npt.NDArray[np.int64]  # (n,)
    columns: slice
    u: Floats
    v: Floats

    def dye(self, factor: Floats) -> None:
        """Multiply the albedo by `factor (n, m)`."""
        self.surface.albedo[self.rows, self.columns] *= factor

    def raise_by(self, height: Floats) -> None:
        """Add `height (n, m)` to the relief."""
        self.surface.relief[self.rows, self.columns] += height

    def mark_defect(self, where: npt.NDArray[np.bool_]) -> None:
        """Note that the defect covers `where (n, m)`."""
        self.surface.defect[self.rows, self.columns] |= where
