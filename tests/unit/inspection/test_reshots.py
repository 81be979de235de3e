from dataclasses import replace
from pathlib import Path

import pytest
from tests.shots import draw_shot

from bulbinspect.bulb import Bulb, View
from bulbinspect.data.check.look import plain_spec
from bulbinspect.errors import DataError
from bulbinspect.inspection.reshots import ReshotBulb, find_copies, gather_shots, shots_of_a_bulb


def shot(bulb_id, *, label="good", group="", limit=(), folder=Path("x"), views=2):
    cells = [*limit, *[None] * views][:views]
    made = tuple(
        View(str(at), folder / f"{at}.png", () if cell is None else (("limit", cell),))
        for at, cell in enumerate(cells)
    )
    return Bulb(bulb_id, made, label, group)


def test_shots_of_one_bulb_share_their_group_and_keep_their_order():
    shots = [shot("a", group="one"), shot("b", group="two"), shot("c", group="one"), shot("d")]
    found = gather_shots(shots)
    assert [(bulb.name, [one.bulb_id for one in bulb.shots]) for bulb in found] == [
        ("one", ["a", "c"]),
        ("two", ["b"]),
        ("d", ["d"]),
    ]
    assert not any(bulb.defective or bulb.limit for bulb in found)


@pytest.mark.parametrize(
    ("cell", "limit"),
    {
        "yes": True,
        "Yes": True,
        "1": True,
        "true": True,
        " yes ": True,
        "no": False,
        "0": False,
    }.items(),
)
def test_a_limit_bulb_is_told_by_the_column_limit(cell, limit):
    (found,) = gather_shots([shot("a", limit=(cell, cell))])
    assert found.limit is limit
    assert not gather_shots([shot("a"), shot("b", limit=("", "false"))])[1].limit


def test_everything_but_good_is_defective():
    assert [bulb.defective for bulb in gather_shots([shot("a", label="crack"), shot("b")])] == [
        True,
        False,
    ]


def test_all_that_is_wrong_is_said_at_once():
    shots = [
        shot("a", group="lot"),
        shot("b", group="lot", label="crack"),
        shot("c", label=""),
        shot("d", limit=("perhaps",)),
        shot("e", limit=("yes", "no")),
        shot("f"),
    ]
    with pytest.raises(DataError) as caught:
        gather_shots(shots)
    assert caught.value.problems == (
        "bulb 'lot': its shots are labelled 'good' and 'crack'; is `group` something else than one "
        "bulb?",
        "bulb 'c': a shot has no label, and the truth is needed",
        "bulb 'd': limit is 'perhaps', expected yes or no",
        "bulb 'e': limit is yes in some of its rows, and no in others",
    )


@pytest.fixture
def drawn(tmp_path):
    """Return a bulb with shots of these gray levels, in folders of their own."""

    def draw(name, *levels):
        shots = []
        for at, level in enumerate(levels):
            folder = draw_shot(tmp_path / f"{name}{at}", level, views=2)
            shots.append(shot(f"{name}{at}", group=name, folder=folder))
        return ReshotBulb(name, "good", False, tuple(shots))

    return draw


def test_a_shot_with_the_pixels_of_another_is_no_shot(drawn):
    bulbs = [drawn("a", 10, 20, 10), drawn("b", 30, 20)]
    copies = find_copies(bulbs, plain_spec())
    assert copies.of == {"a2": "a0", "b1": "a1"}
    assert copies.num_unknown == 0
    assert shots_of_a_bulb(bulbs, copies.of) == {2: 1, 1: 1}


def test_one_copied_view_is_enough_and_its_name_does_not_matter(drawn):
    bulb = drawn("a", 10, 20)
    first, second = bulb.shots
    turned = replace(second, views=(second.views[0], replace(first.views[0], name="1")))
    copies = find_copies([replace(bulb, shots=(first, turned))], plain_spec())
    assert copies.of == {"a1": "a0"}


def test_a_file_that_cannot_be_decoded_is_compared_by_its_bytes(tmp_path, drawn):
    bulb = drawn("a", 10, 20)
    for one in bulb.shots:
        one.views[0].path.write_bytes(b"the same, and no picture")
    assert find_copies([bulb], plain_spec()).of == {"a1": "a0"}


def test_pictures_that_are_gone_are_compared_by_the_manifests_sha256_or_are_unknown(drawn):
    bulb = drawn("a", 10, 20)
    for one in bulb.shots:
        for view in one.views:
            view.path.unlink()
    assert find_copies([bulb], plain_spec()).num_unknown == 4
    named = [
        replace(one, views=tuple(replace(view, sha256=f"{at}" * 64) for view in one.views[:1]))
        for at, one in enumerate(bulb.shots)
    ]
    assert find_copies([replace(bulb, shots=tuple(named))], plain_spec()).of == {}
    alike = replace(bulb, shots=(named[0], replace(named[1], views=named[0].views)))
    assert find_copies([alike], plain_spec()).of == {"a1": "a0"}


def test_pictures_that_show_nothing_are_faults_and_no_copies(tmp_path, draw_bulb):
    shots = [shot(name, folder=draw_bulb(tmp_path / name, [0, 0])) for name in "ab"]
    bulb = ReshotBulb("a", "good", False, tuple(shots))
    assert find_copies([bulb], plain_spec()).of == {}
