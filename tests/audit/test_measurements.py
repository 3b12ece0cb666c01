"""Outliers, summaries and differences, against direct computation and SciPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import cdist

from ganeval.audit.outliers import isolation, robust_z
from ganeval.audit.settings import AuditSettings
from ganeval.audit.summary import values_of

from .conftest import Make, picture, record_of


def test_isolation_is_the_mean_distance_to_the_nearest_others() -> None:
    # More rows than one block, an offset that would cost float32 its digits, and a copy.
    features = np.random.default_rng(0).normal(100, 1, (1100, 7)).astype(np.float32)
    features[5] = features[900]
    distances = np.sort(cdist(features.astype(float), features.astype(float)), axis=1)
    np.testing.assert_allclose(isolation(features), distances[:, 1:6].mean(axis=1), atol=1e-6)


def test_few_images_use_the_neighbours_there_are() -> None:
    assert isolation(np.array([[0.0], [3.0]], np.float32)).tolist() == [3.0, 3.0]


def test_robust_z_is_that_of_scipy_and_survives_ties() -> None:
    values = np.random.default_rng(1).normal(5, 2, 99)
    values[0] = 50
    scale = stats.median_abs_deviation(values, scale="normal")
    # SciPy's factor is exact, ours the customary 1.4826.
    np.testing.assert_allclose(robust_z(values), (values - np.median(values)) / scale, rtol=1e-4)
    mostly_equal = np.array([3.0] * 30 + [9.0])
    assert robust_z(mostly_equal)[-1] > 3.5
    assert robust_z(np.ones(9)).tolist() == [0.0] * 9


def test_planted_outliers_are_found_by_light_and_colour(make: Make) -> None:
    folder = make("a", range(40))
    dark = np.asarray(picture(50)).astype(float)
    (folder / "dark.png").write_bytes(b"")
    from PIL import Image

    Image.fromarray((dark * 0.1).astype(np.uint8)).save(folder / "dark.png")
    garish = np.random.default_rng(2).choice(np.array([0, 255], np.uint8), (8, 8, 3))
    Image.fromarray(garish).resize((64, 64)).save(folder / "garish.png")
    record = record_of(folder)
    found = {(one.key, one.kind) for one in record.outliers}
    assert {("dark.png", "brightness"), ("garish.png", "colourfulness")} <= found
    assert record.outliers == sorted(record.outliers, key=lambda one: -abs(one.score))
    low = next(one for one in record.outliers if one.key == "dark.png" and one.kind == "brightness")
    assert low.score < -3.5
    rows = {image.key: image.outlier for image in record.sets[0].images}
    assert "brightness" in rows["dark.png"]


def test_an_unlike_picture_is_found_by_features(make: Make) -> None:
    from PIL import Image

    folder = make("a", range(30))
    stripes = np.zeros((64, 64, 3), np.uint8)
    stripes[:, ::2] = 255
    Image.fromarray(stripes).save(folder / "stripes.png")
    settings = AuditSettings(extractor="random-projection", cache=False)
    record = record_of(folder, settings=settings)
    assert ("stripes.png", "features") in {(one.key, one.kind) for one in record.outliers}
    assert all(one.score > 0 for one in record.outliers if one.kind == "features")


def test_the_limit_of_the_score_is_a_choice_and_small_sets_have_no_outliers(make: Make) -> None:
    loose = AuditSettings(extractor=None, cache=False, outlier_z=0.5)
    assert record_of(make("a", range(20)), settings=loose).outliers
    assert not record_of(make("b", range(19)), settings=loose).outliers


def test_a_summary_is_mean_spread_and_quantiles(make: Make) -> None:
    (one,) = record_of(make("a", range(25))).sets
    values = values_of(one.images, "brightness")
    found = next(entry for entry in one.measurements if entry.name == "brightness")
    low, high = stats.t.interval(0.95, 24, values.mean(), stats.sem(values))
    assert found.estimate.value == pytest.approx(values.mean())
    assert (found.estimate.low, found.estimate.high) == pytest.approx((low, high))
    assert found.sd == pytest.approx(values.std(ddof=1))
    assert found.median == pytest.approx(np.median(values))


def test_differences_are_those_of_scipy(make: Make) -> None:
    record = record_of(make("a", range(25)), make("b", range(50, 70), "jpg", quality=50))
    for one in record.differences:
        a, b = (values_of(entry.images, one.name) for entry in record.sets)
        peer = stats.mannwhitneyu(b, a, method="asymptotic")
        assert one.p == pytest.approx(peer.pvalue, rel=1e-9)
        assert one.auc.value == pytest.approx(peer.statistic / (25 * 20))
        welch = stats.ttest_ind(b, a, equal_var=False).confidence_interval()
        assert one.estimate.value == pytest.approx(b.mean() - a.mean())
        # Whole degrees of freedom, rounded down, so a little wider.
        assert one.estimate.low == pytest.approx(welch.low, rel=0.02)
        assert one.standardised == pytest.approx(
            (b.mean() - a.mean()) / ((24 * a.var(ddof=1) + 19 * b.var(ddof=1)) / 43) ** 0.5
        )
    names = [one.name for one in record.differences]
    assert "blockiness" in names
    assert "aspect" not in names  # all are square


def test_headers_reach_the_rows(make: Make) -> None:
    folder = make("a", range(2), "jpg", quality=83)
    image = record_of(folder).sets[0].images[0]
    assert (image.format, image.jpeg_quality, image.jpeg_exact, image.chroma) == (
        "JPEG",
        83,
        True,
        "4:2:0",
    )
    size = Path(folder / "000.jpg").stat().st_size
    assert image.file_bytes == size
    assert image.bytes_per_pixel == pytest.approx(size / 64**2)
