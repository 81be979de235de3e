import json
from collections import Counter

import numpy as np
import pytest
from tests.fold_runs import FoldRuns, Said

from bulbinspect.bulb import Bulb, View
from bulbinspect.inspection.labels.audit import Finding, audit_labels
from bulbinspect.inspection.labels.out_of_fold import read_out_of_fold


def two(label, defect, sides=(), **facts):
    return Said(label, (1 - defect, defect), sides, **facts)


@pytest.fixture
def audited(tmp_path, tiny_bundle):
    """Write runs on folds that say this, and audit their manifest."""

    def audit(said, *, more=(), **bundle):
        runs = FoldRuns(tmp_path, tiny_bundle, said, bundle, more).write()
        return audit_labels(runs.manifest, read_out_of_fold(runs.folders, runs.manifest))

    return audit


USUAL = {
    "g0": two("good", 0.1), "g1": two("good", 0.2), "g2": two("good", 0.1, fold=1),
    "d0": two("defect", 0.9), "d1": two("defect", 0.8, fold=1), "d2": two("defect", 0.9, fold=1),
}  # fmt: skip


def test_defective_bulbs_without_a_defective_side_come_first(audited, tmp_path):
    said = {
        **USUAL,
        "looks bad": two("good", 0.95),
        "one side": two("defect", 0.3, (0.1, 0.1, 0.5, 0.2), fold=1),
        "no side": two("defect", 0.4, (0.49, 0.1, 0.2, 0.3)),
        "less": two("defect", 0.45, (0.1, 0.1, 0.2, 0.3), fold=1),
        "dark": Said("good", None, fold=1),
    }
    left_out = Bulb("left", (View("0", tmp_path / "left.png"),), "good")
    audit = audited(said, more=[left_out])
    found = [(row.rank, row.bulb.bulb_id, row.finding.value) for row in audit.rows]
    assert found == [
        (1, "no side", "no_defective_side"),
        (2, "less", "no_defective_side"),
        (3, "looks bad", "other_label"),
        (4, "one side", "other_label"),
        (5, "d1", "agrees"),
        (6, "g1", "agrees"),
        (7, "d0", "agrees"),
        (8, "d2", "agrees"),
        (9, "g0", "agrees"),
        (10, "g2", "agrees"),
        (None, "dark", "unjudged"),
        (None, "left", "no_fold"),
    ]
    assert [row.suggested_label for row in audit.rows[:5]] == [
        "good", "good", "defect", "good", "defect",
    ]  # fmt: skip
    assert audit.rows[0].normalized_margin == pytest.approx(-0.2)
    assert audit.rows[0].self_confidence == pytest.approx(0.4)


def test_a_rare_kind_is_suggested_though_good_is_more_probable(audited):
    """Nobody is ever sure of a crack: as probable as it is of cracks, it is told."""
    good, crack = (0.95, 0.05), (0.6, 0.4)
    said = {f"g{n}": Said("good", good, fold=n % 2) for n in range(8)}
    said |= {f"c{n}": Said("crack", crack, fold=n % 2) for n in range(3)}
    said["odd"] = Said("good", (0.55, 0.45), fold=1)
    audit = audited(said, classes=("good", "crack"))
    row = next(row for row in audit.rows if row.bulb.bulb_id == "odd")
    assert (row.suggested_label, row.confident, row.finding) == ("crack", True, "other_label")
    assert row.normalized_margin > 0


def test_kinds_of_defects_are_held_against_each_other(audited):
    said = {
        "g": Said("good", (0.8, 0.1, 0.1)),
        "c": Said("crack", (0.1, 0.8, 0.1), fold=1),
        "s": Said("stain", (0.1, 0.1, 0.8)),
        "x": Said("crack", (0.05, 0.15, 0.8), fold=1),
    }
    audit = audited(said, classes=("good", "crack", "stain"))
    first = audit.rows[0]
    assert (first.bulb.bulb_id, first.suggested_label, first.finding) == (
        "x", "stain", "other_label",
    )  # fmt: skip


def test_labels_without_a_good_class_are_audited_too(audited):
    said = {
        "a0": Said("a", (0.9, 0.1)), "b0": Said("b", (0.2, 0.8), fold=1),
        "a1": Said("a", (0.1, 0.9), fold=1),
    }  # fmt: skip
    audit = audited(said, classes=("a", "b"))
    assert [row.bulb.bulb_id for row in audit.rows] == ["a1", "b0", "a0"]
    assert audit.rows[0].finding is Finding.OTHER_LABEL


def test_planted_errors_come_first(audited):
    """Answers right but for one in twenty, labels wrong in one of ten: which are found?"""
    rng = np.random.default_rng(0)
    said, planted = {}, set()
    for number in range(300):
        truth = number % 2
        answer = truth if rng.random() > 0.05 else 1 - truth
        defect = rng.beta(8, 2) if answer else rng.beta(2, 8)
        label = truth
        if number % 10 == 3 or number % 20 == 6:
            label, _ = 1 - truth, planted.add(f"b{number}")
        said[f"b{number}"] = two(("good", "defect")[label], defect, fold=number % 5)
    audit = audited(said)
    first = {row.bulb.bulb_id for row in audit.rows[: 2 * len(planted)]}
    assert len(planted) == 45
    assert len(first & planted) > 0.9 * len(planted)


def test_every_bulb_is_a_row_and_the_json_counts_them(audited):
    audit = audited({**USUAL, "dark": Said("good", None), "odd": two("good", 0.9)})
    values = json.loads(json.dumps(audit.to_dict(), allow_nan=False))
    assert values["num_bulbs"] == len(audit.rows) == 8
    assert values["findings"] == {
        "no_defective_side": 0, "other_label": 1, "agrees": 6, "unjudged": 1, "no_fold": 0,
    }  # fmt: skip
    assert [(one["run"], one["num_bulbs"]) for one in values["runs"]] == [("0", 5), ("1", 3)]
    assert values["estimated_bulbs"]["good"] == pytest.approx({"good": 3.0, "defect": 1.0})
    assert values["num_confident"] == values["estimated_wrong"] == 1
    assert Counter(row.confident for row in audit.rows)[True] == 1


def test_bulbs_that_nobody_judged_are_still_rows(audited):
    audit = audited({"a": Said("good", None), "b": Said("defect", None, fold=1)})
    assert [row.finding for row in audit.rows] == [Finding.UNJUDGED] * 2
    assert audit.to_dict()["estimated_wrong"] is None
