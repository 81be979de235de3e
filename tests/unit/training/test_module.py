"""What training refuses before it begins."""

import pytest

from bulbinspect.errors import SpecError
from bulbinspect.models.single_view import JOINS
from bulbinspect.models.spec import ModelSpec
from bulbinspect.training.module import BulbModule


def module_of(classes, **model):
    num = [5] * len(classes)
    return BulbModule(
        spec=ModelSpec(num_classes=len(classes), name="single_view", **model), classes=classes,
        train_counts=num, val_counts=num, learning_rate=1e-3, weight_decay=0.0, warm_up=0.2,
        class_weights="equal", label_smoothing=0.0, view_loss_weight=1.0, view_order="as_given",
        augment={}, seed=0,
    )  # fmt: skip


@pytest.mark.parametrize(
    "classes", [("crack", "dent"), ("dent", "good"), ("crack", "dent", "good")]
)
def test_a_join_by_the_worst_side_is_refused_where_no_class_is_known_to_be_good(classes):
    with pytest.raises(SpecError, match=r"model\.join=or needs the class 'good'") as refused:
        module_of(classes, join="or")
    assert str(refused.value).count("\n") == 0
    assert all(name in str(refused.value) for name in classes)


@pytest.mark.parametrize("join", JOINS)
def test_every_join_is_for_classes_of_which_the_first_is_good(join):
    assert module_of(("good", "crack", "dent"), join=join).spec.join == join


@pytest.mark.parametrize("join", sorted(JOINS.keys() - {"or"}))
def test_other_joins_need_no_good_class(join):
    assert module_of(("crack", "dent"), join=join).spec.join == join
