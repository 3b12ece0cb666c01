"""The sampling floor, and the excess over it."""

from __future__ import annotations

import numpy as np
import pytest

import ganeval.metrics.floor as module
from ganeval.metrics.floor import excess_over_floor
from ganeval.metrics.frechet import Factored, factored, frechet_distance
from ganeval.metrics.uncertainty import frechet
from ganeval.records import Floor

D = 40
RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(31, D)).astype(np.float32)
FAKE = (RNG.normal(size=(36, D)) + 0.5).astype(np.float32)


def digests(rows: np.ndarray, prefix: str = "") -> list[str]:
    return [f"{prefix}{i:04d}" for i in range(len(rows))]


def floor(real: np.ndarray, fake: np.ndarray, **options: object) -> Floor | None:
    options = {"real_digests": digests(real), "fake_digests": digests(fake)} | options
    result = excess_over_floor(real, fake, **options)  # type: ignore[arg-type]
    return result and result.floor


def test_excess_is_what_is_left_above_the_floor() -> None:
    result = floor(REAL, FAKE)
    assert result is not None
    assert (result.half_size, result.splits) == (15, 5)
    expected = result.cross - (result.floor_real + result.floor_fake) / 2
    assert result.excess.value == pytest.approx(expected, rel=1e-12)
    assert result.excess.low < expected < result.excess.high
    assert result.excess.n == {"real": 31, "fake": 36}
    assert "half size" in result.excess.covers


def test_the_standard_error_is_of_the_size_of_the_distances() -> None:
    result = floor(REAL, FAKE)
    assert result is not None
    # Both are made of the same influences; weights or divisors gone wrong change it by factors.
    assert 0.5 < result.excess.se / frechet(REAL, FAKE).estimate.se < 1.5


def test_all_halves_have_the_same_size(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def listen(rows: np.ndarray) -> Factored:
        sizes.append(len(rows))
        return factored(rows)

    monkeypatch.setattr(module, "factored", listen)
    floor(REAL, FAKE, real_groups=[str(i // 4) for i in range(31)])
    assert len(sizes) == 20
    assert len(set(sizes)) == 1


def test_halves_of_two_images_can_be_enumerated() -> None:
    real, fake = REAL[:4], FAKE[:4]
    result = floor(real, fake)
    assert result is not None
    assert result.half_size == 2
    halves = [([0, 1], [2, 3]), ([0, 2], [1, 3]), ([0, 3], [1, 2])]
    floors = [frechet_distance(real[list(a)], real[list(b)]) for a, b in halves]
    assert min(floors) <= result.floor_real <= max(floors)
    share = np.array(floors) * 5
    counts = [(i, j, 5 - i - j) for i in range(6) for j in range(6 - i)]
    means = [sum(c * f for c, f in zip(count, share / 25, strict=True)) for count in counts]
    assert min(abs(result.floor_real - mean) for mean in means) < 1e-9 * max(floors)
    assert result.excess.se is None
    assert "at least 5" in result.excess.reason


def test_names_and_order_play_no_part() -> None:
    first = floor(REAL, FAKE, real_groups=[str(i // 2) for i in range(31)])
    mixed = np.random.default_rng(1).permutation(31)
    again = floor(
        REAL[mixed],
        FAKE,
        real_digests=[digests(REAL)[i] for i in mixed],
        real_groups=[f"g{i // 2}" for i in mixed],
    )
    assert first is not None
    assert again is not None
    assert again.excess.value == pytest.approx(first.excess.value, rel=1e-12)
    assert again.excess.se == pytest.approx(first.excess.se, rel=1e-12)
    other = floor(REAL, FAKE, real_groups=[str(i // 2) for i in range(31)], seed=1)
    assert other is not None
    assert other.excess.value != first.excess.value


def test_the_splits_of_the_reals_do_not_depend_on_the_fakes() -> None:
    one, other = floor(REAL, FAKE), floor(REAL, FAKE * 2)
    assert one is not None
    assert other is not None
    assert one.floor_real == other.floor_real
    assert other.floor_fake == pytest.approx(4 * one.floor_fake, rel=1e-5)  # float32 input


def test_copies_in_one_group_stay_in_one_half() -> None:
    twice = np.repeat(REAL, 2, axis=0)
    groups = [str(i // 2) for i in range(62)]
    grouped, torn = floor(twice, FAKE, real_groups=groups), floor(twice, FAKE)
    assert grouped is not None
    assert torn is not None
    # Halves that share half of their images lie much nearer to each other.
    assert torn.floor_real < 0.8 * grouped.floor_real


def test_more_images_per_half_than_features_work_too() -> None:
    real, fake = RNG.normal(size=(90, 25)), RNG.normal(size=(95, 25)) + 1
    result = floor(real, fake)
    assert result is not None
    assert result.half_size == 45
    # A shift of the mean is caught in full: 25, give or take a few of its standard errors.
    assert abs(result.excess.value - 25) < 4 * result.excess.se


@pytest.mark.parametrize(("n", "splits"), [(800, 5), (804, 2), (2004, 1)])
def test_large_halves_need_fewer_splits(n: int, splits: int) -> None:
    rng = np.random.default_rng(2)
    d = n // 4 + 1
    basis = rng.normal(size=(6, d))  # of low rank, so that the decompositions are quick
    real, fake = rng.normal(size=(n, 6)) @ basis, rng.normal(size=(n, 6)) @ basis
    result = floor(real.astype(np.float32), fake.astype(np.float32))
    assert result is not None
    assert (result.splits, result.half_size) == (splits, n // 2)


def test_there_is_no_floor_where_it_says_nothing() -> None:
    many = RNG.normal(size=(4 * 3, 3))
    assert floor(many, many + 1) is None  # n >= 4d
    assert floor(REAL, REAL[::-1]) is None  # the same images
    assert floor(REAL[:3], FAKE) is None  # halves of one image
    assert floor(REAL, FAKE, real_groups=["one"] * 31) is None  # nothing to split
