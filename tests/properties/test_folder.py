"""Every file of a folder belongs to exactly one bulb, whatever it is called."""

import os
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.data.folder import list_folder

names = st.one_of(
    st.sampled_from(
        ["b_0.png", "b_0.jpg", "b_1.png", "b.png", "b", "_0", "b__0.tif", "b_0.tif", "0.CSV"]
    ),
    st.binary(min_size=1, max_size=12)
    .map(lambda name: name.replace(b"/", b"_").replace(b"\0", b"_"))
    .map(os.fsdecode)
    .filter(lambda name: not name.startswith(".") and not Path(name).suffix[1:].isalpha()),
)
trees = st.dictionaries(
    st.lists(names, min_size=1, max_size=3).map(tuple), st.just(None), max_size=12
)
patterns = st.sampled_from([None, r"(?P<bulb>.+)_(?P<view>.*)", r"(?P<view>.)?(?P<bulb>.*)"])


@settings(deadline=None)
@given(trees, patterns, st.sampled_from(ViewsIn))
def test_every_file_belongs_to_exactly_one_bulb(tree, pattern, views_in):
    folder = Path(tempfile.mkdtemp())
    try:
        files = set()
        for parts in tree:
            path = folder.joinpath(*parts)
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch(exist_ok=False)
            except OSError:
                continue  # a file lies where this one wants a folder, or the other way round
            if path.suffix != ".CSV":
                files.add(path)

        names = ("a", "b")
        listing = list_folder(folder, pattern, views_in=views_in, view_names=names)
        bulbs = list(listing)

        of_file = {None} if views_in == "files" else {Part(views_in, at, 2) for at in range(2)}
        assert Counter((view.path, view.part) for bulb in bulbs for view in bulb.views) == Counter(
            (file, part) for file in files for part in of_file
        )
        assert len({bulb.bulb_id for bulb in bulbs}) == len(bulbs) == len(listing)
        assert all(bulb.bulb_id for bulb in bulbs)
    finally:
        shutil.rmtree(folder)
