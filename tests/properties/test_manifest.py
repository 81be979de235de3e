"""Whatever can be written as a manifest is read as it was, and nothing makes the reader fail."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.manifest import COLUMNS, SPLITS, read_manifest, write_manifest
from bulbinspect.data.natural import natural_key
from bulbinspect.errors import DataError

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(str.strip)
name = text.filter(bool)


@st.composite
def bulbs_in(draw, folder):
    paths = draw(
        st.lists(
            st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="/\\:."),
                    min_size=1, max_size=6),
            min_size=1, max_size=12, unique=True,
        )
    )  # fmt: skip
    ids = draw(st.lists(name, min_size=1, max_size=4, unique=True))
    bulbs = []
    for bulb_id in ids:
        mine, paths = paths[: len(paths) // 2 + 1], paths[len(paths) // 2 + 1 :]
        names = draw(st.lists(name, min_size=len(mine), max_size=len(mine), unique=True))
        views = [View(n, folder / p) for n, p in zip(names, mine, strict=True)]
        views.sort(key=lambda view: natural_key(view.name))
        if views:
            split = draw(st.sampled_from(["", *SPLITS]))
            bulbs.append(Bulb(bulb_id, tuple(views), draw(text), draw(text), split))
    return bulbs


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("manifest")


@settings(deadline=None)
@given(data=st.data())
def test_bulbs_survive_the_file(folder, data):
    bulbs = data.draw(bulbs_in(folder))

    write_manifest(folder / "manifest.csv", bulbs)

    assert list(read_manifest(folder / "manifest.csv").bulbs) == bulbs


cells = st.one_of(st.sampled_from(["", "b1", "0", "a.png", "good", "train", '"', ",", "\n"]), text)


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.lists(cells, max_size=7).map(",".join), max_size=8)
        .map("\n".join)
        .map(lambda rows: f"{','.join(COLUMNS)}\n{rows}".encode()),
    )
)
def test_any_file_is_a_manifest_or_refused_by_line(folder, content):
    path = folder / "any.csv"
    path.write_bytes(content)

    try:
        manifest = read_manifest(path)
    except DataError as error:
        lines = [problem.split(":")[0].split(" ") for problem in error.problems]
        assert lines
        assert all(word == "line" and number.isdigit() for word, number in lines)
        return
    for bulb in manifest.bulbs:
        assert bulb.bulb_id
        for view in bulb.views:
            inside = PurePosixPath(view.path).relative_to(PurePosixPath(folder))
            assert ".." not in inside.parts or inside.parts[0] != ".."
