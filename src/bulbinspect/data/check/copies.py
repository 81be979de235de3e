"""Pictures that are there again: with the same bytes or pixels, saved again, turned by 180°."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from bulbinspect.data.check.finding import Finding
from bulbinspect.data.check.look import IDENTICAL, Look, Picture
from bulbinspect.data.check.near import Pair, likely_pairs
from bulbinspect.data.check.places import Places
from bulbinspect.data.check.verify import Change, change_by_saving, differ_as_saved
from bulbinspect.machine import usable_cores
from bulbinspect.progress import progress

SAME_FILE = "same file content"
SAME_PIXELS = "same pixels"
SAVED_AGAIN = "nearly the same pixels"
TURNED = "turned by 180°"

_Links = dict[int, list[tuple[int, str]]]  # picture -> its copies, and how they are copies


def find_copies(look: Look, places: Places) -> list[Finding]:
    """Return a finding for each set of pictures that are copies of one another.

    Blank pictures are all alike, and no copies. Views of one bulb with the same pixels are known as
    identical views, and not said again.
    """
    links: _Links = {}
    leaders = _link_exact(look.pictures, links)
    for pair in copied_pairs(look, leaders):
        _link(links, pair.first, pair.second, TURNED if pair.turned else SAVED_AGAIN)
    return [
        _finding(look.pictures, places, members)
        for members in _sets(links)
        if not _is_one_bulb_twice(look.pictures, members)
    ]


def copied_pairs(look: Look, numbers: Sequence[int]) -> list[Pair]:
    """Return the pairs among these pictures that are the same picture saved again or turned."""
    thumbs = look.thumbs
    if len(numbers) < len(thumbs):
        thumbs = thumbs[list(numbers)]
    likely = [
        Pair(numbers[pair.first], numbers[pair.second], pair.turned)
        for pair in likely_pairs(thumbs)
    ]
    wanted = sorted({number for pair in likely for number in (pair.first, pair.second)})
    changes = dict(zip(wanted, _changes(look, wanted), strict=True))
    return [pair for pair in likely if _is_copy(look, pair, changes)]


def _changes(look: Look, numbers: Sequence[int]) -> list[Change | None]:
    def measure(number: int) -> Change | None:
        picture = look.pictures[number]
        assert picture.size is not None  # noqa: S101  # only pictures that were read are asked
        return change_by_saving(picture.view, picture.size, look.spec)

    measured = []
    with (
        ThreadPoolExecutor(usable_cores(), thread_name_prefix="check") as pool,
        progress("likely copies", len(numbers)) as advance,
    ):
        for change in pool.map(measure, numbers):
            measured.append(change)
            advance(1)
    return measured


def _is_copy(look: Look, pair: Pair, changes: Mapping[int, Change | None]) -> bool:
    one, other = changes[pair.first], changes[pair.second]
    if one is None or other is None:
        return False
    second = look.thumbs[pair.second]
    if pair.turned:
        second = second[::-1, ::-1]
    return differ_as_saved(look.thumbs[pair.first], second, (one, other), look.spec.max_level)


def _link_exact(pictures: Sequence[Picture], links: _Links) -> list[int]:
    """Link what is alike to the byte or the pixel; return the pictures to be compared by eye."""
    by_content: dict[object, int] = {}
    by_pixels: dict[bytes, int] = {}
    leaders = []
    for number, picture in enumerate(pictures):
        if picture.blank:
            continue
        same_file = same_pixels = number
        if picture.content is not None:
            same_file = by_content.setdefault((picture.content, picture.view.part), number)
        if picture.pixels is not None:
            same_pixels = by_pixels.setdefault(picture.pixels, number)
            if same_pixels == number:
                leaders.append(number)
        if same_file != number:
            _link(links, same_file, number, SAME_FILE)
        if same_pixels not in (number, same_file):
            _link(links, same_pixels, number, SAME_PIXELS)
    return leaders


def _link(links: _Links, first: int, second: int, how: str) -> None:
    links.setdefault(first, []).append((second, how))
    links.setdefault(second, []).append((first, how))


def _sets(links: _Links) -> Iterable[dict[int, str]]:
    """Yield sets of linked pictures in their order, each with how it differs from the first."""
    seen: set[int] = set()
    for start in sorted(links):
        if start in seen:
            continue
        how = {start: ""}
        waiting = deque([start])
        while waiting:
            number = waiting.popleft()
            for other, step in links[number]:
                if other not in how:
                    how[other] = _together(how[number], step)
                    waiting.append(other)
        seen.update(how)
        yield dict(sorted(how.items()))


def _together(before: str, step: str) -> str:
    """Return how a copy of a copy differs: turned twice is upright again."""
    turned = (before == TURNED) != (step == TURNED)
    if turned:
        return TURNED
    weakness = ["", SAME_FILE, SAME_PIXELS, SAVED_AGAIN, TURNED]
    weakest = max(before, step, key=weakness.index)
    return SAVED_AGAIN if weakest == TURNED else weakest


def _is_one_bulb_twice(pictures: Sequence[Picture], members: Iterable[int]) -> bool:
    """Say whether all are views of one bulb that the reader has refused as identical."""
    chosen = [pictures[number] for number in members]
    alike = all(picture.reason == IDENTICAL for picture in chosen)
    return (
        alike
        and len({picture.bulb.bulb_id for picture in chosen}) == 1
        and len({picture.pixels for picture in chosen}) == 1
    )


def _finding(pictures: Sequence[Picture], places: Places, members: dict[int, str]) -> Finding:
    chosen = [pictures[number] for number in members]
    splits = sorted({picture.bulb.split for picture in chosen} - {""})
    labels = sorted({picture.bulb.label for picture in chosen} - {""})
    near = not {SAVED_AGAIN, TURNED}.isdisjoint(members.values())
    if len(splits) > 1:
        code = "copy_across_splits"
    elif len(labels) > 1:
        code = "copy_with_other_label"
    else:
        code = "near_copy" if near else "exact_copy"
    bulbs = {picture.bulb.bulb_id for picture in chosen}
    counted = f"in {len(bulbs)} bulbs" if len(bulbs) > 1 else "in one bulb"
    ways = ", ".join(dict.fromkeys(how for how in members.values() if how))
    detail = f"one picture {len(chosen)} times {counted}: {ways}"
    if len(splits) > 1:
        detail += f"; in {' and '.join(splits)}"
    if len(labels) > 1:
        detail += f"; labelled {' and '.join(map(repr, labels))}"
    return Finding(
        code,
        detail,
        tuple(
            places.of(picture.bulb, picture.view, how)
            for picture, how in zip(chosen, members.values(), strict=True)
        ),
    )
