from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulbinspect.bulb import Part, View, ViewsIn
from bulbinspect.inspection.arrange import ViewFault, arrange

NAMES = ("0", "1", "2", "3")


def views(*names: str) -> tuple[View, ...]:
    return tuple(View(name, Path(f"{place}_{name}.png")) for place, name in enumerate(names))


def test_views_are_brought_into_the_order_of_the_bundle():
    given_views = views("2", "0", "3", "1")
    arranged = arrange(given_views, NAMES)
    assert [view.name for view in arranged] == list(NAMES)
    assert set(arranged) == set(given_views)


def test_unknown_names_are_taken_in_the_order_they_come_in():
    given_views = views("front", "left", "back", "right")
    assert arrange(given_views, NAMES) == given_views


@pytest.mark.parametrize(
    ("names", "reason", "says", "culprits"),
    [
        ((), "missing_view", "0 views where the model needs 4", ()),
        (("0", "1", "3"), "missing_view", "missing: '2'", ()),
        (("a", "b"), "missing_view", "2 views where the model needs 4", ()),
        (("0", "1", "2", "x"), "missing_view", "missing: '3'; not known to the model: 'x'", ("x",)),
        (("0", "1", "2", "3", "4"), "surplus_view", "surplus: '4'", ("4",)),
        (("0", "1", "2", "3", "a", "b"), "surplus_view", "surplus: 'a', 'b'", ("a", "b")),
        (("a", "b", "c", "d", "e"), "surplus_view", "surplus: 'e'", ("e",)),
        (("0", "1", "2", "2"), "duplicate_view", "more than once: '2', '2'", ("2", "2")),
        (("0", "1", "2", "3", "3"), "duplicate_view", "more than once", ("3", "3")),
        (("", "", "", ""), "duplicate_view", "more than once", ("", "", "", "")),
    ],
)
def test_wrong_views_are_named(names, reason, says, culprits):
    fault = arrange(views(*names), NAMES)
    assert isinstance(fault, ViewFault)
    assert fault.reason == reason
    assert says in fault.detail
    assert tuple(view.name for view in fault.culprits) == culprits


def test_one_file_as_two_views_is_a_duplicate():
    doubled = (*views("0", "1", "2"), View("3", Path("0_0.png")))
    fault = arrange(doubled, NAMES)
    assert isinstance(fault, ViewFault)
    assert fault.reason == "duplicate_view"
    assert [view.name for view in fault.culprits] == ["0", "3"]


def stacked(*indices, kind=ViewsIn.CHANNELS):
    path = Path("stack.npy")
    return tuple(
        View(name, path, part=Part(kind, index, 4))
        for name, index in zip(NAMES, indices, strict=True)
    )


def test_the_parts_of_one_file_are_not_the_same_picture():
    given_views = stacked(0, 1, 2, 3)
    assert arrange(given_views, NAMES) == given_views


def test_one_part_as_two_views_is_a_duplicate():
    fault = arrange(stacked(0, 1, 2, 1), NAMES)
    assert isinstance(fault, ViewFault)
    assert fault.reason == "duplicate_view"
    assert [view.name for view in fault.culprits] == ["1", "3"]


def test_a_thousand_surplus_views_make_a_short_sentence():
    fault = arrange(views(*map(str, range(1000))), NAMES)
    assert isinstance(fault, ViewFault)
    assert "and 991 more" in fault.detail
    assert len(fault.detail) < 200


@given(st.lists(st.sampled_from(["0", "1", "2", "3", "4", "a", "b", "c", "d"]), max_size=6))
def test_only_one_view_for_each_of_the_bundle_is_ever_arranged(names):
    arranged = arrange(views(*names), NAMES)
    right = sorted(names) == list(NAMES)
    strange = len(names) == len(set(names)) == 4 and not set(names) & set(NAMES)
    assert isinstance(arranged, ViewFault) == (not right and not strange)
    if not isinstance(arranged, ViewFault):
        assert {view.name for view in arranged} == set(names)
