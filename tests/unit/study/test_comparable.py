from dataclasses import replace

import pytest
from tests.conftest import SPEC
from tests.run_folders import WELL, Made

from bulbinspect.errors import DataError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.study.compare import compare


def problems_of(runs):
    with pytest.raises(DataError) as error:
        compare([runs.root])
    assert error.value.summary == "these runs cannot be compared:"
    return error.value.problems


PROVENANCE = {"data_sha256": "d" * 64, "manifest_sha256": "e" * 64}
OTHER_IDS = {**{one: WELL[one] for one in WELL if one != "g0"}, "h0": WELL["g0"]}
OTHER_LABELS = WELL | {"g0": Made(0.1, "defect")}
OTHER_GROUPS = WELL | {"g0": Made(0.1, "good", "lot"), "g1": Made(0.2, "good", "lot")}


@pytest.mark.parametrize(
    ("odd", "says"),
    [
        ({"provenance": PROVENANCE | {"data_sha256": "a" * 64}}, "other data (data_sha256 aaaa"),
        ({"provenance": PROVENANCE | {"manifest_sha256": "a" * 64}}, "another manifest (sha256 aa"),
        (
            {"preprocess": PreprocessSpec(height_px=16, width_px=16, fit="crop")},
            "another preprocess: fit 'crop' (most: 'pad')",
        ),
        ({"test": OTHER_IDS}, "other test bulbs: lacks 'g0', has 'h0' besides"),
        (
            {"test": OTHER_LABELS},
            "other labels of test bulbs (1): bulb 'g0' is 'defect', in most runs 'good'",
        ),
        ({"test": OTHER_GROUPS}, "other groups of test bulbs (2): bulb 'g0' is 'group lot'"),
        ({"val": OTHER_IDS}, "other val bulbs: lacks 'val-g0', has 'val-h0' besides"),
        ({"classes": ("apple", "pear")}, "its bundle has no class good"),
        ({"test": {"x": Made(0.1), "y": Made(0.2)}}, "all bulbs of test are good"),
        ({"val": {"x": Made(0.1, "defect")}}, "all bulbs of val are defective"),
    ],
)
def test_a_run_that_differs_is_refused_by_name_with_the_reason(runs, odd, says):
    for seed in range(2):
        runs.add(seed=seed)
    runs.add(name="odd", seed=2, **odd)
    problems = problems_of(runs)
    assert any(one.startswith("odd: ") and says in one for one in problems)
    assert all(one.startswith("odd: ") for one in problems)


def test_the_same_arm_size_budget_and_seed_twice_is_refused(runs):
    runs.add(name="one")
    runs.add(name="two")
    runs.add(name="three", seed=1)
    (problem,) = problems_of(runs)
    assert problem.startswith("two: the same as one: arm 'siamese', 100 bulbs, equal steps, seed 0")


def test_pictures_drawn_on_another_processor_count_as_the_same_only_where_that_is_said(runs):
    for seed in range(2):
        runs.add(seed=seed)
    runs.add(name="elsewhere", seed=2, provenance=PROVENANCE | {"data_sha256": "a" * 64})
    assert [one.partition(":")[0] for one in problems_of(runs)] == ["elsewhere"]
    result = compare([runs.root], same_drawing=True)
    assert len(result["runs"]) == 3
    (note,) = [one for one in result["notes"] if "bytes" in one]
    assert note.endswith(
        "taken for drawn alike: data dddddddddddd in 2 runs, aaaaaaaaaaaa in 1 runs"
    )


def test_the_manifest_must_be_the_same_even_of_one_drawing(runs):
    for seed in range(2):
        runs.add(seed=seed)
    runs.add(name="odd", seed=2, provenance=PROVENANCE | {"manifest_sha256": "a" * 64})
    with pytest.raises(DataError) as error:
        compare([runs.root], same_drawing=True)
    assert [one.partition(" (")[0] for one in error.value.problems] == ["odd: another manifest"]


def test_all_problems_are_told_at_once(runs):
    for seed in range(3):
        runs.add(seed=seed)
    other = PROVENANCE | {"data_sha256": "a" * 64}
    runs.add(name="data", seed=3, provenance=other)
    runs.add(name="bulbs", seed=4, test=OTHER_IDS)
    runs.add(name="both", seed=5, test=OTHER_IDS, provenance=other)
    named = [one.partition(":")[0] for one in problems_of(runs)]
    assert sorted(named) == ["both", "both", "bulbs", "data"]


def test_another_val_at_another_size_can_be_compared(runs):
    runs.add(size=100)
    runs.add(size=200, val=OTHER_IDS)
    assert len(compare([runs.root])["runs"]) == 2


def test_every_preprocess_value_counts(runs):
    other = {
        "height_px": 17,
        "width_px": 17,
        "fit": "crop",
        "bit_depth": 12,
        "value_range": (0.0, 1.0),
        "colour": "luma",
    }
    assert set(other) == set(SPEC.to_dict())
    for seed in range(7):
        runs.add(seed=seed)
    for seed, (key, value) in enumerate(other.items(), start=7):
        depth = {"bit_depth": 16} if key == "value_range" else {}
        runs.add(name=key, seed=seed, preprocess=replace(SPEC, **{key: value, **depth}))
    assert {one.partition(":")[0] for one in problems_of(runs)} == set(other)
