"""From a bulb and its view to the place that a person can look at."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.check.finding import Place


@dataclass(frozen=True)
class Places:
    """Knows the folder that files are named from, and the lines of a manifest."""

    root: Path
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)

    def of(self, bulb: Bulb, view: View, how: str = "") -> Place:
        """Return the place of one view."""
        part = view.part
        return Place(
            bulb.bulb_id,
            view.name,
            self.file(view.path),
            self.lines.get((bulb.bulb_id, view.name)),
            bulb.label,
            bulb.split,
            how,
            None if part is None else (part.kind.value, part.index, part.of),
        )

    def of_bulb(self, bulb: Bulb) -> Place:
        """Return the place of a whole bulb: where its first view stands."""
        line = self.lines.get((bulb.bulb_id, bulb.views[0].name)) if bulb.views else None
        return Place(bulb.bulb_id, line=line, label=bulb.label, split=bulb.split)

    def file(self, path: Path) -> str:
        """Return the path from the folder, or as it is when it lies elsewhere."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()
