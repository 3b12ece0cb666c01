"""Bootstrap bands against closed forms."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.classifier.why.bands import class_band, difference_band


def test_the_band_of_a_mean_is_that_of_the_normal_law() -> None:
    values = np.random.default_rng(0).normal(size=(400, 3))
    band = class_band(values, [str(i) for i in range(400)], seed=0, purpose="x")
    np.testing.assert_allclose(band.mean, values.mean(axis=0))
    se = values.std(axis=0) / 20
    # The 2.5 % point of 2,000 draws has a relative error of about 5 %.
    np.testing.assert_allclose(band.high - band.low, 2 * 1.96 * se, rtol=0.1)


def test_copies_in_one_group_do_not_narrow_the_band() -> None:
    values = np.random.default_rng(1).normal(size=(60, 1))
    single = class_band(values, [str(i) for i in range(60)], seed=0, purpose="x")
    copied = class_band(
        np.repeat(values, 5, axis=0), [str(i // 5) for i in range(300)], seed=0, purpose="x"
    )
    np.testing.assert_allclose(copied.low, single.low)
    np.testing.assert_allclose(copied.high, single.high)


def test_pairs_are_drawn_together() -> None:
    # Fake = source + 1: the difference is 1 in every draw, however the sources spread.
    sources = np.random.default_rng(2).normal(scale=10, size=(50, 2))
    values = np.concatenate([sources, sources + 1])
    labels = np.repeat([0, 1], 50)
    groups = [str(i) for i in [*range(50), *range(50)]]
    band = difference_band(values, labels, groups, seed=0, purpose="x")
    np.testing.assert_allclose(band.low, 1)
    np.testing.assert_allclose(band.high, 1)


def test_unpaired_classes_add_their_variances() -> None:
    rng = np.random.default_rng(3)
    values = np.concatenate([rng.normal(size=(300, 1)), rng.normal(2, 3, size=(100, 1))])
    labels = np.repeat([0, 1], [300, 100])
    band = difference_band(values, labels, [str(i) for i in range(400)], seed=0, purpose="x")
    se = np.sqrt(values[:300].var() / 300 + values[300:].var() / 100)
    assert float(band.high[0] - band.low[0]) == pytest.approx(2 * 1.96 * se, rel=0.1)
    assert band.low[0] < 2 < band.high[0]


def test_a_lone_fake_among_pairs_is_never_lost() -> None:
    values = np.arange(9.0)[:, None]
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1, 1])
    groups = ["a", "b", "c", "d", "a", "b", "c", "d", "alone"]
    band = difference_band(values, labels, groups, seed=0, purpose="x")
    assert np.isfinite([band.low, band.high]).all()
