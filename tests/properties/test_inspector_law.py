"""The law: whatever is wrong with a folder, every bulb has its row, and no fault is ever a pass."""

import csv
import json
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy.special import expit

from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.imaging.gate import Gate
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import predict_to_folder
from bulbinspect.inspection.source import find_bulbs

VIEWS = ("0", "1", "2", "3")


def picture(level: int, view: str = "") -> np.ndarray:
    """Return noise around a level: a picture that cannot be cut short without anyone noticing.

    Views of the same level differ: one camera cannot have seen two sides.
    """
    noise = np.random.default_rng([level, *map(ord, view)]).integers(-9, 10, (16, 16))
    return np.clip(level + noise, 0, 255).astype(np.uint8)


def save(folder: Path, name: str, pixels: np.ndarray) -> None:
    Image.fromarray(pixels).save(folder / name)


def draw(folder: Path, levels: tuple[int, ...], spoil, view: str) -> None:
    """Draw a bulb, a picture for each level, and spoil one view of it."""
    folder.mkdir(parents=True)
    for one, level in zip(VIEWS, levels, strict=True):
        save(folder, f"{one}.png", picture(level, one))
    if spoil is not None:
        spoil(folder, view)


def cut(path: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])


def garble(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(bytes(content))


FAULTS = {
    "missing": lambda folder, view: (folder / f"{view}.png").unlink(),
    "doubled": lambda folder, view: save(folder, f"{view}.bmp", picture(20)),
    "surplus": lambda folder, view: save(folder, "4.png", picture(20)),
    "called otherwise": lambda folder, view: (folder / f"{view}.png").rename(folder / "top.png"),
    "truncated": lambda folder, view: cut(folder / f"{view}.png"),
    "garbled": lambda folder, view: garble(folder / f"{view}.png"),
    "the same as another view": lambda folder, view: shutil.copy(
        folder / f"{view}.png", folder / f"{(int(view) + 1) % 4}.png"
    ),
    "empty": lambda folder, view: (folder / f"{view}.png").write_bytes(b""),
    "text": lambda folder, view: (folder / f"{view}.png").write_text("<html>no picture</html>"),
    "colour": lambda folder, view: save(
        folder, f"{view}.png", np.stack([picture(20), picture(90), picture(20)], axis=-1)
    ),
    "black, on which the network answers NaN": lambda folder, view: save(
        folder, f"{view}.png", np.zeros((16, 16), np.uint8)
    ),
}

UNFIT = {
    "dark": lambda folder, view: save(folder, f"{view}.png", picture(20, view) // 4),
    "bright": lambda folder, view: save(folder, f"{view}.png", 255 - picture(20, view) // 4),
    "flat": lambda folder, view: save(folder, f"{view}.png", picture(120, view) // 100 + 100),
    "of another size": lambda folder, view: save(
        folder, f"{view}.png", np.tile(picture(90, view), 2)
    ),
}

LEVEL = st.integers(20, 235)
BULB = st.tuples(
    st.tuples(LEVEL, LEVEL, LEVEL, LEVEL),
    st.sampled_from([None, *FAULTS]),
    st.sampled_from(VIEWS),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, tiny_graph, tiny_metadata) -> Bundle:
    path = tmp_path_factory.mktemp("law") / "bundle.onnx"
    return write_bundle(path, tiny_graph(nan_when_black=True), tiny_metadata())


@pytest.fixture(scope="module")
def gated(tmp_path_factory, tiny_graph, tiny_metadata) -> Bundle:
    path = tmp_path_factory.mktemp("law") / "gated.onnx"
    gate = Gate(
        min_brightness=0.03,
        max_brightness=0.97,
        min_contrast=0.002,  # the least of any `picture` is 0.0023, that of a flat one 0
        max_height_px=16,
        max_width_px=16,
        max_size_ratio=1.0,
    )
    return write_bundle(path, tiny_graph(), tiny_metadata(gate=gate))


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(
    bulbs=st.lists(
        st.tuples(
            st.tuples(LEVEL, LEVEL, LEVEL, LEVEL),
            st.sampled_from([None, None, *FAULTS, *UNFIT]),
            st.sampled_from(VIEWS),
        ),
        min_size=1,
        max_size=8,
    ),
    threads=st.integers(1, 3),
    batch_size=st.integers(1, 4),
)
def test_with_a_gate_no_unfit_view_and_no_picture_seen_before_is_judged(
    gated, bulbs, threads, batch_size
):
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name)
        for number, (levels, fault, view) in enumerate(bulbs):
            draw(pictures / f"bulb{number}", levels, {**FAULTS, **UNFIT}.get(fault), view)
        inspector = Inspector(gated, threads=threads, batch_size=batch_size)
        answers = list(inspector.inspect(find_bulbs(pictures).bulbs))

    assert [one.bulb_id for one in answers] == [f"bulb{n}" for n in range(len(bulbs))]
    earlier: set[tuple[str, int]] = set()
    for answer, (levels, fault, _) in zip(answers, bulbs, strict=True):
        shown = set(zip(VIEWS, levels, strict=True))
        if fault is not None or shown & earlier:
            # a picture of a faulty bulb may come again although it could not be read there
            assert answer.verdict == "unjudged" or (fault is None and not sure(bulbs, answer))
        elif answer.verdict == "unjudged":
            assert answer.reason == "frozen_camera"  # of what a fault has drawn
        earlier |= shown


def sure(bulbs, answer) -> bool:
    """Say whether an earlier bulb without any fault had one of the pictures of this one."""
    number = int(answer.bulb_id.removeprefix("bulb"))
    shown = set(zip(VIEWS, bulbs[number][0], strict=True))
    return any(
        fault is None and shown & set(zip(VIEWS, levels, strict=True))
        for levels, fault, _ in bulbs[:number]
    )


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    bulbs=st.lists(BULB, min_size=1, max_size=6),
    threads=st.integers(1, 3),
    batch_size=st.integers(1, 4),
)
def test_no_fault_becomes_a_pass_and_no_bulb_is_lost(bundle, bulbs, threads, batch_size):
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name) / "pictures"
        for number, (levels, fault, view) in enumerate(bulbs):
            draw(pictures / f"bulb{number}", levels, FAULTS.get(fault), view)
        inspector = Inspector(bundle, threads=threads, batch_size=batch_size)
        out = Path(name) / "out"
        summary = predict_to_folder(inspector, find_bulbs(pictures), out)
        with (out / "predictions.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        lines = [json.loads(line) for line in (out / "predictions.jsonl").read_text().splitlines()]

    assert [row["bulb_id"] for row in rows] == [f"bulb{n}" for n in range(len(bulbs))]
    assert [line["bulb_id"] for line in lines] == [row["bulb_id"] for row in rows]
    assert summary.num_bulbs == len(bulbs)
    assert summary.num_unjudged == sum(fault is not None for _, fault, _ in bulbs)
    for row, line, (levels, fault, _) in zip(rows, lines, bulbs, strict=True):
        assert (row["verdict"], row["reason"]) == (line["verdict"], line["reason"])
        if fault is not None:
            assert row["verdict"] == "unjudged"
            assert row["reason"]
            assert row["defect_probability"] == row["probability_good"] == ""
            continue
        pixels = [picture(level, view) for view, level in zip(VIEWS, levels, strict=True)]
        probability = expit(8 * np.mean(pixels) / 255 - 4)
        assert float(row["defect_probability"]) == pytest.approx(probability, abs=1e-5)
        if abs(probability - 0.5) > 1e-5:
            assert row["verdict"] == ("reject" if probability > 0.5 else "pass")
