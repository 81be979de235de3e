"""Give every picture the size the network sees; pixels stay integers."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Self

import numpy as np
from PIL import Image

from bulbinspect.errors import SpecError
from bulbinspect.imaging.form import PictureForm
from bulbinspect.imaging.levels import Gray

FITS = ("pad", "stretch", "crop")
_MAX_SIDE_PX = 8192
_MANY_PIXELS_IN_ONE = 4.0


@dataclass(frozen=True, slots=True)
class PreprocessSpec:
    """What the network expects of a view.

    `fit` says how a picture of another shape comes to `height_px` x `width_px`: `pad` keeps all of
    it and its proportions, `crop` keeps the proportions and cuts the centre, `stretch` keeps all of
    it. `bit_depth`, `value_range` and `colour` are the form of the pictures, see `PictureForm`.
    """

    height_px: int = 128
    width_px: int = 128
    fit: str = "pad"
    bit_depth: int = 8
    value_range: tuple[float, float] | None = None
    colour: str = "refuse"

    def __post_init__(self) -> None:
        problems = [
            *_whole_number("height_px", self.height_px, 1, _MAX_SIDE_PX),
            *_whole_number("width_px", self.width_px, 1, _MAX_SIDE_PX),
            *self.form.problems(),
        ]
        if self.fit not in FITS:
            problems.append(f"fit must be one of {', '.join(FITS)}, not {self.fit!r}")
        if problems:
            raise SpecError(f"preprocess: {'; '.join(problems)}")

    @property
    def form(self) -> PictureForm:
        """How the pictures are declared to be stored."""
        return PictureForm(self.bit_depth, self.value_range, self.colour)

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        """Type of the pixels before and after."""
        return np.uint8 if self.bit_depth == 8 else np.uint16

    @property
    def max_level(self) -> int:
        """Gray level of white."""
        return (1 << self.bit_depth) - 1

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as they stand in a checkpoint, a bundle and the YAML."""
        values = asdict(self)
        return {**values, "value_range": self.value_range and list(self.value_range)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Self:
        """Build a spec from all its values: a missing or unknown one is a `SpecError`."""
        names = {field.name for field in fields(cls)}
        if set(values) != names:
            raise SpecError(
                f"preprocess: expected exactly {', '.join(sorted(names))}, "
                f"got {', '.join(sorted(map(str, values))) or 'nothing'}"
            )
        given = values["value_range"]
        return cls(**{**values, "value_range": tuple(given) if isinstance(given, list) else given})


def preprocess(pixels: Gray, spec: PreprocessSpec) -> Gray:
    """`(H, W)` of any size -> `(height_px, width_px)` of the same type.

    A picture that already has the size comes back as it is, and a side that needs no scaling keeps
    its pixels. Shrinking weighs every pixel by a triangle (Pillow's antialiased BILINEAR): its BOX
    counts a pixel wholly to one side, so that at 1.5 to 1 every second column would count for half
    of its neighbour.
    """
    if pixels.ndim != 2 or pixels.size == 0 or pixels.dtype != spec.dtype:
        raise SpecError(
            f"preprocess: expected a picture (H, W) of {np.dtype(spec.dtype)} for "
            f"{spec.bit_depth} bits, got {pixels.shape} of {pixels.dtype}"
        )
    height, width = pixels.shape
    if (height, width) == (spec.height_px, spec.width_px):
        return pixels
    if spec.fit == "stretch":
        return _resize(pixels, spec.height_px, spec.width_px, (0, 0, width, height))
    if spec.fit == "crop":
        return _resize(pixels, spec.height_px, spec.width_px, _centre(height, width, spec))
    inner = _resize(pixels, *_inner(height, width, spec), (0, 0, width, height))
    return _pad(inner, _border_median(pixels), spec)


def frame(height: int, width: int, spec: PreprocessSpec) -> tuple[float, float, float, float]:
    """Return which part (left, top, right, bottom) of a picture the network gets.

    In shares of the picture's width and height: below 0 and above 1 is what padding adds.
    """
    if spec.fit == "stretch":
        return 0.0, 0.0, 1.0, 1.0
    if spec.fit == "crop":
        left, top, right, bottom = _centre(height, width, spec)
        return left / width, top / height, right / width, bottom / height
    rows, columns = _inner(height, width, spec)
    top, left = (spec.height_px - rows) // 2, (spec.width_px - columns) // 2
    right, bottom = spec.width_px - left, spec.height_px - top
    return -left / columns, -top / rows, right / columns, bottom / rows


def scale_note(height: int, width: int, spec: PreprocessSpec) -> str | None:
    """Say when a pixel of the network stands for more than 4 of the picture, else None."""
    if spec.fit == "stretch":
        pixels_in_one = height * width / (spec.height_px * spec.width_px)
    else:
        pixels_in_one = _scale(height, width, spec) ** -2
    if pixels_in_one <= _MANY_PIXELS_IN_ONE:
        return None
    return (
        f"a picture of {height} x {width} px becomes {spec.height_px} x {spec.width_px} "
        f"({spec.fit}): one pixel of the network covers {pixels_in_one:.1f} of the picture, so "
        "small defects may vanish; raise height_px and width_px to keep them"
    )


def _scale(height: int, width: int, spec: PreprocessSpec) -> float:
    ratios = spec.height_px / height, spec.width_px / width
    return max(ratios) if spec.fit == "crop" else min(ratios)


def _inner(height: int, width: int, spec: PreprocessSpec) -> tuple[int, int]:
    """Return the height and width to which a picture is scaled before it is padded."""
    scale = _scale(height, width, spec)
    return max(1, round(height * scale)), max(1, round(width * scale))


def _centre(height: int, width: int, spec: PreprocessSpec) -> tuple[float, float, float, float]:
    """Return the part (left, top, right, bottom) of the picture that a centre crop keeps.

    It starts at a whole pixel of the result, so that an unscaled picture is cut, not blurred; and
    only this part is ever scaled, so that a picture of 1 x 60000 px cannot fill the memory.
    """
    scale = _scale(height, width, spec)
    inner_height, inner_width = spec.height_px / scale, spec.width_px / scale
    top = (height * scale - spec.height_px + 1e-6) // 2 / scale
    left = (width * scale - spec.width_px + 1e-6) // 2 / scale
    return left, top, min(left + inner_width, width), min(top + inner_height, height)


def _resize(pixels: Gray, height: int, width: int, part: tuple[float, float, float, float]) -> Gray:
    """Scale the `part` (left, top, right, bottom) to the size, rounded to the nearest level."""
    deep = pixels.dtype == np.uint16
    image = Image.fromarray(pixels.astype(np.float32) if deep else pixels)
    resized = np.array(image.resize((width, height), Image.Resampling.BILINEAR, box=part))
    return np.rint(resized).astype(np.uint16) if deep else resized


def _border_median(pixels: Gray) -> int:
    border = np.concatenate([pixels[0], pixels[-1], pixels[1:-1, 0], pixels[1:-1, -1]])
    middle = border.size // 2
    return int(np.partition(border, middle)[middle])


def _pad(inner: Gray, level: int, spec: PreprocessSpec) -> Gray:
    height, width = inner.shape
    padded = np.full((spec.height_px, spec.width_px), level, dtype=inner.dtype)
    top, left = (spec.height_px - height) // 2, (spec.width_px - width) // 2
    padded[top : top + height, left : left + width] = inner
    return padded


def _whole_number(name: str, value: object, low: int, high: int) -> list[str]:
    if type(value) is int and low <= value <= high:
        return []
    return [f"{name} must be a whole number from {low} to {high}, not {value!r}"]
