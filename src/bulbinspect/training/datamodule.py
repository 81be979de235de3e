"""From a manifest to batches: read, split, preprocess once into the cache, serve by index."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import lightning as L
import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import DataLoader

from bulbinspect.bulb import Bulb, ViewsIn
from bulbinspect.data.cache import open_cache, place_views
from bulbinspect.data.folds import check_fold, fold_as_test
from bulbinspect.data.manifest import Manifest, read_manifest
from bulbinspect.data.split import complete_splits
from bulbinspect.data.subset import nested_train
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.data.view_labels import view_label_problems, view_target
from bulbinspect.errors import DataError, SpecError
from bulbinspect.imaging.gate import LIMITS, Gate, check_limits
from bulbinspect.imaging.learn_gate import learn_gate
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.training.batches import Batch, BatchOrder, CachedBulbs


class BulbDataModule(L.LightningDataModule):
    """Serve train, val and test of one manifest.

    A manifest without splits is divided by group into `fractions`, seeded by `split_seed`. With
    `draw` the set is drawn first if the manifest is not there (`data.synthetic.write.write_set`
    takes these values). `gate` says of each limit whether to `learn` it, to have it `off`, or the
    number it has; `off` alone means no gate.

    `train_bulbs` takes so many bulbs of train only, the first of an order drawn from `seed`, so
    that fewer are a part of more. `bulbs_per_epoch` makes epochs equally long whatever train holds:
    its bulbs come as often as it takes, each time augmented anew, or only some of them.

    With `folds` train and val are divided into so many parts, by group and `split_seed`; part
    `fold` is test, and the manifest's own test is left out, unless `fold_test` divides it too.
    """

    def __init__(
        self,
        *,
        manifest: str,
        preprocess: Mapping[str, Any],
        gate: Mapping[str, Any] | str | None,
        batch_size: int,
        cache_folder: str,
        fractions: Mapping[str, float],
        split_seed: int,
        seed: int,
        train_bulbs: int | None,
        bulbs_per_epoch: int | None,
        folds: int | None = None,
        fold: int | None = None,
        fold_test: bool = False,
        draw: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.manifest_path = Path(manifest)
        self.preprocess = PreprocessSpec.from_dict(preprocess)
        self.gate_overrides = _gate_overrides(gate)
        self.batch_size = batch_size
        self.cache_folder = Path(cache_folder)
        self.fractions = fractions
        self.split_seed = split_seed
        self.seed = seed
        self.train_bulbs = train_bulbs
        self.bulbs_per_epoch = bulbs_per_epoch
        self.folds = folds
        self.fold = fold
        self.fold_test = fold_test
        self.draw = draw
        self.ready = False

    def setup(self, stage: str | None = None) -> None:
        """Read the manifest, complete its splits, open or build the cache. Does its work once."""
        if self.ready:
            return
        check_fold(self.fold, self.folds)
        if self.draw is not None and not self.manifest_path.exists():
            write_set(self.manifest_path.parent, **self.draw)
        manifest = read_manifest(self.manifest_path)
        completed = complete_splits(manifest.bulbs, fractions=self.fractions, seed=self.split_seed)
        bulbs, notes = completed.bulbs, completed.notes
        if self.fold is not None and self.folds is not None:
            folded = fold_as_test(
                bulbs,
                fold=self.fold,
                folds=self.folds,
                seed=self.split_seed,
                with_test=self.fold_test,
            )
            bulbs, notes = folded.bulbs, (*notes, *folded.notes)
        if self.train_bulbs is not None:
            bulbs = nested_train(bulbs, self.train_bulbs, seed=self.seed)
        self.manifest: Manifest = replace(manifest, bulbs=tuple(bulbs))
        self.classes: tuple[str, ...] = _checked_classes(self.manifest)
        self.cache = open_cache(
            self.manifest.bulbs,
            self.manifest.num_views,
            self.preprocess,
            self.cache_folder,
            manifest_sha256=self.manifest.sha256,
        )
        self.notes = (*notes, *self.cache.notes)
        longest = max(self.manifest.bulbs, key=lambda bulb: len(bulb.views))
        self.view_names = tuple(view.name for view in longest.views)
        self.ready = True

    @property
    def views_in(self) -> ViewsIn:
        """Where the views lie: in parts of files if all of them do, of one kind."""
        kinds = {
            view.part.kind if view.part else ViewsIn.FILES
            for bulb in self.manifest.bulbs
            for view in bulb.views
        }
        return kinds.pop() if len(kinds) == 1 else ViewsIn.FILES

    def learn_gate(self) -> Gate | None:
        """Learn the limits from the views of train, except those that were given."""
        if self.gate_overrides is None:
            return None
        cache = self.cache
        rows = self.dataset("train").rows
        gate = learn_gate(
            (
                (cache.views[row][cache.present[row]], cache.picture_sizes[row][cache.present[row]])
                for row in rows
            ),
            self.preprocess.max_level,
        )
        return gate.with_overrides(self.gate_overrides)

    def bulbs(self, split: str) -> list[Bulb]:
        """Return the bulbs of a split in the manifest's order, as `Batch.rows` counts them."""
        return [bulb for bulb in self.manifest.bulbs if bulb.split == split]

    def counts(self, split: str) -> list[int]:
        """Return how many bulbs of each class a split holds, in the order of the classes."""
        labels = [bulb.label for bulb in self.bulbs(split)]
        return [labels.count(name) for name in self.classes]

    def dataset(self, split: str) -> CachedBulbs:
        """Return the cached bulbs of a split."""
        rows = [row for row, bulb in enumerate(self.manifest.bulbs) if bulb.split == split]
        targets = [self.classes.index(bulb.label) for bulb in self.bulbs(split)]
        return CachedBulbs(
            self.cache,
            np.array(rows, dtype=np.int64),
            torch.tensor(targets),
            torch.from_numpy(self.view_targets(split)),
        )

    def bulb_ids(self, rows: Sequence[int]) -> list[str]:
        """Return the bulbs of train that these `Batch.rows` are, however often they come."""
        bulbs = self.bulbs("train")
        return [bulbs[row % len(bulbs)].bulb_id for row in rows]

    def view_targets(self, split: str) -> NDArray[np.int64]:
        """Return the class of each view of a split `(N, V)`, NO_LABEL where none is known."""
        places = place_views(self.manifest.bulbs, self.manifest.num_views)
        targets = [
            [view_target(view, self.classes) for view in row]
            for row, bulb in zip(places, self.manifest.bulbs, strict=True)
            if bulb.split == split
        ]
        return np.array(targets, np.int64).reshape(-1, self.manifest.num_views)

    def arrays(self, split: str) -> tuple[NDArray[Any], NDArray[np.bool_], NDArray[np.int64]]:
        """Return views `(N, V, H, W)`, present `(N, V)` and targets `(N,)` of a whole split."""
        dataset = self.dataset(split)
        rows = dataset.rows
        return self.cache.views[rows], self.cache.present[rows], dataset.targets.numpy()

    def train_dataloader(self) -> DataLoader[Batch]:
        """Return the training batches in the order of (seed, epoch)."""
        return self._loader("train", seed=self.seed)

    def val_dataloader(self) -> DataLoader[Batch]:
        """Return the validation batches in the manifest's order."""
        return self._loader("val", seed=None)

    def _loader(self, split: str, *, seed: int | None) -> DataLoader[Batch]:
        dataset = self.dataset(split)
        take = self.bulbs_per_epoch if split == "train" else None
        if take is not None:
            dataset = dataset.repeated(take)
        order = BatchOrder(
            len(dataset),
            self.batch_size,
            seed=seed,
            take=take,
            rank=self.trainer.global_rank if self.trainer else 0,
            world_size=self.trainer.world_size if self.trainer else 1,
        )
        # no workers: a batch is one copy from the memory map, 0.01 ms a bulb
        return DataLoader(dataset, sampler=order, batch_size=None)


def _gate_overrides(gate: Mapping[str, Any] | str | None) -> dict[str, float | None] | None:
    """Return the limits that are not to be learnt, None where there shall be no gate."""
    if gate is None or _is_off(gate):
        return None
    if not isinstance(gate, Mapping) or set(gate) != set(LIMITS):
        raise SpecError(f"gate: expected off, or exactly {', '.join(LIMITS)}, got {gate!r}")
    given = {name: None if _is_off(value) else value for name, value in gate.items()}
    overrides = {name: value for name, value in given.items() if value != "learn"}
    check_limits(overrides)
    return overrides


def _is_off(value: object) -> bool:
    return value is False or value == "off"  # YAML reads a bare off as False


def _checked_classes(manifest: Manifest) -> tuple[str, ...]:
    """Return the classes; raise DataError with everything that keeps these bulbs from training."""
    problems = [
        f"{bulb.bulb_id}: no label" for bulb in manifest.bulbs if bulb.split and not bulb.label
    ]
    classes = tuple(label for label in manifest.classes if label)
    in_train = {bulb.label for bulb in manifest.bulbs if bulb.split == "train"}
    problems += [
        f"no bulb of class {label!r} in train" for label in classes if label not in in_train
    ]
    for split in ("train", "val"):
        if not any(bulb.split == split for bulb in manifest.bulbs):
            problems.append(f"no bulb in {split}")
    if len(classes) < 2:
        problems.append(f"at least two classes are needed, found {list(classes)}")
    for bulb in manifest.bulbs:
        if bulb.split:
            problems += view_label_problems(bulb, classes)
    if problems:
        raise DataError(f"{manifest.path} cannot be trained on:", problems)
    return classes
