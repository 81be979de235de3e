"""From a trained network to the one file that ships."""

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.bulb import ViewsIn
from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.reference import learn_reference
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.export.agreement import MIN_BULBS, prove_agreement
from bulbinspect.export.graph import Judgement, export_graph
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.metrics.calibration import Calibration, defect_log_odds, fit_calibration
from bulbinspect.metrics.operating_point import OperatingPoint, best_balanced_accuracy
from bulbinspect.metrics.probability import defect_probability
from bulbinspect.models.bulb_net import BulbNet
from bulbinspect.models.spec import ModelSpec


@dataclass(frozen=True)
class Judgeable:
    """Preprocessed bulbs: `views (N, V, H, W)` integers, `present (N, V)`, `target (N,)`."""

    views: NDArray[Any]
    present: NDArray[np.bool_]
    target: NDArray[np.int64]


def ship(
    network: BulbNet,
    path: Path,
    *,
    model: ModelSpec,
    preprocess: PreprocessSpec,
    classes: Sequence[str],
    view_names: Sequence[str],
    views_in: ViewsIn,
    gate: Gate | None,
    val: Judgeable,
    provenance: Mapping[str, Any],
    min_views: int | None = None,
) -> Bundle:
    """Write the bundle of `network` to `path` and return it.

    Calibration and reject threshold are chosen on `val` through the exported graph, not the
    trained network: what is claimed is measured on what ships. Raises ExportError if the two
    disagree, DataError if there is a good class but `val` cannot give a threshold; then nothing is
    written.
    """
    draft = BundleMetadata(
        classes=tuple(classes),
        view_names=tuple(view_names),
        preprocess=preprocess,
        views_in=views_in,
        gate=gate,
        min_views=min_views,
        model=model.to_dict(),
        provenance=dict(provenance),
    )
    alike = json.dumps(draft.model, sort_keys=True)
    graph = export_graph(network, preprocess, num_views=len(view_names), alike=alike)
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(write_bundle(Path(folder) / "draft.onnx", graph, draft), device="cpu")
    logits = None if draft.good_index is None else _logits(runtime, val)
    calibration, point = _calibration_and_point(logits, draft.good_index, val)
    agreement = prove_agreement(
        Judgement(network).eval(),
        runtime,
        *_enough(val),
        good=draft.good_index,
        calibration=calibration,
        reject_threshold=None if point is None else point.reject_threshold,
    )
    metadata = replace(
        draft,
        calibration=calibration,
        operating_point=point,
        reference=_reference(logits, draft, val),
        agreement=agreement.to_dict(),
    )
    return write_bundle(path, graph, metadata)


def _logits(runtime: Runtime, val: Judgeable) -> NDArray[np.float32]:
    """Return what the exported graph says of `val`: (N, K)."""
    return np.concatenate(
        [
            runtime.run(val.views[start : start + 16], val.present[start : start + 16])[0]
            for start in range(0, len(val.views), 16)
        ]
    )


def _calibration_and_point(
    logits: NDArray[np.float32] | None, good: int | None, val: Judgeable
) -> tuple[Calibration | None, OperatingPoint | None]:
    if good is None or logits is None:
        return None, None
    calibration = fit_calibration(logits, val.target, good=good, chosen_on="val")
    probability = defect_probability(calibration.apply(logits, good), good)
    return calibration, best_balanced_accuracy(val.target != good, probability, chosen_on="val")


def _reference(
    logits: NDArray[np.float32] | None, metadata: BundleMetadata, val: Judgeable
) -> dict[str, Any]:
    """Return what `val` was like, for a later comparison; nothing if it is too small."""
    good, log_odds = metadata.good_index, None
    if good is not None and logits is not None and np.isfinite(logits).all():
        log_odds = defect_log_odds(logits, good)
    reference = learn_reference(
        val.views,
        val.present,
        view_names=metadata.view_names,
        max_level=metadata.preprocess.max_level,
        chosen_on="val",
        log_odds=log_odds,
        defective=val.target != good,
    )
    return {} if reference is None else reference.to_dict()


def _enough(val: Judgeable) -> tuple[NDArray[Any], NDArray[np.bool_]]:
    """Return `val`, followed by as many copies, each shifted further, as the proof needs bulbs."""
    copies = max(1, -(-MIN_BULBS // max(len(val.views), 1)))
    shifted = [np.roll(val.views, 7 * copy, axis=(-2, -1)) for copy in range(copies)]
    return np.concatenate(shifted), np.concatenate([val.present] * copies)
