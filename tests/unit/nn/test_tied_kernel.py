import copy
import pickle

import numpy as np
import onnxruntime
import pytest
import torch
from scipy.signal import correlate2d
from torch import nn

from bulbinspect.errors import SpecError
from bulbinspect.nn.tied_kernel import TiedKernelConv2d, write_out_tied_kernels
from bulbinspect.nn.view_shared import ViewShared

NINE_OF_25 = "AABCC/AABCC/DDEFF/GGHII/GGHII"
PATTERNS = (NINE_OF_25, "ABC/DEF/GHI", "A", "A.A/.B./A.A", "AAAAAAA")


def num_weights(module):
    return sum(weight.numel() for weight in module.parameters())


def test_nine_weights_stand_at_25_places():
    layer = TiedKernelConv2d(1, 1, NINE_OF_25, bias=False)
    assert (num_weights(layer), layer.weight.numel(), layer.fan_in) == (9, 25, 25)
    a, b, c, d, e, f, g, h, i = layer.tied_weight.detach().flatten().tolist()
    assert layer.weight[0, 0].tolist() == [
        [a, a, b, c, c],
        [a, a, b, c, c],
        [d, d, e, f, f],
        [g, g, h, i, i],
        [g, g, h, i, i],
    ]


def test_a_row_of_five_tiled_downwards_is_five_weights_at_25_places():
    layer = TiedKernelConv2d.tiled(1, 1, kernel=(1, 5), factors=(5, 1), bias=False)
    assert layer.pattern == "ABCDE/ABCDE/ABCDE/ABCDE/ABCDE"
    assert (num_weights(layer), layer.kernel_size) == (5, (5, 5))


def test_a_kernel_of_more_weights_than_the_alphabet_has_letters_can_be_tiled():
    layer = TiedKernelConv2d.tiled(1, 1, kernel=(9, 11), factors=(1, 2), bias=False)
    assert (num_weights(layer), layer.kernel_size) == (99, (9, 22))


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize(("channels", "groups"), [((1, 3), 1), ((4, 6), 2)])
def test_as_many_weights_are_trained_as_the_pattern_has_letters(pattern, channels, groups):
    layer = TiedKernelConv2d(*channels, pattern, groups=groups)
    letters = len(set(pattern) - set("/."))
    assert num_weights(layer) == letters * channels[0] * channels[1] // groups + channels[1]


def test_outputs_are_those_of_scipy():
    layer = TiedKernelConv2d(1, 2, NINE_OF_25, dtype=torch.float64)
    picture = torch.randn(1, 1, 9, 11, dtype=torch.float64)
    outputs = layer(picture).detach().numpy()
    for kernel, bias, output in zip(layer.weight, layer.bias, outputs[0], strict=True):
        expected = correlate2d(picture[0, 0].numpy(), kernel[0].detach().numpy(), mode="valid")
        np.testing.assert_allclose(output, expected + bias.item())


@pytest.mark.parametrize("pattern", PATTERNS)
def test_the_output_begins_with_the_variance_of_an_ordinary_convolution(pattern):
    """Var(y) = fan_in · var(w) · E[x²], and var(w) = 1 / (3 · fan_in): a third of E[x²]."""
    torch.manual_seed(5)
    layer = TiedKernelConv2d(3, 3000, pattern, bias=False)
    pictures = 1.5 * torch.randn(2000, 3, *layer.kernel_size)  # one place of the output each
    assert layer.fan_in == 3 * sum(letter not in "/." for letter in pattern)
    # the fewest numbers, of "A": 6000 of pictures, 9000 weights; three times the spread that gives
    spread = 3 * (2 / 6000 + 2 / 9000) ** 0.5
    with torch.inference_mode():
        measured = layer(pictures).var().item()
        ordinary = nn.Conv2d(3, 3000, layer.kernel_size, bias=False)(pictures).var().item()
    theory = layer.fan_in * layer.tied_weight.var().item() * 1.5**2
    assert measured == pytest.approx(theory, rel=spread)
    assert measured == pytest.approx(1.5**2 / 3, rel=spread)
    if "." not in pattern:
        assert measured == pytest.approx(ordinary, rel=2**0.5 * spread)


def test_bias_begins_as_that_of_an_ordinary_convolution():
    torch.manual_seed(5)
    layer = TiedKernelConv2d(4, 50_000, NINE_OF_25)
    assert layer.bias.var().item() == pytest.approx(1 / (3 * 100), rel=0.02)
    assert layer.bias.abs().max().item() <= 0.1


def test_equal_inputs_under_a_letter_count_its_places_squared():
    torch.manual_seed(5)
    layer = TiedKernelConv2d(1, 50_000, "AAB", bias=False)
    outputs = layer(torch.ones(1, 1, 1, 3)).detach()
    assert outputs.var().item() == pytest.approx(layer.tied_weight.var().item() * 5, rel=0.02)


def test_different_letters_alone_begin_as_an_ordinary_convolution_of_the_same_seed():
    torch.manual_seed(1)
    layer = TiedKernelConv2d(2, 4, "ABC/DEF/GHI")
    torch.manual_seed(1)
    ordinary = nn.Conv2d(2, 4, 3)
    assert layer.weight.equal(ordinary.weight)
    assert layer.bias.equal(ordinary.bias)


def test_reset_parameters_draws_anew():
    layer = TiedKernelConv2d(1, 2, "AB")
    before = copy.deepcopy(layer.state_dict())
    layer.reset_parameters()
    assert not any(before[name].equal(weight) for name, weight in layer.state_dict().items())


def test_the_state_holds_what_is_trained_and_nothing_else():
    layer = TiedKernelConv2d(2, 3, NINE_OF_25)
    shapes = {name: tuple(values.shape) for name, values in layer.state_dict().items()}
    assert shapes == {"tied_weight": (3, 2, 9), "bias": (3,)}
    assert {name for name, _ in layer.named_parameters()} == shapes.keys()
    other = TiedKernelConv2d(2, 3, NINE_OF_25)
    other.load_state_dict(layer.state_dict())
    assert other.weight.equal(layer.weight)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda layer: pickle.loads(pickle.dumps(layer))])  # noqa: S301
def test_a_copy_is_equal_and_its_own(copied):
    layer = TiedKernelConv2d(1, 2, NINE_OF_25, stride=2, padding=1)
    twin, pictures = copied(layer), torch.randn(1, 1, 9, 9)
    assert twin(pictures).equal(layer(pictures))
    with torch.no_grad():
        twin.tied_weight.zero_()
    assert layer.tied_weight.abs().min() > 0


def test_a_copy_written_out_is_an_ordinary_convolution_of_its_own():
    layer = TiedKernelConv2d(
        4, 6, "AB/.A", stride=2, padding=3, dilation=2, groups=2, padding_mode="reflect"
    ).eval()
    ordinary, pictures = layer.written_out(), torch.randn(1, 4, 9, 9)
    assert type(ordinary) is nn.Conv2d
    assert not ordinary.training
    assert set(ordinary.state_dict()) == {"weight", "bias"}
    assert ordinary(pictures).equal(layer(pictures))
    with torch.no_grad():
        ordinary.weight.zero_()
    assert layer.tied_weight.abs().min() > 0
    assert TiedKernelConv2d(1, 1, "A", bias=False).written_out().bias is None


def test_training_lowers_the_loss_and_keeps_the_pattern():
    torch.manual_seed(0)
    pictures = torch.randn(8, 1, 12, 12)
    with torch.no_grad():
        wanted = TiedKernelConv2d(1, 2, NINE_OF_25, padding="same")(pictures)
    layer = TiedKernelConv2d(1, 2, NINE_OF_25, padding="same")
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.02)
    losses = []
    for _ in range(200):
        optimizer.zero_grad()
        loss = (layer(pictures) - wanted).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 1e-3 * losses[0]  # the same pattern can say it exactly
    assert layer.weight[:, :, 0, 0].equal(layer.weight[:, :, 1, 1])


def exported(module, *shape):
    program = torch.onnx.export(
        module.eval(), (torch.randn(shape),), dynamo=True, verbose=False, external_data=False
    )
    return program.model_proto


@pytest.mark.parametrize("channels", [(1, 4), (64, 48)])
def test_written_out_it_exports_as_one_convolution_with_a_constant_kernel(channels):
    network = nn.Sequential(
        TiedKernelConv2d(*channels, NINE_OF_25, stride=2, padding=2, dilation=1), nn.ReLU()
    ).eval()
    pictures = torch.randn(2, channels[0], 12, 16)
    with torch.inference_mode():
        expected = network(pictures).numpy()
    model = exported(write_out_tied_kernels(network), *pictures.shape)
    assert [node.op_type for node in model.graph.node] == ["Conv", "Relu"]
    constants = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    conv = model.graph.node[0]
    assert constants[conv.input[1]] == (channels[1], channels[0], 5, 5)
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (outputs,) = session.run(None, {session.get_inputs()[0].name: pictures.numpy()})
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-5)


def test_write_out_reaches_layers_at_any_depth():
    network = ViewShared(nn.Sequential(nn.Sequential(TiedKernelConv2d(1, 2, "AA")), nn.ReLU()))
    views = torch.randn(2, 3, 1, 4, 4)
    expected = network(views)
    assert write_out_tied_kernels(network) is network
    assert not any(isinstance(layer, TiedKernelConv2d) for layer in network.modules())
    assert network(views).equal(expected)
    assert type(write_out_tied_kernels(TiedKernelConv2d(1, 1, "A"))) is nn.Conv2d


def test_options_of_the_device_and_the_precision_reach_the_weights():
    layer = TiedKernelConv2d(1, 2, "AB/BA", device="meta", dtype=torch.bfloat16)
    assert (layer.weight.device.type, layer.weight.dtype) == ("meta", torch.bfloat16)
    assert layer.places.device.type == "meta"
    assert TiedKernelConv2d(1, 2, "AB").double().weight.dtype == torch.float64


def test_under_autocast_it_computes_what_an_ordinary_convolution_does():
    layer, pictures = TiedKernelConv2d(3, 8, NINE_OF_25), torch.randn(2, 3, 9, 9)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = layer(pictures)
        assert outputs.dtype == torch.bfloat16
        assert outputs.equal(layer.written_out()(pictures))


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("AAB/AA", r"one length; 'AAB/AA' has \[2, 3\]"),
        ("AB/", r"has \[0, 2\]"),
        ("", "of letters"),
        ("../..", "of letters"),
        ("A1", "of letters, '.' for zero and '/' between rows, such as AAB/AAB/CCD, not 'A1'"),
        ("AB BA", "not 'AB BA'"),
    ],
)
def test_what_is_no_pattern_is_refused(pattern, message):
    with pytest.raises(SpecError, match=message):
        TiedKernelConv2d(1, 1, pattern)


@pytest.mark.parametrize(("kernel", "factors"), [((0, 5), (1, 1)), ((1, 5), (5, 0))])
def test_a_tiled_kernel_of_no_places_is_refused(kernel, factors):
    with pytest.raises(SpecError, match="must be 1 or more, not"):
        TiedKernelConv2d.tiled(1, 1, kernel, factors)


def test_the_pattern_is_shown():
    assert repr(TiedKernelConv2d(1, 1, "AB/BA")) == (
        "TiedKernelConv2d(1, 1, kernel_size=(2, 2), stride=(1, 1), pattern=AB/BA)"
    )
