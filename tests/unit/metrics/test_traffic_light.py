import numpy as np
import pytest

from bulbinspect.metrics.clustered_rate import clustered_rate
from bulbinspect.metrics.traffic_light import Light, light_at_worst, light_of, together

GREEN, YELLOW, RED, UNKNOWN = (
    Light.ACCEPTABLE,
    Light.MARGINAL,
    Light.UNACCEPTABLE,
    Light.UNKNOWN,
)


@pytest.mark.parametrize(
    ("name", "value", "light"),
    [
        ("effectiveness", 45 / 50, GREEN),
        ("effectiveness", 44 / 50, YELLOW),
        ("effectiveness", 40 / 50, YELLOW),
        ("effectiveness", 39 / 50, RED),
        ("miss_rate", 1 / 50, GREEN),
        ("miss_rate", 3 / 149, YELLOW),
        ("miss_rate", 5 / 100, YELLOW),
        ("miss_rate", 6 / 100, RED),
        ("false_alarm_rate", 5 / 100, GREEN),
        ("false_alarm_rate", 6 / 100, YELLOW),
        ("false_alarm_rate", 10 / 100, YELLOW),
        ("false_alarm_rate", 11 / 100, RED),
    ],
)
def test_the_limits_themselves_belong_to_the_better_side(name, value, light):
    assert light_of(name, value) is light


@pytest.mark.parametrize("value", [None, float("nan"), -0.1, 1.1])
@pytest.mark.parametrize("name", ["effectiveness", "miss_rate", "false_alarm_rate"])
def test_no_number_is_never_acceptable(name, value):
    assert light_of(name, value) is UNKNOWN


def test_at_worst_is_the_unfavourable_end_of_the_interval():
    none_missed = clustered_rate(np.zeros(20, int), np.ones(20, int))  # up to 16.8 %
    assert light_of("miss_rate", none_missed.share) is GREEN
    assert light_at_worst("miss_rate", none_missed) is RED
    all_right = clustered_rate(np.ones(20, int), np.ones(20, int))  # down to 83.2 %
    assert light_at_worst("effectiveness", all_right) is YELLOW
    assert light_at_worst("effectiveness", None) is UNKNOWN


@pytest.mark.parametrize(
    ("lights", "expected"),
    [
        ([GREEN, GREEN], GREEN),
        ([GREEN, YELLOW], YELLOW),
        ([GREEN, UNKNOWN, YELLOW], UNKNOWN),
        ([RED, UNKNOWN, GREEN], RED),
        ([], UNKNOWN),
    ],
)
def test_together_the_worst_counts_and_the_unknown_is_not_acceptable(lights, expected):
    assert together(lights) is expected
