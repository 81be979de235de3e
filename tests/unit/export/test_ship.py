"""The export proves what it claims, on every pooling and trunk, or writes nothing."""

import dataclasses

import numpy as np
import pytest
import statsmodels.api as sm
import torch
from tests.calibrations import calibration_of

from bulbinspect.bulb import ViewsIn
from bulbinspect.bundle.bundle import read_bundle, write_bundle
from bulbinspect.bundle.metadata import BundleMetadata
from bulbinspect.bundle.runtime import Runtime
from bulbinspect.errors import DataError, ExportError
from bulbinspect.export.agreement import prove_agreement
from bulbinspect.export.graph import Judgement, export_graph
from bulbinspect.export.ship import Judgeable, ship
from bulbinspect.imaging.gate import Gate
from bulbinspect.imaging.preprocess import PreprocessSpec
from bulbinspect.metrics.probability import defect_probability, softmax
from bulbinspect.models.spec import ModelSpec, build_model
from bulbinspect.nn.view_pooling import ORDER_BOUND_POOLINGS, VIEW_POOLINGS

PREPROCESS = PreprocessSpec(height_px=32, width_px=40)
CLASSES = ("good", "defect")
NAMES = ("0", "1", "2", "3")
GATE = Gate(min_brightness=0.25, max_saturated=0.5)


def network_of(spec):
    torch.manual_seed(1)
    return build_model(spec).eval()


def bulbs_of(num, dtype=np.uint8, top=256, seed=0):
    generator = np.random.default_rng(seed)
    views = generator.integers(0, top, (num, 4, 32, 40)).astype(dtype)
    return views, np.ones((num, 4), dtype=bool)


def shipped(path, spec, network, *, num=40, preprocess=PREPROCESS, classes=CLASSES, target=None):
    views, present = bulbs_of(num, preprocess.dtype, preprocess.max_level + 1)
    target = np.arange(num) % len(classes) if target is None else target
    return ship(
        network,
        path,
        model=spec,
        preprocess=preprocess,
        classes=classes,
        view_names=NAMES,
        views_in=ViewsIn.CHANNELS,
        gate=GATE,
        val=Judgeable(views, present, target),
        provenance={"seed": 0},
    )


@pytest.mark.parametrize(
    ("name", "bit_depth"),
    [*((name, 8) for name in (*VIEW_POOLINGS, *ORDER_BOUND_POOLINGS)), ("max", 12)],
)
def test_every_pooling_ships_and_judges_any_number_of_bulbs(tmp_path, name, bit_depth):
    preprocess = dataclasses.replace(PREPROCESS, bit_depth=bit_depth)
    spec = ModelSpec(
        num_classes=2, view_pooling=name, max_level=preprocess.max_level, num_views=len(NAMES)
    )
    network = network_of(spec)
    bundle = shipped(tmp_path / "bundle.onnx", spec, network, preprocess=preprocess)
    assert read_bundle(tmp_path / "bundle.onnx").sha256 == bundle.sha256
    assert bundle.metadata.agreement["num_bulbs"] == 40
    assert (bundle.metadata.gate, bundle.metadata.views_in) == (GATE, ViewsIn.CHANNELS)
    assert ModelSpec.from_dict(bundle.metadata.model) == spec
    runtime = Runtime(bundle, device="cpu")
    for num in (1, 5):
        views, present = bulbs_of(num, preprocess.dtype, preprocess.max_level + 1, seed=num)
        present[0, 1] = False
        logits, view_logits = runtime.run(views, present)
        with torch.inference_mode():
            tensors = torch.from_numpy(views.astype(np.int32)), torch.from_numpy(present)
            expected = network(*tensors)
            alone = network.judge_each_view(network.view_features(*tensors))
        np.testing.assert_allclose(logits, expected.numpy(), atol=1e-5)
        np.testing.assert_allclose(view_logits, alone.numpy(), atol=1e-5)


def test_an_absent_view_does_not_matter_in_the_graph_either(tmp_path):
    spec = ModelSpec(num_classes=2, view_pooling="log_sum_exp", spatial_pooling="log_sum_exp")
    runtime = Runtime(shipped(tmp_path / "b.onnx", spec, network_of(spec)), device="cpu")
    views, present = bulbs_of(2)
    present[:, 2] = False
    expected = runtime.run(views, present)[0]
    views[:, 2] = 255 - views[:, 2]
    np.testing.assert_array_equal(runtime.run(views, present)[0], expected)


def test_standardised_dark_flat_views_agree_as_well(tmp_path):
    """In single precision they did not: a network trained on dark views was 6.5e-5 apart."""
    network = network_of(ModelSpec(num_classes=2, standardise=True))
    views, present = bulbs_of(32, top=3)
    with torch.inference_mode():
        network.head.linear.weight *= 30  # as sure of itself as a trained one
    agreement = prove_agreement(
        Judgement(network),
        runtime_of(network, tmp_path),
        views + np.uint8(200),
        present,
        good=0,
        reject_threshold=0.5,
    )
    assert agreement.max_difference <= 2e-6


def test_the_threshold_is_the_best_of_all_on_the_exported_graph(tmp_path):
    spec = ModelSpec(num_classes=2)
    bundle = shipped(tmp_path / "b.onnx", spec, network_of(spec))
    views, present = bulbs_of(40)
    logits = Runtime(bundle).run(views, present)[0]
    probability = defect_probability(bundle.metadata.calibration.apply(logits, 0), good=0)
    defective = np.arange(40) % 2 == 1

    def balanced_accuracy(threshold):
        rejected = probability >= threshold
        return (rejected[defective].mean() + (~rejected[~defective]).mean()) / 2

    best = max(balanced_accuracy(threshold) for threshold in probability)
    point = bundle.metadata.operating_point
    assert point.chosen_on == "val"
    assert balanced_accuracy(point.reject_threshold) == pytest.approx(best)


def test_the_calibration_is_the_binomial_regression_on_the_exported_graph(tmp_path):
    spec = ModelSpec(num_classes=2)
    target = (np.arange(40) % 5 == 0).astype(int)
    network = network_of(spec)
    with torch.no_grad():
        network.head.linear.weight *= 300  # untrained, it hardly tells one bulb from another
    bundle = shipped(tmp_path / "b.onnx", spec, network, target=target)
    logits = Runtime(bundle).run(*bulbs_of(40))[0].astype(float)
    odds = logits[:, 1] - logits[:, 0]
    smoothed = np.where(target, 9 / 10, 1 / 34)  # Platt's, for 8 defective and 32 good bulbs
    design = sm.add_constant((odds - odds.mean()) / odds.std())
    fitted = sm.GLM(smoothed, design, family=sm.families.Binomial()).fit(tol=1e-12)
    calibration = bundle.metadata.calibration
    assert (calibration.chosen_on, calibration.num_good, calibration.num_defective) == (
        "val",
        32,
        8,
    )
    assert calibration.production_prevalence is None
    slope = fitted.params[1] / odds.std()
    if slope > 0:
        assert 1 / calibration.temperature == pytest.approx(slope, rel=1e-4)
    else:
        assert 0 < odds.std() / calibration.temperature <= 0.001001
    probability = defect_probability(calibration.apply(logits, 0), good=0)
    assert probability.mean() == pytest.approx(smoothed.mean(), rel=1e-3)


def test_a_small_val_is_filled_up_for_the_proof(tmp_path):
    spec = ModelSpec(num_classes=2)
    bundle = shipped(tmp_path / "b.onnx", spec, network_of(spec), num=5)
    assert bundle.metadata.agreement["num_bulbs"] >= 32


def test_without_a_good_class_there_is_no_threshold(tmp_path):
    spec = ModelSpec(num_classes=3)
    bundle = shipped(tmp_path / "b.onnx", spec, network_of(spec), classes=("a", "b", "c"))
    assert bundle.metadata.operating_point is None


def test_a_val_of_one_class_gives_no_threshold_and_no_file(tmp_path):
    spec = ModelSpec(num_classes=2)
    with pytest.raises(DataError, match="40 good and 0 defective"):
        shipped(tmp_path / "b.onnx", spec, network_of(spec), target=np.zeros(40, dtype=int))
    assert list(tmp_path.iterdir()) == []


def runtime_of(network, folder):
    graph = export_graph(network, PREPROCESS, num_views=4)
    metadata = BundleMetadata(classes=CLASSES, view_names=NAMES, preprocess=PREPROCESS)
    return Runtime(write_bundle(folder / "b.onnx", graph, metadata), device="cpu")


def test_another_network_is_refused(tmp_path):
    network = network_of(ModelSpec(num_classes=2))
    runtime = runtime_of(network, tmp_path)
    with torch.no_grad():
        network.head.linear.bias += torch.tensor([0.0, 1e-3])
    with pytest.raises(ExportError, match="differs from the trained one"):
        prove_agreement(Judgement(network), runtime, *bulbs_of(32), good=0, reject_threshold=0.5)


def test_a_network_that_answers_nan_is_refused(tmp_path):
    network = network_of(ModelSpec(num_classes=2))
    with torch.no_grad():
        network.head.linear.bias.fill_(float("nan"))
    runtime = runtime_of(network, tmp_path)
    with pytest.raises(ExportError, match="by nan in probability"):
        prove_agreement(Judgement(network), runtime, *bulbs_of(32), good=0, reject_threshold=0.5)


COOL = calibration_of(temperature=2.0, bias=-1.5)


@pytest.mark.parametrize("calibration", [None, COOL])
def test_one_changed_verdict_is_refused_however_small_the_difference(tmp_path, calibration):
    network = network_of(ModelSpec(num_classes=2))
    runtime = runtime_of(network, tmp_path)
    views, present = bulbs_of(32)
    logits = runtime.run(views, present)[0]
    known = softmax(logits) if calibration is None else calibration.apply(logits, 0)
    with torch.no_grad():
        network.head.linear.bias += torch.tensor([0.0, 4e-6])  # below what a difference may be
    # the shipped graph passes bulb 7, ours rejects it
    threshold = float(defect_probability(known, 0)[7]) + 1e-7
    with pytest.raises(ExportError, match=r"changes [1-9]"):
        prove_agreement(
            Judgement(network),
            runtime,
            views,
            present,
            good=0,
            calibration=calibration,
            reject_threshold=threshold,
        )


def test_fewer_than_32_bulbs_prove_nothing(tmp_path):
    network = network_of(ModelSpec(num_classes=2))
    with pytest.raises(ExportError, match="32 bulbs or more, got 31"):
        prove_agreement(
            Judgement(network),
            runtime_of(network, tmp_path),
            *bulbs_of(31),
            good=0,
            reject_threshold=0.5,
        )
