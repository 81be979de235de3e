"""What a number of bulbs can prove when none of them is judged wrongly."""

import math


def rate_bound(num_bulbs: int, *, confidence: float = 0.95) -> float:
    """Return the highest error rate, 0 to 1, that fits no error among `num_bulbs`.

    It is the one-sided upper bound of Clopper and Pearson: 1 - (1 - confidence)^(1/n). Among
    defective bulbs it bounds the escape rate, among good ones the overkill rate. None proves
    nothing: 1.
    """
    _check(confidence=confidence)
    if num_bulbs < 0:
        raise ValueError(f"num_bulbs is {num_bulbs}, expected 0 or more")
    return -math.expm1(math.log1p(-confidence) / num_bulbs) if num_bulbs else 1.0


def bulbs_for_bound(bound: float, *, confidence: float = 0.95) -> int:
    """Return how many bulbs without an error prove a rate of at most `bound`."""
    _check(confidence=confidence, bound=bound)
    number = max(math.floor(math.log1p(-confidence) / math.log1p(-bound)), 1)
    while rate_bound(number, confidence=confidence) > bound:  # at most once or twice: rounding
        number += 1
    return number


def _check(**shares: float) -> None:
    for name, value in shares.items():
        if not 0 < value < 1:
            raise ValueError(f"{name} is {value}, expected a number between 0 and 1")
