"""Small tables on a terminal."""

from collections.abc import Iterable, Iterator, Sequence

from bulbinspect.inspection.text import for_terminal


def aligned(rows: Iterable[Sequence[object]]) -> Iterator[str]:
    """Yield the rows as lines whose columns stand below each other, names made harmless."""
    texts = [[for_terminal(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (text.ljust(width) for text, width in zip(row, widths, strict=True))
        yield "  ".join(cells).rstrip()
