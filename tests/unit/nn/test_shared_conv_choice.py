import pytest

from bulbinspect.nn.conv_options import ConvOptions
from bulbinspect.nn.shared_conv_choice import choose

PLAIN = ConvOptions()


@pytest.mark.parametrize(
    ("shape", "filters", "kernel", "options", "name"),
    [
        ((10, 3, 1, 200, 200), 20, (5, 5), PLAIN, "chunked"),
        ((4, 100, 1, 64, 64), 20, (5, 5), PLAIN, "chunked"),
        ((16, 4, 64, 56, 56), 64, (3, 3), PLAIN, "chunked"),
        ((8, 4, 1, 224, 224), 64, (7, 7), ConvOptions(stride=(2, 2)), "chunked"),
        ((16, 8, 1, 1, 8192), 32, (1, 9), PLAIN, "chunked"),
        ((10, 4, 1, 100, 100), 1, (1, 1), PLAIN, "matmul"),
        ((32, 16, 1, 3, 3), 1, (3, 3), PLAIN, "matmul"),
        ((32, 16, 1, 3, 3), 1, (3, 3), ConvOptions(padding=(1, 1)), "fold"),
        ((2, 4, 1, 16, 16), 8, (3, 3), PLAIN, "fold"),
        ((2, 4, 8, 64, 64), 8, (3, 3), PLAIN, "fold"),
    ],
)
@pytest.mark.parametrize("training", [False, True])
def test_the_choice_follows_the_measured_rule(shape, filters, kernel, options, name, training):
    assert choose(shape, filters, kernel, options, training=training) == name


def test_other_devices_fold():
    assert choose((10, 3, 1, 200, 200), 20, (5, 5), PLAIN, device="cuda") == "fold"
