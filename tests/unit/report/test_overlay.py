import base64
import io

import numpy as np
import pytest
from PIL import Image

from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.report.overlay import COLOUR, Box, colours, make_overlay
from bulbinspect.report.thumbnail import make_thumbnail

SPEC = PreprocessSpec(height_px=32, width_px=32)


def drawn(tmp_path, height, width, size_px=64):
    Image.fromarray(np.zeros((height, width), np.uint8)).save(tmp_path / "a.png")
    return make_thumbnail(tmp_path / "a.png", size_px)


def test_the_layer_is_as_opaque_as_a_defect_is_likely():
    layer = colours([[-50.0, 0.0], [np.log(3), 50.0]])
    assert layer[..., :3].reshape(4, 3).tolist() == [list(COLOUR)] * 4
    # of 255, and of 0.6 at most: nothing, a half, three quarters, all of it
    assert layer[..., 3].ravel().tolist() == [0, round(76.5), round(114.75), 153]


def test_logits_of_any_size_are_drawn():
    assert colours([[-1e30, 1e30]])[..., 3].tolist() == [[0, 153]]


def test_a_map_covers_a_picture_of_the_shape_of_the_network(tmp_path):
    layer = make_overlay([[0.0, 1.0], [0.0, 5.0]], drawn(tmp_path, 64, 64), SPEC)
    assert layer.size == (64, 64)
    assert layer.box == Box(0, 0, 64, 64)
    assert layer.peak == Box(32, 32, 32, 32)
    kind, _, data = layer.picture.partition(",")
    assert kind == "data:image/png;base64"
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (picture.mode, picture.size) == ("RGBA", (2, 2))


def test_a_map_of_a_padded_picture_reaches_beyond_it(tmp_path):
    # 32 x 64 becomes 16 x 32 with 8 rows above and below
    layer = make_overlay([[0.0], [1.0], [0.0], [0.0]], drawn(tmp_path, 32, 64), SPEC)
    assert layer.size == (64, 32)
    assert layer.box == Box(0, -16, 64, 64)
    assert layer.peak == Box(0, 0, 64, 16)


def test_a_map_of_a_cropped_picture_covers_its_middle(tmp_path):
    spec = PreprocessSpec(height_px=32, width_px=32, fit="crop")
    layer = make_overlay([[0.0]], drawn(tmp_path, 32, 64), spec)
    assert layer.box == Box(16, 0, 32, 32)


@pytest.mark.parametrize("evidence", [(), ((),)])
def test_without_a_map_there_is_no_layer(tmp_path, evidence):
    assert make_overlay(evidence, drawn(tmp_path, 8, 8), SPEC) is None
