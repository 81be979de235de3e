"""What is wrong with single pictures: refused, blank, or unlike the others in size or depth."""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence

from bulbinspect.data.check.finding import Finding, Place
from bulbinspect.data.check.look import IDENTICAL, Picture
from bulbinspect.data.check.places import Places

_A_HABIT = 3  # pictures of one camera that make its size usual, however the others are

_OWN_KINDS = {IDENTICAL: IDENTICAL, "missing_view": "missing_view", "surplus_view": "surplus_view"}

_Fact = Callable[[Picture], Hashable]


def find_picture_problems(pictures: Sequence[Picture], places: Places) -> list[Finding]:
    """Name every picture that is refused or blank, and those of an odd size or depth."""
    return [
        *_refused(pictures, places),
        *_by_gate(pictures, places),
        *_blank(pictures, places),
        *_odd(pictures, places, "size", lambda picture: picture.size, _size_text),
        *_odd(pictures, places, "depth", lambda picture: picture.depth, str),
    ]


def _refused(pictures: Sequence[Picture], places: Places) -> list[Finding]:
    """One finding for each file that is refused, and one for all identical views of a bulb."""
    together: dict[Hashable, list[Picture]] = defaultdict(list)
    for number, picture in enumerate(pictures):
        if not picture.reason:
            continue
        what: Hashable = number
        if picture.reason == IDENTICAL:
            what = picture.pixels
        elif picture.view.part is not None:
            what = (picture.view.path, picture.detail)
        together[picture.bulb.bulb_id, picture.reason, what].append(picture)
    findings = []
    for some in together.values():
        reason, detail = some[0].reason, some[0].detail
        if reason == IDENTICAL:
            detail = f"{len(some)} of its views have the same pixels"
        code = _OWN_KINDS.get(reason, "refused_picture")
        findings.append(Finding(code, detail, _places(some, places), reason))
    return findings


def _by_gate(pictures: Sequence[Picture], places: Places) -> list[Finding]:
    return [
        Finding(
            "refused_by_gate", picture.gate_detail, _places([picture], places), picture.gate_reason
        )
        for picture in pictures
        if picture.gate_reason
    ]


def _blank(pictures: Sequence[Picture], places: Places) -> list[Finding]:
    detail = "its gray levels hardly differ: less than 1/255 of white (standard deviation)"
    return [
        Finding("blank", detail, _places([picture], places))
        for picture in pictures
        if picture.blank
    ]


def _odd(
    pictures: Sequence[Picture],
    places: Places,
    name: str,
    fact: _Fact,
    text: Callable[[Hashable], str],
) -> list[Finding]:
    """Name what differs from the usual: a mix within a bulb alone, the rest by what it is."""
    read = [picture for picture in pictures if fact(picture) is not None]
    usual = _usual(read, fact)
    of_bulb: dict[int, list[Picture]] = defaultdict(list)
    for picture in read:
        of_bulb[id(picture.bulb)].append(picture)
    findings = []
    others: dict[Hashable, list[Picture]] = defaultdict(list)
    for some in of_bulb.values():
        odd = [picture for picture in some if fact(picture) != usual[picture.view.name]]
        if odd and len({fact(picture) for picture in some}) > 1:
            found = Counter(fact(picture) for picture in some)
            listed = ", ".join(f"{count} of {text(value)}" for value, count in found.most_common())
            findings.append(Finding(f"mixed_{name}s", f"views: {listed}", _places(odd, places)))
        else:
            for picture in odd:
                others[fact(picture)].append(picture)
    for value, some in others.items():
        count = f"{len(some)} pictures" if len(some) > 1 else "1 picture"
        findings.append(Finding(f"odd_{name}", f"{count} of {text(value)}", _places(some, places)))
    return findings


def _usual(pictures: Sequence[Picture], fact: _Fact) -> dict[str, Hashable]:
    """Return what is usual for each camera: what most of its pictures are, else most of all."""
    overall = Counter(fact(picture) for picture in pictures)
    most = overall.most_common(1)[0][0] if overall else None
    by_view: dict[str, Counter[Hashable]] = defaultdict(Counter)
    for picture in pictures:
        by_view[picture.view.name][fact(picture)] += 1
    usual: dict[str, Hashable] = {}
    for view, found in by_view.items():
        value, count = found.most_common(1)[0]
        habit = count >= _A_HABIT and 2 * count > found.total()
        usual[view] = value if habit else most
    return usual


def _size_text(size: Hashable) -> str:
    assert isinstance(size, tuple)  # noqa: S101
    return f"{size[0]} x {size[1]} px"


def _places(pictures: Iterable[Picture], places: Places) -> tuple[Place, ...]:
    return tuple(places.of(picture.bulb, picture.view) for picture in pictures)
