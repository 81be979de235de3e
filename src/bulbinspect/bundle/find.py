"""Which bundle a command means: a file, a run folder, or the newest finished run."""

from pathlib import Path

from bulbinspect.errors import UsageError

BUNDLE_NAME = "bundle.onnx"
_FINISHED = "metrics.json"  # the last file that a run writes

_HOW_TO_GET_ONE = (
    "train a network with `python train.py experiment=siamese`, "
    "or name a bundle or a run folder with `--model`"
)


def find_bundle(model: Path | None, runs: Path = Path("runs")) -> Path:
    """Return the bundle at `model` (a file or a run folder), or that of the newest finished run.

    UsageError, which says how to get a bundle, when there is none.
    """
    if model is None:
        return _newest(runs)
    bundle = model / BUNDLE_NAME if model.is_dir() else model
    if not bundle.is_file():
        raise UsageError(f"no bundle at {bundle}: {_HOW_TO_GET_ONE}")
    return bundle


def _newest(runs: Path) -> Path:
    finished = [
        (mark.stat().st_mtime_ns, mark.parent / BUNDLE_NAME)
        for mark in runs.rglob(_FINISHED)
        if (mark.parent / BUNDLE_NAME).is_file()
    ]
    if not finished:
        raise UsageError(f"no finished run under {runs}/: {_HOW_TO_GET_ONE}")
    return max(finished)[1]
