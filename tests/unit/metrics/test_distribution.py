import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from bulbinspect.errors import SpecError
from bulbinspect.metrics.distribution import NUM_LEVELS, Distribution, summarise

VALUES = st.lists(st.integers(-40, 40).map(lambda one: one / 4), min_size=1, max_size=60)


@settings(deadline=None, max_examples=50)
@given(VALUES, VALUES)
def test_every_count_is_what_counting_gives(good, defective):
    table = summarise([good, defective])
    for part, at_most, below in zip((good, defective), table.at_most, table.below, strict=True):
        assert list(at_most) == [sum(one <= level for one in part) for level in table.levels]
        assert list(below) == [sum(one < level for one in part) for level in table.levels]
    assert table.counts == (len(good), len(defective))


def test_a_large_sample_is_kept_as_a_few_numbers():
    values = np.random.default_rng(0).normal(size=10_000)
    table = summarise([values])
    assert len(table.levels) == NUM_LEVELS
    assert len(json.dumps(table.to_dict())) < 1000
    at_most, _ = table.shares([1.0])
    steps = np.diff(at_most)
    assert steps.max() < 1.1 / (NUM_LEVELS - 1)
    for level, share in zip(table.levels, at_most, strict=True):  # after the level was rounded
        assert share == pytest.approx(np.mean(values <= level))


def test_parts_are_mixed_in_other_shares():
    table = summarise([[0, 0, 1, 1], [1, 2]])
    assert table.levels == (0, 1, 2)
    at_most, below = table.shares([0.75, 0.25])
    assert at_most.tolist() == [0.375, 0.875, 1.0]
    assert below.tolist() == [0.0, 0.375, 0.875]
    assert [table.quantile(share, [0.75, 0.25]) for share in (0.2, 0.375, 0.5, 1)] == [0, 0, 1, 2]
    assert table.effective_count([1, 0]) == 4
    assert table.effective_count([0.5, 0.5]) == pytest.approx(1 / (0.25 / 4 + 0.25 / 2))


@settings(deadline=None, max_examples=50)
@given(VALUES)
def test_values_mapped_are_counted_as_if_they_had_been_mapped_before(values):
    def rising(levels):
        return np.minimum(expit(levels).round(1), 0.8)  # many become one

    moved, before = summarise([values]).moved(rising), summarise([rising(np.array(values))])
    if len(set(values)) <= NUM_LEVELS:
        assert moved == before
    for level, count in zip(moved.levels, moved.at_most[0], strict=True):
        assert count <= np.sum(rising(np.array(values)) <= level)


@settings(deadline=None, max_examples=50)
@given(VALUES, VALUES)
def test_a_table_reads_back_as_it_was_written(good, defective):
    table = summarise([good, defective])
    assert Distribution.from_dict(json.loads(json.dumps(table.to_dict()))) == table


TABLE = summarise([[0, 1, 1, 2], [1]])
BROKEN = {
    "levels that do not ascend": {"levels": (0.0, 2.0, 1.0)},
    "a level that is none": {"levels": (0.0, 1.0, float("nan"))},
    "a level as text": {"levels": (0.0, 1.0, "2")},
    "no levels": {"levels": (), "at_most": ((), ()), "below": ((), ())},
    "a count too few": {"at_most": ((1, 3), (0, 1, 1))},
    "counts that fall": {"at_most": ((3, 1, 4), (0, 1, 1))},
    "more below than at most": {"below": ((0, 4, 4), (0, 0, 1))},
    "more than there are": {"at_most": ((1, 3, 5), (0, 1, 1))},
    "a negative count": {"below": ((-1, 1, 3), (0, 0, 1))},
    "half a bulb": {"at_most": ((1, 2.5, 4), (0, 1, 1))},
    "a part without values": {"counts": (4, 0)},
    "a part too few": {"counts": (4,)},
    "true for one": {"counts": (4, True)},
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_senseless_table_is_refused(what):
    with pytest.raises(SpecError, match="distribution"):
        replace(TABLE, **BROKEN[what])
    with pytest.raises(SpecError, match="distribution"):
        Distribution.from_dict(TABLE.to_dict() | BROKEN[what])


@pytest.mark.parametrize("values", [None, {}, {**TABLE.to_dict(), "more": 1}])
def test_other_keys_are_refused(values):
    with pytest.raises(SpecError, match="expected an object"):
        Distribution.from_dict(values)


@pytest.mark.parametrize("parts", [[], [[]], [[1.0], []], [[1.0, float("inf")]]])
def test_a_part_needs_finite_values(parts):
    with pytest.raises(SpecError, match="needs values"):
        summarise(parts)
