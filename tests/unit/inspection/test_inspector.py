import itertools
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.special import expit

from bulbinspect.bulb import Bulb, Prediction, Verdict, View
from bulbinspect.errors import BundleError, UsageError
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection import inspector as inspector_file
from bulbinspect.inspection.inspector import Inspector

DARK, BRIGHT = [50, 60, 70, 80], [240, 250, 200, 220]


@pytest.fixture
def bulb(tmp_path: Path, draw_bulb: Callable[..., Path]) -> Callable[..., Bulb]:
    """Draw a bulb of flat pictures, one for each level."""

    def draw(bulb_id: str, levels: Sequence[int], **options) -> Bulb:
        folder = draw_bulb(tmp_path / bulb_id, levels, **options)
        return Bulb(bulb_id, tuple(View(str(n), folder / f"{n}.png") for n in range(len(levels))))

    return draw


def inspect(inspector: Inspector, *bulbs: Bulb) -> list[Prediction]:
    return list(inspector.inspect(bulbs))


def test_verdicts_and_probabilities_are_those_computed_by_hand(tiny_bundle, bulb):
    bundle = tiny_bundle()
    dark, bright = inspect(Inspector(bundle), bulb("dark", DARK), bulb("bright", BRIGHT))
    assert (dark.bulb_id, dark.verdict) == ("dark", Verdict.PASS)
    assert (bright.bulb_id, bright.verdict) == ("bright", Verdict.REJECT)
    assert dark.defect_probability == pytest.approx(expit(8 * 65 / 255 - 4), rel=1e-5)
    assert bright.defect_probability == pytest.approx(expit(8 * 227.5 / 255 - 4), rel=1e-5)
    assert bright.defective_view == "1"
    assert bright.views[2].defect_probability == pytest.approx(expit(8 * 200 / 255 - 4), rel=1e-5)
    assert {dark.model, bright.model} == {bundle.sha256}


def test_views_are_matched_by_name_not_by_place(tiny_bundle, bulb):
    straight = bulb("a", BRIGHT)
    turned = Bulb("a", straight.views[::-1])
    assert inspect(Inspector(tiny_bundle()), straight) == inspect(Inspector(tiny_bundle()), turned)


def test_pictures_of_any_size_are_judged(tiny_bundle, bulb):
    (prediction,) = inspect(Inspector(tiny_bundle()), bulb("large", BRIGHT, size=(50, 31)))
    assert prediction.defect_probability == pytest.approx(expit(8 * 227.5 / 255 - 4), rel=1e-5)


def test_deep_pictures_are_judged(tiny_bundle, tmp_path):
    spec = PreprocessSpec(height_px=16, width_px=16, bit_depth=12)
    for name in "0123":
        pixels = np.full((16, 16), 3000, np.uint16)
        pixels[0, int(name)], pixels[1, int(name)] = 2999, 3001
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    deep = Bulb("deep", tuple(View(name, tmp_path / f"{name}.png") for name in "0123"))
    (prediction,) = inspect(Inspector(tiny_bundle(preprocess=spec)), deep)
    assert prediction.defect_probability == pytest.approx(expit(8 * 3000 / 4095 - 4), rel=1e-5)


def test_a_faulty_bulb_is_unjudged_and_its_batch_mates_are_not(tiny_bundle, bulb):
    faulty = bulb("faulty", DARK)
    faulty.views[2].path.write_bytes(faulty.views[2].path.read_bytes()[:45])
    faulty.views[3].path.unlink()
    bulbs = [bulb("a", DARK), faulty, bulb("b", BRIGHT), bulb("short", DARK[:3])]
    a, bad, b, short = inspect(Inspector(tiny_bundle(), batch_size=4), *bulbs)
    assert (a.verdict, b.verdict) == (Verdict.PASS, Verdict.REJECT)
    assert bad.verdict is Verdict.UNJUDGED
    assert bad.defect_probability is None
    assert [view.reason == "" for view in bad.views] == [True, True, False, False]
    assert bad.reason == bad.views[2].reason
    assert bad.views[3].reason == "missing_file"
    assert "view '2': " in bad.detail
    assert (short.verdict, short.reason) == (Verdict.UNJUDGED, "missing_view")
    assert "missing: '3'" in short.detail


def test_a_view_too_many_is_marked(tiny_bundle, bulb):
    (prediction,) = inspect(Inspector(tiny_bundle()), bulb("five", [*DARK, 90]))
    assert (prediction.verdict, prediction.reason) == (Verdict.UNJUDGED, "surplus_view")
    assert [view.reason for view in prediction.views] == ["", "", "", "", "surplus_view"]


def test_whatever_the_reader_raises_the_bulb_keeps_its_row(tiny_bundle, bulb, monkeypatch):
    def broken(views: Sequence[View], spec: PreprocessSpec) -> None:
        raise MemoryError("no room")

    monkeypatch.setattr(inspector_file, "load_views", broken)
    (prediction,) = inspect(Inspector(tiny_bundle()), bulb("a", DARK))
    assert (prediction.verdict, prediction.reason) == (Verdict.UNJUDGED, "unreadable")
    assert "MemoryError: no room" in prediction.detail


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_only_the_bulb_with_a_number_that_is_none_is_unjudged(tiny_bundle, bulb, batch_size):
    bundle = tiny_bundle(graph={"nan_when_black": True})
    bulbs = [bulb("a", DARK), bulb("black", [50, 0, 50, 50]), bulb("b", BRIGHT)]
    a, black, b = inspect(Inspector(bundle, batch_size=batch_size), *bulbs)
    assert (a.verdict, b.verdict) == (Verdict.PASS, Verdict.REJECT)
    assert (black.verdict, black.reason) == (Verdict.UNJUDGED, "non_finite")


@pytest.mark.parametrize("batch_size", [1, 3, 8])
def test_only_the_bulb_on_which_the_network_fails_is_unjudged(tiny_bundle, bulb, batch_size):
    bundle = tiny_bundle(graph={"fails_when_white": True})
    bulbs = [bulb("a", DARK), bulb("white", [255, 1, 2, 3]), bulb("b", BRIGHT)]
    a, white, b = inspect(Inspector(bundle, batch_size=batch_size), *bulbs)
    assert (a.verdict, b.verdict) == (Verdict.PASS, Verdict.REJECT)
    assert (white.verdict, white.reason) == (Verdict.UNJUDGED, "network_failed")


def test_answers_do_not_depend_on_batches_threads_or_order(tiny_bundle, bulb):
    random = np.random.default_rng(0)
    bulbs = [bulb(f"b{n}", random.integers(1, 255, 4).tolist()) for n in range(20)]
    bulbs[7] = Bulb("b7", bulbs[7].views[:2])
    bundle = tiny_bundle()
    expected = {one.bulb_id: one for one in inspect(Inspector(bundle, threads=1), *bulbs)}
    for threads, batch_size in ((1, 1), (2, 3), (5, 7), (2, 64)):
        inspector = Inspector(bundle, threads=threads, batch_size=batch_size)
        for order in (bulbs, bulbs[::-1]):
            found = inspect(inspector, *order)
            assert [one.bulb_id for one in found] == [one.bulb_id for one in order]
            for one in found:
                same = expected[one.bulb_id]
                assert (one.verdict, one.label) == (same.verdict, same.label)
                assert one.defect_probability == (
                    same.defect_probability and pytest.approx(same.defect_probability, abs=1e-5)
                )


def test_without_good_class_bulbs_get_a_label_only(tiny_bundle, bulb):
    bundle = tiny_bundle(classes=("apple", "pear"))
    dark, bright = inspect(Inspector(bundle), bulb("dark", DARK), bulb("bright", BRIGHT))
    assert (dark.verdict, dark.label) == (None, "apple")
    assert (bright.verdict, bright.label) == (None, "pear")


def test_an_endless_source_is_read_only_as_far_as_needed(tiny_bundle, bulb):
    one = bulb("a", DARK)
    read = itertools.count()
    source = (Bulb(f"{next(read)}", one.views) for _ in itertools.repeat(None))
    inspector = Inspector(tiny_bundle(), threads=2, batch_size=2)
    answers = inspector.inspect(source)
    assert [prediction.bulb_id for prediction in itertools.islice(answers, 5)] == list("01234")
    answers.close()
    assert next(read) < 30
    assert not [one for one in threading.enumerate() if one.name.startswith("inspector")]


def test_an_error_of_the_source_is_not_swallowed(tiny_bundle, bulb):
    def source():
        yield bulb("a", DARK)
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone"):
        list(Inspector(tiny_bundle()).inspect(source()))


def test_no_bulbs_give_no_answers(tiny_bundle):
    assert inspect(Inspector(tiny_bundle())) == []


def test_a_good_class_without_operating_point_is_refused(tiny_bundle):
    with pytest.raises(BundleError, match="no operating point"):
        Inspector(tiny_bundle(operating_point=None))


@pytest.mark.parametrize("options", [{"threads": 0}, {"batch_size": 0}])
def test_nobody_to_work_is_refused(tiny_bundle, options):
    with pytest.raises(UsageError, match="must be 1 or more"):
        Inspector(tiny_bundle(), **options)


def without(bulb, *names):
    return Bulb(bulb.bulb_id, tuple(view for view in bulb.views if view.name not in names))


def test_a_bundle_that_may_judges_a_bulb_by_the_views_that_are_there(tiny_bundle, bulb):
    whole = bulb("whole", [50, 60, 240, 80])
    inspector = Inspector(tiny_bundle(min_views=3))
    (prediction,) = inspect(inspector, without(whole, "1"))
    assert prediction.defect_probability == pytest.approx(expit(8 * (370 / 3) / 255 - 4), rel=1e-5)
    assert prediction.verdict is Verdict.PASS
    assert prediction.detail == "judged without '1'"
    assert [view.view for view in prediction.views] == ["0", "2", "3"]
    alone = [view.defect_probability for view in prediction.views]
    assert alone == pytest.approx([expit(8 * one / 255 - 4) for one in (50, 240, 80)], rel=1e-5)


def test_whole_bulbs_and_those_without_a_view_are_judged_in_one_batch(tiny_bundle, bulb):
    whole, dark = bulb("whole", BRIGHT), bulb("dark", DARK)
    bulbs = [whole, without(dark, "0", "3"), dark]
    together = inspect(Inspector(tiny_bundle(min_views=2), batch_size=3), *bulbs)
    alone = [inspect(Inspector(tiny_bundle(min_views=2)), one)[0] for one in bulbs]
    assert together == alone
    pixels = [
        one for _, one in Inspector(tiny_bundle(min_views=2)).inspect_with_pixels(bulbs)
    ]  # fmt: skip
    assert [one is None for one in pixels] == [False, True, False]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda views: views[:2], "missing_view"),  # fewer than it may judge
        (lambda views: (*views[:3], View("left", views[3].path)), "missing_view"),  # a strange name
        (lambda views: (*views[:3], View("3", views[3].path / "no")), "missing_file"),
        (lambda views: (*views[:3], View("3", views[2].path)), "duplicate_view"),
        (lambda views: (), "missing_view"),
    ],
)  # fmt: skip
def test_no_other_fault_is_taken_for_a_view_that_is_missing(tiny_bundle, bulb, change, reason):
    dark = bulb("dark", DARK)
    (prediction,) = inspect(Inspector(tiny_bundle(min_views=3)), Bulb("b", change(dark.views)))
    assert (prediction.verdict, prediction.reason) == (Verdict.UNJUDGED, reason)


def test_a_bundle_that_does_not_say_so_judges_no_bulb_without_all_views(tiny_bundle, bulb):
    (prediction,) = inspect(Inspector(tiny_bundle()), without(bulb("dark", DARK), "1"))
    assert (prediction.verdict, prediction.reason) == (Verdict.UNJUDGED, "missing_view")
