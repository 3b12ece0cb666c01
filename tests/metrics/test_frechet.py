"""The Fréchet distance against closed forms and against itself."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.linalg
from hypothesis import given, settings
from hypothesis import strategies as st

from ganeval.errors import InputError
from ganeval.metrics.frechet import Form, Side, factored, form_of, frechet_distance
from ganeval.metrics.moments import Moments
from ganeval.metrics.replicates import replicate_distance
from ganeval.metrics.rows import NonFiniteFeaturesError

CLOSED = 1e-9  # relative, the accuracy that is promised
ROUNDING = 1e-12  # relative; two orders of the same float64 sums


def rows(n: int, d: int, seed: int = 0, scale: float = 1.0, shift: float = 0.0) -> np.ndarray:
    """Correlated Gaussian features, float32 as a network gives them."""
    rng = np.random.default_rng([seed, n, d])
    mixing = rng.normal(size=(d, d)) / np.sqrt(d) + np.eye(d)
    return ((rng.normal(size=(n, d)) @ mixing) * scale + shift).astype(np.float32)


def with_covariance(n: int, variances: np.ndarray, seed: int) -> np.ndarray:
    """Features whose sample covariance is exactly diag(variances), sample mean exactly 0."""
    gaussian = np.random.default_rng(seed).normal(size=(n, len(variances)))
    orthonormal, _ = np.linalg.qr(gaussian - gaussian.mean(axis=0))
    return orthonormal * np.sqrt((n - 1) * variances)


def scale_of(real: Side, fake: Side) -> float:
    """The sum of traces: what rounding of a distance is relative to."""
    return factored(real).trace + factored(fake).trace


@pytest.mark.parametrize("n", [9, 12, 40])  # below, at and above d
def test_diagonal_gaussians(n: int) -> None:
    rank = min(n - 1, 12)
    first, second = np.linspace(0.1, 3, rank), np.linspace(2, 0.5, rank)
    shift = np.linspace(-1, 1, 12)
    real, fake = (
        np.pad(with_covariance(n, v, seed), ((0, 0), (0, 12 - rank)))
        for v, seed in ((first, 1), (second, 2))
    )
    expected = ((np.sqrt(first) - np.sqrt(second)) ** 2).sum() + shift @ shift
    assert frechet_distance(real, fake + shift) == pytest.approx(expected, rel=CLOSED)
    moments = Moments.of(real), Moments.of(fake + shift)
    assert frechet_distance(*moments) == pytest.approx(expected, rel=CLOSED)


@pytest.mark.parametrize(("n", "d"), [(2, 5), (20, 30), (30, 30), (90, 30)])
@pytest.mark.parametrize("size", [1.0, 1e4])
def test_a_shift_costs_its_squared_length(n: int, d: int, size: float) -> None:
    real = rows(n, d).astype(np.float64)
    shift = np.random.default_rng(1).normal(size=d) * size
    expected = pytest.approx(shift @ shift, rel=CLOSED)
    assert frechet_distance(real, real + shift) == expected
    assert frechet_distance(Moments.of(real), Moments.of(real + shift)) == expected


@pytest.mark.parametrize(("n", "d"), [(2, 5), (20, 30), (90, 30)])
def test_scaling(n: int, d: int) -> None:
    real = rows(n, d, shift=2.0).astype(np.float64)
    mean = real.mean(axis=0)
    expected = 0.4**2 * (mean @ mean + np.cov(real.T).trace())
    assert frechet_distance(real, 0.6 * real) == pytest.approx(expected, rel=CLOSED)


@pytest.mark.parametrize(("n", "d"), [(2, 5), (20, 30), (90, 30)])
def test_a_set_against_itself_is_exactly_zero(n: int, d: int) -> None:
    real = rows(n, d)
    renamed = np.random.default_rng(0).permutation(real)
    assert frechet_distance(real, real.copy()) == 0.0
    assert frechet_distance(real, renamed) == 0.0
    assert frechet_distance(Moments.of(real), Moments.of(real)) == 0.0


def test_nearly_the_same_is_never_negative() -> None:
    real = rows(20, 30).astype(np.float64)
    for seed in range(20):
        noise = np.random.default_rng(seed).normal(size=real.shape) * 1e-9
        value = frechet_distance(real, real + noise)
        assert 0.0 <= value < 1e-12 * np.square(real).sum()


def all_forms(real: np.ndarray, fake: np.ndarray) -> dict[str, float]:
    """The distance by every form and from every mixture of features and moments."""
    values = {
        form: frechet_distance(real, fake, form=form)
        for form in ("cross-gram", "one-sided", "full", "deficient")
    }
    values["default"] = frechet_distance(real, fake)
    values["features, moments"] = frechet_distance(real, Moments.of(fake))
    values["moments, features"] = frechet_distance(Moments.of(real), fake)
    without_n = [
        Moments.from_statistics(m.mean, m.covariance()) for m in map(Moments.of, (real, fake))
    ]
    values["statistics without n"] = frechet_distance(*without_n)
    return values


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([2, 3, 5, 11, 12, 13, 24, 40]),
    st.sampled_from([2, 3, 5, 11, 12, 13, 24, 40]),
    st.integers(1, 12),
    st.integers(0, 1000),
)
def test_all_forms_agree(n: int, m: int, rank: int, seed: int) -> None:
    d = 12
    real, fake = rows(n, d, seed).astype(np.float64), rows(m, d, seed + 1, 1.3, 0.2)
    basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0][:, :rank]
    real = real @ basis @ basis.T  # of deficient rank
    values = all_forms(real, fake.astype(np.float64))
    tolerance = CLOSED * scale_of(real, fake)
    assert max(values.values()) - min(values.values()) <= tolerance, values


def test_rounding_does_not_pass_for_rank() -> None:
    # A covariance of rank 11 in 12 dimensions can have a Cholesky factor whose last pivot is noise;
    # its square root would be 1e-8 where it should be 0.
    for seed in range(300):
        real, fake = rows(24, 12, seed).astype(np.float64), rows(24, 12, seed + 1)
        basis = np.linalg.qr(np.random.default_rng(seed).normal(size=(12, 11)))[0]
        real = real @ basis @ basis.T
        exact = frechet_distance(real, fake, form="cross-gram")
        assert frechet_distance(real, fake) == pytest.approx(exact, rel=1e-11)


def test_forms_agree_where_both_sides_are_wider_than_long() -> None:
    real, fake = rows(40, 96), rows(25, 96, 1, 1.2, 0.3)
    values = all_forms(real, fake)
    assert max(values.values()) - min(values.values()) <= CLOSED * values["default"]


def test_the_shape_chooses_the_form() -> None:
    short, long = rows(10, 12), rows(40, 12)
    cases: list[tuple[Side, Side, Form]] = [
        (short, short, "cross-gram"),
        (short, long, "one-sided"),
        (Moments.of(short), short, "one-sided"),
        (long, long, "full"),
        (Moments.of(short), long, "full"),
        (Moments.of(short), Moments.of(short), "deficient"),
    ]
    for real, fake, form in cases:
        assert form_of(factored(real), factored(fake)) == form


@pytest.mark.parametrize(("n", "m"), [(10, 8), (10, 40), (40, 60)])
def test_order_rotation_and_swapping_play_no_part(n: int, m: int) -> None:
    real, fake = rows(n, 20).astype(np.float64), rows(m, 20, 1, 1.2).astype(np.float64)
    value = frechet_distance(real, fake)
    tolerance = ROUNDING * scale_of(real, fake)
    assert frechet_distance(fake, real) == pytest.approx(value, abs=tolerance)
    assert frechet_distance(real[::-1], fake) == pytest.approx(value, abs=tolerance)
    rotation = np.linalg.qr(np.random.default_rng(3).normal(size=(20, 20)))[0]
    assert frechet_distance(real @ rotation, fake @ rotation) == pytest.approx(
        value,
        abs=1e-10 * scale_of(real, fake),  # the rotation itself rounds
    )


@pytest.mark.parametrize("n", [10, 40])
def test_ddof_zero_divides_by_n(n: int) -> None:
    real, fake = rows(n, 20), rows(n, 20, 1, 1.2, 0.5)
    shift = real.mean(axis=0, dtype=np.float64) - fake.mean(axis=0, dtype=np.float64)
    spread = frechet_distance(real, fake) - shift @ shift
    expected = shift @ shift + spread * (n - 1) / n
    assert frechet_distance(real, fake, ddof=0) == pytest.approx(expected, rel=CLOSED)


def test_the_quick_routine_of_replicates_is_close() -> None:
    for n, m in itertools.product((10, 40), repeat=2):
        sides = factored(rows(n, 20)), factored(rows(m, 20, 1, 1.3))
        exact = frechet_distance(rows(n, 20), rows(m, 20, 1, 1.3))
        # Roots of eigenvalues that should be 0 are of order √eps = 1.5e-8 of the largest.
        assert replicate_distance(*sides) == pytest.approx(exact, rel=1e-6)


def test_no_matrix_square_root_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("sqrtm was called")

    monkeypatch.setattr(scipy.linalg, "sqrtm", refuse)
    for n in (10, 40):
        assert len(set(all_forms(rows(n, 12), rows(n, 12, 1)))) == 8


def test_identical_images_have_no_spread() -> None:
    still = np.ones((4, 6), np.float32)
    moving = rows(5, 6)
    expected = Moments.of(moving).covariance().trace()
    expected += ((moving.mean(axis=0, dtype=np.float64) - 1) ** 2).sum()
    assert frechet_distance(still, moving) == pytest.approx(expected, rel=CLOSED)
    assert frechet_distance(Moments.of(still), Moments.of(moving)) == pytest.approx(
        expected, rel=CLOSED
    )
    assert frechet_distance(still, 3 * still) == pytest.approx(24.0, rel=CLOSED)


def test_unfit_input_is_refused_with_its_reason() -> None:
    good = rows(5, 6)
    bad = good.copy()
    bad[3, 2] = np.nan
    with pytest.raises(NonFiniteFeaturesError) as caught:
        frechet_distance(good, bad)
    assert (caught.value.side, caught.value.row) == ("fake", 3)
    with pytest.raises(InputError, match="at least 2 images per side, got 1"):
        frechet_distance(good[:1], good)
    with pytest.raises(InputError, match="at least 2 images per side, got 1 fake"):
        frechet_distance(good, Moments.of(good[:1]))
    with pytest.raises(InputError, match="real side has 6 features per image, the fake side 4"):
        frechet_distance(good, good[:, :4])
    with pytest.raises(InputError, match="fake moments hold NaN"):
        frechet_distance(good, Moments(None, np.zeros(6), np.full((6, 6), np.inf)))
    with pytest.raises(InputError, match="no rows of features"):
        frechet_distance(Moments.of(good), good, form="cross-gram")
