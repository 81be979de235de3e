"""Whatever the bulbs: the splits of a manifest leak nothing, or none are written."""

import hashlib

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.divide import divide_manifest
from bulbinspect.data.manifest import SPLITS, read_manifest, write_manifest
from bulbinspect.errors import DataError

fractions = st.sampled_from(
    [
        {"train": 0.7, "val": 0.15, "test": 0.15},
        {"train": 0.8, "val": 0.2, "test": 0.0},
        {"train": 0.34, "val": 0.33, "test": 0.33},
    ]
)


@st.composite
def rows(draw):
    """Bulbs of (label, group, split, content): few groups, few splits that stand, few copies."""
    row = st.tuples(
        st.sampled_from(["good", "crack", ""]),
        st.sampled_from(["", "", "", *"123456789"]),
        st.sampled_from(["", "", "", "", "", "", *SPLITS]),
        st.one_of(st.none(), st.none(), st.none(), st.none(), st.integers(0, 3)),
    )
    return draw(st.lists(row, min_size=1, max_size=40))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("divide")


def write(folder, numbered, names):
    """Write a manifest of numbered rows; a row without a content has one of its own."""
    bulbs = []
    for number, (label, group, split, content) in numbered:
        digest = hashlib.sha256(f"{number if content is None else -1 - content}".encode())
        view = View("0", folder / f"{number}.png", (("n", f"{number}"),), None, digest.hexdigest())
        bulbs.append(Bulb(f"b{number}", (view,), label, group, split))
    write_manifest(folder / names, bulbs)
    return folder / names


@settings(deadline=None, max_examples=200)
@given(
    rows(),
    fractions,
    st.integers(0, 99),
    st.booleans(),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_no_group_and_no_picture_is_in_two_splits(
    folder, rows, fractions, seed, redo, join_copies, random
):
    if not redo:
        rows[0] = (*rows[0][:2], "", rows[0][3])
    numbered = list(enumerate(rows))
    path, out = write(folder, numbered, "manifest.csv"), folder / "new.csv"
    out.unlink(missing_ok=True)
    options = {"fractions": fractions, "seed": seed, "redo": redo, "join_copies": join_copies}

    refused = ()
    try:
        divide_manifest(path, out, **options)
    except DataError as error:
        refused = error.problems
    assert out.exists() == (not refused)
    event("refused" if refused else "divided")
    if refused:
        return

    before, after = read_manifest(path).bulbs, read_manifest(out).bulbs
    standing = {bulb.split for bulb in before} - {""}
    splits_of: dict[tuple[str, str], set[str]] = {}
    for old, new in zip(before, after, strict=True):
        assert (old.bulb_id, old.views, old.label, old.group) == (
            new.bulb_id, new.views, new.label, new.group,
        )  # fmt: skip
        assert fractions.get(new.split) or (new.split in standing and not redo)
        if old.split and not redo:
            assert new.split == old.split
        if new.group:
            splits_of.setdefault(("group", new.group), set()).add(new.split)
        splits_of.setdefault(("picture", new.views[0].sha256), set()).add(new.split)
    assert all(len(splits) == 1 for splits in splits_of.values())
    present = {(bulb.split, bulb.label) for bulb in after}
    for label in {bulb.label for bulb in after} - {""}:
        assert {("train", label), ("val", label)} <= present

    random.shuffle(numbered)
    shuffled = write(folder, numbered, "shuffled.csv")
    (folder / "again.csv").unlink(missing_ok=True)
    divide_manifest(shuffled, folder / "again.csv", **options)
    again = {bulb.bulb_id: bulb.split for bulb in read_manifest(folder / "again.csv").bulbs}
    assert again == {bulb.bulb_id: bulb.split for bulb in after}


@settings(deadline=None)
@given(st.integers(3, 12), st.integers(1, 4), fractions, st.integers(0, 99))
def test_sound_manifests_are_not_refused(folder, num_groups, size, fractions, seed):
    """Enough groups of each class and no copies: nothing is wrong with that."""
    rows = [
        (label, f"{label} {group}", "", None)
        for label in ("good", "crack")
        for group in range(num_groups)
        for _ in range(size)
    ]
    path, out = write(folder, list(enumerate(rows)), "sound.csv"), folder / "divided.csv"
    out.unlink(missing_ok=True)

    division = divide_manifest(path, out, fractions=fractions, seed=seed)

    assert len(division.bulbs) == len(rows)
    assert len(set(division.groups)) == 2 * num_groups
