import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bulbinspect.data.manifest import SPLITS
from bulbinspect.data.synthetic.difficulty import DIFFICULTIES
from bulbinspect.data.synthetic.draw import draw_bulb, is_defective
from bulbinspect.data.synthetic.write import assign_splits

BULB = {
    "seed": st.integers(0, 2**63),
    "index": st.integers(0, 10**6),
    "size_px": st.integers(32, 72),
    "num_views": st.integers(1, 6),
    "shot": st.integers(0, 3),
    "difficulty": st.sampled_from(list(DIFFICULTIES)),
    "defect_share": st.floats(0, 1),
}


SMALL_AND_HARD = {  # its stain once fell between the pixels
    "seed": 1, "index": 2, "size_px": 32, "num_views": 1, "shot": 0, "difficulty": "hard",
    "defect_share": 1.0,
}  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries(BULB))
@example(SMALL_AND_HARD)
def test_any_bulb_can_be_drawn_and_drawn_again(values):
    bulb, again = draw_bulb(**values), draw_bulb(**values)
    size = values["size_px"]
    assert bulb.views.shape == bulb.masks.shape == (values["num_views"], size, size)
    assert (bulb.views.dtype, bulb.masks.dtype) == (np.uint8, np.bool_)
    assert bulb.views.tobytes() == again.views.tobytes()
    assert bulb.masks.tobytes() == again.masks.tobytes()
    assert bulb.views.std() > 3
    defective = is_defective(values["index"], values["defect_share"])
    assert bool(bulb.kind) == defective == bulb.masks.any()


@settings(max_examples=40, deadline=None)
@given(st.fixed_dictionaries(BULB))
def test_the_defect_is_all_that_differs_from_a_good_bulb(values):
    bulb = draw_bulb(**{**values, "defect_share": 1.0})
    good = draw_bulb(**{**values, "defect_share": 0.0})
    changed = np.abs(bulb.views.astype(int) - good.views) > 10
    assert changed.mean() < 0.12
    border = np.concatenate([changed[:, [0, -1]], changed[:, :, [0, -1]].transpose(0, 2, 1)], 1)
    assert not border.any()


@given(
    st.integers(1, 300),
    st.floats(0, 1),
    st.lists(st.integers(0, 20), min_size=3, max_size=3).filter(any),
)
def test_every_split_gets_its_share_of_each_class(num_bulbs, defect_share, weights):
    fractions = [weight / sum(weights) for weight in weights]
    splits = assign_splits(num_bulbs, defect_share=defect_share, fractions=fractions)
    for label in (False, True):
        mine = [s for i, s in enumerate(splits) if is_defective(i, defect_share) == label]
        for split, share in zip(SPLITS, fractions, strict=True):
            assert abs(mine.count(split) - share * len(mine)) < 1 + 1e-6
    shorter = assign_splits(num_bulbs - 1, defect_share=defect_share, fractions=fractions)
    assert splits[:-1] == shorter
