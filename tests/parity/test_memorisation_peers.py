"""MiFID against torchmetrics, and authenticity against its published form."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors
from torchmetrics.image import mifid as torchmetrics_mifid

from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.memorisation import authenticity, memorisation_distance, mifid

pytestmark = pytest.mark.peer

PAIRS = [
    "monet/paintings vs monet/photos",
    "monet/paintings vs monet/fake-resnet",
    "monet/paintings vs monet/fake-unet32",
    "monet/photos vs monet/fake-resnet",
    "horse2zebra/horses vs horse2zebra/fake-zebras",
]


def rows(n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng([seed, n, d])
    return np.abs(rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) / np.sqrt(d))


def of_torchmetrics(real: np.ndarray, fake: np.ndarray) -> float:
    sides = [part for x in (real, fake) for part in (x.mean(axis=0), np.cov(x, rowvar=False), x)]
    return float(torchmetrics_mifid._mifid_compute(*map(torch.from_numpy, sides)))


def of_ganeval(real: np.ndarray, fake: np.ndarray) -> float:
    m = memorisation_distance(real, fake, orientation="torchmetrics").value
    return mifid(frechet_distance(real, fake), m)


@pytest.mark.parametrize("d", [4, 40])
def test_equals_torchmetrics_where_images_outnumber_features(d: int) -> None:
    real, fake = rows(200, d, 1), rows(150, d, 2) * 1.2
    fake[5] = real[7] = 0
    # Both in float64; the covariances have full rank, so eigenvalues lose nothing that matters.
    assert of_ganeval(real, fake) == pytest.approx(of_torchmetrics(real, fake), rel=1e-8)


@pytest.mark.parametrize("reals", [0.0, 1.0])
def test_equals_torchmetrics_for_copies(reals: float) -> None:
    real = rows(120, 6, 1)
    fake = real[:100] + reals * 1e-3
    assert of_ganeval(real, fake) == pytest.approx(of_torchmetrics(real, fake), rel=1e-5)


def features_of(shared: Path, folder: str) -> np.ndarray:
    name = f"features-{folder.replace('/', '-')}.npz"
    with np.load(shared / "reference" / name, allow_pickle=False) as archive:
        return np.asarray(archive["pf2048"])


@pytest.mark.shared_data
@pytest.mark.parametrize("pair", PAIRS)
def test_figures_kept_from_torchmetrics(shared: Path, pair: str) -> None:
    kept = json.loads((shared / "reference" / "peers.json").read_text("utf-8"))["pairs"][pair]
    real, fake = (features_of(shared, side) for side in pair.split(" vs "))
    # The peer's distance reads up to 1e-5 low, because n < d.
    assert of_ganeval(real, fake) == pytest.approx(kept["torchmetrics_mifid_pf2048"], rel=1e-5)


@pytest.mark.shared_data
def test_the_orientation_changes_the_penalty(shared: Path) -> None:
    real, fake = (features_of(shared, f"monet/{x}") for x in ("photos", "fake-resnet"))
    assert of_ganeval(real, fake) == pytest.approx(218.1456, rel=1e-6)
    m = memorisation_distance(real, fake).value
    assert mifid(frechet_distance(real, fake), m) == pytest.approx(218.0125, rel=1e-6)


@pytest.mark.parametrize("noise", [0.1, 0.5, 2.0])
def test_authenticity_is_that_of_nearest_neighbours_by_scikit_learn(noise: float) -> None:
    real = rows(120, 8, 1)
    fake = real[:80] + noise * np.random.default_rng(4).normal(size=(80, 8))
    own = NearestNeighbors(n_neighbors=2).fit(real).kneighbors(real)[0][:, 1]
    distance, index = NearestNeighbors(n_neighbors=1).fit(real).kneighbors(fake)
    assert authenticity(real, fake) == (distance[:, 0] > own[index[:, 0]]).mean()
