"""CMMD against scikit-learn's Gaussian kernel, in the float32 of other tools and in float64.

No package with CMMD is installed here: sayakpaul/cmmd-pytorch takes the means of the same three
kernel matrices of torch, in float32.
"""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics.pairwise import rbf_kernel

from ganeval.metrics.gaussian_kernel import cmmd

pytestmark = pytest.mark.peer


def embeddings(n: int, seed: int, shift: float) -> np.ndarray:
    """Vectors of length 1 around a common direction, as CLIP's are."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 768)) / np.sqrt(768)
    vectors[:, 0] += 1.5
    vectors[:, 1] += shift
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_equals_means_of_kernel_matrices(shift: float) -> None:
    real, fake = embeddings(150, 1, 0), embeddings(120, 2, shift)
    within = [rbf_kernel(x, gamma=1 / 200).mean() for x in (real, fake)]
    theirs = 1000 * (sum(within) - 2 * rbf_kernel(real, fake, gamma=1 / 200).mean())
    # Means near 1 keep 16 digits; times 1000 that is 1e-12 or so.
    assert cmmd(real, fake) == pytest.approx(theirs, abs=1e-10)


@pytest.mark.parametrize("shift", [0.0, 0.2])
def test_differs_from_float32_by_its_noise_only(shift: float) -> None:
    real, fake = (torch.from_numpy(embeddings(150, 1 + s, s * shift)).float() for s in (0, 1))

    def mean(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        return torch.exp(torch.cdist(one, other).square() / -200).mean()

    theirs = 1000 * float(mean(real, real) + mean(fake, fake) - 2 * mean(real, fake))
    # Float32 means near 1 are right to 6e-8 each, four of them make 2.4e-4 of 1000.
    assert cmmd(real.numpy(), fake.numpy()) == pytest.approx(theirs, abs=5e-4)
