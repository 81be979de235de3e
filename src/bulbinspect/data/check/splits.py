"""Whether what belongs together stands in one split."""

from collections import defaultdict
from collections.abc import Sequence

from bulbinspect.bulb import Bulb
from bulbinspect.data.check.finding import Finding
from bulbinspect.data.check.places import Places


def find_split_problems(bulbs: Sequence[Bulb], places: Places) -> list[Finding]:
    """Name every group of which bulbs are in more than one split."""
    groups: dict[str, dict[str, list[Bulb]]] = defaultdict(lambda: defaultdict(list))
    for bulb in bulbs:
        if bulb.group and bulb.split:
            groups[bulb.group][bulb.split].append(bulb)
    return [
        _finding(group, by_split, places) for group, by_split in groups.items() if len(by_split) > 1
    ]


def _finding(group: str, by_split: dict[str, list[Bulb]], places: Places) -> Finding:
    counted = ", ".join(f"{len(bulbs)} in {split}" for split, bulbs in sorted(by_split.items()))
    return Finding(
        "group_across_splits",
        f"group {group!r}: {counted}",
        tuple(places.of_bulb(bulb) for bulbs in by_split.values() for bulb in bulbs),
    )
