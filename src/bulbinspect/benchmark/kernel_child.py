"""One case in a process of its own: `python -m bulbinspect.benchmark.kernel_child JSON`.

Time and memory are measured in different processes: time with malloc as it is or with raised
thresholds, memory with every block from 64 KiB mapped by itself, so that the resident size is that
of what is alive, again and again the same.
"""

import ctypes
import gc
import json
import platform
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from bulbinspect.benchmark.kernel_cases import PASSES, KernelCase
from bulbinspect.nn.group_norm import with_group_norm
from bulbinspect.nn.shared_conv import IMPLEMENTATIONS, why_not
from bulbinspect.nn.shared_conv_choice import choose
from bulbinspect.nn.trunk import build_trunk
from bulbinspect.nn.view_shared import ViewShared, shared_conv2d
from bulbinspect.training.memory import raise_malloc_thresholds

_M_MMAP_THRESHOLD = -3  # glibc's malloc.h
_VISIT_S = 0.05
_MIB = 2**20


class Convolution:
    """One way to do one case, ready to be called: `forward`, or `forward + backward`."""

    def __init__(
        self, case: KernelCase, implementation: str, inputs: tuple[Tensor, Tensor, Tensor]
    ) -> None:
        self.case = case
        self.implementation = implementation
        self.inputs = inputs
        self.gradient: Tensor | None = None

    def __call__(self, what: str) -> None:
        """Take one pass. The gradient sent back lies in memory as the output does."""
        if what == "forward":
            with torch.no_grad():
                self._convolve()
            return
        output = self._convolve()
        if self.gradient is None:
            self.gradient = torch.randn_like(output)
        for tensor in self.inputs:
            tensor.grad = None
        torch.autograd.backward(output, self.gradient)

    def _convolve(self) -> Tensor:
        options = self.case.options
        return shared_conv2d(
            *self.inputs, stride=options.stride, implementation=self.implementation
        )


def convolutions(
    case: KernelCase, names: list[str], device: str = "cpu", dtype: torch.dtype = torch.float32
) -> tuple[list[Convolution], dict[str, str]]:
    """Return those of `names` that apply, on the same random inputs, and why others do not."""
    generator = torch.Generator().manual_seed(0)
    shapes = (case.shape, (case.filters, case.shape[2], *case.kernel), (case.filters,))
    x, weight, bias = (
        torch.randn(shape, generator=generator).to(device, dtype).requires_grad_()
        for shape in shapes
    )
    size = case.shape[3], case.shape[4]
    refused = {name: why_not(name, size, case.kernel, case.options) for name in names}
    ready = [Convolution(case, name, (x, weight, bias)) for name in names if not refused[name]]
    return ready, {name: why for name, why in refused.items() if why}


def time_case(
    case: KernelCase, names: list[str], repeats: int, device: str, dtype: torch.dtype
) -> dict[str, Any]:
    """Return seconds by implementation and pass, one number for each repeat, taken in turn.

    A visit is one call that does not count and then some that do, of which the median is taken:
    a training loop, too, finds its memory as the same call left it. Each repeat begins with
    another implementation.
    """
    ready, refused = convolutions(case, names, device, dtype)
    seconds: dict[str, dict[str, list[float]]] = {
        one.implementation: {what: [] for what in PASSES} for one in ready
    }
    for repeat in range(repeats):
        turn = repeat % len(ready)
        for one in ready[turn:] + ready[:turn]:
            for what in PASSES:
                taken = _visit_s(partial(one, what), device)
                seconds[one.implementation][what].append(taken)
    chosen = {
        what: choose(
            case.shape, case.filters, case.kernel, case.options,
            device=device, training=what != "forward",
        )
        for what in PASSES
    }  # fmt: skip
    return {"seconds": seconds, "refused": refused, "chosen": chosen}


def peaks_of_case(
    case: KernelCase, names: list[str], repeats: int, device: str, dtype: torch.dtype
) -> dict[str, Any]:
    """Return MiB by implementation and pass, inputs and the gradient sent back not counted."""
    _map_every_block()
    ready, _ = convolutions(case, names, device, dtype)
    return {
        one.implementation: {
            what: [_peak_mib(partial(one, what), device) for _ in range(repeats)] for what in PASSES
        }
        for one in ready
    }


def trunk_steps(
    num_bulbs: int, num_views: int, size_px: int, memory: bool, repeats: int
) -> dict[str, list[float]]:
    """Return seconds (or MiB) of training steps of the compact trunk, with group normalisation.

    With `memory="fast"` and `"low"` in turn, on the same weights and views.
    """
    if memory:
        _map_every_block()
    torch.manual_seed(0)
    trunk = with_group_norm(build_trunk("compact"))
    views = torch.randn(num_bulbs, num_views, 1, size_px, size_px)
    kinds = {kind: ViewShared(trunk, memory=kind) for kind in ("fast", "low")}

    def step(kind: str) -> None:
        trunk.zero_grad()
        torch.autograd.backward(kinds[kind](views).square().mean())

    taken: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(repeats):
        for kind, numbers in taken.items():
            call = partial(step, kind)
            numbers.append(_peak_mib(call, "cpu") if memory else _visit_s(call, "cpu"))
    return taken


def speeds() -> dict[str, float]:
    """Return what the machine can do at most, here and now: the best of several tries.

    `copy_bytes_s` counts what is read and what is written, of blocks far larger than the cache;
    `matrix_operations_s` are additions and multiplications of a product of 1024² in float32.
    """
    block, other = torch.ones(2**25), torch.ones(2**25)
    square = torch.randn(1024, 1024)
    copying = min(_one_s(lambda: other.copy_(block), "cpu") for _ in range(7))
    product = min(_one_s(lambda: square @ square, "cpu") for _ in range(15))
    return {
        "copy_bytes_s": 2 * block.nbytes / copying,
        "matrix_operations_s": 2 * 1024**3 / product,
    }


def _visit_s(call: Callable[[], object], device: str) -> float:
    first = _one_s(call, device)
    counted = max(1, min(50, int(_VISIT_S / first)))
    counted = max(counted, 3) if first < 4 * _VISIT_S else 1
    return statistics.median(_one_s(call, device) for _ in range(counted))


def _one_s(call: Callable[[], object], device: str) -> float:
    if device == "cuda":
        start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]  # torch's own
        start.record()
        call()
        end.record()
        end.synchronize()
        return float(start.elapsed_time(end)) / 1000
    begun = time.perf_counter()
    call()
    return time.perf_counter() - begun


def _peak_mib(call: Callable[[], object], device: str) -> float:
    """Return how far the memory in use rises above where it was, after a call that warms up."""
    call()
    gc.collect()
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        call()
        torch.cuda.synchronize()
        return (torch.cuda.max_memory_allocated() - before) / _MIB
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = _status_kib("VmRSS")
    call()
    return (_status_kib("VmHWM") - before) / 1024


def _status_kib(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(field))


def _map_every_block() -> None:
    if platform.libc_ver()[0] == "glibc":
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, 2**16)


def main(order: dict[str, Any]) -> dict[str, Any]:
    """Do what `kernels.py` ordered: `what` is time, memory, speeds or trunk."""
    if order.get("raised"):
        raise_malloc_thresholds()
    if order["what"] == "speeds":
        return speeds()
    if order["what"] == "trunk":
        num_bulbs, num_views, size_px = order["shape"]
        return trunk_steps(num_bulbs, num_views, size_px, order["memory"], order["repeats"])
    values = order["case"]
    case = KernelCase(
        name=values["name"],
        shape=tuple(values["shape"]),
        filters=values["filters"],
        kernel=tuple(values["kernel"]),
        stride=values["stride"],
    )
    measure = {"time": time_case, "memory": peaks_of_case}[order["what"]]
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[order["dtype"]]
    names = [*order.get("implementations", IMPLEMENTATIONS), "auto"]
    return measure(case, names, order["repeats"], order["device"], dtype)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
