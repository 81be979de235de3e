import hashlib

import pytest

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.divide import divide_manifest
from bulbinspect.data.manifest import read_manifest, write_manifest
from bulbinspect.errors import DataError

FRACTIONS = {"train": 0.6, "val": 0.15, "test": 0.25}


def digest(name):
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
def write(tmp_path):
    """Write a manifest of (bulb id, label, group, split, content of its picture or None).

    The hash of the content stands in the manifest; with None the picture is in the folder instead.
    """

    def write(*rows):
        bulbs = []
        for bulb_id, label, group, split, content in rows:
            path = tmp_path / f"{bulb_id}.png"
            sha256 = digest(content) if content is not None else ""
            bulbs.append(Bulb(bulb_id, (View("0", path, sha256=sha256),), label, group, split))
        write_manifest(tmp_path / "manifest.csv", bulbs)
        return tmp_path / "manifest.csv"

    return write


def many(num_groups, size=3, labels=("good", "crack"), split=""):
    return [
        (f"{label}-{group}-{n}", label, f"lot {group}", split, f"{label}{group}{n}")
        for group in range(num_groups)
        for label in labels
        for n in range(size)
    ]


def divide(path, **options):
    options = {"fractions": FRACTIONS, "seed": 0, **options}
    return divide_manifest(path, path.with_name("new.csv"), **options)


def problems_of(path, **options):
    with pytest.raises(DataError) as caught:
        divide(path, **options)
    assert not path.with_name("new.csv").exists()
    return list(caught.value.problems)


def splits_in(path):
    return {bulb.bulb_id: bulb.split for bulb in read_manifest(path).bulbs}
