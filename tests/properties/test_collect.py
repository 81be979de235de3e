"""A manifest made of a folder has every picture of it, or none is made and the reasons are said."""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from hypothesis import event, given, settings
from hypothesis import strategies as st

from bulbinspect.data.collect.collect import collect
from bulbinspect.data.collect.layout import Layout
from bulbinspect.data.folder import list_folder
from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import DataError

odd_names = (
    st.binary(min_size=1, max_size=12)
    .map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_"))
    .map(os.fsdecode)
    .filter(lambda name: not name.startswith(".") and not Path(name).suffix[1:].isalpha())
)
good_names = st.builds(
    "{}_{}.png".format,
    st.sampled_from(["b1", "b2", "b10", "=b", "b\n3", "ü", 'b "4", 5']),
    st.sampled_from("0123"),
)
folders = st.sampled_from(["good", "crack", "pass", "lot 2", "b1"])
names = st.one_of(good_names, good_names, good_names, odd_names)
contents = st.one_of(st.none(), st.none(), st.none(), st.sampled_from([b"", b"the same"]))
"""None: one of its own."""

sound_trees = st.dictionaries(
    st.tuples(st.lists(folders, max_size=2).map(tuple), good_names),
    st.none(),
    min_size=1,
    max_size=9,
)
any_trees = st.dictionaries(
    st.tuples(st.lists(st.one_of(folders, odd_names), max_size=2).map(tuple), names),
    contents,
    min_size=1,
    max_size=9,
)
layouts = st.sampled_from(
    [
        Layout(),
        Layout(by_class=True),
        Layout(pattern=r"((?P<label>[^/]+)/)?(?P<bulb>.+)_(?P<view>[^_]+)\.png"),
        Layout(pattern=r"(?s)(?P<bulb>(.+/)?.+)_(?P<view>[^_/]+)\.png"),
    ]
)


def make(folder, tree):
    """Write the files of a tree as far as a disk holds them; return their paths."""
    files = set()
    for (parents, name), content in tree.items():
        path = folder.joinpath(*parents, name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(os.fsencode(path) if content is None else content)
        except OSError:
            continue  # a file lies where this one wants a folder, or the other way round
        files.add(path)
    return files


@settings(deadline=None)
@given(st.one_of(sound_trees, any_trees), layouts)
def test_every_picture_is_in_the_manifest_or_there_is_none(tree, layout):
    folder = Path(tempfile.mkdtemp())
    try:
        files = make(folder, tree)
        out = folder / "manifest.csv"
        refused = None
        try:
            collected = collect(folder, out, layout)
        except DataError as error:
            refused = error
        assert out.exists() == (refused is None)
        event("made" if refused is None else "refused")
        if refused is not None:
            assert refused.problems or not files
            return

        bulbs = read_manifest(out).bulbs
        assert bulbs == collected.bulbs
        assert {view.path for bulb in bulbs for view in bulb.views} == files
        for bulb in bulbs:
            for view in bulb.views:
                assert view.sha256 == hashlib.sha256(view.path.read_bytes()).hexdigest()
        hashes = [view.sha256 for bulb in bulbs for view in bulb.views]
        assert len(set(hashes)) == len(hashes)
        if layout == Layout():
            seen = list(list_folder(folder))
            assert [bulb.bulb_id for bulb in bulbs] == [bulb.bulb_id for bulb in seen]
            assert [[(view.name, view.path) for view in bulb.views] for bulb in bulbs] == [
                [(view.name, view.path) for view in bulb.views] for bulb in seen
            ]
        collect(folder, folder / "again.csv", layout)
        assert (folder / "again.csv").read_bytes() == out.read_bytes()
    finally:
        shutil.rmtree(folder)


@settings(deadline=None)
@given(sound_trees)
def test_sound_folders_are_not_refused(tree):
    """One file for each view of a bulb, all pictures different: nothing is wrong with that."""
    folder = Path(tempfile.mkdtemp())
    try:
        files = make(folder, {((), name): None for (_, name) in tree})
        collected = collect(folder, folder / "manifest.csv", Layout())
        assert sum(len(bulb.views) for bulb in collected.bulbs) == len(files)
    finally:
        shutil.rmtree(folder)
