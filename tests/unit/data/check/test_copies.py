"""Copies are found however they were made, and nothing else is taken for one."""

import io
import shutil

import numpy as np
import pytest
from PIL import Image
from tests.data_set import DataSet, face, problems

from bulbinspect.bulb import ViewsIn
from bulbinspect.data.check.check import check
from bulbinspect.data.check.look import plain_spec
from bulbinspect.data.check.source import find_source
from bulbinspect.data.synthetic.write import write_set


def jpeg(pixels, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


def png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def opened(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def turned(pixels):
    return np.ascontiguousarray(pixels[::-1, ::-1])


WAYS = {
    "jpeg 95": lambda pixels: jpeg(pixels, 95),
    "jpeg 75": lambda pixels: jpeg(pixels, 75),
    "jpeg 50": lambda pixels: jpeg(pixels, 50),
    "png of a jpeg": lambda pixels: png(opened(jpeg(pixels, 75))),
    "jpeg of a jpeg": lambda pixels: jpeg(opened(jpeg(pixels, 75)), 60),
    "brighter": lambda pixels: png((pixels * 0.9 + 10).astype(np.uint8)),
    "turned": lambda pixels: png(turned(pixels)),
    "turned, jpeg 95": lambda pixels: jpeg(turned(pixels), 95),
    "turned, jpeg 75": lambda pixels: jpeg(turned(pixels), 75),
    "turned, jpeg 50": lambda pixels: jpeg(turned(pixels), 50),
}
TURNED = [name for name in WAYS if name.startswith("turned")]


@pytest.fixture
def data(tmp_path):
    return DataSet(tmp_path).add_bulbs(4)


def sets(result):
    """Return the sets of copies as pairs of a code and `bulb/view: how` of each."""
    return [
        (one.code, [f"{p.bulb_id}/{p.view}: {p.how}".removesuffix(": ") for p in one.places])
        for one in result.findings
        if "copy" in one.code
    ]


@pytest.mark.parametrize("bulbs", [1, 4, 40])
@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_copying_is_found_among_few_and_many(tmp_path, way, bulbs):
    data = DataSet(tmp_path).add_bulbs(bulbs)
    last = bulbs - 1
    data.file(last, 3).write_bytes(WAYS[way](np.asarray(Image.open(data.file(0, 1)))))
    how = "turned by 180°" if way in TURNED else "nearly the same pixels"
    assert sets(data.check()) == [("near_copy", ["b0/1", f"b{last}/3: {how}"])]


def test_a_copy_scaled_by_a_little_is_found(tmp_path):
    write_set(tmp_path / "drawn", num_bulbs=3, size_px=160)
    folder = tmp_path / "drawn" / "images"
    image = Image.open(folder / "bulb-000000_1.png")
    image.resize((144, 144), Image.Resampling.LANCZOS).save(folder / "copy_1.png")
    ((code, copies),) = sets(check(find_source(folder)))
    assert (code, len(copies)) == ("near_copy", 2)


@pytest.mark.parametrize("size_px", [64, 96, 160])
def test_copies_of_all_drawn_bulbs_are_found_and_reshots_are_none(tmp_path, size_px):
    write_set(tmp_path / "drawn", num_bulbs=12, num_shots=2, size_px=size_px, seed=4)
    folder = tmp_path / "drawn" / "images"
    assert sets(check(find_source(folder))) == []
    originals = sorted(folder.iterdir())
    ways = list(WAYS.values())
    for number, file in enumerate(originals):
        copy = ways[number % len(ways)](np.asarray(Image.open(file)))
        (folder / f"copy-{file.name}").write_bytes(copy)
    found = {
        (one.places[0].path, one.places[1].path)
        for one in check(find_source(folder)).findings
        if one.code == "near_copy" and len(one.places) == 2
    }
    assert found == {(file.name, f"copy-{file.name}") for file in originals}


def test_upside_down_pictures_of_different_bulbs_are_no_copies(tmp_path):
    data = DataSet(tmp_path).add_bulbs(40)
    for bulb in range(0, 40, 2):
        for view in range(4):
            pixels = np.asarray(Image.open(data.file(bulb, view)))
            data.file(bulb, view).write_bytes(png(turned(pixels)))
    assert sets(data.check()) == []


def test_the_same_file_and_the_same_pixels_are_exact_copies(data):
    shutil.copy(data.file(0, 0), data.file(1, 1))
    Image.open(data.file(0, 2)).save(data.file(2, 2), "TIFF")
    assert sets(data.check()) == [
        ("exact_copy", ["b0/0", "b1/1: same file content"]),
        ("exact_copy", ["b0/2", "b2/2: same pixels"]),
    ]


def test_all_copies_of_a_picture_are_one_set_that_says_how_each_differs(data):
    pixels = np.asarray(Image.open(data.file(0, 0)))
    shutil.copy(data.file(0, 0), data.file(1, 1))
    data.file(2, 0).write_bytes(jpeg(pixels, 75))
    data.file(3, 3).write_bytes(jpeg(turned(pixels), 75))
    assert sets(data.check()) == [
        (
            "near_copy",
            [
                "b0/0",
                "b1/1: same file content",
                "b2/0: nearly the same pixels",
                "b3/3: turned by 180°",
            ],
        )
    ]


def test_a_copy_of_a_turned_copy_is_upright_again(data):
    pixels = np.asarray(Image.open(data.file(0, 0)))
    data.file(1, 0).write_bytes(png(turned(pixels)))
    shutil.copy(data.file(1, 0), data.file(2, 0))
    assert sets(data.check()) == [
        ("near_copy", ["b0/0", "b1/0: turned by 180°", "b2/0: turned by 180°"])
    ]


def test_a_copy_in_another_split_counts_as_a_leak(data):
    shutil.copy(data.file(0, 0), data.file(1, 1))
    for bulb, split in enumerate(("train", "test", "val", "train")):
        data.change(f"b{bulb}", split=split, label="good" if bulb else "crack")
    (finding,) = [one for one in data.check().findings if "copy" in one.code]
    assert finding.code == "copy_across_splits"
    assert finding.detail.endswith("in test and train; labelled 'crack' and 'good'")


def test_a_copy_with_another_label_is_named_so(data):
    shutil.copy(data.file(0, 0), data.file(1, 1))
    data.change("b1", label="crack")
    assert sets(data.check())[0][0] == "copy_with_other_label"


def test_views_of_one_bulb_that_are_turned_copies_are_found(data):
    data.file(0, 3).write_bytes(png(turned(np.asarray(Image.open(data.file(0, 0))))))
    assert problems(data.check()) == [("near_copy", ("b0/0", "b0/3"))]


def test_identical_views_are_also_copies_of_the_same_picture_elsewhere(data):
    shutil.copy(data.file(0, 0), data.file(0, 1))
    shutil.copy(data.file(0, 0), data.file(2, 2))
    assert problems(data.check()) == [
        ("exact_copy", ("b0/0", "b0/1", "b2/2")),
        ("identical_views", ("b0/0", "b0/1")),
    ]


def test_files_that_are_refused_are_still_the_same_file(data):
    for bulb in (1, 2):
        data.file(bulb).write_bytes(b"no picture at all")
    assert ("exact_copy", ["b1/0", "b2/0: same file content"]) in sets(data.check())


def test_a_frozen_camera_is_one_set(data):
    for bulb in (1, 2, 3):
        shutil.copy(data.file(0, 2), data.file(bulb, 2))
    assert [(code, len(places)) for code, places in sets(data.check())] == [("exact_copy", 4)]


def test_deep_pictures_are_compared_too(tmp_path):
    data = DataSet(tmp_path).add_bulbs(4)
    for bulb in range(4):
        for view in range(4):
            deep = face(10 * bulb + view).astype(np.uint16) * 16
            Image.fromarray(deep).save(data.file(bulb, view))
    first = np.asarray(Image.open(data.file(0, 0)))
    Image.fromarray(turned(first + 1)).save(data.file(2, 1))
    result = data.check(spec=plain_spec(bit_depth=12))
    assert sets(result) == [("near_copy", ["b0/0", "b2/1: turned by 180°"])]


def test_views_that_share_a_file_are_no_copies_of_each_other_but_of_others(tmp_path):
    for bulb in range(3):
        pages = [Image.fromarray(face(10 * bulb + page)) for page in range(4)]
        pages[0].save(tmp_path / f"b{bulb}.tif", save_all=True, append_images=pages[1:])
    shutil.copy(tmp_path / "b0.tif", tmp_path / "b3.tif")
    result = check(find_source(tmp_path, views_in=ViewsIn.PAGES))
    assert sets(result) == [
        ("exact_copy", [f"b0/{page}", f"b3/{page}: same file content"]) for page in range(4)
    ]
    places = [one.places[0].part for one in result.findings if one.code == "exact_copy"]
    assert places[2] == ("pages", 2, 4)


def test_a_picture_that_vanishes_between_two_looks_is_no_copy_and_no_crash(data, monkeypatch):
    data.file(1, 1).write_bytes(jpeg(np.asarray(Image.open(data.file(0, 0))), 75))

    def gone(view, size, spec):
        return None

    monkeypatch.setattr("bulbinspect.data.check.copies.change_by_saving", gone)
    assert sets(data.check()) == []


def test_a_set_of_one_picture_and_of_none_has_no_copies(tmp_path):
    Image.fromarray(face(1)).save(tmp_path / "b_0.png")
    assert sets(check(find_source(tmp_path))) == []
    (tmp_path / "b_0.png").write_bytes(b"x")
    assert sets(check(find_source(tmp_path))) == []
