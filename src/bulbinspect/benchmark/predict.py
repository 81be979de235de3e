"""Judging a folder, against what its decoding and its network cost by themselves."""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bulbinspect.benchmark.drawn import draw_for
from bulbinspect.benchmark.result import result
from bulbinspect.bulb import Bulb, Verdict
from bulbinspect.bundle.bundle import Bundle, read_bundle
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import UsageError
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import write_predictions
from bulbinspect.machine import usable_cores

RATIO_AT_MOST = 1.2

_BATCH_SIZE = 8


def run_predict(
    model: Path, *, num_bulbs: int = 500, size_px: int = 256, repeats: int = 5
) -> dict[str, Any]:
    """Time predict on drawn bulbs, result files included, against its two unavoidable parts.

    The ideal is the CPU seconds of decoding and preprocessing alone and those of the runtime alone
    on arrays that are ready, each on one thread, shared among the cores. All three are taken in
    turn, `repeats` times, on the CPU. The gate measures every view and lets it pass, whatever the
    bundle was trained on. UsageError when the bundle cannot judge drawn bulbs.
    """
    bundle = _with_open_gate(read_bundle(model))
    metadata = bundle.metadata
    inspector = Inspector(bundle, device="cpu", batch_size=_BATCH_SIZE)
    runtime = Runtime(bundle, device="cpu", threads=1)
    walls, spent, decodings, networks = [], [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        drawn = draw_for(metadata, folder / "drawn", num_bulbs=num_bulbs, size_px=size_px)
        bulbs = read_manifest(drawn).bulbs
        _refuse_unjudged(inspector, bulbs[:_BATCH_SIZE])
        for _ in range(repeats):
            start, start_cpu = time.perf_counter(), time.process_time()
            write_predictions(folder, inspector.inspect(bulbs), bundle)
            walls.append(time.perf_counter() - start)
            spent.append(time.process_time() - start_cpu)
            start = time.process_time()
            batches = _decode(bulbs, metadata.preprocess)
            decodings.append(time.process_time() - start)
            start = time.process_time()
            _judge(runtime, batches)
            networks.append(time.process_time() - start)
    cores = usable_cores()
    ideals = [sum(parts) / cores for parts in zip(decodings, networks, strict=True)]
    return result(
        "predict",
        settings={
            "bulbs": num_bulbs,
            "pictures": f"{metadata.num_views}×{size_px}² PNG",
            "model": bundle.sha256[:12],
            "gate": "measured" if metadata.gate else "none",
            "repeats": repeats,
        },
        seconds={
            "predict, wall": walls,
            "predict, CPU": spent,
            "decode and preprocess alone, CPU": decodings,
            "network alone, CPU": networks,
            f"ideal on {cores} cores": ideals,
        },
        claims={
            "wall / ideal": (
                [wall / ideal for wall, ideal in zip(walls, ideals, strict=True)],
                RATIO_AT_MOST,
            )
        },
    )


def _with_open_gate(bundle: Bundle) -> Bundle:
    """Return the bundle with limits that cost as much as before and refuse nothing."""
    gate = bundle.metadata.gate
    if gate is None:
        return bundle
    open_gate = replace(
        gate,
        min_brightness=0.0,
        max_brightness=1.0,
        max_saturated=1.0,
        min_contrast=0.0,
        min_sharpness=0.0,
        min_height_px=None,
        max_height_px=None,
        min_width_px=None,
        max_width_px=None,
        max_size_ratio=None,
        max_distance=None if gate.reference is None else 1e6,
    )
    return replace(bundle, metadata=replace(bundle.metadata, gate=open_gate))


def _refuse_unjudged(inspector: Inspector, bulbs: Sequence[Bulb]) -> None:
    """Judge a few bulbs, which also warms everything up; a fault would look like speed."""
    for prediction in inspector.inspect(bulbs):
        if prediction.verdict is Verdict.UNJUDGED:
            raise UsageError(
                f"the bundle cannot judge drawn bulbs: {prediction.reason}, {prediction.detail}"
            )


def _decode(bulbs: Sequence[Bulb], spec: PreprocessSpec) -> list[NDArray[Any]]:
    """Return the views of each bulb (V, H, W), in batches (B, V, H, W)."""
    return [
        np.stack([_views(bulb, spec) for bulb in batch])
        for batch in (bulbs[at : at + _BATCH_SIZE] for at in range(0, len(bulbs), _BATCH_SIZE))
    ]


def _views(bulb: Bulb, spec: PreprocessSpec) -> NDArray[Any]:
    loaded = load_views(bulb.views, spec)
    return np.stack([one.pixels for one in loaded if isinstance(one, LoadedView)])


def _judge(runtime: Runtime, batches: Sequence[NDArray[Any]]) -> None:
    for views in batches:
        runtime.run(views, np.ones(views.shape[:2], bool))
