"""From files to the views of a bulb: the only way by which anyone gets them."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bulbinspect.bulb import View
from bulbinspect.errors import PictureError
from bulbinspect.imaging.levels import Gray
from bulbinspect.imaging.parts import read_parts
from bulbinspect.imaging.preprocess import PreprocessSpec, preprocess
from bulbinspect.imaging.read import read_gray


@dataclass(frozen=True, slots=True)
class LoadedView:
    """A view as the network gets it, and what is known of the picture that it came from.

    `pixels` (height_px, width_px) of `spec.dtype`; `picture_size` (H, W) of the upright picture;
    `digest`, 8 bytes, is alike for pictures with the same pixels.
    """

    pixels: Gray
    picture_size: tuple[int, int]
    digest: bytes


def load_views(views: Sequence[View], spec: PreprocessSpec) -> list[LoadedView | PictureError]:
    """Return each view of a bulb, or why it cannot be used, in their order.

    A file that holds several of them is decoded once. Views with the same pixels are all refused:
    no camera sees two sides alike.
    """
    stacks: dict[object, list[Gray] | PictureError] = {}
    loaded = [_load(view, spec, stacks) for view in views]
    first: dict[bytes, int] = {}
    for place, one in enumerate(loaded):
        if isinstance(one, LoadedView) and first.setdefault(one.digest, place) != place:
            twin = first[one.digest]
            loaded[place] = _identical(views[twin], one.digest)
            loaded[twin] = _identical(views[place], one.digest)
    return loaded


def _load(
    view: View, spec: PreprocessSpec, stacks: dict[object, list[Gray] | PictureError]
) -> LoadedView | PictureError:
    try:
        picture = _picture(view, spec, stacks)
        return LoadedView(preprocess(picture, spec), picture.shape, _digest(picture))
    except PictureError as error:
        return error


def _picture(
    view: View, spec: PreprocessSpec, stacks: dict[object, list[Gray] | PictureError]
) -> Gray:
    """Read the picture of one view; `stacks` keeps the files of several views."""
    part = view.part
    if part is None:
        return read_gray(view.path, spec.form, sha256=view.sha256)
    key = view.path, part.kind, part.of, view.sha256
    if key not in stacks:
        try:
            stacks[key] = read_parts(view.path, part.kind, part.of, spec.form, sha256=view.sha256)
        except PictureError as error:
            stacks[key] = error
    stack = stacks[key]
    if isinstance(stack, PictureError):
        raise stack
    return stack[part.index]


def _digest(picture: Gray) -> bytes:
    digest = blake2b(picture.data, digest_size=8)
    digest.update(f"{picture.dtype} {picture.shape}".encode())
    return digest.digest()


def _identical(twin: View, digest: bytes) -> PictureError:
    text = f"it has the same pixels as view {twin.name!r}"
    return PictureError("identical_views", text, digest=digest)
