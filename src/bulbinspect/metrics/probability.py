"""From logits to probabilities, in double precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the probabilities over the last axis: `(..., K) -> (..., K)`."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=-1, keepdims=True)
    powers = np.exp(shifted)
    probabilities: NDArray[np.float64] = powers / powers.sum(axis=-1, keepdims=True)
    return probabilities


def defect_probability(probabilities: NDArray[np.float64], good: int) -> NDArray[np.float64]:
    """Return 1 - P(good): `(..., K) -> (...)`; summed over the others, it keeps its digits."""
    others: NDArray[np.float64] = np.delete(probabilities, good, axis=-1).sum(axis=-1)
    return np.minimum(others, 1.0)
