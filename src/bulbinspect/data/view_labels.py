"""The labels of single views, where a manifest has them: a good bulb has good views only."""

from collections.abc import Sequence

from bulbinspect.bulb import GOOD, Bulb, View

VIEW_LABEL = "view_label"
"""A further column of the manifest: the label of one view alone."""

NO_LABEL = -1
"""The target of a view that is absent, or has no label of its own."""


def view_label(view: View) -> str:
    """Return the label of a view, `""` if it has none."""
    return dict(view.extra).get(VIEW_LABEL, "")


def view_target(view: View | None, classes: Sequence[str]) -> int:
    """Return which of `classes` a view is labelled as, NO_LABEL where that is not known."""
    label = view_label(view) if view else ""
    return classes.index(label) if label else NO_LABEL


def views_against(bulb: Bulb) -> tuple[View, ...]:
    """Return the views of a good bulb that are labelled otherwise."""
    if bulb.label != GOOD:
        return ()
    return tuple(view for view in bulb.views if view_label(view) not in ("", GOOD))


def is_defective_nowhere(bulb: Bulb) -> bool:
    """Say whether a defective bulb has good views only.

    A view without a label says nothing, so all of them must have one.
    """
    labels = {view_label(view) for view in bulb.views}
    return bulb.label not in ("", GOOD) and labels == {GOOD}


def view_label_problems(bulb: Bulb, classes: Sequence[str]) -> list[str]:
    """Say which labels of views are no class, or cannot be true of a bulb with this label."""
    problems = [
        f"{bulb.bulb_id}, view {view.name!r}: {VIEW_LABEL} {label!r} is none of "
        f"{', '.join(classes)}"
        for view in bulb.views
        if (label := view_label(view)) and label not in classes
    ]
    problems += [
        f"{bulb.bulb_id}, view {view.name!r}: {VIEW_LABEL} {view_label(view)!r} of a good bulb"
        for view in views_against(bulb)
        if view_label(view) in classes
    ]
    if is_defective_nowhere(bulb):
        problems.append(f"{bulb.bulb_id}: label {bulb.label!r}, but every {VIEW_LABEL} is good")
    return problems
