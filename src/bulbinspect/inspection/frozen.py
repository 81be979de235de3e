"""A frozen camera shows a new bulb the picture of an earlier one."""

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple


class Sight(NamedTuple):
    """Which view of which bulb a picture was."""

    bulb_id: str
    view: str


class SeenPictures:
    """Remembers the pictures of the last `num_bulbs` bulbs, by the digests of their pixels."""

    def __init__(self, num_bulbs: int) -> None:
        self._num_bulbs = num_bulbs
        self._bulbs: deque[tuple[bytes, ...]] = deque()
        self._seen: dict[bytes, tuple[int, Sight]] = {}  # when last, and where first
        self._count = 0

    def look(self, bulb_id: str, pictures: Sequence[tuple[str, bytes]]) -> dict[str, Sight]:
        """Return for each view, of (view, digest) pairs, the earlier bulb that had its picture.

        The bulb itself is then remembered. A picture that keeps coming is never forgotten, and
        always traced back to the bulb that had it first.
        """
        found: dict[str, Sight] = {}
        for view, digest in pictures:
            if digest in self._seen:
                found[view] = self._seen[digest][1]
        for view, digest in pictures:
            first = self._seen[digest][1] if digest in self._seen else Sight(bulb_id, view)
            self._seen[digest] = self._count, first
        self._bulbs.append(tuple(digest for _, digest in pictures))
        self._count += 1
        if len(self._bulbs) > self._num_bulbs:
            oldest = self._count - len(self._bulbs)
            for digest in self._bulbs.popleft():
                if digest in self._seen and self._seen[digest][0] == oldest:
                    del self._seen[digest]
        return found
