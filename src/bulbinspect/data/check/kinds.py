"""What a check can find: each kind with its weight, its meaning, and what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """A problem must be mended before the data are used; a note is to be known."""

    PROBLEM = "problem"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of finding; `code` is its short name, as it stands in the JSON."""

    code: str
    severity: Severity
    meaning: str
    advice: str


def _problem(code: str, meaning: str, advice: str) -> Kind:
    return Kind(code, Severity.PROBLEM, meaning, advice)


def _note(code: str, meaning: str, advice: str) -> Kind:
    return Kind(code, Severity.NOTE, meaning, advice)


# Worst first: this is the order in which they are shown.
_KINDS = (
    _problem(
        "copy_across_splits",
        "the same picture in two splits",
        "Keep the bulb in one split, or give all copies the same group and split again.",
    ),
    _problem(
        "group_across_splits",
        "a group is divided between splits",
        "Split again by group; figures measured on such a split are too good.",
    ),
    _problem(
        "copy_with_other_label",
        "the same picture under two labels",
        "Find out which label is right, and remove the other copy.",
    ),
    _problem(
        "labels_disagree",
        "one bulb with two labels",
        "A bulb has one label: correct the rows that are wrong.",
    ),
    _problem(
        "splits_disagree",
        "one bulb in two splits",
        "A bulb is in one split: correct the rows that are wrong.",
    ),
    _problem(
        "groups_disagree",
        "one bulb in two groups",
        "A bulb is in one group: correct the rows that are wrong.",
    ),
    _problem(
        "view_labels_disagree",
        "the labels of the views do not give that of the bulb",
        "A good bulb has only good views, a defective one at least one that is not: correct "
        "`label` or `view_label`.",
    ),
    _problem(
        "duplicate_view",
        "a view or a picture that is there twice",
        "Remove the row or the file, or name the picture that was meant.",
    ),
    _problem(
        "bad_row",
        "a row of the manifest that cannot be used",
        "Correct the row; until then its picture is not looked at.",
    ),
    _problem(
        "refused_picture",
        "a picture that the reader refuses",
        "Replace the file, or declare how it is stored: --bit-depth, --colour, --value-range.",
    ),
    _problem(
        "refused_by_gate",
        "a picture that the gate of the model refuses",
        "Look at the camera and the light; take the picture again.",
    ),
    _problem(
        "blank",
        "a picture that shows nothing",
        "Look whether the camera was covered or the light off; take the picture again.",
    ),
    _problem(
        "no_views",
        "a bulb without any view",
        "Add its pictures, or remove the bulb.",
    ),
    _problem(
        "missing_view",
        "a bulb that lacks a view",
        "Add the picture; a bulb that lacks a view is not judged.",
    ),
    _problem(
        "surplus_view",
        "a bulb with a view that the others do not have",
        "Remove the picture, or name the view as it is called elsewhere.",
    ),
    _problem(
        "unplaced_file",
        "a file that belongs to no bulb by its name",
        "Name it <bulb>_<view>.<ending>, move it out of the folder, or give --pattern.",
    ),
    _problem(
        "identical_views",
        "one picture as two views of a bulb",
        "No camera sees two sides alike: find the picture that is missing.",
    ),
    _problem(
        "exact_copy",
        "the same pixels more than once",
        "Keep one of them. If one camera gives it for many bulbs, the camera is frozen.",
    ),
    _problem(
        "near_copy",
        "the same picture saved again or turned by 180°, or two that hardly differ",
        "Look at them and keep one; where all must stay, give them one group, so that no split "
        "divides them.",
    ),
    _problem(
        "mixed_sizes",
        "a bulb whose pictures differ in size",
        "Find out which camera was set otherwise.",
    ),
    _problem(
        "mixed_depths",
        "a bulb whose pictures differ in bit depth",
        "Save all pictures of a bulb with the same depth.",
    ),
    _note(
        "odd_size",
        "pictures of another size than that camera usually gives",
        "They are used, scaled to the size of the network.",
    ),
    _note(
        "odd_depth",
        "pictures of another bit depth than the rest",
        "They are used if their levels fit the declared depth.",
    ),
    _note(
        "class_balance",
        "how many bulbs of each class there are",
        "Few bulbs of a class make its figures uncertain.",
    ),
    _note(
        "sample_size",
        "what the bulbs of a split can prove",
        "For a stricter proof, test more bulbs.",
    ),
    _note(
        "cameras",
        "how many pictures each view has",
        "Every bulb should have every view.",
    ),
    _note(
        "passed_over",
        "files and folders that were not looked at",
        "Look whether a picture is among them.",
    ),
)

KINDS = {kind.code: kind for kind in _KINDS}
