import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.data.collect.collect import collect
from bulbinspect.data.collect.layout import Layout
from bulbinspect.data.folder import list_folder
from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import DataError


def save_stack(path, kind, num_parts, seed=0):
    levels = np.random.default_rng(seed).integers(0, 255, (num_parts, 8, 8)).astype(np.uint8)
    if path.suffix == ".npy":
        np.save(path, levels if kind == "pages" else np.moveaxis(levels, 0, -1))
    elif kind == "pages":
        first, *others = (Image.fromarray(one) for one in levels)
        first.save(path, save_all=True, append_images=others)
    else:
        Image.merge(
            ("L", "LA", "RGB", "RGBA")[num_parts - 1], [*map(Image.fromarray, levels)]
        ).save(path)


@pytest.mark.parametrize(("kind", "ending"), [
    ("channels", "png"), ("channels", "npy"), ("pages", "tif"), ("pages", "npy"),
])  # fmt: skip
def test_number_of_stacked_views_is_counted(folder, kind, ending):
    for n in range(3):
        save_stack(folder / f"b{n}.{ending}", kind, 4, seed=n)

    collected = collect(folder, folder / "manifest.csv", Layout(views_in=ViewsIn(kind)))

    bulbs = read_manifest(folder / "manifest.csv").bulbs
    assert bulbs == tuple(collected.bulbs)
    assert [bulb.bulb_id for bulb in bulbs] == ["b0", "b1", "b2"]
    for bulb in bulbs:
        assert [(view.name, view.part) for view in bulb.views] == [
            (f"{at}", Part(ViewsIn(kind), at, 4)) for at in range(4)
        ]
        assert len({(view.path, view.sha256) for view in bulb.views}) == 1
    assert collected.notes == ()


def test_files_with_another_number_of_views_are_named_and_keep_their_rows(folder):
    for n, num_parts in enumerate((3, 3, 2, 4)):
        save_stack(folder / f"b{n}.tif", "pages", num_parts, seed=n)
    (folder / "b4.tif").write_bytes(b"no picture")

    collected = collect(folder, folder / "manifest.csv", Layout(views_in=ViewsIn.PAGES))

    assert [len(bulb.views) for bulb in collected.bulbs] == [3] * 5
    assert [note.partition(" ")[0] for note in collected.notes] == [
        "'b2.tif'",
        "'b3.tif'",
        "'b4.tif'",
    ]
    assert collected.notes[0] == "'b2.tif' holds 2 views, not 3: will be refused when it is read"


def test_stacked_views_get_the_names_given_in_their_order(folder):
    save_stack(folder / "b.tif", "pages", 2)
    layout = Layout(views_in=ViewsIn.PAGES, view_names=("top", "left"))

    (bulb,) = collect(folder, folder / "manifest.csv", layout).bulbs

    assert [(view.name, view.part.index) for view in bulb.views] == [("top", 0), ("left", 1)]


def test_names_in_the_order_of_the_manifest_find_the_same_parts_in_a_folder(folder):
    """A bundle has no more than these names: `predict` must take each for the same part."""
    for n in range(2):
        save_stack(folder / f"b{n}.tif", "pages", 3, seed=n)
    layout = Layout(views_in=ViewsIn.PAGES, view_names=("top", "left", "back"))

    collect(folder, folder / "manifest.csv", layout)

    trained = read_manifest(folder / "manifest.csv").bulbs
    names = [view.name for view in trained[0].views]
    listed = list_folder(folder, views_in=ViewsIn.PAGES, view_names=names)
    assert [[(view.name, view.path, view.part) for view in bulb.views] for bulb in listed] == [
        [(view.name, view.path, view.part) for view in bulb.views] for bulb in trained
    ]


def test_names_that_do_not_fit_the_files_are_refused(folder):
    for n in range(3):
        save_stack(folder / f"b{n}.tif", "pages", 2, seed=n)
    layout = Layout(views_in=ViewsIn.PAGES, view_names=("a", "b", "c"))

    with pytest.raises(DataError, match="most files hold 2 views in pages, but there are 3 names"):
        collect(folder, folder / "manifest.csv", layout)


def test_number_that_is_not_clear_is_asked_for(folder):
    save_stack(folder / "b1.tif", "pages", 2)
    save_stack(folder / "b2.tif", "pages", 3)
    with pytest.raises(DataError, match="--view-names"):
        collect(folder, folder / "manifest.csv", Layout(views_in=ViewsIn.PAGES))

    layout = Layout(views_in=ViewsIn.PAGES, view_names=("a", "b", "c"))
    assert len(collect(folder, folder / "manifest.csv", layout).notes) == 1


def test_files_none_of_which_can_be_counted_are_refused(put):
    with pytest.raises(DataError, match=r"can be counted, such as 'b\.tif': not_a_picture"):
        collect(put("b.tif"), put() / "manifest.csv", Layout(views_in=ViewsIn.PAGES))


def test_stacked_files_lie_in_class_folders_too(folder):
    for label in ("good", "crack"):
        (folder / label).mkdir()
        save_stack(folder / label / f"{label[0]}_1.tif", "pages", 2, seed=len(label))
    layout = Layout(by_class=True, views_in=ViewsIn.PAGES)

    bulbs = collect(folder, folder / "manifest.csv", layout).bulbs

    assert [(bulb.bulb_id, bulb.label) for bulb in bulbs] == [("c_1", "crack"), ("g_1", "good")]


def test_two_stacked_files_of_one_bulb_are_refused(folder, problems_of):
    save_stack(folder / "b.tif", "pages", 2)
    save_stack(folder / "b.npy", "pages", 2)

    assert problems_of(folder, Layout(views_in=ViewsIn.PAGES)) == [
        "all views of bulb 'b' in two files, 'b.npy' and 'b.tif'"
    ]


def test_parts_that_cannot_be_counted_are_named_with_all_else(folder, problems_of):
    save_stack(folder / "b1.tif", "pages", 2)
    save_stack(folder / "b2.tif", "pages", 3)
    (folder / "b3 .tif").write_bytes((folder / "b1.tif").read_bytes())

    first, second = problems_of(folder, Layout(views_in=ViewsIn.PAGES))

    assert first == "'b3 .tif' has blanks around its bulb 'b3 '"
    assert second.startswith("as many files hold 2 views in pages as 3")
