"""What the options of a verb say of a network of somebody else."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from bulbinspect.bulb import Bulb
from bulbinspect.bundle.foreign import ForeignBundle, ForeignGraph, ForeignSpec, foreign_bundle
from bulbinspect.errors import UsageError
from bulbinspect.imaging.preprocess import PreprocessSpec

_THRESHOLD = 0.5


def describe_foreign(
    graph: ForeignGraph, bulbs: Sequence[Bulb], given: Mapping[str, Any]
) -> ForeignBundle:
    """Return the graph as the options that were `given` describe it, for these bulbs.

    UsageError for what lacks or cannot be read, SpecError for what makes no sense.
    """
    if "answer" not in given:
        raise UsageError("say what the foreign network answers: --answer logits or probabilities")
    spec = ForeignSpec(
        answer=given["answer"],
        **_known_class(graph, given),
        output=given.get("output", ""),
        scale=_scale(given["scale"]) if "scale" in given else None,
    )
    height_px, width_px = _size(graph, given.get("size"))
    form = {name: given[name] for name in ("fit", "bit_depth", "colour") if name in given}
    return foreign_bundle(
        graph,
        spec,
        view_names=_view_names(graph, bulbs),
        preprocess=PreprocessSpec(height_px=height_px, width_px=width_px, **form),
        threshold=given.get("threshold", _THRESHOLD),
    )


def _known_class(graph: ForeignGraph, given: Mapping[str, Any]) -> dict[str, int]:
    """Return which class is good or defective; an answer of one number is the defect's."""
    known = {name: given[name] for name in ("good", "defective") if name in given}
    output = graph.outputs.get(given.get("output", next(iter(graph.outputs))))
    single = output is not None and (len(output.shape) == 1 or output.shape[1:] == (1,))
    if len(known) == 1 or (not known and single):
        return known or {"defective": 0}
    raise UsageError("say which class of the answer is good, --good 0, or defective, --defective 1")


def _scale(text: str) -> tuple[float, float]:
    try:
        black, white = map(float, text.split(","))
    except ValueError:
        raise UsageError(f"--scale is {text!r}, expected black and white: 0,1") from None
    return black, white


def _size(graph: ForeignGraph, text: str | None) -> tuple[int, int]:
    """Return height and width as the graph has them, or as they were said."""
    _, height, width = graph.sizes
    if text is not None:
        try:
            height, width = map(int, text.lower().split("x"))
        except ValueError:
            raise UsageError(f"--size is {text!r}, expected HEIGHTxWIDTH: 128x128") from None
    if height is None or width is None:
        raise UsageError("the graph takes views of any size: say which, --size 128x128")
    return height, width


def _view_names(graph: ForeignGraph, bulbs: Sequence[Bulb]) -> list[str]:
    """Return the names of the views of the first bulb that has as many as the graph takes."""
    wanted = graph.sizes[0]
    counts = Counter(len(bulb.views) for bulb in bulbs)
    if wanted is None:
        wanted = counts.most_common(1)[0][0]
    for bulb in bulbs:
        if len(bulb.views) == wanted:
            return [view.name for view in bulb.views]
    raise UsageError(
        f"the graph takes {wanted} views, and no bulb has as many; bulbs have "
        f"{', '.join(map(str, sorted(counts)))}"
    )
