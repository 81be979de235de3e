"""A folder of 10,000 bulbs with a tenth of every kind of fault: every bulb one row, none a pass."""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from tests.odd import encode
from tests.odd.plant import FAULTS, VIEWS, picture, probability

from bulbinspect.bulb import Bulb
from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import predict_to_folder, read_predictions
from bulbinspect.inspection.source import Source, find_bulbs

SHARE = 0.1
GROWTH_AT_MOST_MIB = 50
ODD_ENDINGS = (
    "\n",
    "=cmd()",
    "<img src=x onerror=alert(1)>",
    "\udcff",
    "x" * 249,
    "'\",;",
    "\x1b[2J",
)


class Built:
    """A folder of bulbs: `faults` and the probability of each one by its name, in order."""

    def __init__(self, folder: Path, count: int) -> None:
        self.folder = folder
        self.faults: dict[str, list[str]] = {}
        self.probabilities: dict[str, float] = {}
        for number in range(count):
            self._build(number)

    def _build(self, number: int) -> None:
        rng = np.random.default_rng([10_000, number])
        ending = ODD_ENDINGS[int(rng.integers(len(ODD_ENDINGS)))] if rng.random() < SHARE else ""
        name = f"{number:05}{ending}"
        folder = self.folder / name
        folder.mkdir(parents=True)
        levels = np.clip(rng.integers(20, 235) + rng.integers(-10, 11, len(VIEWS)), 10, 245)
        views = [picture(int(level), (number, place)) for place, level in enumerate(levels)]
        for view, pixels in zip(VIEWS, views, strict=True):
            (folder / f"{view}.png").write_bytes(encode.png_of(pixels))
        planted = [fault for fault in FAULTS if rng.random() < SHARE]
        rng.shuffle(planted)
        for fault in planted:
            FAULTS[fault].plant(folder, VIEWS[int(rng.integers(len(VIEWS)))])
        self.faults[name] = planted
        self.probabilities[name] = probability(views)


@pytest.fixture
def bundle(tmp_path: Path, tiny_graph, tiny_metadata) -> Bundle:
    return write_bundle(tmp_path / "b.onnx", tiny_graph(nan_when_black=True), tiny_metadata())


def memory_mib() -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise AssertionError("no VmRSS")


@pytest.mark.parametrize("count", [200, pytest.param(10_000, marks=pytest.mark.slow)])
def test_rows_out_are_bulbs_in_and_every_fault_is_unjudged(tmp_path, bundle, count):
    built = Built(tmp_path / "pictures", count)
    found = find_bulbs(tmp_path / "pictures")
    memory: list[float] = []

    def watched() -> Iterator[Bulb]:
        for number, bulb in enumerate(found.bulbs):
            if number % 500 == 0:
                memory.append(memory_mib())
            yield bulb

    out = tmp_path / "out"
    source = Source(watched(), found.num_bulbs)
    summary = predict_to_folder(Inspector(bundle, threads=2), source, out)
    answers = list(read_predictions(out / "predictions.jsonl"))
    with (out / "predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert [answer.bulb_id for answer in answers] == list(built.faults)
    assert len(rows) == summary.num_bulbs == found.num_bulbs == count
    for answer, row in zip(answers, rows, strict=True):
        assert (row["verdict"], row["reason"]) == (answer.verdict, answer.reason)
        planted = built.faults[answer.bulb_id]
        if planted:
            assert answer.verdict == "unjudged"
            assert answer.reason in {one for fault in planted for one in FAULTS[fault].reasons}
            assert answer.defect_probability is None
            continue
        expected = built.probabilities[answer.bulb_id]
        assert answer.defect_probability == pytest.approx(expected, abs=1e-5)
        if abs(expected - 0.5) > 1e-5:
            assert answer.verdict == ("reject" if expected > 0.5 else "pass")
    assert summary.num_unjudged == sum(map(bool, built.faults.values()))
    after_a_thousand = memory[2:] or memory
    growth = max(after_a_thousand) - after_a_thousand[0]
    print(f"memory grew by {growth:.1f} MiB after the first thousand bulbs of {count}")
    assert growth < GROWTH_AT_MOST_MIB
    if count == 10_000:
        planted_times = Counter(fault for faults in built.faults.values() for fault in faults)
        assert min(planted_times[fault] for fault in FAULTS) > 0.09 * count
        assert {answer.reason for answer in answers} >= {one.reasons[0] for one in FAULTS.values()}
        assert sum(not faults for faults in built.faults.values()) > 300
