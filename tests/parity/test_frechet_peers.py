"""The Fréchet distance against other packages, and against figures kept from them."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import scipy.linalg
import torch
from pytorch_fid import fid_score
from torchmetrics.image import fid as torchmetrics_fid

from ganeval.metrics.floor import excess_over_floor
from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.moments import Moments
from ganeval.metrics.statistics_file import save_statistics
from ganeval.records import Environment, FeatureSpec, InputInfo

pytestmark = pytest.mark.peer

PAIRS = [
    "monet/paintings vs monet/photos",
    "monet/paintings vs monet/fake-resnet",
    "monet/paintings vs monet/fake-unet32",
    "monet/photos vs monet/fake-resnet",
    "horse2zebra/horses vs horse2zebra/fake-zebras",
]
PRINTED = "pytorch_fid.calculate_frechet_distance"


def rows(n: int, d: int, seed: int, scale: float = 1.0) -> np.ndarray:
    """Non-negative, correlated features like those behind a pooling layer."""
    rng = np.random.default_rng([seed, n, d])
    return np.abs(rng.normal(size=(n, d)) @ rng.normal(size=(d, d)) / np.sqrt(d)) * scale


@pytest.fixture
def pytorch_fid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets pytorch-fid run on a SciPy whose sqrtm has no option ``disp`` any more."""
    shim = SimpleNamespace(sqrtm=lambda matrix, disp: (scipy.linalg.sqrtm(matrix), disp))
    monkeypatch.setattr(fid_score, "linalg", shim)


def of_pytorch_fid(real: np.ndarray, fake: np.ndarray) -> float:
    statistics = [(x.mean(axis=0), np.cov(x, rowvar=False)) for x in (real, fake)]
    return float(fid_score.calculate_frechet_distance(*statistics[0], *statistics[1]))


@pytest.mark.usefixtures("pytorch_fid")
def test_equals_pytorch_fid_where_images_outnumber_features() -> None:
    real, fake = rows(200, 64, 1), rows(150, 64, 2, 1.2)
    # Both covariances have full rank, so sqrtm loses nothing that matters.
    assert frechet_distance(real, fake) == pytest.approx(of_pytorch_fid(real, fake), rel=1e-8)


@pytest.mark.usefixtures("pytorch_fid")
def test_pytorch_fid_reads_a_little_low_where_they_do_not() -> None:
    real, fake = rows(60, 200, 1), rows(50, 200, 2, 1.2)
    ours, theirs = frechet_distance(real, fake), of_pytorch_fid(real, fake)
    # Roots of eigenvalues that should be 0 add up to a little trace in sqrtm.
    assert abs(ours - theirs) <= max(1e-5 * ours, 5e-4)
    assert ours >= theirs * (1 - 1e-9)


def test_equals_torchmetrics_where_images_outnumber_features() -> None:
    real, fake = rows(200, 64, 1), rows(150, 64, 2, 1.2)
    statistics = [torch.from_numpy(x) for y in (real, fake) for x in (y.mean(axis=0), np.cov(y.T))]
    theirs = float(torchmetrics_fid._compute_fid(*statistics))
    assert frechet_distance(real, fake) == pytest.approx(theirs, rel=1e-8)


def test_pytorch_fid_reads_our_statistics(tmp_path: Path) -> None:
    features = rows(30, 8, 1)
    spec = FeatureSpec(
        extractor="inception-2015",
        layer="2048",
        dimension=8,
        weights_sha256=None,
        resize="pytorch-fid",
        size=299,
        normalisation="-1..1",
        decode="correct",
    )
    save_statistics(
        tmp_path / "ref.npz",
        features,
        spec=spec,
        source=InputInfo(role="real", label="a", kind="folder", path="a", n=30),
        environment=Environment(ganeval="1", python="3"),
    )
    mu, sigma = fid_score.compute_statistics_of_path(str(tmp_path / "ref.npz"), None, 1, 8, "cpu")
    # The same mean and covariance by other orders of summation.
    np.testing.assert_allclose(mu, features.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(sigma, np.cov(features.T), rtol=0, atol=1e-13 * np.trace(sigma))


def features_of(shared: Path, folder: str, layer: str) -> np.ndarray:
    name = f"features-{folder.replace('/', '-')}.npz"
    with np.load(shared / "reference" / name, allow_pickle=False) as archive:
        return np.asarray(archive[layer])


@pytest.mark.shared_data
@pytest.mark.parametrize("layer", ["pf768", "pf2048"])
@pytest.mark.parametrize("pair", PAIRS)
def test_figures_kept_from_pytorch_fid(shared: Path, pair: str, layer: str) -> None:
    kept = json.loads((shared / "reference" / "peers.json").read_text("utf-8"))["pairs"][pair][
        layer
    ]
    value = frechet_distance(*(features_of(shared, side, layer) for side in pair.split(" vs ")))
    assert value == pytest.approx(kept["exact_cross_gram"], rel=1e-9)
    assert abs(value - kept[PRINTED]) <= max(1e-5 * value, 5e-4)
    assert value >= kept[PRINTED] * (1 - 1e-9)


@pytest.mark.shared_data
def test_saved_statistics_give_the_same_figure(shared: Path) -> None:
    real, fake = (features_of(shared, f"monet/{x}", "pf768") for x in ("paintings", "photos"))
    expected = pytest.approx(0.8583158553860422, rel=1e-9)
    assert frechet_distance(Moments.of(real), fake) == expected
    assert frechet_distance(real, Moments.of(fake)) == expected
    assert frechet_distance(Moments.of(real), Moments.of(fake)) == expected


@pytest.mark.shared_data
def test_excess_sees_lost_variety_that_the_distance_rewards(shared: Path) -> None:
    paintings = features_of(shared, "monet/paintings", "pf2048").astype(np.float64)
    order = np.random.default_rng(0).permutation(300)
    real, fake = paintings[order[:150]], paintings[order[150:]]
    shrunk = fake.mean(axis=0) + 0.7 * (fake - fake.mean(axis=0))
    names = [f"{i:03d}" for i in range(150)]
    excesses = []
    for generated in (fake, shrunk):
        result = excess_over_floor(real, generated, real_digests=names, fake_digests=names)
        assert result is not None
        assert result.floor.excess.value is not None
        excesses.append(result.floor.excess.value)
    assert frechet_distance(real, shrunk) < frechet_distance(real, fake) - 2
    assert excesses[1] > excesses[0] + 2
