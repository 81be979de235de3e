"""Cameras around a bulb: where each pixel's ray meets the surface, how bright it is there."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from bulbinspect.data.synthetic.shape import Floats
from bulbinspect.data.synthetic.surface import Surface


@dataclass(frozen=True, slots=True)
class Rig:
    """How V cameras and their lamps stand for one shot; arrays are `(V,)` or `(V, 3)`."""

    angle: Floats  # the angle of the surface that a camera looks straight at
    roll: Floats
    shift: Floats  # (V, 2)
    zoom: Floats
    lamp: Floats  # (V, 3) direction towards the lamp: right, up, to the camera; length 1
    window: Floats  # (V, 4) the lamp as mirrored by a glossy body: centre and half size
    exposure: Floats
    background: Floats  # (V, 3) level, slope to the right, slope up
    softness: Floats  # how much of a pixel's light falls on each neighbour
    ambient: float
    grain: float  # sensor noise of a black pixel
    shot_noise: float  # sensor noise that grows with the light


def draw_rig(rng: np.random.Generator, turn: float, num_views: int) -> Rig:
    """Set up cameras at equal steps around a bulb that stands turned by `turn`."""
    v = num_views
    steps = turn + np.arange(v) * (2 * math.pi / v)
    toward = np.array([-0.5, 0.55, 0.7]) + rng.uniform(-0.25, 0.25, 3)
    lamp = toward + rng.uniform(-0.08, 0.08, (v, 3))
    window = np.array([-0.45, 0.5, 0.12, 0.2]) * rng.uniform(0.6, 1.4, 4)
    background = np.array([rng.uniform(0.03, 0.7), 0, 0]) + rng.uniform(-0.05, 0.05, (v, 3))
    arrays = (
        steps + rng.uniform(-0.04, 0.04, v),
        rng.uniform(-0.03, 0.03, v),
        rng.uniform(-0.02, 0.02, (v, 2)),
        rng.uniform(0.97, 1.03, v),
        lamp / np.linalg.norm(lamp, axis=1, keepdims=True),
        window + rng.uniform(-0.04, 0.04, (v, 4)),
        rng.uniform(0.85, 1.15) * rng.uniform(0.94, 1.06, v),
        background,
        rng.uniform(0.06, 0.2, v),
    )
    return Rig(
        *(array.astype(np.float32) for array in arrays),
        ambient=float(rng.uniform(0.25, 0.45)),
        grain=float(rng.uniform(0.004, 0.012)),
        shot_noise=float(rng.uniform(0.005, 0.015)),
    )


def photograph(
    surface: Surface, rig: Rig, size_px: int, rng: np.random.Generator
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    """Return the views `(V, H, W)` and where each shows the defect `(V, H, W)`."""
    x, y = _coordinates(rig, size_px)  # (V, H, W)
    shape = surface.shape
    num_heights = len(shape.radius)
    column = np.clip(
        y * np.float32(num_heights / shape.tallness) + num_heights / 2 - 0.5,
        0,
        np.float32(num_heights - 1.001),
    )
    low = column.astype(np.int32)
    radius = shape.radius[low]
    margin = np.float32(2 / size_px)
    near = np.flatnonzero(
        (np.abs(x) < radius + margin) & (np.abs(y) < np.float32(shape.tallness / 2) + margin)
    )
    view = near // (size_px * size_px)
    x, y, low = x.reshape(-1)[near], y.reshape(-1)[near], low.reshape(-1)[near]
    share = column.reshape(-1)[near] - low

    radius = _lerp(shape.radius, low, share)
    slope = _lerp(shape.slope, low, share)
    upright = 1 / np.sqrt(1 + slope * slope)
    edge = _lerp(
        _silhouettes(surface, rig).reshape(-1), (2 * view + (x > 0)) * num_heights + low, share
    )
    beyond = np.minimum(
        (edge - np.abs(x)) * upright, np.float32(shape.tallness / 2) - np.abs(y)
    )  # how far a pixel lies inside the outline
    cover = np.clip(beyond * size_px + np.float32(0.5), 0, 1)

    side = np.clip(x / radius, -1, 1)
    front = np.sqrt(1 - side * side)
    num_angles = surface.albedo.shape[0]
    row = (np.arcsin(side) + rig.angle[view]) * np.float32(num_angles / (2 * math.pi)) - 0.5
    row = np.mod(row, np.float32(num_angles))
    albedo, around, along = _sample(_maps(surface), num_heights, row, low, share)
    light = albedo * _brightness(surface, rig, view, side, front, slope, upright, around, along)
    picture = _background(rig, size_px)
    flat = picture.reshape(-1)
    flat[near] += cover * (light - flat[near])

    seen = np.zeros(picture.size, dtype=np.bool_)
    if surface.defect.any():
        nearest = (row + np.float32(0.5)).astype(np.int32) % num_angles
        hit = surface.defect[nearest, low + (share > 0.5)]
        seen[near] = hit & ((radius - np.abs(x)) * upright > 0) & (np.abs(y) < shape.tallness / 2)
    return _expose(picture, rig, rng), seen.reshape(picture.shape)


@lru_cache(maxsize=8)
def _grid(size_px: int) -> tuple[Floats, Floats]:
    """Return where pixels lie, right `(W,)` and up `(H, 1)` of the middle."""
    place = ((np.arange(size_px) + 0.5) / size_px - 0.5).astype(np.float32)
    return place, -place[:, None]


def _coordinates(rig: Rig, size_px: int) -> tuple[Floats, Floats]:
    """Return where the pixels of each view lie beside the axis and up it, `(V, H, W)` each."""
    right, up = _grid(size_px)
    cos = (np.cos(rig.roll) / rig.zoom)[:, None, None]
    sin = (np.sin(rig.roll) / rig.zoom)[:, None, None]
    shift_x, shift_y = rig.shift[:, :1, None], rig.shift[:, 1:, None]
    return cos * right + sin * up - shift_x, cos * up - sin * right - shift_y


def _silhouettes(surface: Surface, rig: Rig) -> Floats:
    """Return how far the body reaches to the left and right of each camera, `(V, 2, Z)`."""
    num_angles = surface.albedo.shape[0]
    reach = num_angles // 8
    offsets = np.arange(-reach, reach + 1)
    foreshortening = np.cos(offsets * (2 * math.pi / num_angles)).astype(np.float32)[:, None]
    middle = np.round(rig.angle * (num_angles / (2 * math.pi)) - 0.5).astype(np.int64)
    edges = [
        (
            (surface.shape.radius + surface.relief[(m + quarter + offsets) % num_angles])
            * foreshortening
        ).max(0)
        for m in middle
        for quarter in (-(num_angles // 4), num_angles // 4)
    ]
    return np.stack(edges).reshape(len(middle), 2, -1)


def _maps(surface: Surface) -> Floats:
    """Return albedo and the relief's two slopes, as one row for each place, `(A * Z, 3)`."""
    shape, relief = surface.shape, surface.relief
    num_angles, num_heights = relief.shape
    maps = np.empty((num_angles, num_heights, 3), dtype=np.float32)
    maps[..., 0] = surface.albedo
    step_u = shape.radius * np.float32(4 * math.pi / num_angles)
    step_v = np.sqrt(1 + shape.slope**2) * np.float32(2 * shape.tallness / num_heights)
    np.subtract(relief[2:], relief[:-2], out=maps[1:-1, :, 1])
    maps[0, :, 1] = relief[1] - relief[-1]
    maps[-1, :, 1] = relief[0] - relief[-2]
    maps[..., 1] /= np.maximum(step_u, np.float32(1e-3))
    np.subtract(relief[:, 2:], relief[:, :-2], out=maps[:, 1:-1, 2])
    maps[:, [0, -1], 2] = 0
    maps[..., 2] /= step_v
    return maps.reshape(-1, 3)


def _sample(
    maps: Floats,
    num_heights: int,
    row: Floats,
    low: npt.NDArray[np.int32],
    share: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Look up the maps between their places, bilinearly."""
    num_angles = len(maps) // num_heights
    first = row.astype(np.int32)
    part = (row - first)[:, None]
    first %= num_angles
    second = (first + 1) % num_angles
    first, second = first * num_heights + low, second * num_heights + low
    up = share[:, None]
    here = maps[first] + (maps[first + 1] - maps[first]) * up
    there = maps[second] + (maps[second + 1] - maps[second]) * up
    here += (there - here) * part
    return here[:, 0], here[:, 1], here[:, 2]


def _brightness(
    surface: Surface,
    rig: Rig,
    view: npt.NDArray[np.int64],
    side: Floats,
    front: Floats,
    slope: Floats,
    upright: Floats,
    around: Floats,
    along: Floats,
) -> Floats:
    """Return the light that a white place throws to its camera: diffuse, sheen and mirrored lamp.

    The body's normal is (side, -slope, front) * upright; the relief tilts it against its slopes
    along the two tangents, (front, 0, -side) and (side * slope, 1, front * slope) * upright.
    """
    across = (1 - along * slope) * upright
    right = side * across - around * front
    up = -(slope + along) * upright
    toward = front * across + around * side
    length = 1 / np.sqrt(right * right + up * up + toward * toward)
    right, up, toward = right * length, up * length, toward * length
    lamp = rig.lamp[view]
    facing = np.maximum(lamp[:, 0] * right + lamp[:, 1] * up + lamp[:, 2] * toward, 0)
    light = rig.ambient * (np.float32(0.75) + np.float32(0.25) * up) + np.float32(0.75) * facing
    halfway = rig.lamp + np.array([0, 0, 1], dtype=np.float32)
    halfway /= np.sqrt((halfway * halfway).sum(1, keepdims=True))
    halfway = halfway[view]
    sheen = np.maximum(halfway[:, 0] * right + halfway[:, 1] * up + halfway[:, 2] * toward, 0)
    for _ in range(4):
        sheen = sheen * sheen
    window = rig.window[view]
    mirrored = 2 * toward
    inside = np.minimum(
        window[:, 2] - np.abs(mirrored * right - window[:, 0]),
        window[:, 3] - np.abs(mirrored * up - window[:, 1]),
    )
    glare = np.clip(inside * 12 + np.float32(0.5), 0, 1)
    gloss = np.float32(surface.gloss)
    result: Floats = light + gloss * (np.float32(0.25) * sheen + np.float32(0.55) * glare)
    return result


def _background(rig: Rig, size_px: int) -> Floats:
    """Return what stands behind the body: an even, slightly sloping tone `(V, H, W)`."""
    right, up = _grid(size_px)
    level, slope_x, slope_y = (rig.background[:, i, None, None] for i in range(3))
    return np.maximum(level + slope_x * 4 * right + slope_y * 4 * up, 0)


def _expose(picture: Floats, rig: Rig, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Blur as a lens does, expose, add the sensor's noise, count in 8 bits."""
    blur = rig.softness[:, None, None]
    picture = _soften(picture, blur)
    picture = _soften(picture.transpose(0, 2, 1), blur).transpose(0, 2, 1)
    picture = picture * rig.exposure[:, None, None]
    noise = rng.standard_normal(picture.shape, dtype=np.float32)
    picture = picture + noise * (rig.grain + rig.shot_noise * picture)
    return np.clip(picture * 255 + np.float32(0.5), 0, 255).astype(np.uint8)


def _soften(picture: Floats, blur: Floats) -> Floats:
    """Spread each pixel's light over its neighbours above and below."""
    result = picture * (1 - 2 * blur)
    spread = picture * blur
    result[:, 1:] += spread[:, :-1]
    result[:, :-1] += spread[:, 1:]
    result[:, 0] += spread[:, 0]
    result[:, -1] += spread[:, -1]
    return result


def _lerp(table: Floats, low: npt.NDArray[np.integer], share: Floats) -> Floats:
    """Look up a table between its places."""
    here = table[low]
    result: Floats = here + (table[low + 1] - here) * share
    return result
