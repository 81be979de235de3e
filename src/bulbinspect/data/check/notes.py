"""What is to be known of a data set, without anything being wrong with it."""

from collections import Counter
from collections.abc import Sequence

from bulbinspect.bulb import GOOD, Bulb
from bulbinspect.data.check.finding import Finding
from bulbinspect.data.check.look import Picture
from bulbinspect.data.natural import view_key
from bulbinspect.metrics.sample_size import bulbs_for_bound, rate_bound

_SPLITS = ("train", "val", "test", "")
_STRICT = 0.01
_NAMED = 32


def note_classes(bulbs: Sequence[Bulb]) -> list[Finding]:
    """Say for each split how many bulbs of each class it has, if there are labels at all."""
    if not any(bulb.label for bulb in bulbs):
        return []
    findings = []
    for split, some in _by_split(bulbs):
        counted = Counter(bulb.label for bulb in some)
        listed = ", ".join(
            f"{count} {label!r}" if label else f"{count} without a label"
            for label, count in sorted(counted.items(), key=lambda one: (one[0] != GOOD, one[0]))
        )
        findings.append(Finding("class_balance", f"{split or 'no split'}: {listed}"))
    return findings


def note_sample_sizes(bulbs: Sequence[Bulb]) -> list[Finding]:
    """Say what val and test, or all bulbs where there are no splits, can prove at the best."""
    if not any(bulb.label == GOOD for bulb in bulbs):
        return []
    findings = []
    for split, some in _by_split(bulbs):
        if split == "train" or (not split and any(bulb.split for bulb in bulbs)):
            continue
        good = sum(bulb.label == GOOD for bulb in some)
        defective = sum(bulb.label not in ("", GOOD) for bulb in some)
        escapes = _proof(defective, "defective", "an escape rate")
        if defective and rate_bound(defective) > _STRICT:
            escapes += f", {bulbs_for_bound(_STRICT)} one of {100 * _STRICT:g} %"
        overkill = _proof(good, "good", "an overkill rate")
        findings.append(Finding("sample_size", f"{split or 'all bulbs'}: {escapes}; {overkill}"))
    return findings


def _proof(number: int, what: str, rate: str) -> str:
    if not number:
        return f"no {what} bulbs, so nothing is known of {rate}"
    bulbs = "bulb" if number == 1 else "bulbs"
    bound = f"{100 * rate_bound(number):.1f} %"
    return f"{number} {what} {bulbs} without an error prove {rate} of at most {bound} (at 95 %)"


def note_cameras(pictures: Sequence[Picture]) -> list[Finding]:
    """Say how many pictures each view has, and how many of them can be used."""
    total = Counter(picture.view.name for picture in pictures)
    usable = Counter(
        picture.view.name for picture in pictures if not (picture.reason or picture.gate_reason)
    )
    names = sorted(total, key=view_key)
    details = [
        f"view {name!r}: {total[name]} pictures"
        + (f", {usable[name]} usable" if usable[name] < total[name] else "")
        for name in names[:_NAMED]
    ]
    if len(names) > _NAMED:
        rest = sum(total[name] for name in names[_NAMED:])
        details.append(f"{len(names) - _NAMED} further views: {rest} pictures")
    return [Finding("cameras", detail) for detail in details]


def _by_split(bulbs: Sequence[Bulb]) -> list[tuple[str, list[Bulb]]]:
    found = [(split, [bulb for bulb in bulbs if bulb.split == split]) for split in _SPLITS]
    return [(split, some) for split, some in found if some]
