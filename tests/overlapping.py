"""Flat bulbs of two classes whose gray levels overlap, and the command that calibrates on them."""

from bulbinspect.bundle.bundle import read_bundle

GOOD = [30 + 4 * at for at in range(30)]  # 30 to 146
DEFECTIVE = [90 + 4 * at for at in range(30)]  # 90 to 206: the classes overlap


def calibrate(bulbinspect, *more, out="line.onnx"):
    """Calibrate the bundle on the manifest that the fixture has written."""
    return bulbinspect(
        "calibrate", "--model", "bundle.onnx", "--manifest", "manifest.csv", "--out", out, *more
    )


def point_of(path):
    """Return the operating point of a bundle."""
    return read_bundle(path).metadata.operating_point
