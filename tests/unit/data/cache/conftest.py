import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import Bulb, View
from bulbinspect.data import cache
from bulbinspect.data.cache import open_cache
from bulbinspect.errors import DataError
from bulbinspect.imaging.load import load_views
from bulbinspect.imaging.preprocess import PreprocessSpec

SPEC = PreprocessSpec(16, 12, "stretch")


def draw(path, seed, size=(20, 24), dtype=np.uint8):
    top = 256 if dtype == np.uint8 else 4096
    pixels = np.random.default_rng(seed).integers(0, top, size).astype(dtype)
    Image.fromarray(pixels).save(path, "PPM")


@pytest.fixture
def bulbs(tmp_path):
    """Return three bulbs of three views, the second without its middle one."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    made = []
    for number in range(3):
        names = ["left", "right"] if number == 1 else ["left", "mid", "right"]
        views = [View(name, folder / f"{number} {name}.pgm") for name in names]
        for place, view in enumerate(views):
            draw(view.path, 10 * number + place)
        made.append(Bulb(f"b{number}", tuple(views)))
    return made


@pytest.fixture
def opened(bulbs, tmp_path):
    """Open the cache of the bulbs; options replace the arguments."""

    def opened(**options):
        arguments = {
            "bulbs": bulbs,
            "num_views": 3,
            "spec": SPEC,
            "folder": tmp_path / "cache",
            "manifest_sha256": "m",
        }
        return open_cache(**(arguments | options))

    return opened


@pytest.fixture
def decoded(monkeypatch):
    """Collect the pictures that are decoded from here on."""
    paths = []
    load = cache.load_views

    def counted(views, spec):
        paths.extend(view.path for view in views)
        return load(views, spec)

    monkeypatch.setattr(cache, "load_views", counted)
    return paths


def load_view(path, spec):
    (view,) = load_views([View("", path)], spec)
    return view.pixels


def problems_of(open_it, **options):
    with pytest.raises(DataError) as caught:
        open_it(**options)
    return caught.value.problems


def files(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")
