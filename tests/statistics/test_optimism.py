"""The mean of the best of K, against published figures and the closed forms of small K."""

from __future__ import annotations

import math

import numpy as np
import pytest

from ganeval.statistics.optimism import expected_minimum

PUBLISHED = {10: 1.54, 50: 2.25, 100: 2.51, 200: 2.75, 500: 3.04}
EXACT = 1e-11  # the rule of the file is exact to 1e-12 on so smooth an integrand


@pytest.mark.parametrize("count", PUBLISHED)
def test_minimum_of_many_is_the_published_one(count: int) -> None:
    assert -expected_minimum(count) == pytest.approx(PUBLISHED[count], abs=5e-3)


def test_minimum_of_few_has_closed_forms() -> None:
    assert expected_minimum(1) == pytest.approx(0, abs=EXACT)
    assert expected_minimum(2) == pytest.approx(-1 / math.sqrt(math.pi), abs=EXACT)
    assert expected_minimum(3) == pytest.approx(-1.5 / math.sqrt(math.pi), abs=EXACT)


def test_minimum_of_very_many_agrees_with_draws() -> None:
    draws = np.random.default_rng(1).normal(size=(2_000, 3_000)).min(axis=1)
    error = draws.std() / math.sqrt(2_000)
    assert expected_minimum(3_000) == pytest.approx(draws.mean(), abs=4 * error)
