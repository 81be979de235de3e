"""All files of a folder of odd pictures, each as a view of a bulb, within time and memory.

Name the folder in BULBINSPECT_CORPORA; without it the tests are skipped.
"""

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from tests.corpora.kinds import kind_of
from tests.corpora.measure import Measured, files_below
from tests.odd.broken import BOMBS
from tests.odd.law import refused_by_check, refused_by_reader, refused_by_training

from bulbinspect.bulb import Bulb, View
from bulbinspect.bundle.bundle import write_bundle
from bulbinspect.imaging.read import read_gray
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import predict_to_folder, read_predictions
from bulbinspect.inspection.source import Source

ROOT = Path(__file__).parents[2]
FOLDER = os.environ.get("BULBINSPECT_CORPORA", "")
SECONDS_AT_MOST, MEMORY_AT_MOST_MIB = 1.0, 100.0
BOMB_SECONDS, BOMB_MIB = 0.2, 50.0

with_corpora = pytest.mark.skipif(
    not FOLDER, reason="BULBINSPECT_CORPORA names no folder of odd pictures"
)
NAMES = ("0", "1", "2", "3")


def measured(folder: Path) -> list[Measured]:
    """Read every file below the folder alone; a module of its own, since threads forbid a fork."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.corpora.measure", str(folder)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [Measured(**json.loads(line)) for line in done.stdout.splitlines()]


def measured_twice(folder: Path, again: Path, seconds: float, memory_mib: float) -> list[Measured]:
    """Measure; a file above a limit is measured once more alone, for a busy machine is no fault."""
    found = measured(folder)
    for place, one in enumerate(found):
        if one.seconds > seconds or one.memory_mib > memory_mib:
            link = again / f"{place}" / Path(one.path).name
            link.parent.mkdir(parents=True)
            link.symlink_to(one.path)
            (repeated,) = measured(link.parent)
            found[place] = dataclasses.replace(repeated, path=one.path)
    return found


def documented_reasons() -> set[str]:
    text = (ROOT / "docs" / "pictures.md").read_text(encoding="utf-8")
    return set(re.findall(r"`(\w+)`", text))


@pytest.fixture(scope="session")
def corpora(tmp_path_factory) -> list[Measured]:
    again = tmp_path_factory.mktemp("again")
    found = measured_twice(Path(FOLDER), again, SECONDS_AT_MOST, MEMORY_AT_MOST_MIB)
    assert len(found) == len(files_below(Path(FOLDER))) > 0
    return found


@with_corpora
def test_every_file_is_read_or_refused_with_a_documented_reason(corpora):
    outcomes = {one.outcome for one in corpora}
    assert {one for one in outcomes if one.startswith(("CRASH", "EXCEPTION"))} == set()
    assert outcomes - {"read"} <= documented_reasons()


@with_corpora
def test_no_file_takes_a_second_or_100_mib(corpora):
    assert [one for one in corpora if one.seconds > SECONDS_AT_MOST] == []
    assert [one for one in corpora if one.memory_mib > MEMORY_AT_MOST_MIB] == []


@with_corpora
@pytest.mark.filterwarnings("ignore:.*TorchVision are deprecated.*:DeprecationWarning")
def test_what_is_read_is_what_another_decoder_reads(corpora):
    """Ask libpng and libjpeg as torchvision wraps them: every channel is the gray that was read."""
    codec = pytest.importorskip("torchvision.io")
    compared = 0
    for one in corpora:
        path = Path(one.path)
        kind = kind_of(path)
        if one.outcome != "read" or not kind.startswith(("PNG", "JPEG")):
            continue
        channels = codec.decode_image(one.path, apply_exif_orientation=True).numpy()
        pixels = read_gray(path)
        tolerance = 2 if kind.startswith("JPEG") else 0  # another library may round otherwise
        for channel in channels[:3] if len(channels) >= 3 else channels[:1]:
            assert channel.shape == pixels.shape
            assert np.abs(channel.astype(int) - pixels).max() <= tolerance, one.path
        compared += 1
    assert compared > 0


@with_corpora
def test_every_file_as_a_view_leaves_its_bulb_a_row(corpora, tmp_path, tiny_graph, tiny_metadata):
    sound = []
    for place, level in enumerate((40, 80, 120)):
        pixels = np.full((16, 16), level, np.uint8)
        pixels[place] += 1
        sound.append(tmp_path / f"{place}.png")
        Image.fromarray(pixels).save(sound[-1])
    bulbs = []
    for number, one in enumerate(corpora):
        paths = [sound[0], sound[1], Path(one.path), sound[2]]
        views = tuple(View(name, path) for name, path in zip(NAMES, paths, strict=True))
        bulbs.append(Bulb(f"{number:05}", views))
    bundle = write_bundle(tmp_path / "bundle.onnx", tiny_graph(), tiny_metadata())

    out = tmp_path / "out"
    summary = predict_to_folder(Inspector(bundle), Source(bulbs, len(bulbs)), out)
    answers = list(read_predictions(out / "predictions.jsonl"))

    assert [answer.bulb_id for answer in answers] == [bulb.bulb_id for bulb in bulbs]
    expected = ["" if one.outcome == "read" else one.outcome for one in corpora]
    assert [answer.views[2].reason for answer in answers] == expected
    assert [answer.verdict == "unjudged" for answer in answers] == list(map(bool, expected))
    assert summary.num_unjudged == sum(map(bool, expected))
    pairs = zip(bulbs, expected, strict=True)
    refused = [(bulb.bulb_id, NAMES[2], reason) for bulb, reason in pairs if reason]
    spec = bundle.metadata.preprocess
    assert refused_by_reader(bulbs, spec) == refused
    assert refused_by_training(bulbs, len(NAMES), spec, tmp_path / "cache") == refused
    assert refused_by_check(bulbs, spec) == refused


@pytest.mark.slow
def test_bombs_are_refused_from_their_headers(tmp_path):
    """The files are drawn, so that no corpora are needed; the limits are those of the issue."""
    folder = tmp_path / "bombs"
    folder.mkdir()
    for place, bomb in enumerate(BOMBS):
        (folder / f"{place:02}").write_bytes(bomb.content())

    found = measured_twice(folder, tmp_path / "again", BOMB_SECONDS, BOMB_MIB)

    assert [one.outcome for one in found] == [bomb.outcome for bomb in BOMBS]
    assert [one for one in found if one.seconds > BOMB_SECONDS] == []
    assert [one for one in found if one.memory_mib > BOMB_MIB] == []
    assert [one.said for one in found] == [""] * len(BOMBS)
