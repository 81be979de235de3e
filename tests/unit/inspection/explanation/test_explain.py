"""Explanations of networks whose every answer can be computed by hand."""

import json

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit
from tests.evidence_bundle import write_with_evidence

from bulbinspect.bulb import Bulb, View
from bulbinspect.errors import BundleError, DataError, UsageError
from bulbinspect.inspection.explanation.explain import explain, peaks, per_pixel, starts
from bulbinspect.inspection.explanation.write import figures_of, write_explanation
from bulbinspect.inspection.inspector import Inspector


@pytest.fixture
def bulb(tmp_path):
    """Four views of 16 x 16 px, 40 to 70, the third with a white patch of 4 x 4 px."""
    views = []
    for number in range(4):
        pixels = np.full((16, 16), 40 + 10 * number, np.uint8)
        pixels[0, 0] += number  # no two alike
        if number == 2:
            pixels[4:8, 8:12] = 250
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        views.append(View(str(number), tmp_path / f"{number}.png"))
    return Bulb("b", tuple(views))


@pytest.fixture
def inspector(tiny_bundle):
    return Inspector(tiny_bundle(), device="cpu", threads=1)


@pytest.fixture
def with_evidence(tmp_path, tiny_metadata):
    bundle = write_with_evidence(tmp_path / "evidence.onnx", tiny_metadata())
    return Inspector(bundle, device="cpu", threads=1)


def read(bulb):
    return np.stack([np.asarray(Image.open(view.path)) for view in bulb.views]).astype(float)


def log_odds(pixels):
    """Return what `make_graph` says of all views: the mean of 8 m - 4."""
    return float(np.mean(8 * pixels.mean(axis=(1, 2)) / 255 - 4))


def test_occlusion_is_what_covering_each_place_takes_from_the_log_odds(inspector, bulb):
    found = explain(inspector, bulb, patch_px=4, stride_px=3)
    pixels = read(bulb)
    assert found.method == "occlusion"
    assert found.tops == found.lefts == (0, 3, 6, 9, 12)
    for view in range(4):
        for row, top in enumerate(found.tops):
            for column, left in enumerate(found.lefts):
                covered = pixels.copy()
                covered[view, top : top + 4, left : left + 4] = np.rint(pixels[view].mean())
                expected = log_odds(pixels) - log_odds(covered)
                assert found.maps[view, row, column] == pytest.approx(expected, abs=1e-5)
    assert np.unravel_index(np.argmax(found.maps), found.maps.shape) == (2, 1, 3)
    assert list(peaks(found))[2] == (9, 3, 13, 7)


def test_without_a_view_it_is_what_the_others_say(inspector, with_evidence, bulb):
    means = read(bulb).mean(axis=(1, 2)) / 255
    expected = [expit(np.mean(8 * np.delete(means, view) - 4)) for view in range(4)]
    for one in (inspector, with_evidence):
        np.testing.assert_allclose(explain(one, bulb).without, expected, rtol=1e-5)


def test_a_network_with_a_map_is_explained_by_it(with_evidence, bulb):
    found = explain(with_evidence, bulb)
    blocks = read(bulb).reshape(4, 4, 4, 4, 4).mean(axis=(2, 4))
    assert found.method == "evidence"
    np.testing.assert_allclose(found.maps, 8 * blocks / 255 - 4, atol=1e-3)
    assert list(peaks(found))[2] == (8, 4, 12, 8)
    assert explain(with_evidence, bulb, method="occlusion").method == "occlusion"


def test_a_map_is_spread_over_the_pixels_of_its_places(with_evidence, bulb):
    found = explain(with_evidence, bulb)
    np.testing.assert_array_equal(per_pixel(found), np.kron(found.maps, np.ones((4, 4))))


def test_patches_that_overlap_share_their_pixels(inspector, bulb):
    found = explain(inspector, bulb, patch_px=6, stride_px=4)
    spread, counts = np.zeros((16, 16)), np.zeros((16, 16))
    for row, top in enumerate(found.tops):
        for column, left in enumerate(found.lefts):
            spread[top : top + 6, left : left + 6] += found.maps[1, row, column]
            counts[top : top + 6, left : left + 6] += 1
    np.testing.assert_allclose(per_pixel(found)[1], spread / counts)


@pytest.mark.parametrize("length", [1, 5, 16, 17])
@pytest.mark.parametrize("patch", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2, 3])
def test_patches_cover_every_pixel_and_end_with_the_picture(length, patch, stride):
    if not stride <= patch <= length:
        return
    begins = starts(length, patch, stride)
    covered = {pixel for begin in begins for pixel in range(begin, begin + patch)}
    assert covered == set(range(length))


def test_one_view_alone_has_no_others(tiny_bundle, bulb):
    inspector = Inspector(tiny_bundle(view_names=("2",)), device="cpu", threads=1)
    found = explain(inspector, Bulb("b", bulb.views[2:3]))
    assert np.isnan(found.without).all()
    (view,) = figures_of(found, inspector.bundle.metadata)["views"]
    assert view["probability_without"] is None


def test_what_cannot_be_explained_is_refused(inspector, tiny_bundle, bulb, tmp_path):
    with pytest.raises(UsageError, match="no evidence map"):
        explain(inspector, bulb, method="evidence")
    with pytest.raises(UsageError, match="auto, evidence, occlusion"):
        explain(inspector, bulb, method="gradients")
    for patch, stride in ((17, 1), (4, 5), (0, 1), (4, 0)):
        with pytest.raises(UsageError, match="must fit"):
            explain(inspector, bulb, patch_px=patch, stride_px=stride)
    with pytest.raises(DataError, match="'b' cannot be explained: 3 views"):
        explain(inspector, Bulb("b", bulb.views[:3]))
    apples = tiny_bundle(tmp_path / "apples.onnx", classes=("apple", "pear"))
    with pytest.raises(UsageError, match="no good class"):
        explain(Inspector(apples, device="cpu", threads=1), bulb)


def test_a_network_that_fails_on_a_covered_view_explains_nothing(tiny_bundle, tmp_path):
    views = []
    for number in range(4):  # all black but for the corner that a patch will cover
        pixels = np.zeros((16, 16), np.uint8)
        pixels[0, : number + 1] = 9
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        views.append(View(str(number), tmp_path / f"{number}.png"))
    bundle = tiny_bundle(graph={"nan_when_black": True})
    with pytest.raises(BundleError, match="NaN or infinity where a view was covered"):
        explain(Inspector(bundle, device="cpu", threads=1), Bulb("b", tuple(views)))


def test_files_hold_the_map_over_each_view_and_the_numbers(with_evidence, bulb, tmp_path):
    found = explain(with_evidence, bulb)
    figures = write_explanation(tmp_path / "out", found, with_evidence.bundle.metadata)
    names = sorted(file.name for file in (tmp_path / "out").iterdir())
    assert names == ["explanation.json", *(f"view-{number}.png" for number in range(1, 5))]
    assert json.loads((tmp_path / "out" / "explanation.json").read_text()) == figures
    assert figures["defect_probability"] == found.prediction.defect_probability
    assert [view["view"] for view in figures["views"]] == list("0123")
    assert not figures["trained_without_views"]
    with Image.open(tmp_path / "out" / "view-3.png") as picture:
        assert picture.size == (256, 256)
        seen = np.asarray(picture).astype(int)
    assert seen[100, 160, 0] - seen[100, 160, 2] > 100  # over the white patch
    assert np.ptp(seen[200, 40]) < 20  # far from it nearly gray
    with pytest.raises(UsageError, match="exists"):
        write_explanation(tmp_path / "out", found, with_evidence.bundle.metadata)
