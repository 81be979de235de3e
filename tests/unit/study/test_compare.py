import itertools
import json

import jsonschema
import numpy as np
import pytest
from tests.results_schema import SCHEMA
from tests.run_folders import BADLY, WELL, Made, bulbs

from bulbinspect.errors import UsageError
from bulbinspect.study.compare import compare
from bulbinspect.study.interval import Resampling

FEW = Resampling(200)


def compared(runs, **options):
    result = compare([runs.root], resampling=FEW, **options)
    jsonschema.validate(result, SCHEMA)
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    return result


def difference(result, arm, size=100):
    (row,) = (one for one in result["differences"] if (one["arm"], one["num_train"]) == (arm, size))
    return row


def reaching(quarters):
    """Return four good and four defective bulbs with an AUROC of so many quarters."""
    return bulbs((0.2, 0.4, 0.6, 0.8), [0.1 + 0.2 * quarters] * 4)


def test_arms_are_held_against_the_reference_bulb_by_bulb(runs):
    for seed in range(2):
        runs.add("siamese", seed=seed, test=WELL)
        runs.add("early_fusion", seed=seed, test=dict(reversed(BADLY.items())))
    row = difference(compared(runs), "early_fusion")
    assert (row["reference"], row["seeds"], row["num_bulbs"]) == ("siamese", [0, 1], 8)
    assert row["auroc"]["mean"] == -3 / 16
    assert row["escape_rate_at_overkill"]["mean"] == 1 / 4
    assert row["auroc"]["low"] <= -3 / 16 <= row["auroc"]["high"] <= 0
    of_a_seed = 2 * 0.5**3  # three bulbs wrong here and right there, none reversed
    assert row["mcnemar_p"] == 2 * of_a_seed  # of two seeds twice the smaller, whatever they share


def test_p_values_are_corrected_over_the_arms_of_a_size(runs):
    runs.add("siamese", test=WELL)
    runs.add("three_wrong", test=BADLY)
    runs.add("one_wrong", test=WELL | {"g0": Made(0.55)})
    runs.add("none_wrong", test=WELL)
    runs.add("siamese", size=200)
    runs.add("three_wrong", size=200, test=BADLY)
    result = compared(runs)
    rows = [difference(result, arm) for arm in ("three_wrong", "one_wrong", "none_wrong")]
    assert [row["mcnemar_p"] for row in rows] == [0.25, 1, 1]
    assert [row["mcnemar_holm"] for row in rows] == [0.75, 1, 1]
    assert difference(result, "three_wrong", 200)["mcnemar_holm"] == 0.25


def test_equal_runs_do_not_differ_and_nothing_is_claimed(runs):
    for arm, seed in itertools.product(("siamese", "twin"), range(2)):
        runs.add(arm, seed=seed, test=BADLY)
    row = difference(compared(runs), "twin")
    assert [row["auroc"][key] for key in ("mean", "low", "high")] == [0, 0, 0]
    assert (row["mcnemar_p"], row["delong_p"]) == (1, 1)


def test_only_seeds_and_sizes_that_both_have_are_paired(runs):
    for seed in (0, 1, 2):
        runs.add("siamese", seed=seed, test=WELL if seed else BADLY)
    for seed in (1, 2, 3):
        runs.add("other", seed=seed, test=BADLY)
    runs.add("elsewhere", size=50)
    runs.add("strangers", seed=9)
    result = compared(runs)
    assert difference(result, "other")["seeds"] == [1, 2]
    assert difference(result, "other")["auroc"]["mean"] == -3 / 16
    assert {row["arm"] for row in result["differences"]} == {"other", "strangers"}
    strangers = difference(result, "strangers")
    assert (strangers["seeds"], strangers["auroc"]["mean"], strangers["mcnemar_p"]) == (
        [],
        None,
        None,
    )


def test_areas_are_paired_on_bulbs_that_both_judged(runs):
    runs.add("siamese", test=BADLY | {"d0": Made(None, "defect")})
    runs.add("other", test=BADLY | {"g2": Made(None)})
    result = compared(runs)
    row = difference(result, "other")
    assert row["num_bulbs"] == 6
    assert row["auroc"]["mean"] == 0  # the six are alike, though the arms' own areas are not
    own = {one["arm"]: one["figures"]["auroc"]["mean"] for one in result["arms"]}
    assert own == {"siamese": 11 / 12, "other": 10 / 12}
    for figure in (row["auroc"], *(one["figures"]["auroc"] for one in result["arms"])):
        assert figure["low"] <= figure["mean"] <= figure["high"]
    # verdicts: g2 is wrong in both, as a reject and as unjudged; d0 is right only where unjudged
    assert row["mcnemar_p"] == 1
    assert [note for note in result["notes"] if note.startswith("unjudged test bulbs in 2 of 2")]


def test_of_two_budgets_val_decides_and_both_are_shown(runs):
    better, worse = WELL, BADLY
    runs.add("siamese")
    runs.add("shuffle", budget="steps", val=worse, test=better)
    runs.add("shuffle", budget="flops", val=better, test=worse)
    runs.add("shuffle", size=200, budget="steps", val=better)
    runs.add("shuffle", size=200, budget="flops", val=better)
    result = compared(runs)
    credited = {
        (one["num_train"], one["budget"]): one["credited"]
        for one in result["arms"]
        if one["arm"] == "shuffle"
    }
    assert credited == {
        (100, "steps"): False,
        (100, "flops"): True,
        (200, "steps"): True,  # of equals
        (200, "flops"): False,
    }
    row = difference(result, "shuffle")
    assert (row["budget"], row["auroc"]["mean"]) == ("flops", -3 / 16)


def test_budgets_are_weighed_on_the_seeds_that_both_have(runs):
    runs.add("shuffle", budget="steps", seed=0, val=BADLY)
    runs.add("shuffle", budget="flops", seed=0, val=WELL)
    runs.add("shuffle", budget="flops", seed=1, val=reaching(0))
    credited = [one for one in compared(runs)["arms"] if one["credited"]]
    assert [one["budget"] for one in credited] == ["flops"]


def test_spread_is_over_seeds_and_absent_with_one(runs):
    runs.add("siamese", seed=0, test=WELL)
    runs.add("siamese", seed=1, test=BADLY)
    runs.add("lonely", test=BADLY)
    result = compared(runs)
    figures = {one["arm"]: one["figures"]["auroc"] for one in result["arms"]}
    assert figures["siamese"]["mean"] == 29 / 32
    assert figures["siamese"]["spread"] == pytest.approx(np.std([1, 13 / 16], ddof=1))
    assert (figures["lonely"]["mean"], figures["lonely"]["spread"]) == (13 / 16, None)
    assert figures["lonely"]["low"] < 13 / 16 < figures["lonely"]["high"]
    assert any(note.startswith("with one seed only") for note in result["notes"])


def test_an_interval_that_cannot_be_says_why(runs):
    of_a_lot = {one: Made(made.probability, made.label, "lot") for one, made in BADLY.items()}
    runs.add("siamese", test=of_a_lot)
    runs.add("other", test=of_a_lot)
    result = compared(runs)
    for figure in (result["arms"][0]["figures"]["auroc"], difference(result, "other")["auroc"]):
        assert (figure["low"], figure["high"]) == (None, None)
        assert "at least 2 groups" in figure["no_interval"]
    assert result["data"]["num_test_groups"] == 1


def test_the_baseline_is_said_to_need_so_many_times_more_bulbs(runs):
    for seed, (size, ours, theirs) in itertools.product(
        range(2), [(100, 2, 1), (200, 3, 1), (400, 4, 2)]
    ):
        runs.add("siamese", seed=seed, size=size, test=reaching(ours))
        runs.add("channel_shuffle", seed=seed, size=size, test=reaching(theirs))
    (row,) = compared(runs)["sample_efficiency"]
    assert (row["arm"], row["sizes"], row["seeds"]) == ("channel_shuffle", [100, 200, 400], [0, 1])
    assert [one["factor"] for one in row["factors"]] == [pytest.approx(4), None, None]
    assert [one["reached"] for one in row["factors"]] == [True, False, False]
    assert [one["at_least"] for one in row["factors"]] == [None, 2, 1]


def test_an_arm_with_one_size_has_no_learning_curve(runs):
    runs.add("siamese", size=100)
    runs.add("siamese", size=200)
    runs.add("channel_shuffle", size=100)
    assert compared(runs)["sample_efficiency"] == []


def test_without_siamese_the_best_on_val_is_the_reference(runs):
    runs.add("bad", val=BADLY, test=WELL)
    runs.add("good_on_val", val=WELL, test=BADLY)
    settings = compared(runs)["settings"]
    assert (settings["reference"], settings["baseline"]) == ("good_on_val", None)


def test_an_arm_without_a_learning_curve_is_no_reference_by_itself(runs):
    runs.add("once", size=100)
    for size in (100, 200):
        runs.add("curve", size=size, val=BADLY)
        runs.add("lower_curve", size=size, val=reaching(1))
    assert compared(runs)["settings"]["reference"] == "curve"


def test_any_arm_can_be_reference_or_baseline(runs):
    for arm in ("siamese", "one", "two"):
        runs.add(arm)
    result = compared(runs, reference="one", baseline="two")
    assert {row["reference"] for row in result["differences"]} == {"one"}
    assert result["settings"]["baseline"] == "two"


@pytest.mark.parametrize("option", ["reference", "baseline"])
def test_an_arm_that_there_is_not_lists_those_there_are(runs, option):
    runs.add("siamese")
    runs.add("early_fusion")
    with pytest.raises(UsageError, match=f"--{option} wrong.*there are: early_fusion, siamese"):
        compare([runs.root], **{option: "wrong"})


def test_a_single_run_is_compared_with_nothing(runs):
    runs.add("siamese")
    result = compared(runs)
    assert (result["differences"], result["sample_efficiency"]) == ([], [])


def test_no_value_depends_on_the_order_of_folders_or_predictions(runs, tmp_path):
    runs.add("siamese", name="z", test=BADLY)
    runs.add("other", name="a", test=WELL)
    first = compared(runs)
    runs.root = tmp_path / "again"
    runs.add("siamese", name="a", test=dict(reversed(BADLY.items())))
    runs.add("other", name="z", test=WELL)
    second = compared(runs)
    assert [row.pop("run") for row in first["runs"]] == ["a", "z"]
    assert [row.pop("run") for row in second["runs"]] == ["z", "a"]
    assert first == second
