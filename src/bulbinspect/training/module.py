"""What Lightning trains: a network, its loss, its optimiser, and the score of an epoch."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import lightning as L
import torch
import torch.nn.functional as F
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from torch import Tensor

from bulbinspect.bulb import GOOD
from bulbinspect.data.view_labels import NO_LABEL
from bulbinspect.errors import CheckpointError, NonFiniteLossError, SpecError
from bulbinspect.models.single_view import GOOD_CLASS
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.nn.input_weights import rearrange_input_weights
from bulbinspect.training.augment import Augment, AugmentSpec
from bulbinspect.training.batches import Batch
from bulbinspect.training.stateless import seed_of
from bulbinspect.training.val_score import VAL_SCORE, ValScore
from bulbinspect.training.view_order import build_view_order

CLASS_WEIGHTS = ("equal", "balanced")


class BulbModule(L.LightningModule):
    """Train the network of `spec` for `classes`, of which train and val hold so many bulbs.

    `class_weights="balanced"` weighs each class by the inverse of its share in train.
    `view_loss_weight` is how much the loss of the labelled views counts beside that of the bulbs.
    `view_order` is one of VIEW_ORDERS: the orders in which the network meets the views of a bulb.
    `weights` is a local file of torchvision weights for the trunk.
    """

    def __init__(
        self,
        *,
        spec: ModelSpec,
        classes: Sequence[str],
        train_counts: Sequence[int],
        val_counts: Sequence[int],
        learning_rate: float,
        weight_decay: float,
        warm_up: float,
        class_weights: str,
        label_smoothing: float,
        view_loss_weight: float,
        view_order: str,
        augment: Mapping[str, Mapping[str, Any]],
        seed: int,
        weights: str | None = None,
    ) -> None:
        super().__init__()
        if class_weights not in CLASS_WEIGHTS:
            raise SpecError(f"class_weights is {' or '.join(CLASS_WEIGHTS)}, not {class_weights!r}")
        if not 0 <= view_loss_weight < math.inf:
            raise SpecError(f"view_loss_weight must be 0 or more, not {view_loss_weight}")
        self.classes = tuple(classes)
        good = _good_index(self.classes)
        if spec.join == "or" and good != GOOD_CLASS:
            raise SpecError(
                f"model.join=or needs the class {GOOD!r} as number {GOOD_CLASS}; "
                f"the classes are {', '.join(self.classes)}: take mean_logit"
            )
        if spec.name == "evidence" and good != GOOD_CLASS:
            raise SpecError(
                f"model evidence needs the class {GOOD!r} as number {GOOD_CLASS}: its map shows "
                f"what speaks against it; the classes are {', '.join(self.classes)}"
            )
        torch.manual_seed(seed_of(seed))
        self.spec = spec
        self.network = build_model(spec, None if weights is None else Path(weights))
        # a step on two CPU cores was 1.3 to 3.6 times as fast this way (docs/speed.md)
        self.network.to(memory_format=torch.channels_last)
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.warm_up = warm_up
        self.label_smoothing = label_smoothing
        self.view_loss_weight = view_loss_weight
        self.has_view_labels = False
        self.seed = seed
        self.view_order = build_view_order(view_order, seed=seed)
        self.augment = Augment(AugmentSpec.from_dict(augment), seed=seed, max_level=spec.max_level)
        counts = torch.tensor(train_counts, dtype=torch.float32)
        balanced = counts.sum() / (counts * len(counts))
        weight = balanced if class_weights == "balanced" else torch.ones_like(counts)
        self.class_weight: Tensor
        self.register_buffer("class_weight", weight, persistent=False)
        self.val_score = ValScore(val_counts, good=good)

    def forward(self, views: Tensor, present: Tensor) -> Tensor:
        """`views (B, V, H, W)`, `present (B, V)` -> logits `(B, K)`."""
        logits: Tensor = self.network(views, present)
        return logits

    def on_fit_start(self) -> None:
        """Look whether train has labels of views; all processes of a DDP run find the same."""
        data = self.trainer.datamodule  # type: ignore[attr-defined]  # ours, always
        self.has_view_labels = bool((data.view_targets("train") != NO_LABEL).any())

    def on_train_epoch_start(self) -> None:
        """Make what dropout draws a function of (seed, epoch) too."""
        torch.manual_seed(seed_of(self.seed, self.current_epoch))

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        """Augment on this device, judge, and return the loss."""
        views, present = self.augment(batch.views, batch.present, batch.rows, self.current_epoch)
        views, present = self.view_order(views, present, batch.rows, self.current_epoch)
        target = self._view_target(batch, present)
        num_labelled = int((target != NO_LABEL).sum())
        if num_labelled:
            logits, view_logits = self.network.judge_with_views(views, present)
            loss = self._bulb_loss(logits, batch.target)
            of_views = view_loss(view_logits, target, label_smoothing=self.label_smoothing)
        else:
            logits, bulb = self.network.training_logits(views, present)
            loss = self._bulb_loss(logits, batch.target[bulb])
            of_views = loss.new_zeros(())
        self._log_mean("train/loss", loss, len(batch.target))
        if self._learns_views:
            self._log_mean("train/view_loss", of_views, num_labelled)
            share = self._share_of_labels(num_labelled)
            loss = loss + self.view_loss_weight * share * of_views
        if not torch.isfinite(loss):
            ids = self.trainer.datamodule.bulb_ids(batch.rows.tolist())  # type: ignore[attr-defined]  # ours, always
            raise NonFiniteLossError(self.global_step, ids)
        return loss

    def on_train_batch_end(self, outputs: Any, batch: Batch, batch_idx: int) -> None:
        """Bind by force the kernels of those baselines that want it after each step."""
        rearrange_input_weights(self.network, seed=self.seed, step=self.global_step)

    @property
    def _learns_views(self) -> bool:
        return self.has_view_labels and self.view_loss_weight > 0

    def _share_of_labels(self, num_labelled: int) -> float:
        """Return what the mean over the labelled views of this process counts in the whole batch.

        DDP takes the mean of the gradients over the processes: weighed so, it is that of the mean
        over all labelled views of the batch, whichever process has them. 1 in a single process.
        """
        strategy, num_processes = self.trainer.strategy, self.trainer.world_size
        everywhere = torch.tensor(float(num_labelled), device=self.device)
        everywhere = strategy.reduce(everywhere, reduce_op="sum")
        return num_processes * num_labelled / max(float(everywhere), 1.0)

    def _bulb_loss(self, logits: Tensor, target: Tensor) -> Tensor:
        loss: Tensor = F.cross_entropy(
            logits.float(), target, weight=self.class_weight, label_smoothing=self.label_smoothing
        )
        return loss

    def _view_target(self, batch: Batch, present: Tensor) -> Tensor:
        """Return the target of each view where the network sees it `(B, V)`, else NO_LABEL."""
        if not self._learns_views:
            return torch.full_like(batch.view_target, NO_LABEL)
        target = self.augment.follow(batch.view_target, batch.rows, self.current_epoch)
        moved: Tensor = self.view_order(target, present, batch.rows, self.current_epoch)[0]
        return moved.masked_fill(~present, NO_LABEL)

    def _log_mean(self, name: str, value: Tensor, num: int) -> None:
        """Log a mean over `num` things; the epoch's is that over all of its things."""
        self.log(name, value, on_step=False, on_epoch=True, batch_size=num, sync_dist=True)

    def validation_step(self, batch: Batch, batch_index: int) -> None:
        """Count a batch of val in."""
        self.val_score.update(self(batch.views, batch.present).float(), batch.target)

    def on_validation_epoch_end(self) -> None:
        """Report loss, AUROC where there is one, and the score that picks the best epoch."""
        values = self.val_score.compute()
        for name, value in values.items():
            self.log(name, value, prog_bar=name == VAL_SCORE, sync_dist=True)
        self.val_score.reset()

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """AdamW with a one-cycle schedule (Smith and Topin 2018); norms and biases do not decay."""
        parameters = list(self.network.parameters())
        groups = [
            {"params": [p for p in parameters if p.dim() > 1], "weight_decay": self.weight_decay},
            {"params": [p for p in parameters if p.dim() <= 1], "weight_decay": 0.0},
        ]
        optimizer = torch.optim.AdamW(groups, lr=self.learning_rate)
        total_steps = self._total_steps()
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=self.learning_rate,
            total_steps=total_steps,
            pct_start=max(self.warm_up, 2 / total_steps),  # a rise of one step divides by zero
        )
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def _total_steps(self) -> int:
        """Return the length of the schedule: a rise and a fall need four steps at least."""
        return max(int(self.trainer.estimated_stepping_batches), 4)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Raise CheckpointError unless the checkpoint is of this network and of a run as long."""
        if checkpoint["model_spec"] != self.spec.to_dict():
            raise CheckpointError(
                f"the checkpoint is of another network, {checkpoint['model_spec']}; "
                f"this run has {self.spec.to_dict()}"
            )
        steps = checkpoint["lr_schedulers"][0]["total_steps"]
        here = self._total_steps()
        if steps != here:
            raise CheckpointError(
                f"the checkpoint is of a run of {steps} steps, this one would have {here}: "
                "data, batch size and max_epochs must be those it began with"
            )

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Put the spec and the classes beside the weights, as plain values."""
        checkpoint["model_spec"] = self.spec.to_dict()
        checkpoint["classes"] = list(self.classes)


def view_loss(view_logits: Tensor, target: Tensor, *, label_smoothing: float = 0.0) -> Tensor:
    """`(B, V, K)`, `(B, V)` -> mean cross-entropy of the views whose target is not NO_LABEL."""
    labelled = target != NO_LABEL
    return F.cross_entropy(
        view_logits[labelled].float(), target[labelled], label_smoothing=label_smoothing
    )


def _good_index(classes: Sequence[str]) -> int | None:
    return classes.index(GOOD) if GOOD in classes else None
