"""From the maps of a surface to a picture: where each pixel's ray meets it, and what is there.

The camera is far away (rays are parallel) and level with the body, so a ray stays at its height and
meets the surface at the angle whose sine is its distance from the axis over the radius there. The
relief tilts the surface and moves its outline, but does not move what is painted on it.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.camera import Camera, empty_picture, expose
from bulbinspect.data.synthetic.light import brightness, tilt_normals
from bulbinspect.data.synthetic.shape import Floats, Shape
from bulbinspect.data.synthetic.surface import Surface

Places = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

_TAPS = (1, 3, 9)
"""Angles averaged at the levels of sharpness: what is seen at a slant must not flicker."""


@dataclass(frozen=True, slots=True)
class Subject:
    """A surface made ready for its cameras: `maps (levels * A * Z, 3)` of albedo and two slopes."""

    surface: Surface
    maps: Floats


def prepare(surface: Surface) -> Subject:
    """Tabulate albedo and relief slopes, sharp and averaged over angles."""
    shape, relief = surface.shape, surface.relief
    num_angles, num_heights = relief.shape
    maps = np.zeros((len(_TAPS), num_angles, num_heights, 3), dtype=np.float32)
    sharp = maps[0]
    sharp[..., 0] = surface.albedo
    step_u = shape.radius * (4 * math.pi / num_angles)
    step_v = np.sqrt(1 + shape.slope**2) * (2 * shape.tallness / num_heights)
    sharp[..., 1] = np.roll(relief, -1, axis=0) - np.roll(relief, 1, axis=0)
    sharp[..., 1] /= np.maximum(step_u, 1e-3)
    sharp[:, 1:-1, 2] = (relief[:, 2:] - relief[:, :-2]) / step_v[1:-1]
    for level in range(1, len(_TAPS)):
        step = _TAPS[level - 1]
        blurred = maps[level - 1]
        maps[level] = (
            blurred + np.roll(blurred, step, axis=0) + np.roll(blurred, -step, axis=0)
        ) / 3
    return Subject(surface, maps.reshape(-1, 3))


def photograph(
    body: Subject, camera: Camera, size_px: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], Mask]:
    """Return one view `(H, W)` and which of its pixels show the defect `(H, W)`."""
    surface, shape = body.surface, body.surface.shape
    right, up = _grid(size_px)
    picture = empty_picture(camera, right, up)
    rays = _near_rays(shape, *_beside_axis(camera, right, up), margin=2 / size_px)

    radius = _between(shape.radius, rays.low, rays.share)
    slope = _between(shape.slope, rays.low, rays.share)
    side = np.clip(rays.x / radius, -1, 1)
    front = np.sqrt(1 - side * side)
    num_angles = len(surface.albedo)
    row = (np.arcsin(side) + camera.angle) * (num_angles / (2 * math.pi)) - 0.5
    row = np.mod(row, np.float32(num_angles))
    stretch = (num_angles / (2 * math.pi * size_px)) / np.maximum(radius * front, 1e-3)
    level = (stretch > _TAPS[1] - 1).astype(np.int64) + (stretch > _TAPS[2] - 3)
    albedo, around, along = _look_up(body, level, row, rays)
    normals = tilt_normals(side, front, slope, around, along)
    scattered, mirrored = brightness(normals, camera, surface.gloss)
    flat = picture.ravel()
    cover = _cover(surface, camera, rays, slope, size_px)
    flat[rays.pixels] += cover * (albedo * scattered + mirrored - flat[rays.pixels])

    seen = np.zeros(picture.size, dtype=np.bool_)
    nearest = (row + 0.5).astype(np.int64) % num_angles
    hit = surface.defect[nearest, rays.low + (rays.share > 0.5)]
    seen[rays.pixels] = hit & (np.abs(rays.x) < radius) & (np.abs(rays.y) < shape.tallness / 2)
    return expose(picture, camera, rng), seen.reshape(picture.shape)


@dataclass(frozen=True, slots=True)
class _Rays:
    """Pixels `(n,)` on the body or next to it, and where their rays run."""

    pixels: Places  # in the flattened picture
    x: Floats  # to the right of the axis
    y: Floats  # above the body's middle
    low: Places  # in the tables over heights: the place below
    share: Floats  # how far from there to the place above


def _near_rays(shape: Shape, x: Floats, y: Floats, margin: float) -> _Rays:
    num_heights = len(shape.radius)
    column = y * (num_heights / shape.tallness) + (num_heights / 2 - 0.5)
    column = np.clip(column, 0, num_heights - 1.001)
    low = column.astype(np.int64)
    pixels = np.flatnonzero(
        (np.abs(x) < shape.radius[low] + margin) & (np.abs(y) < shape.tallness / 2 + margin)
    )
    low = low.ravel()[pixels]
    share = column.ravel()[pixels] - low
    return _Rays(pixels, x.ravel()[pixels], y.ravel()[pixels], low, share)


def _cover(surface: Surface, camera: Camera, rays: _Rays, slope: Floats, size_px: int) -> Floats:
    """Return which share of each pixel the body covers: edges are smooth."""
    shape = surface.shape
    table = np.where(rays.x > 0, rays.low + len(shape.radius), rays.low)
    edge = _between(_outline(surface, camera).ravel(), table, rays.share)
    inside = (edge - np.abs(rays.x)) / np.sqrt(1 + slope * slope)
    inside = np.minimum(inside, shape.tallness / 2 - np.abs(rays.y))
    return np.clip(inside * size_px + 0.5, 0, 1)


@lru_cache(maxsize=8)
def _grid(size_px: int) -> tuple[Floats, Floats]:
    """Return where pixels lie: right `(W,)` and up `(H, 1)` of the picture's middle."""
    place = ((np.arange(size_px) + 0.5) / size_px - 0.5).astype(np.float32)
    return place, -place[:, None]


def _beside_axis(camera: Camera, right: Floats, up: Floats) -> tuple[Floats, Floats]:
    """Return where pixels lie beside the body's axis and above its middle, `(H, W)` each."""
    cos, sin = math.cos(camera.roll) / camera.zoom, math.sin(camera.roll) / camera.zoom
    x = cos * right + (sin * up - camera.shift[0])
    y = cos * up - (sin * right + camera.shift[1])
    return x, y


def _outline(surface: Surface, camera: Camera) -> Floats:
    """Return how far the body with its relief reaches to the left and the right, `(2, Z)`."""
    num_angles = len(surface.relief)
    quarter, reach = num_angles // 4, num_angles // 12
    offsets = np.arange(-reach, reach + 1)
    shortening = np.cos(offsets * (2 * math.pi / num_angles)).astype(np.float32)[:, None]
    middle = round(camera.angle * (num_angles / (2 * math.pi)) - 0.5)
    left, right = (
        surface.relief[(middle + around + offsets) % num_angles] for around in (-quarter, quarter)
    )
    radius = surface.shape.radius
    return np.stack([((radius + left) * shortening).max(0), ((radius + right) * shortening).max(0)])


def _look_up(
    body: Subject, level: Places, row: Floats, rays: _Rays
) -> tuple[Floats, Floats, Floats]:
    """Return albedo and both slopes between the places of the maps, bilinearly."""
    num_angles, num_heights = body.surface.albedo.shape
    first = row.astype(np.int64)
    part = (row - first)[:, None]
    first %= num_angles  # rounding may have carried a row to the very end
    second = (first + 1) % num_angles
    start = level * (num_angles * num_heights) + rays.low
    up = rays.share[:, None]
    here = _between(body.maps, start + first * num_heights, up)
    here += (_between(body.maps, start + second * num_heights, up) - here) * part
    return here[:, 0], here[:, 1], here[:, 2]


def _between(table: Floats, low: Places, share: Floats) -> Floats:
    """Look a table up between its places `low` and `low + 1`."""
    here = table.take(low, axis=0)
    here += (table.take(low + 1, axis=0) - here) * share
    return here
