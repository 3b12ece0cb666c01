"""What one image does to the distance: the derivative, and leaving the image out."""

from __future__ import annotations

import numpy as np
import pytest

import ganeval.metrics.frechet as module
from ganeval.metrics.frechet import (
    Side,
    factored,
    frechet_distance,
    frechet_influence,
    influence_between,
)
from ganeval.metrics.moments import Moments


def rows(n: int, d: int, seed: int = 0, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Correlated Gaussian features."""
    rng = np.random.default_rng([seed, n, d])
    mixing = rng.normal(size=(d, d)) / np.sqrt(d) + np.eye(d)
    return (rng.normal(size=(n, d)) @ mixing) * scale + shift


SHAPES = pytest.mark.parametrize(("n", "m"), [(12, 9), (12, 50), (50, 12), (50, 60)])  # d = 16


def reweighted(features: np.ndarray, image: int, step: float) -> Moments:
    """Moments with the weight of one image grown by step/n at the cost of all."""
    n = len(features)
    weights = np.full(n, (1 - step / n) / n)
    weights[image] += step / n
    mean = weights @ features
    centred = features - mean
    return Moments.from_statistics(mean, (centred.T * weights) @ centred * n / (n - 1))


@SHAPES
@pytest.mark.parametrize("image", [0, 7])
def test_influence_is_the_derivative(n: int, m: int, image: int) -> None:
    real, fake = rows(n, 16), rows(m, 16, 1, 1.3, 0.4)
    _, influence_real, influence_fake = frechet_influence(real, fake)
    assert influence_real is not None
    assert influence_fake is not None
    step = 1e-3

    def distance(change: float, side: str) -> float:
        if side == "real":
            return frechet_distance(reweighted(real, image, change), fake)
        return frechet_distance(real, reweighted(fake, image, change))

    for side, influence in (("real", influence_real), ("fake", influence_fake)):
        slope = (distance(step, side) - distance(-step, side)) / (2 * step)
        # A central difference errs by step², 1e-6 of what the influence is made of.
        scale = np.abs(influence).max()
        assert slope * len(influence) == pytest.approx(influence[image], abs=2e-4 * scale)


@SHAPES
def test_influences_of_a_side_sum_to_zero_and_come_with_the_distance(n: int, m: int) -> None:
    real, fake = rows(n, 16), rows(m, 16, 1, 1.3, 0.4)
    value, *influences = frechet_influence(real, fake)
    assert value == pytest.approx(frechet_distance(real, fake), rel=1e-12)
    for influence in influences:
        assert influence is not None
        assert abs(influence.sum()) <= 1e-10 * np.abs(influence).sum()


def test_the_matrix_root_is_shared_out_among_the_images(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = factored(rows(50, 16)), factored(rows(60, 16, 1, 1.3, 0.4))
    shares = []
    original = module._projected

    def listen(*args: np.ndarray) -> tuple[np.ndarray, ...]:
        shares.append(original(*args)[1])
        return original(*args)

    monkeypatch.setattr(module, "_projected", listen)
    influence_between(real, fake)
    trace = np.linalg.svd(real.factor.T @ fake.factor, compute_uv=False).sum()
    assert [share.sum() for share in shares] == pytest.approx([trace, trace], rel=1e-12)


def test_every_form_gives_the_same_influence() -> None:
    real, fake = rows(40, 16), rows(30, 16, 1, 1.3, 0.4)
    plain = influence_between(factored(real), factored(fake))
    for kinds in (("rows", "rows"), ("rows", None), (None, "rows"), ("eigen", "eigen")):
        other = influence_between(factored(real, kind=kinds[0]), factored(fake, kind=kinds[1]))
        for one, same in zip(plain[1:], other[1:], strict=True):
            assert one is not None
            # Divisions by small singular values cost digits; 1e-9 is what is promised.
            np.testing.assert_allclose(same, one, atol=1e-9 * np.abs(one).max())


def test_blocks_bound_memory_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    real, fake = rows(50, 16), rows(60, 16, 1, 1.3, 0.4)
    whole = frechet_influence(real, fake)[1]
    monkeypatch.setattr(module, "_BLOCK", 7)
    assert whole is not None
    np.testing.assert_allclose(frechet_influence(real, fake)[1], whole, rtol=1e-9)


@pytest.mark.parametrize("d", [20, 100])
def test_ranking_agrees_with_leaving_images_out(d: int) -> None:
    real, fake = rows(60, d), rows(60, d, 1, 1.2, 0.2)
    value, _, influence = frechet_influence(real, fake)
    assert influence is not None
    left_out = [frechet_distance(real, np.delete(fake, i, axis=0)) for i in range(60)]
    changes = np.array(left_out) - value
    assert np.corrcoef(changes, -influence / 59)[0, 1] >= 0.95


@pytest.mark.parametrize(("real", "fake"), [(12, 9), (12, 50), (50, 60)])
def test_saved_statistics_have_no_influence(real: int, fake: int) -> None:
    first: Side = Moments.of(rows(real, 16))
    second = rows(fake, 16, 1, 1.3, 0.4)
    value, none, influence = frechet_influence(first, second)
    assert none is None
    expected = frechet_influence(rows(real, 16), second)
    assert value == pytest.approx(expected[0], rel=1e-9)
    assert influence is not None
    np.testing.assert_allclose(influence, expected[2], atol=1e-9 * np.abs(influence).max())


def test_identical_sets_do_not_move() -> None:
    value, influence_real, influence_fake = frechet_influence(rows(9, 16), rows(9, 16)[::-1])
    assert value == 0.0
    assert influence_real is not None
    assert influence_fake is not None
    assert not influence_real.any()
    assert not influence_fake.any()


def test_sets_that_share_no_direction() -> None:
    real, fake = np.zeros((30, 8)), np.zeros((40, 8))
    real[:, :4], fake[:, 4:] = rows(30, 4), rows(40, 4, 1)
    value, influence_real, _ = frechet_influence(real, fake)
    covariances = [np.cov(side.T) for side in (real, fake)]
    shift = real.mean(axis=0) - fake.mean(axis=0)
    expected = shift @ shift + sum(np.trace(covariance) for covariance in covariances)
    assert value == pytest.approx(expected, rel=1e-12)
    deviations = real - real.mean(axis=0)
    squares = (deviations**2).sum(axis=1) / 29
    by_hand = 2 * deviations @ shift + 30 * squares - squares.sum()
    np.testing.assert_allclose(influence_real, by_hand, atol=1e-10)


def test_identical_images_on_a_side() -> None:
    value, influence_real, influence_fake = frechet_influence(np.ones((30, 8)), rows(40, 8))
    assert value > 0
    assert influence_real is not None
    assert influence_fake is not None
    assert np.abs(influence_real).max() <= 1e-12
    assert np.isfinite(influence_fake).all()
