"""Files of several views: the same outcome from a manifest and a folder, read, trained, judged."""

from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from tests.odd.conftest import spec_of
from tests.odd.law import refused_by_training, refused_by_whole_check
from tests.odd.stacks import NUM_VIEWS, STACKS, OddStack

from bulbinspect.bulb import Bulb, Verdict, View, ViewsIn
from bulbinspect.data.cache import open_cache
from bulbinspect.data.folder import list_folder
from bulbinspect.data.manifest import read_manifest
from bulbinspect.imaging.load import LoadedView, load_views

NAMES = ("0", "1", "2", "3")
COLUMN = {ViewsIn.CHANNELS: "channel", ViewsIn.PAGES: "page"}

every_stack = pytest.mark.parametrize("stack", STACKS, ids=lambda one: f"{one.kind}: {one}")


def from_manifest(folder: Path, stack: OddStack) -> Bulb:
    (folder / stack.file_name).write_bytes(stack.content())
    rows = [f"b1,{name},{stack.file_name},{place}" for place, name in enumerate(NAMES)]
    text = "\n".join([f"bulb_id,view,path,{COLUMN[stack.kind]}", *rows])
    (folder / "manifest.csv").write_text(text)
    (bulb,) = read_manifest(folder / "manifest.csv").bulbs
    return bulb


def from_folder(folder: Path, stack: OddStack) -> Bulb:
    (folder / "listed").mkdir()
    (folder / "listed" / stack.file_name).write_bytes(stack.content())
    (bulb,) = list_folder(folder / "listed", views_in=stack.kind, view_names=NAMES)
    return bulb


@pytest.mark.parametrize("find", [from_manifest, from_folder])
@every_stack
def test_views_of_one_file_are_read_exactly_or_refused_by_name(tmp_path, stack, find, inspector):
    bulb = find(tmp_path, stack)
    spec = spec_of(stack.form)

    assert [view.name for view in bulb.views] == list(NAMES)
    loaded = load_views(bulb.views, spec)
    (answer,) = inspector(stack.form).inspect([bulb])

    if stack.reason:
        expected = [stack.reason] * NUM_VIEWS
        if stack.reason == "identical_views":
            expected = ["", stack.reason, "", stack.reason]
        reasons = ["" if isinstance(one, LoadedView) else one.reason for one in loaded]
        assert reasons == expected
        assert (answer.verdict, answer.reason) == (Verdict.UNJUDGED, stack.reason)
        assert [view.reason for view in answer.views] == expected
        refused = [("b1", *pair) for pair in zip(NAMES, expected, strict=True) if pair[1]]
        assert refused_by_training([bulb], NUM_VIEWS, spec, tmp_path / "cache") == refused
        assert refused_by_whole_check([bulb], spec) == refused
        return

    np.testing.assert_array_equal(np.stack([one.pixels for one in loaded]), stack.outcome)
    assert refused_by_whole_check([bulb], spec) == []
    cached = open_cache([bulb], NUM_VIEWS, spec, tmp_path / "cache", manifest_sha256="")
    np.testing.assert_array_equal(cached.views[0], stack.outcome)
    bright = stack.outcome.mean() / spec.max_level
    assert answer.defect_probability == pytest.approx(expit(8 * bright - 4), abs=1e-5)
    assert answer.verdict is (Verdict.REJECT if bright >= 0.5 else Verdict.PASS)


@every_stack
def test_stack_with_the_hash_of_another_is_refused(tmp_path, stack):
    bulb = from_folder(tmp_path, stack)
    views = [View(view.name, view.path, part=view.part, sha256="0" * 64) for view in bulb.views]

    reasons = {one.reason for one in load_views(views, spec_of(stack.form))}

    assert reasons == {"empty_file" if stack.reason == "empty_file" else "changed"}
