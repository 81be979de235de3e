"""One bulb, drawn: all its views and where each shows the defect."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.camera import draw_cameras
from bulbinspect.data.synthetic.defects import KINDS
from bulbinspect.data.synthetic.difficulty import find_difficulty
from bulbinspect.data.synthetic.marks import draw_marks
from bulbinspect.data.synthetic.render import photograph, prepare
from bulbinspect.data.synthetic.shape import Shape, draw_shape
from bulbinspect.data.synthetic.skin import draw_skin
from bulbinspect.errors import SpecError

SMALLEST_SIZE_PX = 32

_BODY, _DEFECT, _SHOT, _SENSOR = range(4)
_FARTHEST_OFF_AXIS = math.radians(50)
_LEAST_EXTENT_PX = 3.0  # seen at a slant a smaller defect may fall between the pixels


@dataclass(frozen=True, slots=True)
class DrawnBulb:
    """The views of a bulb and the truth about them; `kind` is empty for a good bulb."""

    views: npt.NDArray[np.uint8]  # (V, H, W)
    masks: npt.NDArray[np.bool_]  # (V, H, W) pixels that show the defect
    kind: str


def is_defective(index: int, defect_share: float) -> bool:
    """Say whether bulb `index` is defective: evenly spaced, so the first n hold their share."""
    return math.floor((index + 1) * defect_share) > math.floor(index * defect_share)


def draw_bulb(
    seed: int,
    index: int,
    *,
    size_px: int = 96,
    num_views: int = 4,
    difficulty: str = "default",
    shot: int = 0,
    defect_share: float = 0.5,
) -> DrawnBulb:
    """Draw bulb `index` of the set `seed`; another `shot` shows the same bulb turned otherwise.

    A function of its arguments alone. With `defect_share=0` every bulb is what it would be without
    its defect, down to the noise. Every shot shows the defect: it sits where the body is wide and
    not steep, and one camera stands at most 50° to its side.
    """
    check_numbers(
        seed=seed,
        index=index,
        size_px=size_px,
        num_views=num_views,
        shot=shot,
        defect_share=defect_share,
    )
    level = find_difficulty(difficulty)
    rng = np.random.default_rng([seed, index, _BODY])
    shape = draw_shape(rng, num_heights=size_px * 4 // 3)
    angle = float(rng.uniform(0, 2 * math.pi))  # of the defect, or of where it would be
    mottling = float(rng.uniform(*level.mottling))
    surface = draw_skin(rng, shape, num_angles=size_px * 8 // 3, mottling=mottling)
    draw_marks(rng, surface, level)
    kind = ""
    if is_defective(index, defect_share):
        rng = np.random.default_rng([seed, index, _DEFECT])
        kind = list(KINDS)[int(rng.integers(len(KINDS)))]
        extent = float(rng.uniform(*level.extent)) * 2 * shape.largest_radius
        extent = max(extent, _LEAST_EXTENT_PX / size_px)
        contrast = float(rng.uniform(*level.contrast))
        patch = surface.patch(angle, _wide_height(rng, shape), reach=1.2 * extent)
        KINDS[kind](rng, patch, extent, contrast)
    rng = np.random.default_rng([seed, index, _SHOT, shot])
    cameras = draw_cameras(rng, angle - _seen_angle(rng, num_views), num_views)
    body, sensor = prepare(surface), np.random.default_rng([seed, index, _SENSOR, shot])
    pictures = [photograph(body, camera, size_px, sensor) for camera in cameras]
    views, masks = (np.stack(stack) for stack in zip(*pictures, strict=True))
    return DrawnBulb(views, masks, kind)


def check_numbers(
    *,
    seed: int = 0,
    index: int = 0,
    size_px: int = SMALLEST_SIZE_PX,
    num_views: int = 1,
    shot: int = 0,
    defect_share: float = 0.0,
) -> None:
    """Raise a SpecError that names every number a bulb cannot be drawn with."""
    problems = [
        f"{name} is {value}, expected {expected}"
        for name, value, expected, fine in (
            ("seed", seed, "0 or more", seed >= 0),
            ("index", index, "0 or more", index >= 0),
            ("size_px", size_px, f"{SMALLEST_SIZE_PX} or more", size_px >= SMALLEST_SIZE_PX),
            ("num_views", num_views, "1 or more", num_views >= 1),
            ("shot", shot, "0 or more", shot >= 0),
            ("defect_share", defect_share, "0 to 1", 0 <= defect_share <= 1),
        )
        if not fine
    ]
    if problems:
        raise SpecError("; ".join(problems))


def _seen_angle(rng: np.random.Generator, num_views: int) -> float:
    """Draw how far round from the first camera a defect stands: near enough to one of them.

    With four views or more that is any angle.
    """
    camera = int(rng.integers(num_views)) * (2 * math.pi / num_views)
    off_axis = min(math.pi / num_views, _FARTHEST_OFF_AXIS)
    return camera + float(rng.uniform(-off_axis, off_axis))


def _wide_height(rng: np.random.Generator, shape: Shape) -> float:
    """Draw a height where the body is wide and does not turn away from the cameras."""
    heights = (np.arange(len(shape.radius)) + 0.5) / len(shape.radius)
    fit = (
        (shape.radius > 0.6 * shape.radius.max())
        & (np.abs(shape.slope) < 0.8)
        & (heights > shape.profile.cap + 0.08)
        & (heights > 0.1)
        & (heights < 0.92)
    )
    places = np.flatnonzero(fit)
    return float(heights[places[int(rng.random() * len(places))]])
