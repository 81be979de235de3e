import json

import numpy as np
import pytest
from tests.run_folders import Made

from bulbinspect.errors import BulbInspectError, BundleError, DataError
from bulbinspect.study.record import read_run


def read(folder):
    return read_run(folder, name=folder.name)


def test_a_run_is_what_its_files_say(runs):
    test = {"y": Made(0.75, "defect", "lot"), "x": Made(0.25), "z": Made(None, "good", "lot")}
    folder = runs.add("channel_shuffle", seed=3, size=50, budget="flops", test=test)
    run = read(folder)
    assert (run.arm, run.seed, run.num_train, run.budget) == ("channel_shuffle", 3, 50, "flops")
    assert (run.learning_rate, run.data, run.name) == (0.001, "drawn", folder.name)
    assert (run.data_sha256, run.manifest_sha256) == ("d" * 64, "e" * 64)
    assert run.test.ids == ("x", "y", "z")
    assert run.test.labels == ("good", "defect", "good")
    assert run.test.defective.tolist() == [False, True, False]
    np.testing.assert_array_equal(run.test.probability, [0.25, 0.75, np.nan])
    assert run.test.rejected.tolist() == [False, True, True]
    assert run.test.unjudged.tolist() == [False, False, True]
    one, two, three = run.test.groups
    assert two == three != one


def test_a_bulb_without_group_is_its_own_whatever_it_is_called(runs):
    test = {"lot": Made(0.1), "x": Made(0.9, "defect", "lot"), "bulb lot": Made(0.9, "defect")}
    assert len(set(read(runs.add(test=test)).test.groups)) == 3


def test_training_bulbs_are_those_asked_for_else_those_there_were(runs):
    asked = runs.add(name="a", size=25, measured={"num_train": 26})
    measured = runs.add(name="b", size=None, measured={"num_train": 26})
    counted = runs.add(name="c", size=None)
    assert [read(one).num_train for one in (asked, measured, counted)] == [25, 26, 1]


def test_without_study_json_steps_are_equal(runs):
    run = read(runs.add(budget=None))
    assert (run.budget, run.measured, run.data) == ("steps", {}, "folder")


def config(**changes):
    values = {"arm": "siamese", "seed": 0, "data": {"train_bulbs": 9}, "module": {}}
    return json.dumps(values | changes)  # JSON is YAML


def prediction(folder, **changes):
    first, *others = (folder / "predictions-test.jsonl").read_text().splitlines()
    return "\n".join([json.dumps(json.loads(first) | changes), *others])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.yaml", "arm: [unclosed"),
        ("config.yaml", "- a list"),
        ("config.yaml", ""),
        ("config.yaml", "a: &a [x]\nb: *c"),
        ("config.yaml", "!!python/object/apply:os.system ['true']"),
        ("config.yaml", "[" * 5000),
        ("config.yaml", "seed: " + "9" * 5000),
        ("config.yaml", b"\xff\xfe\x00"),
        ("config.yaml", None),
        ("config.yaml", config(arm=None)),
        ("config.yaml", config(arm=" ")),
        ("config.yaml", config(arm=["siamese"])),
        ("config.yaml", config(arm="other")),  # study.json says siamese
        ("config.yaml", config(seed="0")),
        ("config.yaml", config(seed=True)),
        ("config.yaml", config(seed=-1)),
        ("config.yaml", config(data={"train_bulbs": 0})),
        ("config.yaml", config(data={"train_bulbs": 2.5})),
        ("config.yaml", config(module={"learning_rate": "fast"})),
        ("study.json", "[]"),
        ("study.json", '{"cost": {"train_s": NaN}}'),
        ("study.json", '{"budget": "hours"}'),
        ("study.json", "{" * 5000),
        ("study.json", '{"a": ' * 100000),
        ("metrics.json", "{"),
        ("split.csv", ""),
        ("split.csv", "bulb_id,split\nb,test\n"),
        ("split.csv", "bulb_id,split,label,group\nb,test\n"),
        ("split.csv", "bulb_id,split,label,group\nb,test,good,\nb,test,good,\n"),
        ("split.csv", b"bulb_id,split,label,group\n\xff,test,good,\n"),
        ("split.csv", None),
        ("bundle.onnx", "not a bundle"),
        ("bundle.onnx", None),
        ("predictions-val.jsonl", ""),
        ("predictions-test.jsonl", ""),
        ("predictions-test.jsonl", None),
        ("predictions-test.jsonl", "{}"),
        ("predictions-test.jsonl", "[1, 2]"),
        ("predictions-test.jsonl", "no JSON"),
        ("predictions-test.jsonl", b"\xff"),
        ("predictions-test.jsonl", "[" * 100000),
        ("predictions-test.jsonl", {"model": "0" * 64}),
        ("predictions-test.jsonl", {"bulb_id": "strange"}),
        ("predictions-test.jsonl", {"bulb_id": "g1"}),  # there already
        ("predictions-test.jsonl", {"bulb_id": 7}),
        ("predictions-test.jsonl", {"verdict": "good"}),
        ("predictions-test.jsonl", {"verdict": ["pass"]}),
        ("predictions-test.jsonl", {"verdict": "unjudged"}),  # but a probability
        ("predictions-test.jsonl", {"verdict": None}),
        ("predictions-test.jsonl", {"defect_probability": None}),
        ("predictions-test.jsonl", {"defect_probability": True}),
        ("predictions-test.jsonl", {"defect_probability": "0.5"}),
        ("predictions-test.jsonl", {"defect_probability": 1.5}),
        ("predictions-test.jsonl", {"defect_probability": -0.1}),
        ("predictions-test.jsonl", {"defect_probability": float("nan")}),
    ],
)
def test_a_broken_file_is_named_in_one_line(runs, name, content):
    folder = runs.add()
    if isinstance(content, dict):
        content = prediction(folder, **content)
    if content is None:
        (folder / name).unlink()
    elif isinstance(content, bytes):
        (folder / name).write_bytes(content)
    else:
        (folder / name).write_text(content)
    with pytest.raises(BulbInspectError) as error:
        read(folder)
    assert name in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_none_of_ours_is_as_large_as_is_not_read(runs):
    folder = runs.add()
    with (folder / "config.yaml").open("w") as file:
        file.truncate(17 << 20)
    with pytest.raises(DataError, match=r"config.yaml is larger than 16 MiB"):
        read(folder)


def test_a_bulb_without_label_is_refused(runs):
    with pytest.raises(DataError, match="has no label in split"):
        read(runs.add(test={"x": Made(0.1, "")}))


@pytest.mark.parametrize("key", ["data_sha256", "manifest_sha256"])
def test_a_bundle_that_does_not_say_its_data_is_refused(runs, key):
    given = {"data_sha256": "d" * 64, "manifest_sha256": "e" * 64, key: None}
    with pytest.raises(BundleError, match=f"bundle.onnx: its provenance has no {key}"):
        read(runs.add(provenance=given))
