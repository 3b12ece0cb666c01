"""KID against torch-fidelity and torchmetrics, and against figures kept from them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch_fidelity.metric_kid import kid_features_to_metric
from torchmetrics.image.kid import poly_mmd

from ganeval.metrics.kernel import kid, kid_subsets

pytestmark = pytest.mark.peer

PAIRS = [
    "monet/paintings vs monet/photos",
    "monet/paintings vs monet/fake-resnet",
    "monet/paintings vs monet/fake-unet32",
    "monet/photos vs monet/fake-resnet",
    "horse2zebra/horses vs horse2zebra/fake-zebras",
]
FLOAT32 = 1e-6  # absolute: float32 sums over pairs of kernel values of order one


def rows(n: int, seed: int, scale: float = 1.0) -> np.ndarray:
    rng = np.random.default_rng([seed, n])
    return (np.abs(rng.normal(size=(n, 64))) * scale).astype(np.float32)


def of_torch_fidelity(first: np.ndarray, second: np.ndarray, size: int) -> tuple[float, float]:
    result = kid_features_to_metric(
        torch.from_numpy(first), torch.from_numpy(second), kid_subset_size=size, verbose=False
    )
    mean, spread = "kernel_inception_distance_mean", "kernel_inception_distance_std"
    return result[mean], result[spread]


@pytest.mark.parametrize(("n", "m", "size"), [(80, 60, 20), (60, 60, 59)])
def test_subsets_are_those_of_torch_fidelity(n: int, m: int, size: int) -> None:
    real, fake = rows(n, 1), rows(m, 2, 1.1)
    for first, sides in (("fake", (fake, real)), ("real", (real, fake))):
        mean, spread = of_torch_fidelity(*sides, size)
        ours = kid_subsets(real, fake, size=size, first=first)
        assert ours.estimate.value == pytest.approx(mean, abs=FLOAT32)
        assert ours.spread == pytest.approx(spread, abs=FLOAT32)


def test_all_pairs_are_those_of_torchmetrics() -> None:
    real, fake = rows(80, 1).astype(np.float64), rows(80, 2, 1.1).astype(np.float64)
    theirs = float(poly_mmd(torch.from_numpy(real), torch.from_numpy(fake)))
    ours = kid(real, fake, permutations=0).estimate.value
    assert ours == pytest.approx(theirs, abs=1e-12)  # float64 on both sides


def features_of(shared: Path, folder: str) -> np.ndarray:
    name = f"features-{folder.replace('/', '-')}.npz"
    with np.load(shared / "reference" / name, allow_pickle=False) as archive:
        return np.asarray(archive["pf2048"])


@pytest.mark.shared_data
@pytest.mark.parametrize("pair", PAIRS)
def test_figures_kept_for_all_pairs(shared: Path, pair: str) -> None:
    kept = json.loads((shared / "reference" / "peers.json").read_text("utf-8"))["pairs"][pair]
    real, fake = (features_of(shared, side) for side in pair.split(" vs "))
    estimate = kid(real, fake, permutations=0).estimate
    assert estimate.value == pytest.approx(kept["kid_all_pairs_unbiased_pf2048"], abs=1e-12)


@pytest.mark.shared_data
def test_subsets_of_real_features_are_those_of_torch_fidelity(shared: Path) -> None:
    real, fake = features_of(shared, "monet/paintings"), features_of(shared, "monet/photos")
    mean, spread = of_torch_fidelity(real, fake, 100)
    ours = kid_subsets(real, fake, size=100, first="real")
    assert ours.estimate.value == pytest.approx(mean, abs=FLOAT32)
    assert ours.spread == pytest.approx(spread, abs=FLOAT32)


@pytest.mark.shared_data
def test_real_halves_are_rarely_called_different(shared: Path) -> None:
    paintings = features_of(shared, "monet/paintings")
    rng = np.random.default_rng(0)
    small = 0
    for run in range(40):
        order = rng.permutation(300)
        test = kid(
            paintings[order[:100]], paintings[order[100:200]], permutations=199, seed=run
        ).test
        assert test is not None
        small += test.p <= 0.05
    # Two of 40 are expected; seven or more would come up once in 300 such runs.
    assert small <= 6
