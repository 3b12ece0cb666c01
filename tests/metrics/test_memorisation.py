"""Memorisation distance, MiFID, authenticity and near copies."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval.metrics.memorisation import (
    authenticity,
    authenticity_jackknife,
    memorisation_distance,
    memorisation_jackknife,
    mifid,
    near_copies,
)
from ganeval.statistics.resampling import jackknife_standard_error

RNG = np.random.default_rng(0)
REAL = np.abs(RNG.normal(size=(60, 6))).astype(np.float32)
FAKE = np.abs(RNG.normal(size=(40, 6))).astype(np.float32)
REAL_BLOCKS = np.array_split(RNG.permutation(60), 6)
FAKE_BLOCKS = np.array_split(RNG.permutation(40), 5)


def cosine_distances(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    one, other = one.astype(np.float64), other.astype(np.float64)
    lengths = np.outer(np.linalg.norm(one, axis=1), np.linalg.norm(other, axis=1))
    return 1 - np.abs(one @ other.T) / lengths


def share_authentic(real: np.ndarray, fake: np.ndarray) -> float:
    """The definition, image by image."""
    authentic = 0
    for image in fake.astype(np.float64):
        distances = [math.dist(image, other) for other in real.astype(np.float64)]
        nearest = int(np.argmin(distances))
        own = [math.dist(real[nearest], other) for i, other in enumerate(real) if i != nearest]
        authentic += distances[nearest] > min(own)
    return authentic / len(fake)


def test_memorisation_distance_is_the_mean_least_cosine_distance() -> None:
    distances = cosine_distances(FAKE, REAL)
    told = memorisation_distance(REAL, FAKE)
    assert told.value == pytest.approx(distances.min(axis=1).mean(), rel=1e-12)
    np.testing.assert_array_equal(told.index, distances.argmin(axis=1))
    np.testing.assert_allclose(told.distance, distances.min(axis=1), rtol=1e-10)
    reversed_ = memorisation_distance(REAL, FAKE, orientation="torchmetrics")
    assert reversed_.value == pytest.approx(distances.min(axis=0).mean(), rel=1e-12)
    np.testing.assert_array_equal(reversed_.index, told.index)


def test_copies_of_a_few_reals_escape_the_reversed_orientation() -> None:
    copies = np.tile(REAL[:2], (20, 1))
    assert memorisation_distance(REAL, copies).value == 0.0
    assert memorisation_distance(REAL, copies, orientation="torchmetrics").value > 0.02


def test_images_without_features_have_no_part_in_it() -> None:
    real = np.insert(REAL, [0, 30], 0, axis=0)
    fake = np.insert(FAKE, 7, 0, axis=0)
    told, without = memorisation_distance(real, fake), memorisation_distance(REAL, FAKE)
    assert (told.dropped_real, told.dropped_fake) == (2, 1)
    assert told.value == without.value
    assert told.index[7] == -1
    assert np.isnan(told.distance[7])
    kept = np.delete(np.arange(len(real)), [0, 31])
    np.testing.assert_array_equal(np.delete(told.index, 7), kept[without.index])
    assert near_copies(real, np.concatenate([fake, REAL[:1]]))[0][:2] == (41, 1)


def test_mifid_is_penalised_below_the_threshold_only() -> None:
    assert mifid(30.0, 0.05) == pytest.approx(600, rel=1e-12)
    assert mifid(30.0, 0.0999) == pytest.approx(300.3, rel=1e-4)
    assert mifid(30.0, 0.1) == pytest.approx(30.0, rel=1e-12)
    assert mifid(30.0, 0.7) == pytest.approx(30.0, rel=1e-12)
    assert mifid(1e-9, 0.0) == 0.0
    assert mifid(30.0, 0.0) == pytest.approx(3e15, rel=1e-12)  # 30 / 1e-14


def test_authenticity_is_its_definition() -> None:
    assert authenticity(REAL, FAKE) == share_authentic(REAL, FAKE)
    near = REAL[:40] + np.float32(0.2) * FAKE
    assert authenticity(REAL, near) == share_authentic(REAL, near)


def test_a_tie_is_not_authentic() -> None:
    real = np.array([[0.0], [2.0], [10.0]])
    assert authenticity(real, np.array([[-2.0]])) == 0.0
    assert authenticity(real, np.array([[-2.1]])) == 1.0
    assert authenticity(np.tile(real, (2, 1)), real) == 0.0  # copies of copies


@pytest.mark.parametrize(
    ("d", "mutual"), [(1, 2 / 3), (2, 6 * math.pi / (8 * math.pi + 3 * math.sqrt(3)))]
)
def test_authenticity_of_more_of_the_same_is_what_geometry_says(d: int, mutual: float) -> None:
    # A fake that is one more point of a Poisson pattern is not authentic exactly when it and its
    # nearest real are each other's nearest: probability 2/3 on the line, 0.6215 in the plane
    # (Clark and Evans, Science 121 (1955) 397; Dacey, Geographical Analysis 1 (1969) 385).
    rng = np.random.default_rng(d)
    shares = [
        authenticity(rng.uniform(size=(400, d)), rng.uniform(0.1, 0.9, size=(20, d)))
        for _ in range(60)
    ]
    # 1200 fakes of 60 patterns: SD of the mean 0.014; the middle of the pattern has no edge.
    assert np.mean(shares) == pytest.approx(1 - mutual, abs=0.045)


def explicit(function, real: np.ndarray, fake: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Replicates by computing everything again."""
    return (
        np.array([function(np.delete(real, block, axis=0), fake) for block in REAL_BLOCKS]),
        np.array([function(real, np.delete(fake, block, axis=0)) for block in FAKE_BLOCKS]),
    )


def test_replicates_are_those_of_computing_again() -> None:
    result = memorisation_jackknife(REAL, FAKE, REAL_BLOCKS, FAKE_BLOCKS)
    real, fake = explicit(lambda x, y: memorisation_distance(x, y).value, REAL, FAKE)
    assert result.value == memorisation_distance(REAL, FAKE).value
    np.testing.assert_allclose(result.real, real, rtol=1e-12)
    np.testing.assert_allclose(result.fake, fake, rtol=1e-12)
    near = REAL[:40] + np.float32(0.5) * FAKE
    result = authenticity_jackknife(REAL, near, REAL_BLOCKS, FAKE_BLOCKS)
    real, fake = explicit(authenticity, REAL, near)
    assert result.value == authenticity(REAL, near)
    assert len(set(real.tolist())) > 1
    np.testing.assert_allclose(result.real, real, rtol=1e-12)
    np.testing.assert_allclose(result.fake, fake, rtol=1e-12)


def test_empty_blocks_add_nothing() -> None:
    none = np.empty(0, np.int64)
    for function in (memorisation_jackknife, authenticity_jackknife):
        result = function(REAL, FAKE, [*REAL_BLOCKS, none], [none, *FAKE_BLOCKS])
        assert result.real[-1] == pytest.approx(result.real.mean(), rel=1e-12)
        assert result.fake[0] == pytest.approx(result.fake.mean(), rel=1e-12)


def test_one_block_leaves_nothing_to_compare() -> None:
    everything = [np.arange(60)], [np.arange(40)]
    for function in (memorisation_jackknife, authenticity_jackknife):
        result = function(REAL, FAKE, *everything)
        assert result.real.tolist() == result.fake.tolist() == [result.value]


def test_near_copies_are_found_nearest_first() -> None:
    fake = FAKE.copy()
    fake[4], fake[11] = REAL[50], REAL[20] + np.float32(1e-3)
    found = near_copies(REAL, fake)
    assert [one[:2] for one in found[:2]] == [(4, 50), (11, 20)]
    assert found[0].distance == 0.0
    own = cosine_distances(REAL, REAL)
    np.fill_diagonal(own, np.inf)
    limit = np.percentile(own.min(axis=1), 1)
    expected = np.flatnonzero(cosine_distances(fake, REAL).min(axis=1) < limit)
    assert sorted(one.fake for one in found) == expected.tolist()


def test_exact_copies_are_listed_where_reals_repeat_too() -> None:
    twice = np.tile(REAL, (2, 1))
    assert [one[:2] for one in near_copies(twice, np.concatenate([FAKE, REAL[3:4]]))] == [(40, 3)]
    assert near_copies(REAL[:1], REAL[:2]) == [(0, 0, 0.0)]


def test_unfit_input_is_refused() -> None:
    with pytest.raises(InputError, match="every fake image sum to 0"):
        memorisation_distance(REAL, FAKE * 0)
    with pytest.raises(InputError, match="real side has 6 features"):
        memorisation_jackknife(REAL, FAKE[:, :2], REAL_BLOCKS, FAKE_BLOCKS)
    with pytest.raises(InputError, match="no orientation 'both'"):
        memorisation_distance(REAL, FAKE, orientation="both")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least 2"):
        authenticity(REAL[:1], FAKE)
    with pytest.raises(InputError, match="row 0 of the fake features holds NaN"):
        near_copies(REAL, FAKE * np.float32(np.nan))


@pytest.mark.parametrize("measure", [memorisation_jackknife, authenticity_jackknife])
def test_standard_errors_are_of_the_size_of_the_spread(measure) -> None:
    rng = np.random.default_rng(3)
    values = np.empty((150, 2))
    for run in range(150):
        real, fake = np.abs(rng.normal(size=(80, 16))), np.abs(rng.normal(size=(60, 16)))
        blocks = [np.array_split(rng.permutation(n), 20) for n in (80, 60)]
        result = measure(real, fake, *blocks)
        values[run] = (
            result.value,
            math.hypot(*map(jackknife_standard_error, (result.real, result.fake))),
        )
    ratio = values[:, 1].mean() / values[:, 0].std(ddof=1)
    # An SD of 150 values is known to 6 %. A share is not smooth, and its jackknife errs wide.
    assert 0.8 <= ratio <= 1.9, ratio
