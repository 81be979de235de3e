"""Each measure against numpy and scipy written out."""

import numpy as np
import pytest
from scipy import ndimage, stats

from bulbinspect.imaging.measures import NUM_FEATURES, measure


def scene(size=(96, 96), seed=0, top=255):
    """Draw soft blobs and hard edges, as integers up to `top`."""
    random = np.random.default_rng(seed)
    blobs = ndimage.gaussian_filter(random.normal(size=size), 3)
    edges = np.where(random.random((size[0] // 12 + 1, size[1] // 12 + 1)) < 0.5, 0.2, 0.7)
    tiles = np.kron(edges, np.ones((12, 12)))[: size[0], : size[1]]
    levels = np.clip(tiles + 0.3 * blobs / blobs.std() * 0.2, 0, 1) * top
    return np.rint(levels).astype(np.uint8 if top == 255 else np.uint16)


def means(picture, side):
    """Return the means of side x side pixels; what is left over at the end is not used."""
    height, width = (length // side * side for length in picture.shape)
    return np.array(
        [
            [picture[y : y + side, x : x + side].mean() for x in range(0, width, side)]
            for y in range(0, height, side)
        ]
    )


def steepness(picture):
    return np.mean(np.diff(picture, axis=0) ** 2) + np.mean(np.diff(picture, axis=1) ** 2)


def noise_of(picture):
    """Return the noise of every second pair of rows, from the finest diagonal Haar details."""
    details = [
        abs(float(picture[y, x] - picture[y + 1, x] - picture[y, x + 1] + picture[y + 1, x + 1]))
        / 2
        for y in range(0, picture.shape[0] - 1, 4)
        for x in range(0, picture.shape[1] - 1, 2)
    ]
    return np.sort(details)[len(details) // 2] / stats.norm.ppf(0.75)


@pytest.mark.parametrize("top", [255, 4095])
@pytest.mark.parametrize("size", [(96, 96), (61, 83), (16, 16)])
def test_measures_are_those_written_out(size, top):
    pixels = scene(size, top=top)
    pixels[:3, :5] = top
    found = measure(pixels, top)
    picture = pixels.astype(float) / top
    noise = noise_of(picture)
    of_twos = steepness(means(picture, 2)) - noise**2
    of_fours = steepness(means(means(picture, 2), 2)) - noise**2 / 4
    assert found.brightness == pytest.approx(picture.mean(), rel=1e-12)
    assert found.saturated == np.mean(pixels == top)
    assert found.contrast == pytest.approx(means(means(picture, 2), 2).std(), rel=1e-4)
    assert found.sharpness == pytest.approx(np.sqrt(of_twos / of_fours), rel=1e-3)
    assert found.features.shape == (NUM_FEATURES,)
    ordered = np.sort(means(means(picture, 2), 2), axis=None)
    assert found.features[3] == pytest.approx(ordered[round(0.5 * (ordered.size - 1))], rel=1e-5)
    assert np.exp(found.features[9]) - 0.002 == pytest.approx(noise, rel=1e-3, abs=1e-6)


def test_noise_is_found_in_a_picture_and_taken_out_of_its_sharpness():
    random = np.random.default_rng(1)
    clean = ndimage.gaussian_filter(scene((128, 128)).astype(float), 2)
    noisy = np.clip(clean + random.normal(0, 8, clean.shape), 0, 255)
    noisy = np.rint(noisy).astype(np.uint8)
    assert np.exp(measure(noisy, 255).features[9]) - 0.002 == pytest.approx(8 / 255, rel=0.1)
    quiet = measure(np.rint(clean).astype(np.uint8), 255)
    assert measure(noisy, 255).sharpness == pytest.approx(quiet.sharpness, rel=0.06)


@pytest.mark.parametrize("noise", [0.0, 3.0])
def test_sharpness_falls_with_every_defocus_down_to_one_half(noise):
    random = np.random.default_rng(2)
    picture = scene((128, 128)).astype(float)
    found = []
    for sigma in (0.001, 1, 2, 3, 4, 6):
        blurred = ndimage.gaussian_filter(picture, sigma) + random.normal(0, noise, picture.shape)
        found.append(measure(np.rint(np.clip(blurred, 0, 255)).astype(np.uint8), 255).sharpness)
    assert found == sorted(found, reverse=True)
    assert found[-1] == pytest.approx(0.5, abs=0.03)


def test_a_constant_picture_has_no_contrast_and_no_sharpness():
    for level in (0, 1, 128, 255):
        found = measure(np.full((32, 32), level, np.uint8), 255)
        assert (found.contrast, found.sharpness) == (0, 0)
        assert found.brightness == pytest.approx(level / 255)
        assert found.saturated == (level == 255)


def test_deep_pictures_measure_as_their_eight_bits():
    eight = scene()
    deep = eight.astype(np.uint16) * 257
    first, second = measure(eight, 255), measure(deep, 65535)
    assert first.brightness == pytest.approx(second.brightness, rel=1e-12)
    assert first.saturated == second.saturated
    np.testing.assert_allclose(first.features, second.features, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (3, 3), (17, 2), (16, 15)])
def test_views_of_any_size_can_be_measured(size):
    pixels = np.random.default_rng(0).integers(0, 256, size).astype(np.uint8)
    found = measure(pixels, 255)
    assert np.isfinite([found.contrast, found.sharpness, *found.features]).all()
    assert found.brightness == pytest.approx(pixels.mean() / 255)


def test_how_the_pixels_lie_in_memory_does_not_matter():
    pixels = scene()
    turned = np.asfortranarray(pixels)
    np.testing.assert_array_equal(measure(pixels, 255).features, measure(turned, 255).features)
