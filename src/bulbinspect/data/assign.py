"""Which split a group goes to: first every class everywhere, then as the fractions want it."""

import random
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence


def split_by_group(
    labels: Sequence[str],
    groups: Sequence[str],
    *,
    fractions: Mapping[str, float],
    seed: int,
    given: Sequence[str] = (),
) -> list[str]:
    """Return the split of each bulb: whole groups, an empty name being a group of its own.

    Every split gets a group of each class, as long as the class has enough of them, in the order
    of the fractions. The others follow from large to small, each to where it brings the shares of
    its classes, and of all bulbs, closest to the fractions.

    `given` holds splits that stand already, "" where none does; a group goes where its first bulb
    with a split is. Groups in a split without a fraction are not counted.
    """
    by_name: dict[str | int, list[int]] = {}
    for row, group in enumerate(groups):
        by_name.setdefault(group or row, []).append(row)
    members = list(by_name.values())
    fractions = {name: share for name, share in fractions.items() if share > 0}
    chosen = [next((given[row] for row in rows if given and given[row]), "") for rows in members]
    counted = [at for at, split in enumerate(chosen) if not split or split in fractions]
    kinds = [Counter(labels[row] for row in members[at]) for at in counted]
    fixed = [chosen[at] for at in counted]
    for at, split in zip(counted, _assign(kinds, fixed, fractions, seed), strict=True):
        chosen[at] = split
    splits = [""] * len(labels)
    for rows, split in zip(members, chosen, strict=True):
        for row in rows:
            splits[row] = split
    return splits


def _assign(
    kinds: Sequence[Counter[str]], fixed: Sequence[str], fractions: Mapping[str, float], seed: int
) -> list[str]:
    """Return the split of each group; `kinds` says how many bulbs of each class it holds.

    `fixed` is the split of each that has one, else "".
    """
    order = list(range(len(kinds)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda group: -kinds[group].total())  # stable: equals stay shuffled
    shares = _Shares(kinds, fractions)
    chosen: dict[int, str] = {}

    def give(group: int, split: str) -> None:
        chosen[group] = split
        shares.add(kinds[group], split)

    for group, split in enumerate(fixed):
        if split:
            give(group, split)
    by_size = sorted(fractions, key=lambda split: -fractions[split])
    num_groups = Counter(label for kind in kinds for label in kind)
    for label in sorted(num_groups, key=lambda label: (num_groups[label], label)):
        free = [group for group in order if group not in chosen and label in kinds[group]]
        lacking = [split for split in by_size if not shares.has(label, split)][: len(free)]
        for place, split in enumerate(reversed(lacking)):  # small groups to small splits
            last = place == len(lacking) - 1
            give(free.pop(0 if last else -1), split)
    for group in order:
        if group not in chosen:
            give(group, min(by_size, key=lambda split: shares.worsening(kinds[group], split)))
    return [chosen[group] for group in range(len(kinds))]


class _Shares:
    """How far each split is from its fraction of each class, and of all bulbs (class None).

    The distance is 0 when the share is right and -1 when there is nothing; the sum of its squares
    is what `worsening` looks at.
    """

    def __init__(self, kinds: Iterable[Counter[str]], fractions: Mapping[str, float]) -> None:
        totals: Counter[str | None] = Counter()
        for kind in kinds:
            totals.update(kind)
            totals[None] += kind.total()
        self._unit = {
            split: {label: 1 / (fraction * count) for label, count in totals.items()}
            for split, fraction in fractions.items()
        }
        self._distance = {split: dict.fromkeys(totals, -1.0) for split in fractions}

    def has(self, label: str, split: str) -> bool:
        return self._distance[split][label] > -1

    def add(self, kind: Counter[str], split: str) -> None:
        for label, step in self._steps(kind, split):
            self._distance[split][label] += step

    def worsening(self, kind: Counter[str], split: str) -> float:
        """Return by how much the sum of squares grows if the split gets a group of this kind."""
        distance = self._distance[split]
        return sum(step * (2 * distance[label] + step) for label, step in self._steps(kind, split))

    def _steps(self, kind: Counter[str], split: str) -> list[tuple[str | None, float]]:
        unit = self._unit[split]
        steps: list[tuple[str | None, float]] = [(c, n * unit[c]) for c, n in kind.items()]
        steps.append((None, kind.total() * unit[None]))
        return steps
