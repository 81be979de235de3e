"""How bright a surface looks from where it is seen: diffuse light, sheen, and a mirrored lamp."""

import math
from dataclasses import dataclass

import numpy as np

from bulbinspect.data.synthetic.camera import Camera
from bulbinspect.data.synthetic.shape import Floats


@dataclass(frozen=True, slots=True)
class Normals:
    """Which way the surface faces at each pixel `(n,)`: right, up, to the camera; length 1."""

    right: Floats
    up: Floats
    toward: Floats


def tilt_normals(
    side: Floats, front: Floats, slope: Floats, around: Floats, along: Floats
) -> Normals:
    """Return the normals of a body of revolution that carries a relief.

    `side` and `front` are sine and cosine of the angle seen from the camera, `slope` is the
    profile's, `around` and `along` are the relief's slopes round the body and up it. The body's own
    normal is `(side, -slope, front)`, the tangents are `(front, 0, -side)` and
    `(side * slope, 1, front * slope)`; normal and second tangent are longer than 1 by the same
    factor.
    """
    upright = 1 / np.sqrt(1 + slope * slope)
    outward = (1 - along * slope) * upright
    right = side * outward - around * front
    up = -(slope + along) * upright
    toward = front * outward + around * side
    shrink = 1 / np.sqrt(right * right + up * up + toward * toward)
    return Normals(right * shrink, up * shrink, toward * shrink)


def brightness(normals: Normals, camera: Camera, gloss: float) -> tuple[Floats, Floats]:
    """Return the light `(n,)` that a white surface scatters, and the light `(n,)` it mirrors.

    The mirrored light does not take the colour of what it falls on: print shows beneath it.
    """
    right, up, toward = normals.right, normals.up, normals.toward
    facing = np.maximum(_along(normals, camera.lamp), 0)
    scattered = camera.ambient * (0.75 + 0.25 * up) + 0.75 * facing
    x, y, z = camera.lamp
    halfway = math.sqrt(x * x + y * y + (z + 1) * (z + 1))
    sheen = np.maximum(_along(normals, (x / halfway, y / halfway, (z + 1) / halfway)), 0)
    for _ in range(4):
        sheen = sheen * sheen
    centre_right, centre_up, half_right, half_up = camera.window
    mirrored = 2 * toward
    inside = np.minimum(
        half_right - np.abs(mirrored * right - centre_right),
        half_up - np.abs(mirrored * up - centre_up),
    )
    glare = np.clip(inside * 12 + 0.5, 0, 1)
    return scattered, gloss * (0.12 * sheen + 0.3 * glare)


def _along(normals: Normals, direction: tuple[float, float, float]) -> Floats:
    x, y, z = direction
    share: Floats = x * normals.right + y * normals.up + z * normals.toward
    return share
