"""One HTML file with the verdict on every bulb, its views, and the side that gave the verdict."""

import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from markupsafe import Markup

from bulbinspect.bulb import Prediction
from bulbinspect.files import whole_file
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.report.environment import environment
from bulbinspect.report.page_pictures import PagePictures, Pictures
from bulbinspect.report.page_rows import KINDS, Row, make_row
from bulbinspect.report.script import Script
from bulbinspect.report.sections import Section, inline_plots

_CHOICES = {
    "reason": "Every reason",
    "label": "Every answer",
    "truth": "Every label",
    "mistake": "Right or wrong",
}
"""What bulbs can be chosen by, beside the verdict, and what stands there while nothing is."""


def write_page(
    path: Path,
    *,
    title: str,
    predictions: Iterable[Prediction],
    summary: Mapping[str, str],
    pass_threshold: float | None = None,
    reject_threshold: float | None = None,
    truth: Mapping[str, str] | None = None,
    sections: Sequence[Section] = (),
    plots: Mapping[str, str] | None = None,
    pictures: Pictures = Pictures.INLINE,
    thumbnail_px: int = 128,
    preprocess: PreprocessSpec | None = None,
) -> None:
    """Write the page; it needs no network, and no script to be read.

    `summary` are pairs shown on top (model, threshold, test figures, …); the thresholds are marked
    on every bar; `truth` are the labels of the manifest by bulb. `sections` can be opened above the
    bulbs; their `plots` are SVG files by name, whose texts are escaped already. `preprocess` is
    what was done to the pictures. They are inside the page, or in the folder `<name of the
    page>_files` beside it. Bulbs are rendered as they come, so memory does not grow with them.
    """
    templates = environment()
    bulb = templates.get_template("bulb.html.jinja")
    store = PagePictures(path, pictures)
    counts = _Counts()
    marks = sorted({one for one in (pass_threshold, reject_threshold) if one is not None})
    # The counts stand above the bulbs but are known after them, hence the file in between.
    with tempfile.TemporaryFile("w+", encoding="utf-8", newline="", dir=path.parent) as bulbs:
        for prediction in predictions:
            row = make_row(
                prediction,
                truth="" if truth is None else truth.get(prediction.bulb_id, ""),
                thumbnail_px=thumbnail_px,
                preprocess=preprocess or PreprocessSpec(),
                pictures=store,
            )
            counts.add(row)
            # no name holds a newline any more, and each of ours would be a node of the page
            bulbs.write(bulb.render(row=row, marks=marks).replace("\n", "") + "\n")
        bulbs.seek(0)
        page = templates.get_template("page.html.jinja").generate(
            title=title,
            summary=summary,
            kinds=[
                (kind, word, counts.kinds[kind])
                for kind, word in KINDS.items()
                if kind in counts.kinds
            ],
            num_bulbs=counts.kinds.total(),
            choices=counts.choices(),
            has_evidence=counts.has_evidence,
            marks=marks,
            thumbnail_px=thumbnail_px,
            bulbs=_pieces(bulbs),
            picture_policy=store.policy,
            sections=sections,
            plots=inline_plots(plots or {}),
            script=Script.read("page.js", "sections.js"),
        )
        with whole_file(path) as file:
            file.writelines(page)


class _Counts:
    """What stands above the bulbs, counted as they pass."""

    def __init__(self) -> None:
        self.kinds: Counter[str] = Counter()
        self.has_evidence = False
        self._values: dict[str, Counter[str]] = {name: Counter() for name in _CHOICES}

    def add(self, row: Row) -> None:
        """Count one bulb."""
        self.kinds[row.kind] += 1
        self.has_evidence |= any(side.overlay is not None for side in row.sides)
        for name, values in self._values.items():
            if value := getattr(row, name):
                values[value] += 1

    def choices(self) -> list[tuple[str, str, list[tuple[str, int]]]]:
        """Return (name, what stands there first, values with their counts) where there are any."""
        return [
            (name, first, values.most_common())
            for name, first in _CHOICES.items()
            if (values := self._values[name])
        ]


def _pieces(file: IO[str]) -> Iterator[Markup]:
    while piece := file.read(1 << 16):
        yield Markup(piece)  # noqa: S704  # rendered above by the escaping environment
