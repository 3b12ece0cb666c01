"""Random generators that depend on a seed and on what they are for, on nothing else."""

from __future__ import annotations

import zlib

import numpy as np


def generator(seed: int, purpose: str) -> np.random.Generator:
    """Returns a PCG64 generator of its own for one use of a seed.

    Two purposes under one seed give independent streams, so drawing more numbers for one of them
    never changes another.

    Args:
        seed: Non-negative random seed of the run.
        purpose: Name of the use, for example "kid permutations".
    """
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(purpose.encode())]))
