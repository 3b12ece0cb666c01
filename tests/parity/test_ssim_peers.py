"""Structural similarity of maps against torchmetrics on the same maps."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torchmetrics.functional.image import structural_similarity_index_measure

from ganeval.saliency.measures import similarity

pytestmark = pytest.mark.peer

BORDER = 5  # of the window of 11 pixels


def smooth_map(seed: int, side: int, largest: float) -> np.ndarray:
    drawn = np.random.default_rng([seed, side]).random((side, side))
    values = gaussian_filter(drawn, 2.0) ** 4
    return values * (largest / values.max())


def of_torchmetrics(first: np.ndarray, second: np.ndarray) -> float:
    """Mean over the pixels with a whole window; torchmetrics' own mean has mirrored borders."""
    shared = max(first.max(), second.max())
    images = [torch.from_numpy(one / shared)[None, None] for one in (first, second)]
    _, full = structural_similarity_index_measure(
        *images, sigma=1.5, data_range=1.0, k1=0.01, k2=0.03, return_full_image=True
    )
    return float(full[0, 0, BORDER:-BORDER, BORDER:-BORDER].mean())


# Both are float64 and give the same formula; means of squares less squares of means lose about
# eight digits where a map is flat, against C2 = 9e-4: 1e-16/1e-4.
TOLERANCE = 1e-10


@pytest.mark.parametrize("side", [32, 65])
@pytest.mark.parametrize("largest", [1.0, 0.2, 37.0])
def test_equals_torchmetrics_over_whole_windows(side: int, largest: float) -> None:
    first, second = smooth_map(1, side, 1.0), smooth_map(2, side, largest)
    mixed = 0.7 * first + 0.3 * second
    for other in (second, mixed):
        found = similarity(first, other)["ssim"]
        assert found == pytest.approx(of_torchmetrics(first, other), abs=TOLERANCE)


def test_sparse_maps_too() -> None:
    rng = np.random.default_rng(5)
    first, second = (np.where(rng.random((64, 64)) > 0.97, rng.random((64, 64)), 0) for _ in "ab")
    found = similarity(first, second)["ssim"]
    assert found == pytest.approx(of_torchmetrics(first, second), abs=TOLERANCE)
