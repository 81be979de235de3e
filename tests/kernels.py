"""Random views, kernels and biases, for tests of shared convolutions."""

import numpy as np


def arrays(shape, filters, kernel, seed=0):
    rng = np.random.default_rng(seed)
    weight = rng.standard_normal((filters, shape[2], *kernel))
    return rng.standard_normal(shape), weight, rng.standard_normal(filters)
