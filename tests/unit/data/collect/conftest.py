import os

import pytest

from bulbinspect.data.collect.collect import collect
from bulbinspect.data.collect.layout import Layout
from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import DataError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    return tmp_path / "pictures"


@pytest.fixture
def put(folder):
    """Write files whose content is their own name, so that no two are alike."""

    def put(*names, content=None):
        for name in names:
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content or os.fsencode(name))
        return folder

    return put


@pytest.fixture
def bulbs_of():
    def bulbs_of(folder, layout=None, **options):
        """Make a manifest and return bulb id -> (label, group, split, [(view, path below)])."""
        out = folder / "manifest.csv"
        collect(folder, out, layout or Layout(), **options)
        return {
            bulb.bulb_id: (
                bulb.label, bulb.group, bulb.split,
                [(view.name, view.path.relative_to(folder).as_posix()) for view in bulb.views],
            )
            for bulb in read_manifest(out).bulbs
        }  # fmt: skip

    return bulbs_of


@pytest.fixture
def problems_of():
    def problems_of(folder, layout=None, **options):
        with pytest.raises(DataError) as caught:
            collect(folder, folder / "manifest.csv", layout or Layout(), **options)
        assert not (folder / "manifest.csv").exists()
        return list(caught.value.problems)

    return problems_of
