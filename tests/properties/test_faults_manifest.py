"""Whatever mix of faults a manifest's pictures have, with hashes or without: law and count hold."""

import csv
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.odd.law import assert_lawful, assert_refused_alike
from tests.odd.plan import ANY_FAULTS, FILE_FAULTS, STACK_FAULTS, STACKS, Plan, Written, write
from tests.odd.plant import VIEWS

from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.data.manifest import scan_manifest
from bulbinspect.errors import DataError
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import predict_to_folder, read_predictions
from bulbinspect.inspection.source import find_bulbs

COLUMNS = ("bulb_id", "view", "path", "sha256", "channel", "page", "split")
LEVELS = st.tuples(*[st.integers(20, 235)] * len(VIEWS))
PLACE = st.integers(0, len(VIEWS) - 1)


def plans(kinds, faults):
    planted = st.lists(st.tuples(st.sampled_from([*faults, *ANY_FAULTS]), PLACE), max_size=4)
    return st.builds(
        Plan,
        levels=LEVELS,
        kind=st.sampled_from(sorted(kinds)),
        faults=st.one_of(st.just([]), planted),
        hashed=st.booleans(),
    )


PLAN = st.one_of(plans(["files"], FILE_FAULTS), plans(STACKS, STACK_FAULTS))
NAME = st.text(
    st.sampled_from("ab0_1=+@-<>&'\" ,;\n\x1b\\é\u202e"), min_size=1, max_size=12
).filter(lambda name: name == name.strip())


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, tiny_graph, tiny_metadata) -> Bundle:
    path = tmp_path_factory.mktemp("faults") / "bundle.onnx"
    return write_bundle(path, tiny_graph(nan_when_black=True), tiny_metadata())


def write_rows(path: Path, rows) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, COLUMNS, restval="")
        table.writeheader()
        table.writerows(rows)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
@given(bulbs=st.dictionaries(NAME, PLAN, min_size=1, max_size=6), shuffler=st.randoms())
def test_any_mix_of_faults_keeps_the_law_and_the_count(bundle, bulbs, shuffler):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        written: dict[str, Written] = {
            bulb_id: write(plan, bulb_id, folder, number)
            for number, (bulb_id, plan) in enumerate(bulbs.items())
        }
        rows = [row for one in written.values() for row in one.rows]
        shuffler.shuffle(rows)
        order = list(dict.fromkeys(row["bulb_id"] for row in rows))
        if not rows:
            return
        write_rows(folder / "manifest.csv", rows)
        source = find_bulbs(folder / "manifest.csv")
        summary = predict_to_folder(Inspector(bundle, threads=2), source, folder / "out")
        answers = list(read_predictions(folder / "out" / "predictions.jsonl"))
        spec = bundle.metadata.preprocess
        found = list(source.bulbs)
        assert_refused_alike(found, len(VIEWS), spec, folder / "cache")

    assert [answer.bulb_id for answer in answers] == order
    assert summary.num_bulbs == len(order)
    for answer in answers:
        one = written[answer.bulb_id]
        assert_lawful(answer, one.reasons, one.probability)


def _changed(**cells):
    def change(rows, at):
        rows[at].update(cells)
        return at

    return change


def _again(rows, at):
    rows.insert(at + 1, dict(rows[at]))
    return at + 1


def _of_another_bulb(rows, at):
    rows.insert(at + 1, {**rows[at], "bulb_id": "another bulb", "view": "9"})
    return at + 1


ROW_FAULTS = {
    "no view": _changed(view=""),
    "no path": _changed(path=""),
    "blanks around a name": _changed(view=" 0"),
    "a row twice": _again,
    "a picture of two bulbs": _of_another_bulb,
    "a split that is none": _changed(split="holdout"),
    "a hash that is none": _changed(sha256="abc"),
    "a channel that is none": _changed(channel="first"),
    "channel and page": _changed(channel="0", page="0"),
    "absolute path": _changed(path="/etc/passwd"),
    "path that leaves": _changed(path="../secret.png"),
}


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(
    bulbs=st.lists(PLAN, min_size=1, max_size=3),
    fault=st.sampled_from(sorted(ROW_FAULTS)),
    place=st.integers(0, 100),
)
def test_a_row_that_is_not_in_order_is_named_and_nothing_is_judged(bulbs, fault, place):
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            row
            for number, plan in enumerate(bulbs)
            for row in write(plan, f"b{number}", folder, number).rows
        ]
        if not rows:
            return
        at = ROW_FAULTS[fault](rows, place % len(rows))
        write_rows(folder / "manifest.csv", rows)

        with pytest.raises(DataError) as caught:
            find_bulbs(folder / "manifest.csv")
        scanned = scan_manifest(folder / "manifest.csv")

    assert scanned.problems == caught.value.problems
    assert any(problem.startswith(f"line {at + 2}: ") for problem in scanned.problems)
