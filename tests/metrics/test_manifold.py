"""Precision, recall, density and coverage."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import ganeval.metrics.manifold_distances as module
from ganeval.errors import InputError
from ganeval.metrics.manifold import (
    PRESETS,
    Manifold,
    coverage_null,
    in_real_manifold,
    manifold,
    manifold_null,
    membership,
)
from ganeval.metrics.rows import NonFiniteFeaturesError

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(40, 5)).astype(np.float32)
FAKE = (1.2 * RNG.normal(size=(33, 5)) + 0.3).astype(np.float32)


def every_distance(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    difference = one[:, None].astype(np.float64) - other[None].astype(np.float64)
    return (difference**2).sum(axis=2)


def by_definition(real: np.ndarray, fake: np.ndarray, k: int, inclusive: bool) -> Manifold:
    """All distances at once; sorted rows of the own set start with the row itself."""
    within = np.less_equal if inclusive else np.less
    radii = []
    for rows in (real, fake):
        own = every_distance(rows, rows)
        np.fill_diagonal(own, -1)
        radii.append(np.sort(own, axis=1)[:, k])
    cross = every_distance(real, fake)
    inside = within(cross, radii[0][:, None])
    return Manifold(
        precision=inside.any(axis=0).mean(),
        recall=within(cross, radii[1]).any(axis=1).mean(),
        density=inside.sum() / (k * len(fake)),
        coverage=inside.any(axis=1).mean(),
        zero_radii_real=int((radii[0] == 0).sum()),
        zero_radii_fake=int((radii[1] == 0).sum()),
    )


@pytest.mark.parametrize("inclusive", [False, True])
@pytest.mark.parametrize("block", [7, 1024])
@pytest.mark.parametrize("k", [1, 5])
def test_is_what_the_definition_says(
    k: int, block: int, inclusive: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BLOCK", block)
    monkeypatch.setattr(module, "_PAIRS", 5)
    found = manifold(REAL, FAKE, k=k, inclusive=inclusive)
    assert found == by_definition(REAL, FAKE, k, inclusive)
    assert 0 < found.precision < 1


@settings(max_examples=80, deadline=None)
@given(
    st.integers(4, 14),
    st.integers(4, 14),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 1e3]),
    st.integers(0, 999),
)
def test_ties_are_ties(n: int, m: int, k: int, inclusive: bool, offset: float, seed: int) -> None:
    rng = np.random.default_rng(seed)  # points of a grid, so that most distances are tied
    real, fake = rng.integers(0, 3, (n, 3)) + offset, rng.integers(0, 3, (m, 3)) + offset
    found = manifold(real, fake, k=k, inclusive=inclusive)
    assert found == by_definition(real, fake, k, inclusive)


def test_a_set_against_itself_is_decided_by_its_own_ties() -> None:
    rows = np.random.default_rng(1).normal(size=(50, 300)) + 20
    # Every ball holds its own centre and k - 1 neighbours inside, and the k-th at its very edge.
    open_balls, closed_balls = manifold(rows, rows), manifold(rows, rows, inclusive=True)
    assert (open_balls.precision, open_balls.coverage, open_balls.density) == (1, 1, 1)
    assert closed_balls.density == 6 / 5
    one = manifold(rows, rows[::-1], k=1, inclusive=False)
    assert (one.density, one.recall) == (1, 1)


def test_copies_make_balls_that_are_points() -> None:
    rows = np.tile(REAL[:8] * 100 + 7, (6, 1))
    assert manifold(rows, REAL).zero_radii_real == 48
    assert manifold(REAL, rows).zero_radii_fake == 48
    found = manifold(rows, rows)
    assert (found.precision, found.recall, found.density, found.coverage) == (0, 0, 0, 0)
    found = manifold(rows, rows, inclusive=True)
    assert (found.precision, found.recall, found.coverage) == (1, 1, 1)
    assert found.density == 6 / 5  # the six copies of each over k


@pytest.mark.parametrize(("inclusive", "value"), [(False, 0.0), (True, 1.0)])
def test_identical_features_give_nothing_or_everything(inclusive: bool, value: float) -> None:
    rows = np.full((12, 4), 0.1, dtype=np.float32)
    found = manifold(rows, rows[:9], inclusive=inclusive)
    assert (found.precision, found.recall, found.coverage) == (value, value, value)


def test_order_and_position_change_nothing() -> None:
    order = np.random.default_rng(2).permutation
    moved = [(rows.astype(np.float64) + 64)[order(len(rows))] for rows in (REAL, FAKE)]
    assert manifold(*moved) == manifold(REAL.astype(np.float64) + 64, FAKE + np.float64(64))


def test_swapped_sets_swap_precision_and_recall() -> None:
    one, other = manifold(REAL, FAKE), manifold(FAKE, REAL)
    assert (one.precision, one.recall) == (other.recall, other.precision)
    assert one.precision != one.recall


def test_fakes_of_one_kind_are_precise_and_cover_little() -> None:
    rng = np.random.default_rng(3)
    real = rng.normal(size=(100, 4))
    found = manifold(real, 0.05 * rng.normal(size=(100, 4)))
    assert found.precision == 1
    assert found.recall < 0.05
    assert found.density > 1.2  # more than perfect fakes have: it rewards a safe middle
    assert found.coverage < 0.5


def test_membership_is_image_by_image() -> None:
    found = membership(REAL, FAKE, k=3)
    cross, own = every_distance(REAL, FAKE), np.sort(every_distance(REAL, REAL), axis=1)[:, 3]
    inside = cross < own[:, None]
    np.testing.assert_array_equal(found.in_real_manifold, inside.any(axis=0))
    np.testing.assert_array_equal(found.covered, inside.any(axis=1))
    np.testing.assert_array_equal(found.balls_of_reals, inside.sum(axis=0))
    np.testing.assert_array_equal(in_real_manifold(REAL, FAKE, k=3), found.in_real_manifold)
    assert found.in_fake_manifold.mean() == manifold(REAL, FAKE, k=3).recall


def test_coverage_to_expect_is_the_published_figure() -> None:
    assert coverage_null(300, 300, 5) == pytest.approx(0.9695, abs=5e-5)
    assert coverage_null(10, 1, 1) == pytest.approx(1 - 9 / 10)
    # In the limit of many images 1 - 2^-k.
    assert coverage_null(10**7, 10**7, 5) == pytest.approx(1 - 2**-5, abs=1e-6)


@pytest.mark.parametrize("sizes", [(60, 60), (40, 90)])
def test_nulls_are_means_over_draws(sizes: tuple[int, int]) -> None:
    rng = np.random.default_rng(4)
    found = [manifold(*(rng.normal(size=(n, 3)) for n in sizes)) for _ in range(150)]
    for name, expected in (("coverage", coverage_null(*sizes, 5)), ("density", 1.0)):
        values = np.array([getattr(one, name) for one in found])
        error = values.std(ddof=1) / np.sqrt(len(values))
        assert abs(values.mean() - expected) < 3.5 * error, name


def test_null_of_halves_is_what_other_reals_reach() -> None:
    rng = np.random.default_rng(5)
    nulls = [manifold_null(rng.normal(size=(120, 6)), seed=seed) for seed in range(30)]
    draws = [manifold(*rng.normal(size=(2, 60, 6))) for _ in range(60)]
    assert {(null.n, null.splits) for null in nulls} == {(60, 5)}
    for name in ("precision", "recall"):
        ours = np.array([getattr(null, name) for null in nulls])
        truth = np.array([getattr(draw, name) for draw in draws])
        error = np.hypot(ours.std() / np.sqrt(30), truth.std() / np.sqrt(60))
        assert abs(ours.mean() - truth.mean()) < 3.5 * error


def test_null_depends_on_seed_and_digests_only() -> None:
    names = [f"{i:03d}" for i in range(len(REAL))]
    order = np.random.default_rng(6).permutation(len(REAL))
    shuffled = manifold_null(REAL[order], k=3, digests=[names[i] for i in order])
    assert shuffled == manifold_null(REAL, k=3, digests=names)
    assert shuffled != manifold_null(REAL, k=3, digests=names, seed=1)


def test_presets_say_what_they_are_defined_on() -> None:
    assert (PRESETS["prdc"].k, PRESETS["prdc"].inclusive) == (5, False)
    assert PRESETS["adm"].extractor == "inception-2015"


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="5-th nearest neighbour needs at least 6 images"):
        manifold(REAL[:5], FAKE)
    with pytest.raises(InputError, match="got 3 fake"):
        manifold(REAL, FAKE[:3], k=3)
    with pytest.raises(InputError, match="must be 1 or more, got 0"):
        manifold(REAL, FAKE, k=0)
    with pytest.raises(InputError, match="real side has 5 features"):
        manifold(REAL, FAKE[:, :2])
    with pytest.raises(NonFiniteFeaturesError, match="fake"):
        manifold(REAL, np.where(np.arange(33)[:, None] == 3, np.nan, FAKE))
    with pytest.raises(InputError, match="at least 6 images"):
        manifold_null(REAL[:11])
    with pytest.raises(InputError, match="splits"):
        manifold_null(REAL, splits=0)
    with pytest.raises(InputError, match="at least 1 fake"):
        coverage_null(10, 0, 5)
