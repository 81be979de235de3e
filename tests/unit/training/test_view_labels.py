"""Labels of single views: where they count, where they must not, and what they teach."""

import csv
import warnings

import lightning as L
import numpy as np
import pytest
import torch
import torch.nn.functional as F

from bulbinspect.data.synthetic.write import write_set
from bulbinspect.data.view_labels import NO_LABEL
from bulbinspect.errors import DataError, SpecError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.spec import ModelSpec
from bulbinspect.training.augment import Augment, AugmentSpec, Change
from bulbinspect.training.datamodule import BulbDataModule
from bulbinspect.training.fit import EXPECTED_WARNINGS
from bulbinspect.training.metrics_csv import MetricsCsv
from bulbinspect.training.module import BulbModule, view_loss

SIZE_PX = 32


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("labelled") / "set"
    write_set(
        path, num_bulbs=96, size_px=SIZE_PX, difficulty="easy", view_labels=True, seed=2,
        fractions=(0.7, 0.3, 0),
    )  # fmt: skip
    return path


def rows_of(folder):
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def written(folder, name, rows):
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return name


def data_of(folder, manifest="manifest.csv"):
    data = BulbDataModule(
        manifest=str(folder / manifest),
        preprocess=PreprocessSpec(SIZE_PX, SIZE_PX).to_dict(),
        gate="off",
        batch_size=16,
        cache_folder=str(folder.parent / "cache"),
        fractions={"train": 0.7, "val": 0.3, "test": 0.0},
        split_seed=0,
        train_bulbs=None,
        bulbs_per_epoch=None,
        seed=0,
    )
    data.setup()
    return data


def module_of(data, **changes):
    values = {
        "learning_rate": 3e-3, "weight_decay": 0.01, "warm_up": 0.2, "class_weights": "equal",
        "label_smoothing": 0.0, "view_loss_weight": 1.0, "view_order": "as_given", "augment": {},
        "seed": 0,
    }  # fmt: skip
    return BulbModule(
        spec=ModelSpec(num_classes=len(data.classes), dropout=0.1),
        classes=data.classes,
        train_counts=data.counts("train"),
        val_counts=data.counts("val"),
        **(values | changes),
    )


def fitted(folder, data, *, epochs=1, **changes):
    """Train, and return the module and the rows of its metrics.csv."""
    metrics = folder.parent / "metrics.csv"
    module = module_of(data, **changes)
    trainer = L.Trainer(
        accelerator="cpu", max_epochs=epochs, logger=False, enable_checkpointing=False,
        enable_model_summary=False, enable_progress_bar=False, use_distributed_sampler=False,
        num_sanity_val_steps=0, callbacks=[MetricsCsv(str(metrics))],
    )  # fmt: skip
    with warnings.catch_warnings():
        for message in EXPECTED_WARNINGS:
            warnings.filterwarnings("ignore", message=message)
        trainer.fit(module, datamodule=data)
    with metrics.open(newline="") as file:
        return module, list(csv.DictReader(file))


def test_the_labels_of_a_drawn_set_are_its_truth(folder):
    with (folder / "truth.csv").open(newline="") as file:
        truth = {(r["bulb_id"], r["view"]): int(r["visible_px"]) for r in csv.DictReader(file)}
    data = data_of(folder)
    for split in ("train", "val"):
        bulbs, targets = data.bulbs(split), data.view_targets(split)
        assert (targets.dtype, targets.shape) == (np.int64, (len(bulbs), 4))
        for bulb, row in zip(bulbs, targets, strict=True):
            seen = [truth.get((bulb.bulb_id, view.name), 0) > 0 for view in bulb.views]
            assert [data.classes[target] == "defect" for target in row] == seen


def test_a_view_that_is_absent_or_unlabelled_has_no_target(folder):
    rows = rows_of(folder)
    first = [row for row in rows if row["bulb_id"] == rows[0]["bulb_id"]]
    first[2]["view_label"] = ""
    data = data_of(
        folder, written(folder, "gaps.csv", [row for row in rows if row is not first[1]])
    )
    row = next(
        row
        for split in ("train", "val")
        for bulb, row in zip(data.bulbs(split), data.view_targets(split), strict=True)
        if bulb.bulb_id == first[0]["bulb_id"]
    )
    assert [target == NO_LABEL for target in row] == [False, True, True, False]
    batch = data.dataset("train")[[3, 0]]
    assert batch.view_target.dtype == torch.int64
    assert batch.view_target.tolist() == data.view_targets("train")[[3, 0]].tolist()


def test_a_manifest_without_labels_of_views_has_no_target(folder):
    rows = [{k: v for k, v in row.items() if k != "view_label"} for row in rows_of(folder)]
    data = data_of(folder, written(folder, "plain.csv", rows))
    assert (data.view_targets("train") == NO_LABEL).all()


def test_impossible_labels_are_named_all_at_once(folder):
    rows = rows_of(folder)
    good = [row for row in rows if row["label"] == "good"]
    bad = [row for row in rows if row["label"] == "defect"]
    one, other, third = good[0], good[4], bad[0]["bulb_id"]
    one["view_label"], other["view_label"] = "dent", "defect"
    for row in bad:
        if row["bulb_id"] == third:
            row["view_label"] = "good"
    with pytest.raises(DataError) as refused:
        data_of(folder, written(folder, "bad.csv", rows))
    assert sorted(refused.value.problems) == sorted([
        f"{one['bulb_id']}, view '1': view_label 'dent' is none of good, defect",
        f"{other['bulb_id']}, view '1': view_label 'defect' of a good bulb",
        f"{third}: label 'defect', but every view_label is good",
    ])  # fmt: skip


def test_a_label_goes_with_its_view_into_the_mirror():
    spec = AugmentSpec(flip_horizontal=Change(0.5, "per_bulb"), view_dropout=Change(0.4))
    augment, rows = Augment(spec, seed=1, max_level=255), torch.arange(20)
    marks = torch.arange(80).reshape(20, 4)
    views = marks[..., None, None].expand(-1, -1, 8, 8)
    for epoch in range(3):
        changed, _ = augment(views, torch.ones(20, 4, dtype=torch.bool), rows, epoch)
        followed = augment.follow(marks, rows, epoch)
        assert changed.mean((-2, -1)).equal(followed.float())
        assert 0 < (followed[:, 0] != marks[:, 0]).sum() < 20


def test_the_view_loss_is_the_mean_over_the_labelled_views():
    logits, target = torch.randn(3, 4, 2), torch.tensor([[0, 1, -1, -1], [-1] * 4, [1, 1, 0, -1]])
    each = [
        F.cross_entropy(logits[b, v], target[b, v])
        for b in range(3) for v in range(4) if target[b, v] >= 0
    ]  # fmt: skip
    torch.testing.assert_close(view_loss(logits, target), torch.stack(each).mean())
    spoilt = torch.where(target[..., None] < 0, torch.nan, logits)
    assert view_loss(spoilt, target) == view_loss(logits, target)


def test_unlabelled_views_leave_every_step_as_it_was(folder):
    """Neither their absence nor a weight of 0 may move a digit, dropout's draws included."""
    plain = [{k: v for k, v in row.items() if k != "view_label"} for row in rows_of(folder)]
    runs = [
        fitted(
            folder, data_of(folder, written(folder, "plain.csv", plain)), view_loss_weight=weight
        )
        for weight in (0.0, 1.0)
    ]
    runs.append(fitted(folder, data_of(folder), view_loss_weight=0.0))
    for module, rows in runs:
        assert rows == runs[0][1]
        assert "train/view_loss" not in rows[0]
        for weight, expected in zip(module.parameters(), runs[0][0].parameters(), strict=True):
            assert torch.equal(weight, expected)


def test_a_batch_without_a_labelled_view_that_was_seen_has_a_view_loss_of_zero(folder):
    data = data_of(folder)
    batch = data.dataset("train")[list(range(4))]
    module = module_of(data)
    module.has_view_labels = True
    module.network.judge_with_views = None  # what is not called need not be there
    module._trainer = L.Trainer(accelerator="cpu", logger=False, enable_checkpointing=False)
    logged = {}
    module.log = lambda name, value, **options: logged.update({name: (value, options)})
    unlabelled = batch._replace(view_target=torch.full_like(batch.view_target, NO_LABEL))
    loss = module.training_step(unlabelled, 0)
    value, options = logged["train/view_loss"]
    assert (float(value), options["batch_size"]) == (0.0, 0)
    assert loss == logged["train/loss"][0]


def test_the_label_of_a_view_that_the_network_does_not_see_does_not_count(folder):
    data = data_of(folder)
    module, batch = module_of(data), data.dataset("train")[list(range(8))]
    module.has_view_labels = True
    seen = torch.zeros_like(batch.present)
    seen[:, 1] = True
    target = module._view_target(batch, seen)
    assert target[:, 1].equal(batch.view_target[:, 1])
    assert (target[:, [0, 2, 3]] == NO_LABEL).all()
    assert (batch.view_target != NO_LABEL).all()


@pytest.mark.parametrize("weight", [-1.0, float("nan"), float("inf")])
def test_a_senseless_weight_is_refused(folder, weight):
    with pytest.raises(SpecError, match="view_loss_weight must be 0 or more"):
        module_of(data_of(folder), view_loss_weight=weight)


def test_labels_of_views_are_learnt(folder):
    data = data_of(folder)
    _, rows = fitted(folder, data, epochs=25)
    losses = [float(row["train/view_loss"]) for row in rows]
    assert losses[-1] < 0.5 * losses[0]
