"""Where bulbs to be judged come from: a folder of pictures, or a manifest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bulbinspect.bulb import Bulb, ViewsIn
from bulbinspect.data.folder import list_folder
from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import UsageError


@dataclass(frozen=True, slots=True)
class Source:
    """Bulbs that were found; `notes` say what was passed over and why."""

    bulbs: Iterable[Bulb]
    num_bulbs: int
    notes: tuple[str, ...] = ()


def find_bulbs(
    path: Path,
    pattern: str | None = None,
    *,
    views_in: ViewsIn = ViewsIn.FILES,
    view_names: Sequence[str] = (),
) -> Source:
    """Return the bulbs of a folder or manifest; UsageError when there are none.

    The options are for a folder, see `data.folder.list_folder`; a manifest says all itself.
    """
    if path.is_dir():
        listing = list_folder(path, pattern, views_in=views_in, view_names=view_names)
        source = Source(listing, len(listing), listing.notes)
    elif not path.exists():
        raise UsageError(f"{path} does not exist; name a folder of pictures or a manifest")
    elif pattern is not None:
        raise UsageError(f"{path} is a manifest; `--pattern` is for the names in a folder")
    else:
        bulbs = read_manifest(path).bulbs
        source = Source(bulbs, len(bulbs))
    if not source.num_bulbs:
        raise UsageError(f"no bulbs in {path}; {'; '.join(source.notes) or 'it holds no pictures'}")
    return source
