import pytest
import torch
from sklearn.metrics import roc_auc_score

from bulbinspect.training.val_score import VAL_SCORE, ValScore


def logits_of(num, num_classes):
    return torch.randn(num, num_classes, generator=torch.Generator().manual_seed(num))


def test_the_score_is_the_auroc_of_the_defect_probability():
    logits, target = logits_of(40, 3), torch.arange(40) % 3
    score = ValScore([14, 13, 13], good=0)
    score.update(logits[:25], target[:25])
    score.update(logits[25:], target[25:])
    values = score.compute()
    probability = 1 - logits.softmax(-1)[:, 0]
    assert float(values["val/auroc"]) == pytest.approx(roc_auc_score(target > 0, probability))
    assert 0 < values["val/auroc"] - values[VAL_SCORE] < 1e-4
    expected = torch.nn.functional.cross_entropy(logits, target)
    assert float(values["val/loss"]) == pytest.approx(float(expected))


def test_without_a_good_class_it_is_the_mean_over_the_classes():
    logits, target = logits_of(60, 3), torch.arange(60) % 3
    score = ValScore([20, 20, 20], good=None)
    score.update(logits, target)
    expected = roc_auc_score(target, logits.softmax(-1), multi_class="ovr", average="macro")
    assert float(score.compute()["val/auroc"]) == pytest.approx(expected)


def test_a_class_without_bulbs_in_val_is_left_out_of_the_mean():
    logits, target = logits_of(40, 3), torch.arange(40) % 2
    score = ValScore([20, 20, 0], good=None)
    score.update(logits, target)
    probabilities = logits.softmax(-1)
    each = [roc_auc_score(target == k, probabilities[:, k]) for k in (0, 1)]
    assert float(score.compute()["val/auroc"]) == pytest.approx(sum(each) / 2)


@pytest.mark.parametrize(("counts", "good"), [([4, 0], 0), ([0, 4], 0), ([4, 0], None)])
def test_with_one_class_the_score_is_minus_the_loss(counts, good):
    score = ValScore(counts, good=good)
    score.update(logits_of(4, 2), torch.full((4,), counts.index(4)))
    values = score.compute()
    assert "val/auroc" not in values
    assert values[VAL_SCORE] == -values["val/loss"]


def test_reset_forgets():
    score = ValScore([2, 2], good=0)
    score.update(torch.tensor([[9.0, 0.0], [0.0, 9.0]]), torch.tensor([1, 0]))
    score.reset()
    score.update(torch.tensor([[9.0, 0.0], [0.0, 9.0]]), torch.tensor([0, 1]))
    assert score.compute()["val/auroc"] == 1


def test_of_two_epochs_with_the_same_auroc_the_lower_loss_is_better():
    scores = []
    for sureness in (1.0, 5.0):
        score = ValScore([2, 2], good=0)
        target = torch.tensor([0, 1, 1, 0])
        score.update(sureness * torch.nn.functional.one_hot(target, 2).float(), target)
        scores.append(score.compute())
    assert scores[0]["val/auroc"] == scores[1]["val/auroc"] == 1
    assert scores[1][VAL_SCORE] > scores[0][VAL_SCORE]
