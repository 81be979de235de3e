import pytest
from sklearn.metrics import average_precision_score, balanced_accuracy_score, roc_auc_score

from bulbinspect.bulb import Bulb, Prediction, Verdict
from bulbinspect.errors import DataError, UsageError
from bulbinspect.inspection.evaluation.evaluate import choose_bulbs
from bulbinspect.inspection.evaluation.figures import measure

KINDS = ("good", "crack", "dent")
# label, defect probability (None: unjudged), verdict, label given
OUTCOMES = [
    ("good", 0.1, Verdict.PASS, "good"),
    ("good", 0.2, Verdict.PASS, "good"),
    ("good", 0.7, Verdict.REJECT, "crack"),
    ("crack", 0.9, Verdict.REJECT, "crack"),
    ("crack", 0.2, Verdict.PASS, "good"),
    ("dent", 0.8, Verdict.REJECT, "crack"),
    ("dent", None, Verdict.UNJUDGED, ""),
    ("good", None, Verdict.UNJUDGED, ""),
]


@pytest.fixture
def figures(tiny_metadata):
    predictions = [
        Prediction(
            str(n),
            verdict,
            "m",
            reason="truncated" if verdict is Verdict.UNJUDGED else "",
            label=answer,
            defect_probability=probability,
        )
        for n, (_, probability, verdict, answer) in enumerate(OUTCOMES)
    ]
    return measure([one[0] for one in OUTCOMES], predictions, tiny_metadata(classes=KINDS))


def test_the_rates_are_those_of_the_judged_bulbs(figures):
    judged = [one for one in OUTCOMES if one[1] is not None]
    defective = [label != "good" for label, *_ in judged]
    probability = [one[1] for one in judged]
    rejected = [one[2] is Verdict.REJECT for one in judged]
    assert figures["auroc"] == pytest.approx(roc_auc_score(defective, probability))
    assert figures["average_precision"] == pytest.approx(
        average_precision_score(defective, probability)
    )
    assert figures["balanced_accuracy"] == pytest.approx(
        balanced_accuracy_score(defective, rejected)
    )
    assert figures["escape_rate"] == pytest.approx(1 / 3)
    assert figures["overkill_rate"] == pytest.approx(1 / 3)
    assert figures["reject_threshold"] == 0.5
    assert figures["counts"] == {
        "good_passed": 2,
        "good_rejected": 1,
        "defective_passed": 1,
        "defective_rejected": 2,
    }


def test_unjudged_bulbs_are_counted_beside_the_rates(figures):
    assert (figures["num_bulbs"], figures["num_judged"], figures["num_unjudged"]) == (8, 6, 2)
    assert figures["unjudged"] == {"truncated": 2}


def test_every_class_says_how_its_bulbs_ended(figures):
    assert figures["classes"]["dent"] == {
        "bulbs": 2,
        "verdicts": {"reject": 1, "unjudged": 1},
        "labels": {"crack": 1},
    }
    assert figures["classes"]["good"] == {
        "bulbs": 4,
        "verdicts": {"pass": 2, "reject": 1, "unjudged": 1},
        "labels": {"good": 2, "crack": 1},
    }


def test_without_good_class_it_is_the_label_that_is_measured(tiny_metadata):
    metadata = tiny_metadata(classes=("apple", "pear", "plum"))
    probabilities = [(0.8, 0.1, 0.1), (0.3, 0.4, 0.3), (0.1, 0.7, 0.2), (0.1, 0.5, 0.4)]
    labels = ["apple", "apple", "pear", "plum"]
    answers = ["apple", "pear", "pear", "pear"]
    predictions = [
        Prediction("b", None, "m", label=answer, class_probabilities=one)
        for answer, one in zip(answers, probabilities, strict=True)
    ]
    predictions.append(Prediction("x", Verdict.UNJUDGED, "m", "missing_view"))
    figures = measure([*labels, "plum"], predictions, metadata)
    assert figures["accuracy"] == 0.5
    assert figures["balanced_accuracy"] == pytest.approx((0.5 + 1 + 0) / 3)
    assert figures["macro_auroc"] == pytest.approx(
        roc_auc_score(labels, probabilities, multi_class="ovr")
    )
    assert (figures["num_judged"], figures["unjudged"]) == (4, {"missing_view": 1})
    assert figures["classes"]["plum"]["labels"] == {"pear": 1}
    assert "escape_rate" not in figures


@pytest.mark.parametrize("classes", [KINDS, ("apple", "pear")])
def test_when_nothing_was_judged_no_rate_is_claimed(tiny_metadata, classes):
    predictions = [Prediction("b", Verdict.UNJUDGED, "m", "truncated")]
    figures = measure([classes[0]], predictions, tiny_metadata(classes=classes))
    assert figures["num_judged"] == 0
    rates = [
        value for name, value in figures.items() if name.endswith(("auroc", "rate", "accuracy"))
    ]
    assert rates
    assert all(value is None for value in rates)


BULBS = [
    Bulb("a", (), "good", split="train"),
    Bulb("b", (), "good", split="test"),
    Bulb("c", (), "good"),
]


def test_a_split_is_chosen_by_its_name():
    assert choose_bulbs(BULBS, "test") == [BULBS[1]]
    assert choose_bulbs(BULBS, "all") == BULBS


def test_the_splits_of_a_run_stand_in_place_of_the_manifests():
    chosen = choose_bulbs(BULBS, "test", {"a": "test", "b": "train", "c": "test"})
    assert [bulb.bulb_id for bulb in chosen] == ["a", "c"]


def test_splits_of_another_manifest_are_refused_by_bulb():
    with pytest.raises(DataError, match="2 of 3 bulbs") as caught:
        choose_bulbs(BULBS, "test", {"a": "test"})
    assert caught.value.problems == ("bulb 'b'", "bulb 'c'")


def test_without_any_split_the_error_says_what_to_do():
    with pytest.raises(UsageError, match=r"--splits RUN/split\.csv.*--split all"):
        choose_bulbs([BULBS[2]], "test")


def test_an_unknown_split_is_refused_with_those_there_are():
    with pytest.raises(UsageError, match="'val'; there are: test, train, all"):
        choose_bulbs(BULBS, "val")
