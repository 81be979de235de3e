"""The command line as a line PC runs it: where the learning wing cannot be imported."""

LEARNING_WING = (
    "torch",
    "torchvision",
    "lightning",
    "torchmetrics",
    "hydra",
    "omegaconf",
    "onnx",
    "onnxscript",
)


def without(*modules):
    """Return a program that runs `bulbinspect` with its arguments, and has none of `modules`."""
    return f"""
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {modules!r}:
            raise ModuleNotFoundError(f"{{name}} is not on a line PC", name=name)

sys.meta_path.insert(0, Absent())
from bulbinspect.cli.main import run
run()
"""
