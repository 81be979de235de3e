"""From a trained network to an ONNX graph that a line PC can run without torch."""

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from itertools import chain

import numpy as np
import onnx_ir as ir
import torch
from onnx import ModelProto
from torch import Tensor, nn

from bulbinspect.errors import ExportError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.models.bulb_net import BulbNet


class Judgement(nn.Module):
    """What the graph computes: the bulb's logits, what each view says, and where, if it can."""

    def __init__(self, network: BulbNet) -> None:
        super().__init__()
        self.network = network

    @property
    def outputs(self) -> list[str]:
        """The names of the outputs, in their order."""
        return ["logits", "view_logits", *["evidence"] * self.network.has_evidence]

    def forward(self, views: Tensor, present: Tensor) -> tuple[Tensor, ...]:
        """`(B, V, H, W)` integers, `(B, V)` bool -> `logits (B, K)`, `view_logits (B, V, K)`.

        And of a network that has it `evidence (B, V, h, w)`.
        """
        if self.network.has_evidence:
            return self.network.judge_with_evidence(views, present)
        return self.network.judge_with_views(views, present)


_templates: dict[str, bytes] = {}
_MOST_TEMPLATES = 32


def export_graph(
    network: BulbNet, spec: PreprocessSpec, *, num_views: int, alike: str | None = None
) -> bytes:
    """Return the serialised ONNX graph of a network in evaluation mode, weights inside.

    Inputs `views (B, V, H, W)` of `spec.dtype` and `present (B, V)` bool, B and V free, unless the
    network is made for one V; outputs as in `Judgement`.

    Tracing takes seconds. Networks of which the caller says with the same text that they are
    `alike`, but for their weights, are traced once in a process.
    """
    judgement = Judgement(network).eval()
    if alike is None:
        return _with_weights(_traced(judgement, spec, num_views), judgement)
    key = f"{alike} {spec.to_dict()} {num_views}"
    if key not in _templates:
        if len(_templates) >= _MOST_TEMPLATES:
            del _templates[next(iter(_templates))]
        _templates[key] = _traced(judgement, spec, num_views)
    return _with_weights(_templates[key], judgement)


def _traced(judgement: Judgement, spec: PreprocessSpec, num_views: int) -> bytes:
    """Return the graph as traced: every parameter and buffer by its name, nothing folded."""
    fixed = judgement.network.num_views
    # the exporter takes 1 as fixed
    shape = (2, fixed or max(num_views, 2), spec.height_px, spec.width_px)
    views = torch.from_numpy(np.zeros(shape, dtype=spec.dtype))
    present = torch.ones(shape[:2], dtype=torch.bool)
    free = {0: torch.export.Dim("B", min=1)}
    if fixed is None:
        free[1] = torch.export.Dim("V", min=1)
    with _quiet():
        program = torch.onnx.export(
            judgement,
            (views, present),
            input_names=["views", "present"],
            output_names=judgement.outputs,
            dynamic_shapes={"views": free, "present": free},
            dynamo=True,
            external_data=False,
            optimize=False,
        )
    if program is None:
        raise ExportError("torch exported nothing")
    graph: bytes = program.model_proto.SerializeToString()
    return graph


def _with_weights(template: bytes, judgement: Judgement) -> bytes:
    """Put the weights of this network into the graph, then fold what is constant."""
    model = ir.from_proto(ModelProto.FromString(template))
    weights = dict(chain(judgement.named_parameters(), judgement.named_buffers()))
    for name, value in model.graph.initializers.items():
        if name in weights:
            value.const_value = ir.tensor(weights[name].detach().numpy(), name=name)
    program = torch.onnx.ONNXProgram(model, None)
    with _quiet():
        program.optimize()
    graph: bytes = program.model_proto.SerializeToString()
    return graph


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's own talk off the screen; what fails still raises."""
    loggers = [logging.getLogger(name) for name in ("onnxscript", "onnx_ir")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        try:
            for logger in loggers:
                logger.setLevel(logging.ERROR)
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)
