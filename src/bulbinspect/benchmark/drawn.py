"""Drawn bulbs whose views are called what a bundle calls its own."""

from dataclasses import replace
from pathlib import Path

from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.data.manifest import read_manifest, write_manifest
from bulbinspect.data.synthetic.write import write_set


def draw_for(metadata: BundleMetadata, folder: Path, *, num_bulbs: int, size_px: int) -> Path:
    """Draw a set into the new `folder` and return its manifest."""
    write_set(folder, num_bulbs=num_bulbs, size_px=size_px, num_views=metadata.num_views)
    manifest = folder / "manifest.csv"
    bulbs = read_manifest(manifest).bulbs
    write_manifest(
        manifest,
        [
            replace(
                bulb,
                views=tuple(
                    replace(view, name=name)
                    for view, name in zip(bulb.views, metadata.view_names, strict=True)
                ),
            )
            for bulb in bulbs
        ],
    )
    return manifest
