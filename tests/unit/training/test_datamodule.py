"""What the data says of itself for the bundle: the gate, and where the views lie."""

from dataclasses import replace

import numpy as np
import pytest

from bulbinspect.bulb import Part, ViewsIn
from bulbinspect.data.manifest import read_manifest
from bulbinspect.data.synthetic.write import write_set
from bulbinspect.errors import SpecError
from bulbinspect.imaging.gate import LIMITS
from bulbinspect.imaging.learn_gate import learn_gate
from bulbinspect.imaging.load import load_views
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.training.datamodule import BulbDataModule

LEARN = dict.fromkeys(LIMITS, "learn")
SPEC = PreprocessSpec(32, 32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("drawn") / "set"
    write_set(path, num_bulbs=40, size_px=40, fractions=(0.6, 0.2, 0.2))
    return path


def data(folder, gate, manifest="manifest.csv", **options):
    usual = {"split_seed": 0, "train_bulbs": None, "bulbs_per_epoch": None, "seed": 0}
    module = BulbDataModule(
        manifest=str(folder / manifest),
        preprocess=SPEC.to_dict(),
        gate=gate,
        batch_size=8,
        cache_folder=str(folder.parent / "cache"),
        fractions={"train": 0.6, "val": 0.2, "test": 0.2},
        **{**usual, **options},
    )
    module.setup()
    return module


def test_limits_are_learnt_from_the_training_pictures_alone(folder):
    bulbs = [one for one in read_manifest(folder / "manifest.csv").bulbs if one.split == "train"]
    loaded = [load_views(bulb.views, SPEC) for bulb in bulbs]
    expected = learn_gate(
        [
            (np.stack([one.pixels for one in views]), np.array([one.picture_size for one in views]))
            for views in loaded
        ],
        255,
    )
    found = data(folder, LEARN).learn_gate()
    assert found == expected
    assert (found.min_height_px, found.max_width_px) == (40, 40)


def test_a_view_that_is_absent_teaches_nothing(folder):
    lines = (folder / "manifest.csv").read_text().splitlines()
    kept = [line for number, line in enumerate(lines) if number != 2]
    (folder / "short.csv").write_text("\n".join(kept) + "\n")
    short = data(folder, LEARN, "short.csv")
    assert not short.cache.present.all()
    assert short.learn_gate().min_height_px == 40


def test_given_limits_are_not_learnt(folder):
    given = {**LEARN, "min_brightness": 0, "max_distance": "off", "min_contrast": False}
    learnt, found = data(folder, LEARN).learn_gate(), data(folder, given).learn_gate()
    assert (found.min_brightness, found.max_distance, found.min_contrast) == (0, None, None)
    assert found.min_sharpness == learnt.min_sharpness


@pytest.mark.parametrize("off", ["off", False, None])
def test_there_need_not_be_a_gate(folder, off):
    assert data(folder, off).learn_gate() is None


@pytest.mark.parametrize(
    ("gate", "says"),
    [
        ({**LEARN, "min_brightness": 2}, "min_brightness must be a number from 0 to 1"),
        ({**LEARN, "min_brightness": "dark"}, "min_brightness must be a number"),
        ({"min_brightness": "learn"}, "expected off, or exactly"),
        ({**LEARN, "surprise": 1}, "expected off, or exactly"),
        ("on", "expected off, or exactly"),
    ],
)
def test_a_senseless_limit_is_refused_before_any_work(folder, gate, says):
    with pytest.raises(SpecError, match=says):
        data(folder, gate)


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ([None, None], ViewsIn.FILES),
        ([ViewsIn.PAGES, ViewsIn.PAGES], ViewsIn.PAGES),
        ([ViewsIn.CHANNELS, ViewsIn.PAGES], ViewsIn.FILES),
        ([None, ViewsIn.CHANNELS], ViewsIn.FILES),
    ],
)
def test_views_lie_in_parts_of_files_only_if_all_of_them_do(folder, kinds, expected):
    module = data(folder, "off")
    bulb = module.manifest.bulbs[0]
    parts = [kind and Part(kind, 0, 1) for kind in kinds]
    views = tuple(replace(view, part=part) for view, part in zip(bulb.views, parts, strict=False))
    module.manifest = replace(module.manifest, bulbs=(replace(bulb, views=views),))
    assert module.views_in is expected


def test_one_fold_is_test_and_the_manifests_own_test_is_left_out(folder):
    splits = {one.bulb_id: one.split for one in read_manifest(folder / "manifest.csv").bulbs}
    judged = []
    for fold in range(3):
        module = data(folder, "off", folds=3, fold=fold)
        judged += [bulb.bulb_id for bulb in module.bulbs("test")]
        learnt = [*module.bulbs("train"), *module.bulbs("val")]
        assert all(splits[bulb.bulb_id] == bulb.split for bulb in learnt)
        assert len(module.dataset("train").rows) == len(module.bulbs("train"))
        assert module.notes[0].startswith(f"fold {fold} of 3 is test: ")
    assert sorted(judged) == sorted(one for one in splits if splits[one] != "test")


def test_folds_are_those_of_the_split_seed_whatever_the_seed(folder):
    first, again = (data(folder, "off", folds=3, fold=1, seed=seed) for seed in (0, 7))
    other = data(folder, "off", folds=3, fold=1, split_seed=1)
    assert first.bulbs("test") == again.bulbs("test") != other.bulbs("test")


def test_a_fold_is_chosen_before_train_is_lessened(folder):
    whole = data(folder, "off", folds=3, fold=0, fold_test=True)
    few = data(folder, "off", folds=3, fold=0, fold_test=True, train_bulbs=8)
    assert few.bulbs("test") == whole.bulbs("test")
    assert len(few.bulbs("train")) == 8


def test_a_fold_without_folds_is_refused_before_any_work(folder):
    with pytest.raises(SpecError, match="folds and fold go together"):
        data(folder, "off", "no-such.csv", fold=1)
