"""Student's t interval."""

from __future__ import annotations

import pytest
from scipy import stats

from ganeval.statistics.intervals import t_interval


@pytest.mark.parametrize(("df", "level"), [(1, 0.95), (4, 0.9), (19, 0.95), (299, 0.99)])
def test_equals_the_quantiles_of_the_t_distribution(df: int, level: float) -> None:
    expected = stats.t.interval(level, df, loc=2.0, scale=0.3)
    # Two implementations of one quantile, each right to a few units in the last place.
    assert t_interval(2.0, 0.3, df, level) == pytest.approx(expected, rel=1e-12)


def test_stops_at_the_lower_bound() -> None:
    low, high = t_interval(1.0, 5.0, 10, lower_bound=0.0)
    assert low == 0.0
    assert high > 1.0
