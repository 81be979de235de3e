"""Whether a measurement of attributes is good enough, by the criteria of the trade.

The limits are as secondary sources reproduce them; no conformity to a norm is claimed.
"""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from bulbinspect.metrics.clustered_rate import Rate


class Light(StrEnum):
    """What a figure of an attribute agreement study amounts to."""

    ACCEPTABLE = "acceptable"
    MARGINAL = "marginal"
    UNACCEPTABLE = "unacceptable"
    UNKNOWN = "unknown"


LIMITS: Mapping[str, tuple[float, float]] = {
    "effectiveness": (0.90, 0.80),
    "miss_rate": (0.02, 0.05),
    "false_alarm_rate": (0.05, 0.10),
}
"""The last value that is acceptable, and the last that is marginal, of each figure (0…1)."""

_HIGH_IS_GOOD = frozenset({"effectiveness"})


def light_of(name: str, value: float | None) -> Light:
    """Return the light of the figure `name`; a figure that is None or NaN is unknown."""
    acceptable, marginal = LIMITS[name]
    if value is None or not 0 <= value <= 1:  # false for NaN as well
        return Light.UNKNOWN
    if name in _HIGH_IS_GOOD:
        value, acceptable, marginal = -value, -acceptable, -marginal
    if value <= acceptable:
        return Light.ACCEPTABLE
    return Light.MARGINAL if value <= marginal else Light.UNACCEPTABLE


def light_at_worst(name: str, rate: Rate | None) -> Light:
    """Return the light at the unfavourable end of the interval: what the bulbs could prove."""
    if rate is None:
        return Light.UNKNOWN
    return light_of(name, rate.low if name in _HIGH_IS_GOOD else rate.high)


def together(lights: Iterable[Light]) -> Light:
    """Return the worst of the lights; of those that are not unacceptable an unknown one counts."""
    found = set(lights)
    for light in (Light.UNACCEPTABLE, Light.UNKNOWN, Light.MARGINAL):
        if light in found:
            return light
    return Light.ACCEPTABLE if found else Light.UNKNOWN
