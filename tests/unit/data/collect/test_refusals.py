import os
from pathlib import Path

import pytest

from bulbinspect.data.collect.collect import collect
from bulbinspect.data.collect.layout import Layout
from bulbinspect.errors import DataError


def test_labels_and_folder_must_match_unless_allowed(put, tmp_path, problems_of):
    folder = put("b1_0.png", "b2_0.png", "b3_0.png")
    labels = tmp_path / "labels.csv"
    labels.write_text("bulb_id,label\nb1,good\nb2,\nb9,good\n")

    assert problems_of(folder, labels=labels) == [
        "bulb 'b2' has no label in labels.csv",
        "bulb 'b3' has no row in labels.csv",
        "(--allow-unlabelled lets bulbs without a label pass)",
        "labels.csv, line 4: bulb 'b9' has no pictures",
        "(--allow-absent leaves rows without pictures out)",
    ]
    collected = collect(
        folder, folder / "manifest.csv", Layout(),
        labels=labels, allow_unlabelled=True, allow_absent=True,
    )  # fmt: skip
    assert [bulb.label for bulb in collected.bulbs] == ["good", "", ""]
    assert collected.notes == (
        "bulbs without a label in labels.csv: 2",
        "rows of labels.csv without pictures, left out: 1",
    )


def test_csv_may_add_groups_to_class_folders_but_no_other_labels(
    put, tmp_path, bulbs_of, problems_of
):
    folder = put("good/b1_0.png", "crack/b2_0.png")
    labels = tmp_path / "labels.csv"
    labels.write_text("bulb_id,group\nb1,lot 1\nb2,lot 2\n")
    found = bulbs_of(folder, Layout(by_class=True), labels=labels)
    assert {bulb: facts[:2] for bulb, facts in found.items()} == {
        "b1": ("good", "lot 1"), "b2": ("crack", "lot 2"),
    }  # fmt: skip

    (folder / "manifest.csv").unlink()
    labels.write_text("bulb_id,label\nb1,good\nb2,good\n")
    assert problems_of(folder, Layout(by_class=True), labels=labels) == [
        "labels.csv, line 3: label 'good' of bulb 'b2' is 'crack' by its folder or name"
    ]


def test_all_bad_rows_of_the_labels_are_named(put, tmp_path, problems_of):
    folder = put("b1_0.png")
    labels = tmp_path / "labels.csv"
    labels.write_bytes(
        b"bulb_id,label,split\nb1,good,train\nb1,good,train\n,good,\nb2,good\n"
        b"b3, good,holdout\nb4,\xfc,\n"
    )

    assert problems_of(folder, labels=labels, allow_absent=True) == [
        "labels.csv, line 3: bulb 'b1' is already in line 2",
        "labels.csv, line 4: no bulb_id",
        "labels.csv, line 5: 2 cells, the header has 3",
        "labels.csv, line 6: label ' good' has blanks around it",
        "labels.csv, line 6: split 'holdout' is none of train, val, test",
        "labels.csv, line 7: bytes that are not UTF-8",
    ]


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ("bulb_id,lot", "no column 'label'"),
        ("bulb,label", "no column 'bulb_id'"),
        ("bulb_id,label,view", "column 'view' is for pictures, not for bulbs"),
        ("bulb_id,label,sha256", "column 'sha256' is for pictures, not for bulbs"),
    ],
)
def test_labels_with_an_unusable_header_are_refused(put, tmp_path, header, problem, problems_of):
    (tmp_path / "labels.csv").write_text(f"{header}\n")

    assert any(
        problem in one for one in problems_of(put("b_0.png"), labels=tmp_path / "labels.csv")
    )


def test_everything_that_could_not_be_used_is_named_at_once(put, problems_of):
    folder = put(
        "good/b1/0.png", "crack/b1/1.png", "good/b2_0.png", "good/b2_0.tif", "loose.png",
        "good/plain.png", "good/b4 _0.png", "good/b\udcfc_0.png",
    )  # fmt: skip
    put("good/b5_0.png", "good/b6_0.png", "good/b6_1.png", content=b"the same")
    put("good/b7_0.png").joinpath("good/b7_0.png").write_bytes(b"")
    (folder / "good" / "b8_0.png").symlink_to("gone.png")
    (folder / "good" / "b9").mkdir()

    assert problems_of(folder, Layout(by_class=True)) == [
        "folder 'good/b9' holds no pictures; take it away, or put them in",
        "'good/b4 _0.png' has blanks around its bulb 'b4 '",
        "'good/b\\udcfc_0.png' has a name with bytes that are not UTF-8",
        "'good/plain.png' is not called <bulb>_<view>.<ending>; a pattern can say what it is",
        "'loose.png' lies in no class folder",
        "bulb 'b1' has the label 'crack' by 'crack/b1/1.png', and 'good' by 'good/b1/0.png'; if "
        "they are two bulbs, make the class part of their names by a pattern",
        "view '0' of bulb 'b2' in two files, 'good/b2_0.png' and 'good/b2_0.tif'",
        "'good/b7_0.png' is empty_file: the file holds no bytes",
        "'good/b8_0.png' is missing_file: there is no such file",
        "'good/b5_0.png' and 'good/b6_0.png', of the bulbs 'b5' and 'b6', are the same picture",
        "'good/b5_0.png' and 'good/b6_1.png', of the bulbs 'b5' and 'b6', are the same picture",
    ]


def test_one_picture_as_two_views_is_refused(put, problems_of):
    folder = put("b_0.png", "b_1.png", content=b"the same")

    assert problems_of(folder) == [
        "'b_0.png' and 'b_1.png', both of bulb 'b', are the same picture"
    ]


def test_file_that_does_not_fit_the_pattern_is_named(put, problems_of):
    folder = put("b1-0.png", "b2_0.png", "-0.png")

    assert problems_of(folder, Layout(pattern=r"(?P<bulb>\w*)-(?P<view>\d)\.png")) == [
        "'-0.png' fits the pattern without a bulb or a view",
        "'b2_0.png' does not fit the pattern",
    ]


def test_folder_above_flat_files_is_pointed_out(put, problems_of):
    folder = put(*(f"images/b{n}_0.png" for n in range(101)))

    (problem,) = problems_of(folder)
    assert "bulb 'images' has 101 views" in problem


def test_folder_that_cannot_be_read_is_refused(put, monkeypatch, problems_of):
    folder = put("a/0.png", "b/0.png")
    scandir = os.scandir

    def deny(path):
        if Path(path) == folder / "b":
            raise PermissionError(13, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", deny)

    assert problems_of(folder, Layout(pattern="(?P<bulb>.)/(?P<view>.).png")) == [
        "folder 'b' cannot be read"
    ]


@pytest.mark.parametrize("names", [(), ("readme.txt", ".hidden_0.png")])
def test_folder_without_pictures_is_refused(put, names):
    with pytest.raises(DataError, match="no pictures in"):
        collect(put(*names), put(*names) / "manifest.csv", Layout())


def test_pipe_is_not_waited_for(put, problems_of):
    folder = put("b_0.png")
    os.mkfifo(folder / "b_1.png")

    assert problems_of(folder) == [
        "'b_1.png' is not_a_file: expected a file, found a folder or a device"
    ]
