"""From a file to a view: the only way by which anyone gets one."""

from pathlib import Path

from bulbinspect.imaging.preprocess import PreprocessSpec, preprocess, scale_note
from bulbinspect.imaging.read import Gray, read_gray


def load_view(path: Path, spec: PreprocessSpec) -> Gray:
    """Read and preprocess one picture: `(height_px, width_px)` of `spec.dtype`.

    What cannot be used raises a `PictureError` with its reason.
    """
    return preprocess(read_gray(path, bit_depth=spec.bit_depth), spec)


def load_view_with_note(path: Path, spec: PreprocessSpec) -> tuple[Gray, str | None]:
    """Return the view, and the note of `scale_note` on the picture it came from."""
    picture = read_gray(path, bit_depth=spec.bit_depth)
    return preprocess(picture, spec), scale_note(*picture.shape, spec)
