"""One bulb by its name: a folder of its views, or an id in a manifest."""

from collections import Counter
from pathlib import Path

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.manifest import read_manifest
from bulbinspect.data.places import in_order
from bulbinspect.data.walk import walk
from bulbinspect.errors import UsageError


def find_bulb(name: str, manifest: Path | None = None) -> Bulb:
    """Return the bulb whose views lie in the folder `name`, or that has this id in the manifest.

    UsageError where there is none.
    """
    if manifest is not None:
        for bulb in read_manifest(manifest).bulbs:
            if bulb.bulb_id == name:
                return bulb
        raise UsageError(f"there is no bulb {name!r} in {manifest}")
    folder = Path(name).resolve()
    if not folder.is_dir():
        raise UsageError(
            f"{name} is no folder; name one with the views of a bulb, or an id with `--manifest`"
        )
    files = next((files for below, files in walk(folder, Counter()) if not below), None)
    if not files:
        raise UsageError(f"there are no pictures in {name}")
    return Bulb(folder.name, in_order([View(Path(file).stem, folder / file) for file in files]))
