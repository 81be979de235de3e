"""What counted bulbs say of a rate: exact bounds (Clopper and Pearson 1934, Biometrika 26)."""

from scipy.special import betaincinv


def upper_bound(count: int, num_bulbs: int, *, confidence: float = 0.95) -> float:
    """Return the highest rate, 0 to 1, that fits `count` of `num_bulbs`: one-sided.

    With this confidence the true rate is not above it. 1 without bulbs, which say nothing.
    """
    _check(count, num_bulbs, confidence)
    if count == num_bulbs:
        return 1.0
    return float(betaincinv(count + 1, num_bulbs - count, confidence))


def lower_bound(count: int, num_bulbs: int, *, confidence: float = 0.95) -> float:
    """Return the lowest rate, 0 to 1, that fits `count` of `num_bulbs`: one-sided, 0 without."""
    return 1.0 - upper_bound(num_bulbs - count, num_bulbs, confidence=confidence)


def interval(count: int, num_bulbs: int, *, confidence: float = 0.95) -> tuple[float, float]:
    """Return both ends for the rate, 0 to 1: half of what the confidence leaves on each side."""
    each = (1 + confidence) / 2
    low = lower_bound(count, num_bulbs, confidence=each)
    return low, upper_bound(count, num_bulbs, confidence=each)


def percent(share: float) -> str:
    """Return a share, 0 to 1, in words: three digits."""
    return f"{100 * share:.3g} %"


def _check(count: int, num_bulbs: int, confidence: float) -> None:
    if not 0 <= count <= num_bulbs:
        raise ValueError(f"{count} of {num_bulbs} bulbs is no count")
    if not 0 < confidence < 1:
        raise ValueError(f"confidence is {confidence}, expected a number between 0 and 1")
