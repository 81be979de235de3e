"""Randomness without state: every draw is a function of the seed and of what it is drawn for.

A run that was killed and resumed then draws what an undisturbed one draws.
"""

import hashlib

import numpy as np
import torch


def seed_of(*numbers: int) -> int:
    """Return 63 bits that depend on every one of these integers (-2**63 … 2**63 - 1)."""
    words = b"".join(number.to_bytes(8, "little", signed=True) for number in numbers)
    return int.from_bytes(hashlib.blake2b(words, digest_size=8).digest(), "little") >> 1


def generator_of(*numbers: int, device: torch.device | str = "cpu") -> torch.Generator:
    """Return a generator on `device` that starts anew from these integers."""
    return torch.Generator(device).manual_seed(seed_of(*numbers))


def order_of(num: int, *numbers: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return 0…num-1 in an order that depends on these integers alone."""
    return np.random.default_rng(seed_of(*numbers)).permutation(num)
