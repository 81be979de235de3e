"""How good an epoch was on val, by torchmetrics."""

import warnings
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn
from torchmetrics import MeanMetric
from torchmetrics.classification import BinaryAUROC, MulticlassAUROC

VAL_SCORE = "val/score"
"""What early stopping and the best checkpoint look at; larger is better."""

_TIE = 1e-4  # of two epochs no further apart in AUROC than this, the one with the lower loss wins


class ValScore(nn.Module):
    """Loss, AUROC and score of a val split that holds `counts` bulbs of each class.

    The AUROC is that of the defect probability against `good` (its class index), or the mean over
    the classes that occur where there is no good class. The score is the AUROC, less at most 1e-4
    by the loss: a small val reaches an AUROC of 1 many epochs before the network is done. Where val
    has one class only, there is no AUROC, and the score is minus the loss.
    """

    def __init__(self, counts: Sequence[int], *, good: int | None) -> None:
        super().__init__()
        self.good = good
        self.loss = MeanMetric()
        self.auroc: MulticlassAUROC | BinaryAUROC
        if good is None:
            self.auroc = MulticlassAUROC(len(counts), average="none")
            self.occurring = [k for k, count in enumerate(counts) if count]
            self.has_auroc = len(self.occurring) > 1
        else:
            self.auroc = BinaryAUROC()
            self.has_auroc = 0 < counts[good] < sum(counts)

    def update(self, logits: Tensor, target: Tensor) -> None:
        """Count in `logits (B, K)` and `target (B,)`."""
        self.loss.update(F.cross_entropy(logits, target, reduction="none"))
        probabilities = logits.softmax(-1)
        if self.good is None:
            self.auroc.update(probabilities, target)
        else:
            self.auroc.update(1 - probabilities[:, self.good], (target != self.good).long())

    def compute(self) -> dict[str, Tensor]:
        """Return `val/loss`, `val/auroc` if there are two classes, and VAL_SCORE."""
        loss: Tensor = self.loss.compute()
        if not self.has_auroc:
            return {"val/loss": loss, VAL_SCORE: -loss}
        with warnings.catch_warnings():  # a class without bulbs in val is left out below
            warnings.filterwarnings("ignore", message="No positive samples in targets")
            auroc: Tensor = self.auroc.compute()
        if self.good is None:  # torchmetrics counts an AUROC of 0 for a class that does not occur
            auroc = auroc[self.occurring].mean()
        score = auroc - _TIE * loss / (1 + loss)
        return {"val/loss": loss, "val/auroc": auroc, VAL_SCORE: score}

    def reset(self) -> None:
        """Forget what was counted."""
        self.loss.reset()
        self.auroc.reset()
