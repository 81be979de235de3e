"""Whatever mix of faults is planted, the check finds each of them, and nothing else."""

import functools
import io
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from tests.data_set import VIEWS, DataSet, Row, face, problems

from bulbinspect.data.check.check import check
from bulbinspect.data.check.source import find_source

SPLITS = ("", "train", "val", "test")
LABELS = ("good", "crack", "stain")


@functools.cache
def pixels_of(bulb, view):
    return face(10 * bulb + view)


def encoded(pixels, kind="PNG", **options):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def turned(pixels):
    return np.ascontiguousarray(pixels[::-1, ::-1])


COPIES = {
    "bytes": lambda pixels: encoded(pixels),
    "pixels": lambda pixels: encoded(pixels, "BMP"),
    "jpeg": lambda pixels: encoded(pixels, "JPEG", quality=50),
    "turned": lambda pixels: encoded(turned(pixels)),
    "turned jpeg": lambda pixels: encoded(turned(pixels), "JPEG", quality=60),
}
SPOILT = {  # each its own file, since the same one twice is a copy, readable or not
    "cut": lambda number: encoded(face(6000 + number))[:900],
    "empty": lambda number: b"",
    "text": lambda number: b"<html>%d" % number,
    "colour": lambda number: encoded(
        np.stack([face(6000 + number), face(7000 + number), face(8000 + number)], axis=-1)
    ),
    "deep": lambda number: encoded(face(6000 + number).astype(np.uint16) * 200),
}
ODD = {
    "blank": lambda pixels: encoded(np.full_like(pixels, 9)),
    "mixed_sizes": lambda pixels: encoded(np.ascontiguousarray(pixels[:48])),
    "mixed_depths": lambda pixels: encoded(pixels.astype(np.uint16)),
}
IN_ROWS = ("labels_disagree", "splits_disagree", "groups_disagree", "bad_row", "view_label")
IN_FILES = (
    *SPOILT,
    *ODD,
    "gone",
    "missing_view",
    "surplus_view",
    "identical_views",
    *(f"copy by {way}" for way in COPIES),
)


@dataclass(frozen=True)
class Plan:
    """The fault of a bulb, at one of its views; its partner, the next bulb, has none."""

    fault: str
    view: int
    other_view: int
    split: str
    label: str
    partner_split: str
    partner_label: str
    one_group: bool


def plans(faults):
    views = st.permutations(range(4))
    return st.lists(
        st.builds(
            lambda fault, two, *rest: Plan(fault, two[0], two[1], *rest),
            st.sampled_from(["none", *faults]),
            views,
            st.sampled_from(SPLITS),
            st.sampled_from(LABELS),
            st.sampled_from(SPLITS),
            st.sampled_from(LABELS),
            st.booleans(),
        ),
        max_size=8,
    )


def data_of(folder, planned):
    """Write the pictures of all bulbs: two for each plan, and one more."""
    data = DataSet(folder)
    for bulb in range(2 * len(planned) + 1):
        for view in range(4):
            data.file(bulb, view).write_bytes(encoded(pixels_of(bulb, view)))
            data.rows.append(Row(f"b{bulb}", str(view), data.file(bulb, view).name))
    return data


def plant(data, number, plan):
    """Plant a fault into the files; return the problems that are to be found."""
    name, view = f"b{number}", plan.view
    file = data.file(number, view)
    at = f"{name}/{view}"
    if plan.fault in SPOILT:
        file.write_bytes(SPOILT[plan.fault](number))
        return [("refused_picture", (at,))]
    if plan.fault in ODD:
        file.write_bytes(ODD[plan.fault](pixels_of(number, view)))
        return [(plan.fault, (at,))]
    if plan.fault == "surplus_view":
        (data.folder / f"{name}_9.png").write_bytes(encoded(face(5000 + number)))
        first = next(row for row in data.rows if row.bulb_id == name)
        data.rows.append(replace(first, view="9", path=f"{name}_9.png"))
        return [(plan.fault, (f"{name}/9",))]
    if plan.fault == "identical_views":
        data.file(number, plan.other_view).write_bytes(encoded(pixels_of(number, view)))
        both = sorted((view, plan.other_view))
        return [(plan.fault, tuple(f"{name}/{one}" for one in both))]
    if plan.fault.startswith("copy by"):
        way = plan.fault.removeprefix("copy by ")
        original = pixels_of(number + 1, plan.other_view)
        file.write_bytes(COPIES[way](original))
        code = "exact_copy" if way in ("bytes", "pixels") else "near_copy"
        return [(code, (at, f"b{number + 1}/{plan.other_view}"))]
    return []


def plant_in_rows(data, number, plan):
    """Plant a fault into the rows; return the problems that are to be found."""
    name, view = f"b{number}", str(plan.view)
    at = f"{name}/{view}"
    later = str(max(plan.view, 1))  # the first row of a bulb is the one that counts
    if plan.fault == "gone":
        data.file(number, plan.view).unlink()
        return [("refused_picture", (at,))]
    if plan.fault == "missing_view":
        data.drop(name, view)
        return [("missing_view", (name,))]
    if plan.fault == "bad_row":
        data.change(name, view, path=f"../{name}.png")
        return [("bad_row", ("",)), ("missing_view", (name,))]
    if plan.fault == "labels_disagree":
        data.change(name, later, label="another")
    elif plan.fault == "splits_disagree":
        data.change(name, later, split="val" if plan.split != "val" else "test")
    elif plan.fault == "groups_disagree":
        data.change(name, later, group="another")
    elif plan.fault == "view_label":
        if plan.label == "good":
            data.change(name, view, more={"view_label": "crack"})
            return [("view_labels_disagree", (at,))]
        data.change(name, more={"view_label": "good"})
        return [("view_labels_disagree", (name,))]
    else:
        return plant(data, number, plan)
    return [(plan.fault, (f"{name}/{later}",))]


def worse(found, plan):
    """Say how bad a copy is, by the splits and labels of the two bulbs."""
    code, places = found
    if not code.endswith("_copy"):
        return found
    if plan.split and plan.partner_split and plan.split != plan.partner_split:
        return "copy_across_splits", places
    return ("copy_with_other_label" if plan.label != plan.partner_label else code), places


@settings(max_examples=50, deadline=None)
@given(plans((*IN_FILES, *IN_ROWS)))
def test_faults_of_a_manifest_are_all_found_and_nothing_else(planned):
    expected = []
    with tempfile.TemporaryDirectory() as folder:
        data = data_of(Path(folder), planned)
        for number, plan in zip(range(0, 2 * len(planned), 2), planned, strict=True):
            group = f"g{number}" if plan.one_group else ""
            data.change(f"b{number}", split=plan.split, label=plan.label, group=group)
            data.change(
                f"b{number + 1}", split=plan.partner_split, label=plan.partner_label, group=group
            )
            expected += [worse(one, plan) for one in plant_in_rows(data, number, plan)]
            splits = {plan.split, plan.partner_split} - {""}
            if plan.one_group and len(splits) > 1:
                expected.append(("group_across_splits", (f"b{number}", f"b{number + 1}")))
        result = data.check()
    assert problems(result) == sorted(expected)
    assert result.num_problems == len(expected)


@settings(max_examples=30, deadline=None)
@given(plans((*IN_FILES, "unplaced_file", "no_views", "duplicate_view")))
def test_faults_of_a_folder_are_all_found_and_nothing_else(planned):
    expected = []
    with tempfile.TemporaryDirectory() as folder:
        data = data_of(Path(folder), planned)
        for number, plan in zip(range(0, 2 * len(planned), 2), planned, strict=True):
            name, file = f"b{number}", data.file(number, plan.view)
            if plan.fault in ("gone", "missing_view"):
                file.unlink()
                expected.append(("missing_view", (name,)))
            elif plan.fault == "unplaced_file":
                (data.folder / f"stray{number}.png").write_bytes(encoded(face(5000 + number)))
                expected.append((plan.fault, (f"stray{number}",)))
            elif plan.fault == "no_views":
                (data.folder / f"empty{number}").mkdir()
                expected.append((plan.fault, (f"empty{number}",)))
            elif plan.fault == "duplicate_view":
                file.with_suffix(".bmp").write_bytes(encoded(face(5000 + number), "BMP"))
                expected.append((plan.fault, (f"{name}/{plan.view}",) * 2))
            else:
                expected += plant(data, number, plan)
        result = check(find_source(Path(folder)))
    assert problems(result) == sorted(expected)


@pytest.mark.parametrize("way", COPIES)
def test_every_way_of_copying_gives_another_file_or_picture(way):
    original = pixels_of(0, 0)
    copy = np.asarray(Image.open(io.BytesIO(COPIES[way](original))))
    assert np.array_equal(copy, original) == (way in ("bytes", "pixels"))
    assert len(VIEWS) == 4
