"""The Fréchet distance as an estimate."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ganeval.errors import InputError
from ganeval.metrics.frechet import frechet_distance, frechet_influence
from ganeval.metrics.moments import Moments
from ganeval.metrics.uncertainty import Uncertainty, frechet

D = 24
REAL = np.random.default_rng(1).normal(size=(40, D)).astype(np.float32)
FAKE = (np.random.default_rng(2).normal(size=(50, D)) * 1.3 + 0.3).astype(np.float32)
SHORT = REAL[:15], FAKE[:20]  # both sides with fewer images than features
ALL: list[Uncertainty] = ["influence", "jackknife", "bootstrap"]


@pytest.mark.parametrize("method", [*ALL, "none"])
@pytest.mark.parametrize("sides", [(REAL, FAKE), SHORT])
def test_the_value_is_the_distance(
    method: Uncertainty, sides: tuple[np.ndarray, np.ndarray]
) -> None:
    estimate = frechet(*sides, uncertainty=method).estimate
    assert estimate.value == pytest.approx(frechet_distance(*sides), rel=1e-12)
    assert estimate.n == {"real": len(sides[0]), "fake": len(sides[1])}


def test_influence_adds_both_sides_and_uses_the_smaller_for_its_degrees_of_freedom() -> None:
    result = frechet(REAL, FAKE, level=0.9)
    value, real, fake = frechet_influence(REAL, FAKE)
    assert real is not None
    assert fake is not None
    variance = sum((x / len(x)).var(ddof=1) * len(x) for x in (real, fake))
    estimate = result.estimate
    assert estimate.se == pytest.approx(np.sqrt(variance), rel=1e-12)
    low, high = stats.t.interval(0.9, 39, loc=value, scale=estimate.se)
    assert (estimate.low, estimate.high) == pytest.approx((low, high), rel=1e-9)
    assert estimate.level == 0.9
    np.testing.assert_array_equal(result.influence_fake, fake)


@pytest.mark.parametrize("sides", [(REAL, FAKE), SHORT])
def test_all_methods_see_the_same_spread(sides: tuple[np.ndarray, np.ndarray]) -> None:
    errors = [frechet(*sides, uncertainty=method).estimate.se for method in ALL]
    # Between them lie the noise of 20 blocks and 200 draws (10 % and 5 %) and what second-order
    # terms add at so few images: a factor of 2 holds, a wrong divisor would not.
    assert max(errors) < 2 * min(errors)


@pytest.mark.parametrize("method", ["jackknife", "bootstrap"])
@pytest.mark.parametrize("sides", [(REAL, FAKE), SHORT])
def test_seeded_methods_ignore_names_and_order(
    method: Uncertainty, sides: tuple[np.ndarray, np.ndarray]
) -> None:
    real, fake = sides
    groups = [str(i // 2) for i in range(len(real))]
    first = frechet(real, fake, real_groups=groups, uncertainty=method).estimate
    mixed = np.random.default_rng(0).permutation(len(real))
    renamed = [f"other {groups[i]}" for i in mixed]
    again = frechet(real[mixed], fake, real_groups=renamed, uncertainty=method).estimate
    assert again.se == pytest.approx(first.se, rel=1e-6)  # replicates share a quick routine
    other = frechet(real, fake, real_groups=groups, uncertainty=method, seed=1).estimate
    assert abs(other.se - first.se) > 1e-6 * first.se


@pytest.mark.parametrize("method", ALL)
def test_copies_in_one_group_count_once(method: Uncertainty) -> None:
    real, fake = np.repeat(REAL, 2, axis=0), np.repeat(FAKE, 2, axis=0)
    groups = [[str(i // 2) for i in range(len(rows))] for rows in (real, fake)]
    grouped = frechet(
        real, fake, real_groups=groups[0], fake_groups=groups[1], uncertainty=method
    ).estimate
    naive = frechet(real, fake, uncertainty=method).estimate
    # Pretending that copies are independent shrinks the standard error by √2.
    assert grouped.se / naive.se == pytest.approx(np.sqrt(2), rel=0.25)


def test_jackknife_leaves_blocks_out_by_hand() -> None:
    real = REAL[:6]  # six groups make six blocks of one image
    fake = Moments.of(FAKE)
    replicates = [frechet_distance(np.delete(real, i, axis=0), fake) for i in range(6)]
    expected = np.sqrt(5 / 6 * ((replicates - np.mean(replicates)) ** 2).sum())
    estimate = frechet(real, fake, uncertainty="jackknife").estimate
    assert estimate.se == pytest.approx(expected, rel=1e-5)  # quick routine, see replicates
    assert "6 blocks" in estimate.method


def test_a_side_of_saved_statistics_is_taken_as_exact() -> None:
    both = frechet(REAL, FAKE).estimate
    for method in ALL:
        estimate = frechet(Moments.of(REAL), FAKE, uncertainty=method).estimate
        assert estimate.value == pytest.approx(both.value, rel=1e-9)
        assert 0 < estimate.se < both.se * 1.3
        assert "fake side only" in estimate.covers
    result = frechet(REAL, Moments.of(FAKE))
    assert "real side only" in result.estimate.covers
    assert result.influence_fake is None
    assert result.influence_real is not None


@pytest.mark.parametrize("method", ALL)
def test_two_saved_statistics_have_no_standard_error(method: Uncertainty) -> None:
    estimate = frechet(Moments.of(REAL), Moments.of(FAKE), uncertainty=method).estimate
    assert estimate.value == pytest.approx(frechet_distance(REAL, FAKE), rel=1e-9)
    assert estimate.se is None
    assert "without features" in estimate.reason
    unknown = Moments.from_statistics(np.zeros(D), np.eye(D))
    assert frechet(unknown, Moments.of(FAKE)).estimate.n == {"fake": 50}


@pytest.mark.parametrize("method", ALL)
def test_fewer_than_five_groups_have_no_standard_error(method: Uncertainty) -> None:
    groups = [str(i % 4) for i in range(len(REAL))]
    estimate = frechet(REAL, FAKE, real_groups=groups, uncertainty=method).estimate
    assert estimate.value is not None
    assert (estimate.se, estimate.low, estimate.high) == (None, None, None)
    assert "the real side has 4" in estimate.reason


def test_no_uncertainty_says_that_none_was_asked_for() -> None:
    result = frechet(REAL, FAKE, uncertainty="none")
    assert result.estimate.se is None
    assert "asked for" in result.estimate.reason
    assert result.influence_real is None


def test_identical_sets_are_zero_without_an_interval() -> None:
    estimate = frechet(REAL, REAL[::-1]).estimate
    assert estimate.value == 0.0
    assert estimate.se is None
    assert "same images" in estimate.reason


def test_the_interval_stays_above_zero() -> None:
    nearly = REAL + np.random.default_rng(3).normal(size=REAL.shape).astype(np.float32) * 1e-3
    estimate = frechet(REAL, nearly, level=0.999999).estimate
    assert estimate.low == 0.0
    assert estimate.high > estimate.value


def test_bias_is_corrected_only_where_both_sides_are_large() -> None:
    corrected = frechet(REAL, FAKE, uncertainty="jackknife").bias_corrected
    assert corrected.value is None
    assert corrected.reason.startswith("small_n")
    assert "48 images" in corrected.reason
    with_statistics = frechet(REAL, Moments.of(FAKE), uncertainty="jackknife").bias_corrected
    assert with_statistics.value is None
    assert frechet(REAL, FAKE).bias_corrected is None


def test_bias_correction_comes_nearer_to_the_truth() -> None:
    rng = np.random.default_rng(4)
    raw, corrected = [], []
    for _ in range(30):
        real, fake = rng.normal(size=(60, 4)), 1.5 * rng.normal(size=(60, 4))
        result = frechet(real, fake, uncertainty="jackknife")
        raw.append(result.estimate.value)
        corrected.append(result.bias_corrected.value)
    truth = 4 * 0.5**2
    # The bias is about +0.27 at n = 60; the mean of 30 corrected values has an SE of about 0.05.
    assert np.mean(raw) - truth > 0.15
    assert abs(np.mean(corrected) - truth) < 0.15


def test_groups_of_saved_statistics_are_refused() -> None:
    with pytest.raises(InputError, match="real side, which is saved statistics"):
        frechet(Moments.of(REAL), FAKE, real_groups=["a"] * 40)
