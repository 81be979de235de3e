from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from tests.calibrations import calibration_of

from bulbinspect.bulb import Bulb, View
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.calibration.calibrate import (
    Judged,
    calibrate,
    judge_labelled,
    metadata_with,
    unlearnt_bulbs,
)
from bulbinspect.inspection.calibration.figures import figures_of, summarise
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.metrics.choose_point import Wanted
from bulbinspect.metrics.probability import softmax

CALIBRATION = calibration_of(
    temperature=2.5,
    bias=-0.75,
    prevalence=0.25,
    production_prevalence=0.01,
    num_good=30,
    num_defective=10,
)


@pytest.fixture
def bulbs(tmp_path, draw_bulb):
    found = []
    for number, level in enumerate([10, 60, 110, 130, 150, 200, 240]):
        folder = draw_bulb(tmp_path / f"b{number}", [level] * 4)
        views = tuple(View(str(view), folder / f"{view}.png") for view in range(4))
        label = "defect" if level > 120 else "good"
        found.append(Bulb(f"b{number}", views, label, f"body{number // 2}"))
    return found


def judged_of(logits, target, *, num_groups=None):
    classes = np.array(target)
    groups = int(np.sum(classes != 0)) if num_groups is None else num_groups
    return Judged(np.array(logits, float), classes, 0, groups, Counter())


LEVELS = np.array([10, 60, 110, 130, 150, 200, 240])


def steep(tiny_bundle, gain):
    graph = {"gains": (0.0, gain), "offsets": (0.0, -gain / 2)}
    return tiny_bundle(graph=graph, calibration=CALIBRATION)


@pytest.mark.parametrize("gain", [8.0, 900.0])
def test_logits_are_those_of_the_network_but_for_a_constant(tiny_bundle, bulbs, gain):
    judged = judge_labelled(steep(tiny_bundle, gain), bulbs, threads=1)
    odds = judged.logits[:, 1] - judged.logits[:, 0]
    np.testing.assert_allclose(odds, gain * (LEVELS / 255 - 0.5), rtol=1e-5, atol=1e-5)
    assert judged.target.tolist() == [0, 0, 0, 1, 1, 1, 1]
    assert judged.num_groups == 3  # b3, b4 and b5, b6


def test_a_network_too_sure_for_double_precision_is_refused(tiny_bundle, bulbs):
    with pytest.raises(DataError, match="so sure of 4 of 7 bulbs"):
        judge_labelled(steep(tiny_bundle, 4000.0), bulbs, threads=1)


def test_probabilities_are_those_that_the_calibrated_bundle_gives(tiny_bundle, bulbs):
    judged = judge_labelled(tiny_bundle(), bulbs, threads=1)
    bundle = tiny_bundle(calibration=CALIBRATION)
    given = [one.defect_probability for one in Inspector(bundle, threads=1).inspect(bulbs)]
    np.testing.assert_allclose(judged.probability(CALIBRATION), given, rtol=1e-9)
    plain = [one.defect_probability for one in Inspector(tiny_bundle(), threads=1).inspect(bulbs)]
    np.testing.assert_allclose(judged.probability(None), plain, rtol=1e-9)


def test_unjudged_bulbs_are_in_no_array(tiny_bundle, bulbs):
    bulbs[4].views[2].path.write_bytes(b"")
    judged = judge_labelled(tiny_bundle(), bulbs, threads=1)
    assert judged.unjudged.total() == 1
    assert len(judged.target) == len(judged.logits) == 6


def test_all_bulbs_unjudged_leave_nothing_to_choose_from(tiny_bundle, bulbs):
    for bulb in bulbs:
        bulb.views[0].path.unlink()
    judged = judge_labelled(tiny_bundle(), bulbs, threads=1)
    assert judged.unjudged == {"missing_file": 7}
    with pytest.raises(DataError, match="got 0 good and 0 defective"):
        calibrate(tiny_bundle().metadata, judged, Wanted(), chosen_on="val")


def test_kinds_of_defects_are_all_defective(tiny_bundle, bulbs):
    classes = ("dent", "good", "scratch")
    kinds = [replace(one, label=one.label.replace("defect", "dent")) for one in bulbs]
    kinds[-1] = replace(kinds[-1], label="scratch")
    judged = judge_labelled(tiny_bundle(classes=classes), kinds, threads=1)
    assert judged.good == 1
    assert judged.target.tolist() == [1, 1, 1, 0, 0, 0, 2]
    assert judged.defective.tolist() == [False] * 3 + [True] * 4
    shares = softmax(judged.logits)
    np.testing.assert_allclose(judged.probability(None), shares[:, 0] + shares[:, 2])


BULBS = [Bulb("a", (), split="train"), Bulb("b", (), split="val"), Bulb("c", (), split="val")]


def test_learnt_bulbs_are_never_chosen():
    assert [one.bulb_id for one in unlearnt_bulbs(BULBS, "val")] == ["b", "c"]
    assert len(unlearnt_bulbs(BULBS[1:], "all")) == 2
    with pytest.raises(UsageError, match="choose thresholds on another split"):
        unlearnt_bulbs(BULBS, "train")
    with pytest.raises(UsageError, match="1 of 3 bulbs are in train"):
        unlearnt_bulbs(BULBS, "all")
    splits = {"a": "test", "b": "train", "c": "train"}
    with pytest.raises(UsageError, match="2 of 3 bulbs are in train"):
        unlearnt_bulbs(BULBS, "all", splits)
    assert [one.bulb_id for one in unlearnt_bulbs(BULBS, "test", splits)] == ["a"]


def test_of_the_manifest_that_was_learnt_from_the_splits_must_be_known():
    unknown = [replace(bulb, split="") for bulb in BULBS]
    assert len(unlearnt_bulbs(unknown, "all")) == 3
    with pytest.raises(UsageError, match=r"with `--splits RUN/split\.csv`"):
        unlearnt_bulbs(unknown, "all", same_manifest=True)


def test_the_new_metadata_differ_in_what_was_chosen_alone(tiny_metadata):
    old = tiny_metadata(provenance={"seed": 3})
    judged = judged_of([[0, -1], [0, 0.5], [0, 0.25], [0, 2]], [0, 0, 1, 1])
    calibration, point = calibrate(old, judged, Wanted(), chosen_on="val")
    new = metadata_with(old, calibration, point, {"split": "val"})
    assert (new.calibration, new.operating_point) == (calibration, point)
    assert new.provenance == {"seed": 3, "calibrated": {"split": "val"}}
    same = replace(
        new,
        calibration=old.calibration,
        operating_point=old.operating_point,
        provenance=old.provenance,
    )
    assert same == old


def test_the_bundles_own_prevalence_stays_unless_another_is_stated(tiny_metadata):
    old = tiny_metadata(calibration=CALIBRATION)
    judged = judged_of([[0, -1], [0, 0.5], [0, 0.25], [0, 2]], [0, 0, 1, 1])
    for wanted, kept, stated in (
        (Wanted(), False, 0.01),
        (Wanted(), True, 0.01),
        (Wanted(prevalence=0.1), False, 0.1),
        (Wanted(prevalence=0.1), True, 0.1),
    ):
        found, _ = calibrate(old, judged, wanted, chosen_on="val", keep_calibration=kept)
        assert found.production_prevalence == stated
        assert (found == replace(CALIBRATION, production_prevalence=stated)) == kept


def test_reliability_is_that_of_the_bulbs_at_hand(tiny_metadata):
    """A stated prevalence moves the probabilities away from the share of defects among them."""
    random = np.random.default_rng(0)
    odds = random.normal(0, 3, 4000)
    defective = random.random(4000) < 1 / (1 + np.exp(-odds / 2 + 1))
    judged = judged_of(np.stack([np.zeros(4000), odds], axis=1), defective.astype(int))
    old, wanted = tiny_metadata(), Wanted(prevalence=0.001)
    calibration, point = calibrate(old, judged, wanted, chosen_on="test")
    figures = figures_of(judged, before=None, after=calibration, point=point)
    assert figures["after"]["expected_calibration_error"] < 0.03
    assert figures["before"]["expected_calibration_error"] > 0.1
    assert sum(row["count"] for row in figures["after"]["reliability"]) == 4000
    assert any("rates on these test" in note for note in figures["notes"])


def test_lines_say_pass_and_review_only_where_there_is_a_band(tiny_metadata):
    random = np.random.default_rng(0)
    target = np.arange(400) % 2
    odds = random.normal(np.where(target, 1.0, -1.0))
    judged = judged_of(np.stack([np.zeros(400), odds], axis=1), target, num_groups=200)
    names = {}
    for band in (False, True):
        wanted = Wanted(
            max_escape=0.05, max_overkill=0.05 if band else None, review=band, prevalence=0.02
        )
        calibration, point = calibrate(tiny_metadata(), judged, wanted, chosen_on="val")
        figures = figures_of(judged, before=None, after=calibration, point=point)
        names[band] = summarise(figures)
        assert not any("groups" in note for note in figures["notes"])
    assert set(names[True]) - set(names[False]) == {"pass below", "review"}
    share = 0.98 * point.review_rate_good + 0.02 * point.review_rate_defective
    assert names[True]["review"].endswith(f"; {100 * share:.3g} % of all on the line")


def test_what_is_wrong_with_classes_is_said_before_how_few_bulbs_there_are(tiny_bundle, bulbs):
    wanted = Wanted(max_escape=0.001)
    with pytest.raises(UsageError, match="no good class"):
        judge_labelled(tiny_bundle(classes=("apple", "pear")), bulbs, wanted=wanted)
    with pytest.raises(DataError, match="label"):
        judge_labelled(tiny_bundle(classes=("good", "crack")), bulbs, wanted=wanted)
    with pytest.raises(DataError, match="need 2995 defective bulbs"):
        judge_labelled(tiny_bundle(), bulbs, wanted=wanted)
