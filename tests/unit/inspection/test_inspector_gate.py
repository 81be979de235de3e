"""The gate in the inspector: what is not fit is unjudged, in every order and in any threads."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bulbinspect.bulb import Bulb, Part, Prediction, Verdict, View, ViewsIn
from bulbinspect.imaging.gate import Gate
from bulbinspect.inspection.inspector import Inspector

GATE = Gate(min_brightness=0.1, max_brightness=0.9)
NAMES = ("0", "1", "2", "3")


def picture(seed: int, level: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).integers(level - 9, level + 10, (16, 16)).astype(np.uint8)


@pytest.fixture
def bulb(tmp_path: Path) -> Callable[..., Bulb]:
    """Write a bulb whose views are noise of these seeds; `levels` gives other ones than 60."""

    def write(bulb_id: str, *seeds: int, levels: dict[int, int] | None = None) -> Bulb:
        views = []
        for place, seed in enumerate(seeds):
            path = tmp_path / f"{bulb_id}_{place}.png"
            level = (levels or {}).get(place, 60)
            Image.fromarray(picture(seed, level)).save(path)
            views.append(View(str(place), path))
        return Bulb(bulb_id, tuple(views))

    return write


def inspect(bundle, *bulbs: Bulb, **options) -> list[Prediction]:
    return list(Inspector(bundle, **options).inspect(bulbs))


def test_a_view_that_is_not_fit_makes_its_bulb_unjudged(tiny_bundle, bulb):
    fine, dark = bulb("fine", 1, 2, 3, 4), bulb("dark", 5, 6, 7, 8, levels={2: 10})
    first, second = inspect(tiny_bundle(gate=GATE), fine, dark)
    assert first.verdict is Verdict.PASS
    assert (second.verdict, second.reason) == (Verdict.UNJUDGED, "too_dark")
    assert second.detail.startswith("view '2': brightness 0.0")
    assert "is below the limit 0.1 (min_brightness)" in second.detail
    assert [view.reason for view in second.views] == ["", "", "too_dark", ""]
    assert second.defect_probability is None
    assert second.class_probabilities == ()


def test_every_view_that_is_not_fit_is_marked(tiny_bundle, bulb):
    (answer,) = inspect(tiny_bundle(gate=GATE), bulb("a", 1, 2, 3, 4, levels={0: 245, 3: 9}))
    assert answer.reason == "too_bright"
    assert [view.reason for view in answer.views] == ["too_bright", "", "", "too_dark"]


def test_a_bulb_whose_pictures_differ_in_size_is_unjudged(tiny_bundle, bulb):
    alike, mixed = bulb("alike", 1, 2, 3, 4), bulb("mixed", 5, 6, 7, 8)
    with Image.open(mixed.views[3].path) as image:
        image.resize((32, 16)).save(mixed.views[3].path)

    gate = Gate(max_size_ratio=1.5)
    first, second = inspect(tiny_bundle(gate=gate), alike, mixed)
    assert first.verdict is Verdict.PASS
    assert (second.verdict, second.reason) == (Verdict.UNJUDGED, "mixed_sizes")
    assert "is 2 times" in second.detail
    assert len(second.views) == 4
    wider = gate.with_overrides({"max_size_ratio": 2})
    assert inspect(tiny_bundle(gate=wider), mixed)[0].verdict is Verdict.PASS


def test_without_a_gate_such_views_are_judged(tiny_bundle, bulb):
    (answer,) = inspect(tiny_bundle(), bulb("a", 1, 2, 3, 4, levels={2: 10}))
    assert answer.verdict is Verdict.PASS


def test_whatever_the_gate_raises_the_bulb_keeps_its_row(tiny_bundle, bulb, monkeypatch):
    def broken(*_):
        raise RuntimeError("no idea")

    monkeypatch.setattr(Gate, "refusal", broken)
    (answer,) = inspect(tiny_bundle(gate=GATE), bulb("a", 1, 2, 3, 4))
    assert (answer.verdict, answer.reason) == (Verdict.UNJUDGED, "gate_failed")
    assert "RuntimeError: no idea" in answer.detail


def test_the_order_of_the_views_does_not_matter(tiny_bundle, bulb):
    bundle = tiny_bundle(gate=GATE)
    straight = bulb("a", 1, 2, 3, 4, levels={2: 10})
    turned = Bulb("a", straight.views[::-1])
    assert inspect(bundle, straight) == inspect(bundle, turned)


@pytest.mark.parametrize("view", range(4))
@pytest.mark.parametrize("earlier_view", [0, 3])
def test_a_picture_of_an_earlier_bulb_is_a_frozen_camera(tiny_bundle, bulb, view, earlier_view):
    seeds = [5, 6, 7, 8]
    seeds[view] = 1 + earlier_view
    first, second = inspect(
        tiny_bundle(gate=GATE), bulb("first", 1, 2, 3, 4), bulb("second", *seeds)
    )
    assert first.verdict is Verdict.PASS
    assert (second.verdict, second.reason) == (Verdict.UNJUDGED, "frozen_camera")
    text = f"it has the same pixels as view '{earlier_view}' of bulb 'first'"
    assert second.detail == f"view '{view}': {text}"
    assert [one.reason == "frozen_camera" for one in second.views] == [
        place == view for place in range(4)
    ]
    assert all(one.defect_probability is None for one in second.views)
    assert (second.label, second.defective_view) == ("", "")


def test_frozen_bulbs_are_the_same_for_all_threads_and_batches(tiny_bundle, bulb):
    random = np.random.default_rng(0)
    bulbs = [bulb(f"b{n}", *random.choice(120, 4, replace=False)) for n in range(40)]
    bundle = tiny_bundle(gate=GATE)
    expected = inspect(bundle, *bulbs, threads=1, batch_size=1)
    assert {one.reason for one in expected} == {"", "frozen_camera"}
    for threads, batch_size in ((1, 16), (3, 2), (4, 5)):
        found = inspect(bundle, *bulbs, threads=threads, batch_size=batch_size)
        assert [(one.verdict, one.reason, one.detail) for one in found] == [
            (one.verdict, one.reason, one.detail) for one in expected
        ]


def test_a_bulb_that_was_not_judged_is_remembered_too(tiny_bundle, bulb):
    short, dark = bulb("short", 1, 2, 3), bulb("dark", 5, 6, 7, 8, levels={2: 9})
    twins = bulb("twins", 20, 20, 21, 22)
    after = [bulb("x", 1, 30, 31, 32), bulb("y", 33, 6, 34, 35), bulb("z", 36, 37, 20, 38)]
    answers = inspect(tiny_bundle(gate=GATE), short, dark, twins, *after)
    assert [one.reason for one in answers] == [
        "missing_view",
        "too_dark",
        "identical_views",
        "frozen_camera",
        "frozen_camera",
        "frozen_camera",
    ]
    assert [one.detail.rpartition(" ")[2] for one in answers[3:]] == [
        "'short'",
        "'dark'",
        "'twins'",
    ]


def test_a_camera_is_found_frozen_only_among_as_many_bulbs_as_are_remembered(tiny_bundle, bulb):
    bulbs = [bulb(f"b{n}", *range(10 * n, 10 * n + 4)) for n in range(4)]
    again = bulb("again", 0, 91, 92, 93)
    for remembered, reason in ((5, "frozen_camera"), (4, "frozen_camera"), (3, ""), (None, "")):
        gate = Gate(remembered_bulbs=remembered)
        answers = inspect(tiny_bundle(gate=gate), *bulbs, again)
        assert answers[-1].reason == reason
        assert [one.reason for one in answers[:-1]] == [""] * 4


def test_each_inspection_starts_with_an_empty_memory(tiny_bundle, bulb):
    inspector = Inspector(tiny_bundle(gate=GATE))
    one = bulb("a", 1, 2, 3, 4)
    assert [next(iter(inspector.inspect([one]))).reason for _ in range(2)] == ["", ""]


def test_views_in_one_file_say_which_part_they_are(tiny_bundle, tmp_path):
    stack = np.stack([picture(seed, 9 if seed == 1 else 60) for seed in range(4)], axis=-1)
    np.save(tmp_path / "stack.npy", stack)
    parts = [Part(ViewsIn.CHANNELS, index, 4) for index in range(4)]
    views = [
        View(name, tmp_path / "stack.npy", part=part)
        for name, part in zip(NAMES, parts, strict=True)
    ]
    refused = Bulb("refused", tuple(views))
    for gate, reason in ((GATE, "too_dark"), (None, "")):
        (answer,) = inspect(tiny_bundle(gate=gate), refused)
        assert answer.reason == reason
        assert [one.part for one in answer.views] == parts
