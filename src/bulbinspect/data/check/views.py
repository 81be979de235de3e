"""Whether every bulb has the views that the others have."""

from collections import Counter
from collections.abc import Sequence

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.check.finding import Finding
from bulbinspect.data.check.places import Places
from bulbinspect.data.natural import view_key

_UNPLACED = ""  # the view of a file whose name says neither bulb nor view


def usual_views(bulbs: Sequence[Bulb], view_names: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names that most bulbs have; of equals the larger set.

    `view_names`, those of a model, stand for them where any bulb has one of them.
    """
    sets = Counter(frozenset(view.name for view in bulb.views) - {_UNPLACED} for bulb in bulbs)
    del sets[frozenset()]
    if any(names & set(view_names) for names in sets):
        return tuple(view_names)
    if not sets:
        return ()
    usual = max(sets, key=lambda names: (sets[names], len(names), sorted(names)))
    return tuple(sorted(usual, key=view_key))


def find_view_problems(
    bulbs: Sequence[Bulb], places: Places, view_names: Sequence[str] = ()
) -> list[Finding]:
    """Name the bulbs that lack views or have too many, and the files that fit no bulb."""
    usual = usual_views(bulbs, view_names)
    findings = []
    for bulb in bulbs:
        if not bulb.views:
            findings.append(Finding("no_views", "it has no views", (places.of_bulb(bulb),)))
        elif all(view.name == _UNPLACED for view in bulb.views):
            findings += [_unplaced(bulb, view, places) for view in bulb.views]
        else:
            findings += _unlike(bulb, usual, places)
    return findings


def _unplaced(bulb: Bulb, view: View, places: Places) -> Finding:
    detail = "its name tells no view: it is a bulb of its own, and not judged"
    return Finding("unplaced_file", detail, (places.of(bulb, view),))


def _unlike(bulb: Bulb, usual: Sequence[str], places: Places) -> list[Finding]:
    findings = []
    counted = Counter(view.name for view in bulb.views)
    files = Counter((view.path, view.part) for view in bulb.views)
    doubled = [
        view for view in bulb.views if counted[view.name] > 1 or files[view.path, view.part] > 1
    ]
    if doubled:
        detail = f"more than one picture for view {_names({view.name for view in doubled})}"
        places_of = tuple(places.of(bulb, view) for view in doubled)
        findings.append(Finding("duplicate_view", detail, places_of))
    missing = [name for name in usual if name not in counted]
    surplus = [view for view in bulb.views if view.name not in usual]
    has = f"it has {_names(counted)}"
    if missing:
        detail = f"no view {_names(missing)}; {has}"
        findings.append(Finding("missing_view", detail, (places.of_bulb(bulb),)))
    if surplus:
        detail = f"view {_names({view.name for view in surplus})} besides {_names(usual)}"
        places_of = tuple(places.of(bulb, view) for view in surplus)
        findings.append(Finding("surplus_view", detail, places_of))
    return findings


def _names(names: Sequence[str] | set[str] | Counter[str], most: int = 8) -> str:
    ordered = sorted(names, key=view_key)
    shown = ", ".join(map(repr, ordered[:most]))
    return f"{shown} and {len(ordered) - most} more" if len(ordered) > most else shown
