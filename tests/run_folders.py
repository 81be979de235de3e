"""Run folders made by hand: bulbs with known probabilities, and a bundle that fits them."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from bulbinspect.bulb import Prediction, Verdict
from bulbinspect.bundle.bundle import Bundle
from bulbinspect.data.table import write_rows
from bulbinspect.inspection.rows import to_json

CLASSES = ("good", "defect")
THRESHOLD = 0.5  # of the tiny bundle


@dataclass(frozen=True)
class Made:
    """One test or val bulb: its label, its group, and what was answered (None: unjudged)."""

    probability: float | None
    label: str = "good"
    group: str = ""


def bulbs(good: Sequence[float | None], defective: Sequence[float | None]) -> dict[str, Made]:
    """Return bulbs g0, g1, … and d0, d1, … with these defect probabilities."""
    return {f"g{at}": Made(one) for at, one in enumerate(good)} | {
        f"d{at}": Made(one, "defect") for at, one in enumerate(defective)
    }


WELL = bulbs((0.1, 0.2, 0.3, 0.4), (0.6, 0.7, 0.8, 0.9))
"""Parted wholly."""

BADLY = bulbs((0.1, 0.2, 0.65, 0.75), (0.3, 0.7, 0.8, 0.9))
"""AUROC 13 of 16: 0.3 is above two good bulbs, 0.7 above three, 0.8 and 0.9 above four."""


@dataclass
class RunFolders:
    """Writes run folders below `root`, all with the same bundle unless another is given."""

    root: Path
    write_bundle: Callable[..., Bundle]
    data: str = "drawn"
    manifest: str = "/no/such/folder/manifest.csv"
    _bundles: dict[str, Bundle] = field(default_factory=dict)

    def add(
        self,
        arm: str = "siamese",
        *,
        name: str | None = None,
        seed: int = 0,
        size: int | None = 100,
        budget: str | None = "steps",
        test: Mapping[str, Made] = WELL,
        val: Mapping[str, Made] = WELL,
        measured: Mapping[str, Any] | None = None,
        finished: bool = True,
        **metadata: Any,
    ) -> Path:
        """Write one run; `metadata` is that of its bundle."""
        name = name or f"{arm}-{size}-{budget}-{seed}"
        folder = self.root / name
        folder.mkdir(parents=True)
        bundle = self._bundle(metadata)
        (folder / "bundle.onnx").write_bytes(bundle.graph)
        config = {
            "arm": arm,
            "seed": seed,
            "data": {"train_bulbs": size, "manifest": self.manifest},
            "module": {"learning_rate": 0.001},
        }
        (folder / "config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
        splits = {"val": val, "test": test}
        rows = [["bulb_id", "split", "label", "group"], ["t0", "train", "good", ""]]
        for split, made in splits.items():
            ids = {one: one if split == "test" else f"{split}-{one}" for one in made}
            rows += [[ids[one], split, bulb.label, bulb.group] for one, bulb in made.items()]
            lines = [
                to_json(answer(ids[one], bulb.probability, bundle.sha256), CLASSES) + "\n"
                for one, bulb in made.items()
            ]
            path = folder / f"predictions-{split}.jsonl"
            path.write_text("".join(lines), encoding="utf-8")
        with (folder / "split.csv").open("w", encoding="utf-8", newline="") as file:
            write_rows(file, rows)
        if budget is not None:
            values = {"arm": arm, "budget": budget, "data": self.data, **(measured or {})}
            (folder / "study.json").write_text(json.dumps(values), encoding="utf-8")
        if finished:
            (folder / "metrics.json").write_text("{}", encoding="utf-8")
        return folder

    def _bundle(self, metadata: Mapping[str, Any]) -> Bundle:
        key = repr(sorted(metadata.items()))
        if key not in self._bundles:
            path = self.root / f"bundle-{len(self._bundles)}.onnx"
            values = {"provenance": {"data_sha256": "d" * 64, "manifest_sha256": "e" * 64}}
            self.root.mkdir(parents=True, exist_ok=True)
            self._bundles[key] = self.write_bundle(path, **{**values, **metadata})
        return self._bundles[key]


def answer(bulb_id: str, probability: float | None, model: str) -> Prediction:
    """Return what a bundle with the threshold `THRESHOLD` says of a bulb."""
    if probability is None:
        return Prediction(bulb_id, Verdict.UNJUDGED, model, reason="missing_view")
    rejected = probability >= THRESHOLD
    return Prediction(
        bulb_id,
        Verdict.REJECT if rejected else Verdict.PASS,
        model,
        defect_probability=probability,
        class_probabilities=(1 - probability, probability),
    )
