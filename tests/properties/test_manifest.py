"""Whatever can be written as a manifest is read as it was, and nothing makes the reader fail."""

from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bulbinspect.bulb import Bulb, Part, View, ViewsIn
from bulbinspect.data.manifest import COLUMNS, SPLITS, read_manifest, scan_manifest, write_manifest
from bulbinspect.data.natural import natural_key
from bulbinspect.errors import DataError

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8).map(str.strip)
name = text.filter(bool)


hashes = st.one_of(st.just(""), st.binary(min_size=32, max_size=32).map(bytes.hex))


@st.composite
def views_of(draw, folder, paths):
    """Views with parts or without; a file with several parts is several of them."""
    views = []
    for path in paths:
        kind, sha256 = draw(st.sampled_from([None, ViewsIn.CHANNELS, ViewsIn.PAGES])), draw(hashes)
        num_parts = draw(st.integers(1, 3)) if kind else 1
        parts = [Part(kind, at, num_parts) if kind else None for at in range(num_parts)]
        views += [(folder / path, part, sha256) for part in draw(st.permutations(parts))]
    names = draw(st.lists(name, min_size=len(views), max_size=len(views), unique=True))
    named = [
        View(n, path, part=part, sha256=sha256)
        for n, (path, part, sha256) in zip(names, views, strict=True)
    ]
    if len(paths) == 1 and named[0].part:
        return tuple(sorted(named, key=lambda view: view.part.index))
    return tuple(sorted(named, key=lambda view: natural_key(view.name)))


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
        views = draw(views_of(folder, mine))
        if views:
            split = draw(st.sampled_from(["", *SPLITS]))
            bulbs.append(Bulb(bulb_id, views, draw(text), draw(text), split))
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


cells = st.one_of(
    st.sampled_from(
        ["", "b1", "0", "1", "a.png", "a.png", "good", "train", "0" * 64, '"', ",", "\n"]
    ),
    text,
)
likely_rows = st.tuples(
    st.sampled_from(["b1", "b2"]), st.sampled_from("0123"), st.sampled_from(["a.tif", "b.tif"]),
    st.just(""), st.just(""), st.just(""), st.sampled_from(["", "0" * 64]),
    st.sampled_from(["", "0", "1", "2"]), st.sampled_from(["", "", "0", "1"]),
).map(list)  # fmt: skip


@settings(deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(st.one_of(likely_rows, st.lists(cells, max_size=10)).map(",".join), max_size=8)
        .map("\n".join)
        .map(lambda rows: f"{','.join(COLUMNS)}\n{rows}".encode()),
    )
)
def test_any_file_is_a_manifest_or_refused_by_line(folder, content):
    path = folder / "any.csv"
    path.write_bytes(content)

    scanned = None
    try:
        scanned = scan_manifest(path)
        problems = scanned.problems
    except DataError as error:  # it has no header
        problems = error.problems
    lines = [problem.split(":")[0].split(" ") for problem in problems]
    assert all(word == "line" and number.isdigit() for word, number in lines)
    if scanned is None:
        assert lines
        return
    of_file = {}
    for bulb in scanned.bulbs:
        assert bulb.bulb_id
        assert bulb.views
        for view in bulb.views:
            assert scanned.lines[bulb.bulb_id, view.name] >= 2
            inside = PurePosixPath(view.path).relative_to(PurePosixPath(folder))
            assert ".." not in inside.parts or inside.parts[0] != ".."
            of_file.setdefault(view.path, []).append((bulb.bulb_id, view.sha256, view.part))
    for claims in of_file.values():
        assert len({(bulb_id, sha256) for bulb_id, sha256, _ in claims}) == 1
        parts = [part for _, _, part in claims]
        assert len(set(parts)) == len(parts)
        assert parts == [None] or all(part.index < part.of for part in parts)
    if scanned.problems:
        with pytest.raises(DataError) as caught:
            read_manifest(path)
        assert caught.value.problems == scanned.problems
    else:
        assert read_manifest(path).bulbs == scanned.bulbs != ()
        for claims in of_file.values():
            assert claims[0][2] is None or claims[0][2].of == len(claims)
