"""Runs on the folds of a manifest, made by hand: what each says of the bulbs it never saw."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from PIL import Image

from bulbinspect.bulb import Bulb, Prediction, Verdict, View, ViewPrediction
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.data.manifest import Manifest, read_manifest, write_manifest
from bulbinspect.data.split import write_splits
from bulbinspect.inspection.rows import to_json
from bulbinspect.inspection.verdict import suspicion_ranks

THRESHOLD = 0.5  # of the tiny bundle
VIEWS = ("0", "1", "2", "3")


@dataclass(frozen=True)
class Said:
    """A bulb with its label, and what the run that never saw it says.

    `probabilities` are of the classes, None: unjudged; `sides` the defect probability of each view,
    that of the bulb where it is not given.
    """

    label: str
    probabilities: Sequence[float] | None
    sides: Sequence[float] = ()
    group: str = ""
    fold: int = 0


@dataclass
class FoldRuns:
    """A manifest of these bulbs in `root`, and the run folders `runs/0`, `runs/1`, … of folds."""

    root: Path
    write_bundle: Callable[..., Bundle]
    said: Mapping[str, Said]
    bundle: Mapping[str, object] = field(default_factory=dict)
    more: Sequence[Bulb] = ()

    def write(self) -> "FoldRuns":
        bulbs = [self._bulb(bulb_id, one) for bulb_id, one in self.said.items()]
        write_manifest(self.root / "manifest.csv", [*bulbs, *self.more])
        for fold in sorted({one.fold for one in self.said.values()}):
            self.write_run(fold)
        return self

    @property
    def manifest(self) -> Manifest:
        return read_manifest(self.root / "manifest.csv")

    @property
    def folders(self) -> dict[str, Path]:
        return {folder.name: folder for folder in sorted((self.root / "runs").iterdir())}

    def write_run(self, fold: int, name: str | None = None) -> Path:
        folder = self.root / "runs" / (name or f"{fold}")
        folder.mkdir(parents=True)
        metadata = {"classes": self.manifest.classes, **self.bundle}
        provenance = {"manifest_sha256": self.manifest.sha256, "fold": fold}
        bundle = self.write_bundle(folder / "bundle.onnx", provenance=provenance, **metadata)
        splits = ("test" if one.fold == fold else "train" for one in self.said.values())
        rows = [
            Bulb(bulb_id, (), one.label, one.group, split)
            for (bulb_id, one), split in zip(self.said.items(), splits, strict=True)
        ]
        write_splits(folder / "split.csv", rows)
        answers = [
            self.answer(bulb_id, one, bundle)
            for bulb_id, one in self.said.items()
            if one.fold == fold
        ]
        lines = [to_json(one, bundle.metadata.classes) + "\n" for one in answers]
        (folder / "predictions-test.jsonl").write_text("".join(lines), encoding="utf-8")
        (folder / "config.yaml").write_text("{}", encoding="utf-8")
        (folder / "metrics.json").write_text("{}", encoding="utf-8")
        return folder

    def answer(self, bulb_id: str, one: Said, bundle: Bundle) -> Prediction:
        if one.probabilities is None:
            return Prediction(bulb_id, Verdict.UNJUDGED, bundle.sha256, reason="too_dark")
        good = bundle.metadata.good_index
        defect = None if good is None else 1 - one.probabilities[good]
        sides = one.sides or [defect] * len(VIEWS)
        verdict = None
        if defect is not None:
            verdict = Verdict.REJECT if defect >= THRESHOLD else Verdict.PASS
        return Prediction(
            bulb_id,
            verdict,
            bundle.sha256,
            defect_probability=defect,
            class_probabilities=tuple(one.probabilities),
            views=tuple(
                ViewPrediction(
                    name, Path(f"{name}.png"), defect_probability=side, suspicion_rank=at
                )
                for name, side, at in zip(VIEWS, sides, suspicion_ranks(sides), strict=True)
            ),
        )

    def _bulb(self, bulb_id: str, one: Said) -> Bulb:
        views = []
        for place, name in enumerate(VIEWS):
            path = self.root / f"{bulb_id}_{name}.png"
            pixels = np.full((8, 8), 40 * place + len(bulb_id), np.uint8)
            Image.fromarray(pixels).save(path)
            views.append(View(name, path))
        return Bulb(bulb_id, tuple(views), one.label, one.group)
