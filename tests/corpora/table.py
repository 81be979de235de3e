"""Results of the corpora and of the mutations as Markdown, for docs/pictures.md."""

from collections import Counter
from collections.abc import Iterable, Mapping


def table(header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def outcomes_table(first: str, outcomes: Mapping[str, Counter[str]], read: tuple[str, ...]) -> str:
    """Return a row for each kind: how many there are, how many of each `read`, the reasons.

    `outcomes` counts what became of the files of each kind; what is not in `read` was refused.
    """
    total: Counter[str] = Counter()
    rows = []
    for kind in sorted(outcomes):
        total += outcomes[kind]
        rows.append(_row(kind, outcomes[kind], read))
    rows.append(_row("**all**", total, read))
    return table((first, "files", *read, "refused"), rows)


def _row(kind: str, counts: Counter[str], read: tuple[str, ...]) -> tuple[object, ...]:
    refused = [
        f"`{reason}` {_number(count)}"
        for reason, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
        if reason not in read
    ]
    shown = [_number(counts[one]) for one in read]
    return kind, _number(counts.total()), *shown, ", ".join(refused)


def _number(count: int) -> str:
    return f"{count:,}"
