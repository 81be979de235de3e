"""What is to be checked: the bulbs of a manifest, in order or not, or those of a folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bulbinspect.bulb import Bulb, ViewsIn
from bulbinspect.data.collect.parts import name_parts
from bulbinspect.data.folder import list_folder
from bulbinspect.data.manifest import scan_manifest
from bulbinspect.errors import UsageError


@dataclass(frozen=True)
class Source:
    """Bulbs to be checked; `root` is the folder that their files are named from.

    `problems` and `lines` are those of a scanned manifest, `notes` those of a folder.
    """

    path: Path
    root: Path
    bulbs: Sequence[Bulb]
    manifest_sha256: str | None = None
    problems: tuple[str, ...] = ()
    lines: Mapping[tuple[str, str], int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def find_source(
    path: Path,
    pattern: str | None = None,
    *,
    views_in: ViewsIn = ViewsIn.FILES,
    view_names: Sequence[str] = (),
    allow_outside: bool = False,
) -> Source:
    """Return the bulbs of a manifest or folder; what holds none is a UsageError or DataError.

    A manifest with bad rows is no error: they are `problems`, and its good rows are the bulbs.
    """
    if path.is_dir():
        if allow_outside:
            raise UsageError(f"{path} is a folder; --allow-outside is for the paths in a manifest")
        if views_in is not ViewsIn.FILES and not view_names:
            view_names = _count_parts(path, pattern, views_in)
        listing = list_folder(path, pattern, views_in=views_in, view_names=view_names)
        if not len(listing):
            why = "; ".join(listing.notes) or "it holds no pictures"
            raise UsageError(f"no bulbs in {path}; {why}")
        return Source(path, path, tuple(listing), notes=listing.notes)
    if not path.exists():
        raise UsageError(f"{path} does not exist; name a folder of pictures or a manifest")
    if pattern is not None:
        raise UsageError(f"{path} is a manifest; --pattern is for the names in a folder")
    if views_in is not ViewsIn.FILES:
        raise UsageError(f"{path} is a manifest; it says by its columns what --views-in would")
    scanned = scan_manifest(path, allow_outside=allow_outside)
    return Source(
        path,
        path.parent,
        scanned.bulbs,
        manifest_sha256=scanned.sha256,
        problems=scanned.problems,
        lines=scanned.lines,
    )


def _count_parts(folder: Path, pattern: str | None, kind: ViewsIn) -> tuple[str, ...]:
    """Return the names 0, 1, … for as many views as most files hold."""
    listing = list_folder(folder, pattern, views_in=kind, view_names=("0",))
    files = [(str(view.path.relative_to(folder)), view.path) for b in listing for view in b.views]
    return name_parts(files, kind, ())[0] if files else ("0",)
