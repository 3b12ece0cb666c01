"""KID over random subsets, as other packages print it."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval.metrics.cubic_kernel import squared_discrepancy
from ganeval.metrics.kernel import kid, kid_subsets
from ganeval.metrics.kernel_subsets import PRESETS

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(60, 8)).astype(np.float32)
FAKE = (RNG.normal(size=(50, 8)) * 1.3).astype(np.float32)


def test_mean_approaches_the_kid_over_all_pairs() -> None:
    result = kid_subsets(REAL, FAKE, size=20, subsets=400)
    all_pairs = kid(REAL, FAKE, permutations=0).estimate.value
    # Four standard errors of the mean over 400 nearly independent subsets.
    assert result.estimate.value == pytest.approx(all_pairs, abs=4 * result.spread / 20)
    assert result.estimate.se is None
    assert "not a standard error" in result.estimate.reason


def test_draws_are_those_of_one_legacy_generator() -> None:
    rng = np.random.RandomState(7)
    values = []
    for _ in range(3):
        second = FAKE[rng.choice(50, 20, replace=False)]
        first = REAL[rng.choice(60, 20, replace=False)]
        values.append(squared_discrepancy(second, first))
    result = kid_subsets(REAL, FAKE, size=20, subsets=3, seed=7)
    assert result.estimate.value == pytest.approx(np.mean(values), rel=1e-12)
    assert result.spread == pytest.approx(np.std(values), rel=1e-12)
    swapped = kid_subsets(REAL, FAKE, size=20, subsets=3, seed=7, first="real")
    assert swapped.estimate.value != result.estimate.value


@pytest.mark.parametrize("preset", PRESETS)
def test_presets_shrink_or_refuse(preset: str) -> None:
    if PRESETS[preset].shrinks:
        result = kid_subsets(REAL, FAKE, preset=preset)
        assert (result.subsets, result.size) == (100, 50)
    else:
        with pytest.raises(InputError, match="subsets of 1000 images is not possible with 60 real"):
            kid_subsets(REAL, FAKE, preset=preset)


def test_a_spread_of_zero_is_refused() -> None:
    with pytest.raises(InputError, match="whole of both sets"):
        kid_subsets(REAL[:50], FAKE, size=50)


def test_unknown_presets_are_named() -> None:
    with pytest.raises(InputError, match="torch-fidelity"):
        kid_subsets(REAL, FAKE, preset="torch-fidelty")
