"""Damaged pictures as one view of a bulb: always a row, never a guess, and none past a hash."""

import csv
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from scipy.special import expit
from tests.corpora.mutations import (
    FORMATS,
    KINDS,
    NUM_VIEWS,
    Mutation,
    bit_depth,
    encoded,
    mutations,
)
from tests.corpora.outcomes import ANOTHER, Classifier, read
from tests.odd.law import refused_by_check, refused_by_training

from bulbinspect.bundle.bundle import Bundle, write_bundle
from bulbinspect.data.manifest import read_manifest
from bulbinspect.errors import PictureError
from bulbinspect.imaging.load import LoadedView, load_views
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.inspection.inspector import Inspector
from bulbinspect.inspection.predict import predict_to_folder, read_predictions
from bulbinspect.inspection.source import find_bulbs

THREADS = 2
FEW = 360  # ten of each format and kind
MANY = 10_800

count = pytest.mark.parametrize("count", [FEW, pytest.param(MANY, marks=pytest.mark.slow)])
depth = pytest.mark.parametrize("depth", [8, 16])


def test_mutations_are_a_function_of_their_seed_and_hold_every_kind_alike():
    some = list(mutations(72, seed=1))

    assert some == list(mutations(72, seed=1))
    assert [one.content for one in some] != [one.content for one in mutations(72, seed=2)]
    pairs = [(one.format, one.kind) for one in some]
    assert all(pairs.count((name, kind)) == 2 for name in FORMATS for kind in KINDS)
    assert sum(one.content == one.original for one in some) < 5


class Planted:
    """Bulbs in a folder and a manifest: of each, one view is a mutation, the others are sound."""

    def __init__(self, folder: Path, planted: Sequence[Mutation], spec: PreprocessSpec) -> None:
        self.folder, self.planted, self.spec = folder, planted, spec
        self.changed = [one.content != one.original for one in planted]

    @property
    def pictures(self) -> Path:
        return self.folder / "pictures"

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.csv"

    def write(self) -> None:
        sound = self.folder / "sound"
        sound.mkdir()
        rows = [["bulb_id", "view", "path", "sha256"]]
        for mutation in self.planted:
            bulb = self.pictures / f"{mutation.number:05}"
            bulb.mkdir(parents=True)
            for view in range(NUM_VIEWS):
                original = encoded(mutation.format, mutation.bulb, view)
                digest = hashlib.sha256(original).hexdigest()
                if view == mutation.view:
                    (bulb / f"{view}.bin").write_bytes(mutation.content)
                else:
                    if not (sound / digest).exists():
                        (sound / digest).write_bytes(original)
                    os.link(sound / digest, bulb / f"{view}.bin")
                rows.append([bulb.name, str(view), f"pictures/{bulb.name}/{view}.bin", digest])
        with self.manifest.open("w", newline="") as file:
            csv.writer(file).writerows(rows)


@pytest.fixture
def planted(tmp_path: Path, count: int, depth: int) -> Iterator[Planted]:
    """Write the mutations of one depth; the files are removed at the end, they are many."""
    some = [one for one in mutations(count) if bit_depth(one.format) == depth]
    made = Planted(tmp_path / "planted", some, PreprocessSpec(16, 16, bit_depth=depth))
    made.folder.mkdir()
    made.write()
    yield made
    shutil.rmtree(made.folder)


@pytest.fixture
def bundle(tmp_path: Path, tiny_graph, tiny_metadata, planted: Planted) -> Bundle:
    spec = planted.spec
    return write_bundle(tmp_path / "b.onnx", tiny_graph(spec=spec), tiny_metadata(preprocess=spec))


def predicted(bundle: Bundle, source: Path, out: Path):
    inspector = Inspector(bundle, threads=THREADS)
    summary = predict_to_folder(inspector, find_bulbs(source), out)
    answers = list(read_predictions(out / "predictions.jsonl"))
    assert summary.num_bulbs == len(answers)
    return answers


@depth
@count
def test_every_mutation_has_its_row_and_is_judged_only_as_what_was_read(
    tmp_path, planted: Planted, bundle
):
    bulbs = list(find_bulbs(planted.pictures).bulbs)

    answers = predicted(bundle, planted.pictures, tmp_path / "out")

    assert [one.bulb_id for one in answers] == [f"{one.number:05}" for one in planted.planted]
    expected = []
    for bulb, answer, mutation in zip(bulbs, answers, planted.planted, strict=True):
        loaded = load_views(bulb.views, planted.spec)
        reasons = [one.reason if isinstance(one, PictureError) else "" for one in loaded]
        assert reasons.count("") >= NUM_VIEWS - 1
        assert [view.reason for view in answer.views] == reasons
        if any(reasons):
            assert reasons[mutation.view]
            assert (answer.verdict, answer.reason) == ("unjudged", reasons[mutation.view])
            assert answer.defect_probability is None
            expected.append((bulb.bulb_id, str(mutation.view), answer.reason))
        else:
            assert_judged_by_its_pixels(answer, loaded, planted.spec)
    assert refused_by_check(bulbs, planted.spec) == expected
    assert refused_by_training(bulbs, NUM_VIEWS, planted.spec, tmp_path / "cache") == expected


def assert_judged_by_its_pixels(answer, loaded: Sequence[LoadedView], spec: PreprocessSpec) -> None:
    bright = np.mean([one.pixels.astype(float) for one in loaded]) / spec.max_level
    probability = expit(8 * bright - 4)
    assert answer.defect_probability == pytest.approx(probability, abs=1e-5)
    if abs(probability - 0.5) > 1e-5:
        assert answer.verdict == ("reject" if probability > 0.5 else "pass")


@depth
@count
def test_no_mutation_gets_past_a_hash(tmp_path, planted: Planted, bundle):
    bulbs = read_manifest(planted.manifest).bulbs

    answers = predicted(bundle, planted.manifest, tmp_path / "out")

    assert len(answers) == len(planted.planted)
    assert sum(planted.changed) > 0.95 * len(answers)
    for mutation, answer, changed in zip(planted.planted, answers, planted.changed, strict=True):
        assert answer.bulb_id == f"{mutation.number:05}"
        reason = ("changed" if mutation.content else "empty_file") if changed else ""
        assert [view.reason for view in answer.views] == [
            reason if view == mutation.view else "" for view in range(NUM_VIEWS)
        ]
        assert (answer.reason in ("", "defect")) == (not changed)
        assert (answer.verdict == "unjudged") == changed
    expected = [
        (answer.bulb_id, str(mutation.view), answer.reason)
        for mutation, answer in zip(planted.planted, answers, strict=True)
        if answer.verdict == "unjudged"
    ]
    assert refused_by_check(bulbs, planted.spec) == expected
    assert refused_by_training(bulbs, NUM_VIEWS, planted.spec, tmp_path / "cache") == expected


def test_only_formats_with_checksums_keep_damage_from_being_read_as_another_picture(tmp_path):
    """Say what the hash is for; and that of a PNG nothing is read whose checksums are wrong."""
    classifier = Classifier(tmp_path)
    another = dict.fromkeys(FORMATS, 0)
    for mutation in mutations(FEW):
        loaded = read(mutation.content, mutation.format, tmp_path / "mutation")
        another[mutation.format] += classifier.outcome(mutation, loaded) == ANOTHER

    assert another["PNG"] == 0
    assert all(found > 0 for name, found in another.items() if name != "PNG")
