"""How a folder is laid out: what the path of a picture says of it."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from bulbinspect.bulb import ViewsIn
from bulbinspect.data.folder import compile_pattern, place_files
from bulbinspect.data.manifest import FACTS, SPLITS
from bulbinspect.data.natural import natural_key
from bulbinspect.data.table import NOT_UTF8, is_utf8
from bulbinspect.data.walk import walk
from bulbinspect.errors import DataError, UsageError


class Found(NamedTuple):
    """A picture, by its path below the folder, and what that says; `view` is "" if stacked."""

    file: str
    bulb_id: str
    view: str
    label: str = ""
    group: str = ""
    split: str = ""


@dataclass(frozen=True)
class Layout:
    """Which part of a path says what.

    By default a sub-folder is a bulb, as for `predict`. `by_class`: the folders at the top are
    labels, and below each it is so. `pattern` is a regular expression for the whole path below the
    folder, with the groups bulb and view, and perhaps label, group and split. Unless `views_in` is
    files, each file is a bulb, whose parts are called `view_names`, or by their numbers.
    """

    by_class: bool = False
    pattern: str | None = None
    views_in: ViewsIn = ViewsIn.FILES
    view_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.by_class and self.pattern is not None:
            raise UsageError("class folders need no pattern, but a pattern may have a group label")
        if self.view_names and not self.stacked:
            raise UsageError("views in files are called as the files are; names are for parts")
        if "" in self.view_names or len(set(self.view_names)) < len(self.view_names):
            raise UsageError(f"views need a name each, all different; got {self.view_names}")

    @property
    def stacked(self) -> bool:
        """Say whether each file holds all views of a bulb."""
        return self.views_in is not ViewsIn.FILES

    def reader(self) -> Callable[[str], Found | str]:
        """Return what makes a `Found` of a path, or says why it does not fit."""
        if self.pattern is not None:
            return self._by_pattern(self.pattern)
        place = place_files(None, stacked=self.stacked)

        def read(file: str) -> Found | str:
            label, rest = "", file
            if self.by_class:
                label, slash, rest = file.partition("/")
                if not slash:
                    return "lies in no class folder"
            bulb_id, view = place(rest)
            if not view and not self.stacked:
                return "is not called <bulb>_<view>.<ending>; a pattern can say what it is"
            return Found(file, bulb_id, view, label)

        return read

    def _by_pattern(self, pattern: str) -> Callable[[str], Found | str]:
        expression = compile_pattern(pattern, stacked=self.stacked)
        unknown = sorted(expression.groupindex.keys() - {"bulb", "view", *FACTS})
        if unknown:
            raise UsageError(
                f"the pattern {pattern!r} has the groups {', '.join(unknown)}; known are bulb, "
                f"view, {', '.join(FACTS)}"
            )

        def read(file: str) -> Found | str:
            match = expression.fullmatch(file)
            if match is None:
                return "does not fit the pattern"
            groups = {name: text or "" for name, text in match.groupdict().items()}
            bulb_id = groups.pop("bulb")
            view = groups.pop("view", "")
            if not bulb_id or not (view or self.stacked):
                return "fits the pattern without a bulb or a view"
            return Found(file, bulb_id, "" if self.stacked else view, **groups)

        return read


@dataclass
class Listing:
    """The pictures of a folder in natural order of their paths; what is wrong, and passed over."""

    found: list[Found] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def list_pictures(folder: Path, layout: Layout) -> Listing:
    """Find every picture below `folder`; each is in `found`, or a problem says why not."""
    read = layout.reader()
    skipped: Counter[str] = Counter()
    files: list[str] = []
    problems: list[str] = []
    for name, some in walk(folder, skipped, arrays=layout.stacked):
        files += some or ()
        if some is None:
            problems.append(f"folder {name!r} cannot be read")
        elif not some and name and layout.pattern is None and not layout.stacked:
            problems.append(f"folder {name!r} holds no pictures; take it away, or put them in")
    if not files and not problems:
        passed_over = "".join(f"; {what}: {count}" for what, count in sorted(skipped.items()))
        raise DataError(f"no pictures in {folder}{passed_over}")
    listing = Listing(problems=sorted(problems, key=natural_key))
    for file in sorted(files, key=natural_key):
        one = read(file)
        wrong = [one] if isinstance(one, str) else _wrong_names(one)
        listing.problems += [f"{file!r} {text}" for text in wrong]
        if not wrong and isinstance(one, Found):
            listing.found.append(one)
    listing.notes = [
        f"{what}: {count}" for what, count in sorted(skipped.items()) if "not be read" not in what
    ]
    return listing


def _wrong_names(found: Found) -> list[str]:
    """Say what a manifest could not hold, or would take for something else."""
    if not is_utf8(found.file):
        return [f"has a name with {NOT_UTF8}"]
    wrong = [
        f"has blanks around its {name.removesuffix('_id')} {text!r}"
        for name, text in zip(found._fields[1:], found[1:], strict=True)
        if text != text.strip()
    ]
    if found.split not in ("", *SPLITS):
        wrong.append(f"has the split {found.split!r}, which is none of {', '.join(SPLITS)}")
    return wrong
