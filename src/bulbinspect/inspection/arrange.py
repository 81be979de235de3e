"""Put the views of a bulb into the order of the network, or say why they cannot be."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from bulbinspect.bulb import View


@dataclass(frozen=True, slots=True)
class ViewFault:
    """The views of a bulb are not those that the network needs; `culprits` are among them."""

    reason: str
    detail: str
    culprits: tuple[View, ...] = ()


def arrange(
    views: Sequence[View], view_names: Sequence[str], *, min_views: int | None = None
) -> tuple[View | None, ...] | ViewFault:
    """Return the view for each of `view_names`, or what is wrong with them.

    Views are matched by name. Where none of the names is known (cameras are called otherwise in
    another plant), they are taken in the order they come in. None stands for a view that is not
    there; that is a fault unless at least `min_views` are, of which all names are known.
    """
    doubled = _doubled(views)
    if doubled:
        text = f"the same view or file more than once: {_names(doubled)}"
        return ViewFault("duplicate_view", text, doubled)
    by_name = {view.name: view for view in views}
    strange = tuple(view for view in views if view.name not in view_names)
    absent = [name for name in view_names if name not in by_name]
    named = len(strange) < len(views)
    enough = len(by_name) >= (len(view_names) if min_views is None else min_views)
    if named and not strange and enough:
        return tuple(by_name.get(name) for name in view_names)
    if not named and len(views) == len(view_names):
        return tuple(views)
    count = f"{len(views)} views where the model needs {len(view_names)}"
    if len(views) > len(view_names):
        culprits = strange if named else tuple(views[len(view_names) :])
        return ViewFault("surplus_view", f"{count}; surplus: {_names(culprits)}", culprits)
    if not named:
        return ViewFault("missing_view", count)
    text = f"{count}; missing: {_list(absent)}"
    if strange:
        text += f"; not known to the model: {_names(strange)}"
    return ViewFault("missing_view", text, strange)


def _doubled(views: Sequence[View]) -> tuple[View, ...]:
    names = Counter(view.name for view in views)
    pictures = Counter(map(_picture, views))
    return tuple(view for view in views if names[view.name] > 1 or pictures[_picture(view)] > 1)


def _picture(view: View) -> tuple[object, ...]:
    return view.path, view.part and (view.part.kind, view.part.index)


def _list(names: Sequence[str], most: int = 5) -> str:
    shown = ", ".join(repr(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def _names(views: Sequence[View]) -> str:
    return _list([view.name for view in views])
