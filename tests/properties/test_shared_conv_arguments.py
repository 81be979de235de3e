"""A shared convolution takes what conv2d takes, and names what does not fit."""

import numpy as np
import pytest
import torch
from tests.kernels import arrays

from bulbinspect.errors import SpecError
from bulbinspect.nn.view_shared import shared_conv2d


def test_an_unknown_implementation_lists_the_known_ones():
    with pytest.raises(SpecError, match="'fastest'; known are auto, loop, loop_cat, grouped"):
        shared_conv2d(torch.zeros(1, 1, 1, 3, 3), torch.zeros(1, 1, 3, 3), implementation="fastest")


def test_mosaic_says_why_it_does_not_apply():
    with pytest.raises(
        SpecError, match="windows 5 wide at stride 2 overlap, so some would straddl"
    ):
        shared_conv2d(
            torch.zeros(1, 2, 1, 9, 9), torch.zeros(1, 1, 3, 3), stride=2, dilation=2,
            implementation="mosaic",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("x", "weight", "bias", "said"),
    [
        ((2, 3, 5, 5), (1, 3, 3, 3), None, r"expected x \(B, V, C, H, W\)"),
        ((2, 3, 2, 5, 5), (1, 3, 3, 3), None, "got .*2, 3, 2, 5, 5"),
        ((2, 3, 1, 5, 5), (4, 1, 3, 3), (3,), r"expected bias \(4,\), got \(3,\)"),
        ((2, 3, 1, 2, 5), (4, 1, 3, 3), None, r"finds no place in maps of \(2, 5\)"),
    ],
)
def test_shapes_that_do_not_fit_are_named(x, weight, bias, said):
    bias = None if bias is None else torch.zeros(bias)
    with pytest.raises(ValueError, match=said):
        shared_conv2d(torch.zeros(x), torch.zeros(weight), bias)


PAIR_LIKE = {
    "list": lambda a, b: [a, b],
    "tuple": lambda a, b: (a, b),
    "numpy's whole numbers": lambda a, b: (np.int64(a), np.int32(b)),
    "list of numpy's": lambda a, b: [np.int64(a), b],
    "size": lambda a, b: torch.Size([a, b]),
}
NUMBER_LIKE = {
    "int": lambda a: a,
    "numpy's": np.int64,
    "tuple of one": lambda a: (a,),
    "list of one": lambda a: [a],
}


def steps(make, stride, padding, dilation):
    return {"stride": make(*stride), "padding": make(*padding), "dilation": make(*dilation)}


@pytest.mark.parametrize("kind", PAIR_LIKE)
@pytest.mark.parametrize("name", ["auto", "loop", "conv3d", "chunked"])
def test_pairs_may_be_whatever_conv2d_takes_for_one(name, kind):
    x, weight, bias = (torch.tensor(a) for a in arrays((2, 3, 1, 9, 8), 4, (3, 2)))
    options = steps(PAIR_LIKE[kind], (2, 1), (1, 0), (1, 2))
    expected = torch.nn.functional.conv2d(x.flatten(0, 1), weight, bias, **options)
    found = shared_conv2d(x, weight, bias, **options, implementation=name)
    torch.testing.assert_close(found.flatten(0, 1), expected)


@pytest.mark.parametrize("kind", NUMBER_LIKE)
def test_numbers_may_be_whatever_conv2d_takes_for_one(kind):
    x, weight, bias = (torch.tensor(a) for a in arrays((2, 3, 1, 9, 8), 4, (3, 2)))
    options = steps(NUMBER_LIKE[kind], [2], [1], [3])
    expected = torch.nn.functional.conv2d(x.flatten(0, 1), weight, bias, **options)
    found = shared_conv2d(x, weight, bias, **options)
    torch.testing.assert_close(found.flatten(0, 1), expected)


@pytest.mark.parametrize("value", ["same", 1.5, [1.0, 2.0], (), (1, 2, 3), None])
def test_what_is_no_pair_is_named(value):
    with pytest.raises(ValueError, match="one for rows and columns, got"):
        shared_conv2d(torch.zeros(1, 1, 1, 3, 3), torch.zeros(1, 1, 3, 3), padding=value)
