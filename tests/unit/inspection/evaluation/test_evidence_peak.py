from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import Prediction, Verdict, ViewPrediction
from bulbinspect.errors import DataError
from bulbinspect.imaging.preprocess import PreprocessSpec, frame
from bulbinspect.inspection.evaluation.evidence_peak import EvidencePeak, evidence_peak, near_defect

SPEC = PreprocessSpec(height_px=32, width_px=32)


def view_of(evidence, name="0"):
    return ViewPrediction(name, Path("x.png"), evidence=tuple(map(tuple, evidence)))


def dot(row, column, size=(32, 32)):
    mask = np.zeros(size, bool)
    mask[row, column] = True
    return mask


@pytest.mark.parametrize("fit", ["pad", "stretch", "crop"])
@pytest.mark.parametrize("size", [(32, 32), (40, 24), (61, 100)])
@pytest.mark.parametrize("num_places", [(4, 4), (3, 5)])
def test_a_place_is_near_a_pixel_no_further_than_one_place_from_its_middle(fit, size, num_places):
    """Pixel by pixel: each is put onto the network's picture and measured from each middle."""
    spec = PreprocessSpec(height_px=32, width_px=48, fit=fit)
    left, top, right, bottom = frame(*size, spec)
    view = view_of(np.zeros(num_places))
    generator = np.random.default_rng(0)
    for _ in range(30):
        row, column = (int(generator.integers(side)) for side in size)
        y = ((row + 0.5) / size[0] - top) / (bottom - top) * num_places[0]  # in places
        x = ((column + 0.5) / size[1] - left) / (right - left) * num_places[1]
        expected = [
            [max(abs(y - (i + 0.5)), abs(x - (j + 0.5))) <= 1 + 1e-9 for j in range(num_places[1])]
            for i in range(num_places[0])
        ]
        assert near_defect(dot(row, column, size), view, spec).tolist() == expected


def prediction(bulb_id, *maps, verdict=Verdict.REJECT):
    views = tuple(view_of(one, str(number)) for number, one in enumerate(maps))
    return Prediction(bulb_id, verdict, "m", views=views)


def peak_at(row, column, height=1.0):
    evidence = np.zeros((4, 4))
    evidence[row, column] = height
    return evidence


@pytest.fixture
def masks(tmp_path):
    """Return a folder in which bulbs a, b and c have a defect of one pixel, on view 1 alone."""
    for bulb in "abc":
        for number, mask in enumerate([np.zeros((32, 32), bool), dot(20, 4)]):
            Image.fromarray(mask.astype(np.uint8) * 255).save(tmp_path / f"{bulb}_{number}.png")
    return tmp_path


def test_the_highest_place_of_all_views_is_held_against_the_mask_of_its_view(masks):
    found = evidence_peak(
        [
            prediction("a", peak_at(0, 0, 0.5), peak_at(2, 0)),  # on the defect
            prediction("b", peak_at(2, 0), peak_at(2, 0, 0.5)),  # as high up, on the other side
            prediction("c", peak_at(0, 0, 0.5), peak_at(0, 3)),  # far from it
            prediction("c", peak_at(2, 0), peak_at(2, 0), verdict=Verdict.PASS),
            prediction("good", peak_at(2, 0), peak_at(2, 0)),  # has no masks
            Prediction("a", Verdict.REJECT, "m", views=(view_of([]), view_of([]))),  # has no map
        ],
        masks,
        SPEC,
    )
    near = near_defect(dot(20, 4), view_of(np.zeros((4, 4))), SPEC)
    assert found == EvidencePeak(3, 1, pytest.approx(near.mean() / 2))
    assert 0 < near.sum() < 16


def test_without_maps_nothing_is_said(masks):
    assert evidence_peak([Prediction("a", Verdict.REJECT, "m")], masks, SPEC) is None


def test_a_mask_that_cannot_be_read_is_named(masks):
    (masks / "a_1.png").write_bytes(b"no picture")
    with pytest.raises(DataError, match=r"a_1\.png"):
        evidence_peak([prediction("a", peak_at(0, 0), peak_at(0, 0))], masks, SPEC)
