import csv
import hashlib

import pytest
from tests.run_folders import Made

from bulbinspect.study.compare import compare
from bulbinspect.study.interval import Resampling

# bulb: defect probability, label, kind, visible pixels of the views 1 to 4
BULBS = {
    "g0": (0.1, "good", "", None),
    "g1": (0.2, "good", "", None),
    "crack-one": (0.9, "defect", "crack", (0, 100, 0, 0)),
    "crack-slightly": (0.3, "defect", "crack", (0, 85, 15, 0)),
    "crack-across": (0.3, "defect", "crack", (0, 70, 30, 0)),
    "dent-round": (0.3, "defect", "dent", (40, 0, 0, 60)),  # the last and the first are neighbours
    "dent-apart": (0.9, "defect", "dent", (50, 0, 50, 0)),  # opposite views are none
    "dent-limit": (0.9, "defect", "dent", (80, 20, 0, 0)),
}
ACROSS = {"crack-across", "dent-round", "dent-limit"}
TEST = {one: Made(values[0], values[1]) for one, values in BULBS.items()}


@pytest.fixture
def manifest(tmp_path, runs):
    """Write the manifest and truth of drawn bulbs, and let runs be made from it."""
    path = tmp_path / "set" / "manifest.csv"
    path.parent.mkdir()
    rows = [["bulb_id", "view", "path", "label", "kind"]]
    truth = [["bulb_id", "view", "kind", "visible_px"]]
    for one, (_, label, kind, pixels) in BULBS.items():
        for view in range(1, 5):
            rows.append([one, str(view), f"{one}_{view}.png", label, kind])
            if pixels:
                truth.append([one, str(view), kind, str(pixels[view - 1])])
    for name, content in (("manifest.csv", rows), ("truth.csv", truth)):
        with (path.parent / name).open("w", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(content)
    runs.manifest = str(path)
    return path


def provenance(path):
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"data_sha256": "d" * 64, "manifest_sha256": digest}


def strata_of(runs, **options):
    result = compare([runs.root], resampling=Resampling(100), **options)
    found = {(row["arm"], row["of"], row["stratum"]): row for row in result["strata"]}
    return found, [note for note in result["notes"] if "strata" in note]


def rate(row):
    return row["num_defective"], row["escape_rate_at_overkill"]["mean"]


def test_escapes_are_told_by_kind_and_by_place(runs, manifest):
    runs.add(test=TEST, provenance=provenance(manifest))
    found, notes = strata_of(runs)
    assert {key: rate(row) for key, row in found.items()} == {
        ("siamese", "kind", "crack"): (3, pytest.approx(2 / 3)),
        ("siamese", "kind", "dent"): (3, pytest.approx(1 / 3)),
        ("siamese", "place", "crosses to the next view"): (3, pytest.approx(2 / 3)),
        ("siamese", "place", "on one view"): (3, pytest.approx(1 / 3)),
    }
    assert notes == []
    assert all(row["difference"] is None for row in found.values())


def test_arms_are_held_against_the_reference_in_each_stratum(runs, manifest):
    runs.add(test=TEST, provenance=provenance(manifest))
    sees_borders = {one: Made(0.9, "defect") for one in ACROSS}
    runs.add("cyclic", test=TEST | sees_borders, provenance=provenance(manifest))
    found, _ = strata_of(runs)
    assert found["cyclic", "place", "crosses to the next view"]["difference"]["mean"] == -2 / 3
    assert found["cyclic", "place", "on one view"]["difference"]["mean"] == 0


def test_labels_of_several_kinds_are_strata_without_a_manifest(runs):
    test = {"g": Made(0.1), "a": Made(0.9, "crack"), "b": Made(0.2, "dent")}
    runs.add(test=test)
    found, notes = strata_of(runs)
    assert {key[1:]: rate(row) for key, row in found.items()} == {
        ("kind", "crack"): (1, 0),
        ("kind", "dent"): (1, 1),
    }
    assert notes == [
        "no strata from the manifest: the one that the runs were made from is no longer there"
    ]


def test_a_manifest_that_changed_is_not_believed(runs, manifest):
    runs.add(test=TEST, provenance=provenance(manifest))
    manifest.write_text(manifest.read_text().replace("dent", "dint"))
    assert strata_of(runs) == (
        {},
        ["no strata from the manifest: it has changed since the runs were made"],
    )


@pytest.mark.parametrize(
    "content",
    ["bulb_id,view\nx,1\n", "bulb_id,view,visible_px\nx,1,many\n", '"', b"\xff\xfe"],
)
def test_a_truth_that_cannot_be_read_costs_the_places_only(runs, manifest, content):
    raw = content if isinstance(content, bytes) else content.encode()
    manifest.with_name("truth.csv").write_bytes(raw)
    runs.add(test=TEST, provenance=provenance(manifest))
    found, notes = strata_of(runs)
    assert {key[1] for key in found} == {"kind"}
    assert not notes or "truth.csv beside the manifest cannot be read" in notes[0]


def test_without_truth_there_are_kinds_and_no_note(runs, manifest):
    manifest.with_name("truth.csv").unlink()
    runs.add(test=TEST, provenance=provenance(manifest))
    found, notes = strata_of(runs)
    assert ({key[1] for key in found}, notes) == ({"kind"}, [])
