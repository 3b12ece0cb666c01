"""Measures of maps: closed forms, brute force, and maps that have none."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from ganeval.saliency.localisation import LOCALISATION, centre_pointing, localise, random_pointing
from ganeval.saliency.measures import (
    SIMILARITY,
    STRUCTURE,
    grad_l1,
    prepared,
    similarity,
    structure,
)

SIDE = 24
COUNT = SIDE * SIDE


def random_map(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).exponential(size=(SIDE, SIDE)).astype(np.float32)


def one_pixel(row: int, column: int) -> np.ndarray:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[row, column] = 3
    return values


def test_structure_of_a_uniform_map_and_of_one_pixel() -> None:
    flat = structure(np.full((SIDE, SIDE), 0.2))
    assert flat["gini"] == pytest.approx(0, abs=1e-12)
    assert flat["effective_area"] == pytest.approx(1, abs=1e-12)
    assert flat["hoyer"] == pytest.approx(0, abs=1e-12)
    # A uniform square: both variances are (S^2 - 1)/12.
    assert flat["spread"] == pytest.approx(np.sqrt((COUNT - 1) / 6 / (2 * COUNT)), rel=1e-12)
    point = structure(one_pixel(3, 4))
    assert point["gini"] == pytest.approx(1 - 1 / COUNT, abs=1e-12)
    assert point["effective_area"] == pytest.approx(1 / COUNT, abs=1e-12)
    assert point["hoyer"] == pytest.approx(1, abs=1e-12)
    assert point["spread"] == pytest.approx(0, abs=1e-12)


def test_gini_is_half_the_relative_mean_difference() -> None:
    values = random_map(0).astype(np.float64).ravel()
    expected = np.abs(values[:, None] - values).mean() / (2 * values.mean())
    assert structure(values.reshape(SIDE, SIDE))["gini"] == pytest.approx(expected, rel=1e-10)


def test_only_spread_sees_where_the_mass_lies() -> None:
    values = np.outer(np.hanning(SIDE), np.hanning(SIDE)) ** 4
    shuffled = np.random.default_rng(0).permutation(values.ravel()).reshape(values.shape)
    before, after = structure(values), structure(shuffled)
    for name in ("gini", "effective_area", "hoyer"):
        assert before[name] == pytest.approx(after[name], rel=1e-10)
    assert after["spread"] > 1.5 * before["spread"]  # type: ignore[operator]


@pytest.mark.parametrize("factor", [-1.0, 1e-9, 1e30])
def test_sign_and_scale_of_a_map_mean_nothing_but_to_ssim(factor: float) -> None:
    a, b = random_map(1).astype(np.float64), random_map(2)
    assert structure(a * factor) == pytest.approx(structure(a), rel=1e-9)
    scaled, plain = similarity(a * factor, b), similarity(a, b)
    for name in ("spearman", "iou10", "sim", "shift"):
        assert scaled[name] == pytest.approx(plain[name], rel=1e-9)


def test_a_map_is_like_itself() -> None:
    found = similarity(random_map(3), random_map(3))
    assert found == pytest.approx(
        {"spearman": 1, "ssim": 1, "iou10": 1, "sim": 1, "shift": 0}, abs=1e-12
    )


def test_order_and_preparation_change_nothing() -> None:
    a, b = random_map(4), random_map(5)
    assert similarity(a, b) == similarity(prepared(a), prepared(b))
    assert similarity(a, b) == pytest.approx(similarity(b, a), rel=1e-12)


@pytest.mark.parametrize("ties", [False, True])
def test_spearman_is_scipys(ties: bool) -> None:
    a, b = random_map(6), random_map(7)
    if ties:
        a, b = np.round(a), np.round(b * 2)
    b = b + a
    expected = stats.spearmanr(a.ravel(), b.ravel()).statistic
    assert similarity(a, b)["spearman"] == pytest.approx(expected, abs=1e-12)


def test_iou_takes_a_tenth_and_the_first_of_equals() -> None:
    flat, late = np.ones((10, 10)), np.ones((10, 10))
    late[9] = 2
    assert similarity(flat, flat)["iou10"] == 1
    assert similarity(flat, late)["iou10"] == 0
    late[9, :5] = 1  # five stay high, and the first five of the rest come with them
    assert similarity(flat, late)["iou10"] == pytest.approx(5 / 15)
    assert similarity(flat, flat)["spearman"] is None


def test_random_maps_overlap_by_chance() -> None:
    rng = np.random.default_rng(0)
    found = [similarity(rng.random((64, 64)), rng.random((64, 64)))["iou10"] for _ in range(40)]
    assert np.mean(found) == pytest.approx(0.053, abs=0.005)  # type: ignore[arg-type]


def test_shift_and_sim_of_points() -> None:
    found = similarity(one_pixel(2, 2), one_pixel(5, 6))
    assert found["shift"] == pytest.approx(5 / (SIDE * np.sqrt(2)))
    assert found["sim"] == 0
    assert similarity(one_pixel(2, 2), np.ones((SIDE, SIDE)))["sim"] == pytest.approx(1 / COUNT)


def test_ssim_is_the_definition_window_by_window() -> None:
    a, b = random_map(8).astype(np.float64), 0.5 * random_map(9).astype(np.float64)
    places = np.arange(-5, 6)
    window = np.exp(-(places[:, None] ** 2 + places**2) / (2 * 1.5**2))
    window /= window.sum()
    x, y = a / max(a.max(), b.max()), b / max(a.max(), b.max())
    local = []
    for row in range(SIDE - 10):
        for column in range(SIDE - 10):
            p, q = (v[row : row + 11, column : column + 11] for v in (x, y))
            mp, mq = (window * p).sum(), (window * q).sum()
            vp, vq = (window * (p - mp) ** 2).sum(), (window * (q - mq) ** 2).sum()
            cross = (window * (p - mp) * (q - mq)).sum()
            above = (2 * mp * mq + 1e-4) * (2 * cross + 9e-4)
            local.append(above / ((mp**2 + mq**2 + 1e-4) * (vp + vq + 9e-4)))
    assert similarity(a, b)["ssim"] == pytest.approx(np.mean(local), abs=1e-10)
    assert similarity(np.ones((10, 10)), np.ones((10, 10)))["ssim"] is None


@pytest.mark.parametrize("bad", [0.0, np.nan, np.inf])
def test_a_map_without_measures_gives_none(bad: float) -> None:
    values = one_pixel(0, 0) * 0
    values[4, 4] = bad
    assert structure(values) == dict.fromkeys(STRUCTURE)
    assert similarity(values, random_map(0)) == dict.fromkeys(SIMILARITY)
    assert localise(values, np.ones((SIDE, SIDE), bool)) == dict.fromkeys(LOCALISATION)
    assert grad_l1(values) is None


def test_maps_must_be_squares_of_one_size() -> None:
    with pytest.raises(ValueError, match="not \\[S, S\\]"):
        structure(np.ones((4, 5)))
    with pytest.raises(ValueError, match="do not compare"):
        similarity(np.ones((4, 4)), np.ones((5, 5)))
    with pytest.raises(ValueError, match="does not fit"):
        localise(np.ones((4, 4)), np.ones((5, 5), bool))


def test_grad_l1_is_the_mean_absolute_value() -> None:
    assert grad_l1(np.array([[[1.0, -3.0]], [[0.0, 0.0]]])) == 1.0


def test_localisation_by_hand_and_by_chance() -> None:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[:6, :12] = True  # an eighth
    flat = localise(np.ones((SIDE, SIDE)), mask)
    assert (flat["mass"], flat["lift"]) == (pytest.approx(1 / 8), pytest.approx(1))
    assert localise(-mask.astype(float), mask) == {
        "mass": 1.0, "lift": pytest.approx(8), "rank_acc": 1.0, "pointing": 1.0
    }  # fmt: skip
    half = mask.copy()
    half[:6, :6] = False
    half[12:, :3] = True  # 36 inside and 36 outside
    assert localise(half.astype(float), mask)["rank_acc"] == 0.5


def test_pointing_reaches_fifteen_of_224_pixels() -> None:
    mask = np.zeros((224, 224), bool)
    mask[100, 100] = True
    for beside, hit in ((15, 1.0), (16, 0.0)):
        values = np.zeros((224, 224))
        values[100, 100 + beside] = 1
        assert localise(values, mask)["pointing"] == hit
    assert centre_pointing(mask) == 0.0  # 16.3 px away
    rows, columns = np.indices(mask.shape)
    disc = (rows - 100) ** 2 + (columns - 100) ** 2 <= 225
    assert random_pointing(mask) == pytest.approx(disc.mean())
    mask[105, 105] = True
    assert centre_pointing(mask) == 1.0


def test_an_empty_mask_is_missing_not_a_hit() -> None:
    empty = np.zeros((SIDE, SIDE), bool)
    assert localise(random_map(0), empty) == dict.fromkeys(LOCALISATION)
    assert centre_pointing(empty) is None
    assert random_pointing(empty) is None
