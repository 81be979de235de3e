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
            folder = pictures / f"bulb{number}"
            folder.mkdir(parents=True)
            for one, level in zip(VIEWS, levels, strict=True):
                save(folder, f"{one}.png", picture(level, one))
            if fault is not None:
                FAULTS[fault](folder, view)
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
