"""Whatever mix of faults a folder holds: every bulb has its row, none with a fault is judged."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.odd import encode
from tests.odd.law import assert_lawful, assert_refused_alike
from tests.odd.plant import FAULTS, VIEWS, picture, probability

from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import predict_to_folder, read_predictions
from bulbinspect.inspection.source import find_bulbs

LEVEL = st.integers(20, 235)
PLANTED = st.tuples(st.sampled_from(sorted(FAULTS)), st.sampled_from(VIEWS))
BULB = st.tuples(
    st.tuples(LEVEL, LEVEL, LEVEL, LEVEL),
    st.one_of(st.just([]), st.lists(PLANTED, min_size=1, max_size=5)),
)
# Letters that a name of a folder may hold, the odd ones among them; "\udcff" is a byte of no text.
NAME = st.text(
    st.sampled_from("ab0_1=+@-<>&'\" ,;\n\t\x1b\\é\u202e\udcff"), min_size=1, max_size=12
).filter(lambda name: not name.startswith("."))


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, tiny_graph, tiny_metadata) -> Bundle:
    path = tmp_path_factory.mktemp("faults") / "bundle.onnx"
    return write_bundle(path, tiny_graph(nan_when_black=True), tiny_metadata())


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(
    bulbs=st.dictionaries(NAME, BULB, min_size=1, max_size=6),
    threads=st.integers(1, 3),
    batch_size=st.integers(1, 4),
)
def test_any_mix_of_faults_keeps_the_law_and_the_count(bundle, bulbs, threads, batch_size):
    with tempfile.TemporaryDirectory() as name:
        pictures = Path(name) / "pictures"
        sound = {}
        for place, (bulb_id, (levels, planted)) in enumerate(bulbs.items()):
            folder = pictures / bulb_id
            folder.mkdir(parents=True)
            views = [picture(level, (place, at)) for at, level in enumerate(levels)]
            for view, pixels in zip(VIEWS, views, strict=True):
                (folder / f"{view}.png").write_bytes(encode.png_of(pixels))
            for fault, view in planted:
                FAULTS[fault].plant(folder, view)
            sound[bulb_id] = probability(views)
        found = list(find_bulbs(pictures).bulbs)
        inspector = Inspector(bundle, threads=threads, batch_size=batch_size)
        out = Path(name) / "out"
        summary = predict_to_folder(inspector, find_bulbs(pictures), out)
        answers = list(read_predictions(out / "predictions.jsonl"))
        with (out / "predictions.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        spec = bundle.metadata.preprocess
        assert_refused_alike(found, len(VIEWS), spec, Path(name) / "cache")

    assert sorted(answer.bulb_id for answer in answers) == sorted(bulbs)
    assert [answer.bulb_id for answer in answers] == [bulb.bulb_id for bulb in found]
    assert [row["verdict"] for row in rows] == [answer.verdict for answer in answers]
    assert summary.num_bulbs == len(bulbs)
    for answer in answers:
        _, planted = bulbs[answer.bulb_id]
        reasons = {one for fault, _ in planted for one in FAULTS[fault].reasons}
        assert_lawful(answer, reasons, sound[answer.bulb_id])
