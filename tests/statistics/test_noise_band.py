"""The band of an arm against itself."""

from __future__ import annotations

import math
from itertools import permutations

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval.statistics.noise_band import PAIRINGS, noise_band


def test_band_is_that_of_all_ways_to_pair() -> None:
    base, again = np.array([1.0, 2.0, 4.0]), np.array([8.0, 16.0, 32.0])
    means = [abs(np.mean(np.subtract(p[:3], p[3:]))) for p in permutations([*base, *again])]
    band = noise_band(base, again)
    assert band.half_width == pytest.approx(np.quantile(means, 0.95), abs=1e-9)
    assert band.n == 3
    assert band.rejections == 0.0  # three pairs reach 0.25 at the least
    assert band.ok


def test_sd_is_that_of_a_difference_of_two_runs() -> None:
    values = np.random.default_rng(1).normal(0, 3, 400)
    band = noise_band(values[:200], values[200:])
    assert band.sd == pytest.approx(math.sqrt(2) * values.std(ddof=1), rel=1e-12)
    # Mean differences of random pairings are normal by then: 1.96 sd/√n, to the noise of draws.
    assert band.half_width == pytest.approx(1.96 * band.sd / math.sqrt(200), rel=0.04)
    assert band.rejections == pytest.approx(0.05, abs=0.01)


def test_exchangeable_runs_are_rejected_as_often_as_meant() -> None:
    values = np.random.default_rng(2).normal(size=16)
    band = noise_band(values[:8], values[8:])
    # 6 of 128 flips are the most at or below 0.05; given the runs, every flip is as likely.
    assert band.rejections == pytest.approx(6 / 128, abs=4 * math.sqrt(0.047 / PAIRINGS))
    assert band.ok
    assert noise_band(values[:8], values[8:]) == band


def test_a_repetition_that_differs_is_told() -> None:
    base = np.random.default_rng(3).normal(size=8)
    assert noise_band(base, base + 10).differs
    assert not noise_band(base, base[::-1]).differs


def test_many_pairs_test_fewer_pairings() -> None:
    values = np.random.default_rng(4).normal(size=26)
    band = noise_band(values[:13], values[13:])
    assert band.pairings == 8192
    assert band.rejections == pytest.approx(0.05, abs=0.012)


def test_too_few_runs_are_refused() -> None:
    for base, again in ((2, 1), (4, 0)):
        with pytest.raises(InputError, match="four runs"):
            noise_band(np.arange(base, dtype=float), np.arange(again, dtype=float))
