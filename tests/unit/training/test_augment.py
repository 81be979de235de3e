import numpy as np
import pytest
import torch

from bulbinspect.errors import SpecError
from bulbinspect.training.augment import Augment, AugmentSpec, Change

CHANGES = (
    "flip_horizontal", "flip_vertical", "shift_x", "shift_y",
    "rotation", "brightness", "contrast", "noise",
)  # fmt: skip
EVERYTHING = {
    "flip_horizontal": Change(0.5, "per_bulb"),
    "flip_vertical": Change(0.5, "per_view"),
    "shift_x": Change(0.1, "per_view"),
    "shift_y": Change(0.1, "per_view"),
    "rotation": Change(10.0, "per_view"),
    "brightness": Change(0.1, "per_view"),
    "contrast": Change(0.2, "per_bulb"),
    "noise": Change(0.05, "per_view"),
    "view_dropout": Change(0.3, "per_view"),
}


def augment_of(seed=1, **changes):
    return Augment(AugmentSpec(**changes), seed=seed, max_level=255)


def batch_of(num=4, num_views=4, height=12, width=10):
    generator = torch.Generator().manual_seed(0)
    shape = (num, num_views, height, width)
    views = torch.randint(0, 256, shape, generator=generator, dtype=torch.uint8)
    return views, torch.ones(num, num_views, dtype=torch.bool), torch.arange(num)


def test_without_changes_the_pixels_stay_as_they_are():
    views, present, rows = batch_of()
    changed, still_present = augment_of()(views, present, rows, 0)
    assert torch.equal(changed, views.float())
    assert torch.equal(still_present, present)


def test_what_a_bulb_meets_depends_on_seed_epoch_and_row_alone():
    views, present, rows = batch_of(num=6)
    augment = augment_of(**EVERYTHING)
    together, kept = augment(views, present, rows, 3)
    for row in (4, 1):  # alone, in another order, in another batch
        alone, kept_alone = augment(views[row : row + 1], present[:1], rows[row : row + 1], 3)
        assert torch.equal(alone[0], together[row])
        assert torch.equal(kept_alone[0], kept[row])
    other_epoch, _ = augment(views, present, rows, 4)
    other_seed, _ = augment_of(seed=2, **EVERYTHING)(views, present, rows, 3)
    assert not torch.equal(other_epoch, together)
    assert not torch.equal(other_seed, together)


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("drawn", ["per_bulb", "per_view"])
def test_each_change_is_drawn_once_per_bulb_or_for_each_view(name, drawn):
    picture = torch.randint(50, 200, (12, 10), generator=torch.Generator().manual_seed(0))
    views = picture.repeat(8, 4, 1, 1)  # 8 bulbs of 4 equal views
    present, rows = torch.ones(8, 4, dtype=torch.bool), torch.arange(8)
    amount = {"rotation": 20.0}.get(name, 0.5)
    changed, _ = augment_of(**{name: Change(amount, drawn)})(views, present, rows, 0)
    assert not torch.equal(changed, views.float())
    if name == "noise":  # every pixel has noise of its own; its strength is what is drawn
        spread = (changed - views).std((-2, -1))
        alike = bool((spread / spread.mean(1, keepdim=True) - 1).abs().max() < 0.35)
    else:
        alike = torch.equal(changed, changed[:, :1].expand_as(changed))
    assert alike is (drawn == "per_bulb")


def test_a_certain_flip_is_what_numpy_flips():
    views, present, rows = batch_of()
    upside_down, _ = augment_of(flip_vertical=Change(1.0, "per_view"))(views, present, rows, 0)
    np.testing.assert_array_equal(upside_down.numpy(), views.numpy()[:, :, ::-1])
    sideways, _ = augment_of(flip_horizontal=Change(1.0, "per_view"))(views, present, rows, 0)
    np.testing.assert_array_equal(sideways.numpy(), views.numpy()[..., ::-1])


@pytest.mark.parametrize("drawn", ["per_bulb", "per_view"])
def test_flips_are_the_same_whether_something_else_has_the_pictures_resampled(drawn):
    views, present, rows = batch_of(num=16)
    flips = {name: Change(0.5, drawn) for name in ("flip_horizontal", "flip_vertical")}
    alone, _ = augment_of(**flips)(views, present, rows, 0)
    resampled, _ = augment_of(**flips, rotation=Change(1e-6))(views, present, rows, 0)
    np.testing.assert_allclose(alone.numpy(), resampled.numpy(), atol=1e-2)


def test_a_mirrored_bulb_shows_its_sides_in_reverse_order():
    views, present, rows = batch_of()
    present[0, 1] = False
    mirror = augment_of(flip_horizontal=Change(1.0, "per_bulb"))
    mirrored, still_present = mirror(views, present, rows, 0)
    np.testing.assert_array_equal(mirrored.numpy(), views.numpy()[:, ::-1, :, ::-1])
    assert torch.equal(still_present, present.flip(1))


def test_a_shift_moves_the_picture_by_at_most_its_amount():
    views = torch.zeros(16, 1, 41, 41)
    views[..., 20, 20] = 255.0
    present, rows = torch.ones(16, 1, dtype=torch.bool), torch.arange(16)
    moved, _ = augment_of(shift_x=Change(0.1, "per_view"))(views, present, rows, 0)
    columns = (moved.sum((1, 2)) * torch.arange(41)).sum(-1) / 255 - 20
    assert columns.abs().max() <= 0.1 * 41 + 1e-3
    assert columns.abs().max() > 2
    assert torch.equal(moved.sum((1, 3)).argmax(-1), torch.full((16,), 20))  # rows stay


def test_gray_levels_stay_in_range():
    views, present, rows = batch_of(num=16)
    changed, _ = augment_of(**EVERYTHING)(views, present, rows, 0)
    assert changed.dtype == torch.float32
    assert changed.min() >= 0
    assert changed.max() <= 255


def test_view_dropout_takes_its_share_but_never_the_last_view():
    present = torch.ones(500, 4, dtype=torch.bool)
    present[:, 3] = False
    views = torch.zeros(500, 4, 1, 1)
    dropout = augment_of(view_dropout=Change(0.5, "per_view"))
    _, kept = dropout(views, present, torch.arange(500), 0)
    assert kept.any(1).all()
    assert not kept[:, 3].any()
    # of three views each kept with 1/2: 3/2 on average, and one more where all three were drawn
    assert kept.sum(1).float().mean() == pytest.approx(1.5 + 0.125, abs=0.12)
    _, all_dropped = augment_of(view_dropout=Change(1.0, "per_view"))(
        views, present, torch.arange(500), 0
    )
    assert (all_dropped.sum(1) == 1).all()


def test_wrong_specs_are_refused_with_what_is_allowed():
    with pytest.raises(SpecError, match="unknown changes"):
        AugmentSpec.from_dict({"blur": {"amount": 1}})
    with pytest.raises(SpecError, match="per_bulb or per_view, not 'always'"):
        AugmentSpec.from_dict({"noise": {"amount": 0.1, "drawn": "always"}})
    with pytest.raises(SpecError, match="0 or more, not -1"):
        AugmentSpec.from_dict({"noise": {"amount": -1, "drawn": "per_view"}})
    with pytest.raises(SpecError, match="amount"):
        AugmentSpec.from_dict({"noise": {"strength": 1}})
