"""Features of labelled images: from the cache as stored, from pixels once defended."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import SETTINGS, opened, several

from ganeval.classifier.examples import Examples
from ganeval.classifier.feature_matrix import feature_matrix, feature_plan
from ganeval.errors import InputError, MissingFileError
from ganeval.features.extraction import extract
from ganeval.images import open_image_set

PROJECTION = replace(SETTINGS, extractor="random-projection")
CACHED = replace(PROJECTION, cache=True)


@pytest.fixture
def examples(tmp_path: Path) -> Examples:
    return opened(tmp_path, several(range(9)), several(range(20, 27))).examples


def direct(folder: Path) -> dict[str, np.ndarray]:
    """Features of a folder by key, by the features room alone."""
    plan = feature_plan(PROJECTION).plan
    features = extract(open_image_set(folder), plan).features[plan.layers[0]]
    return dict(zip(features.keys, features.values, strict=True))


def test_rows_are_those_of_the_images_in_their_order(tmp_path: Path, examples: Examples) -> None:
    found = feature_matrix(examples, PROJECTION, defended=False)
    assert found.values.dtype == np.float32
    expected = (direct(tmp_path / "real"), direct(tmp_path / "fake"))
    for row, key in enumerate(examples.keys):
        np.testing.assert_array_equal(found.values[row], expected[examples.labels[row]][key])
    assert found.run.spec.extractor == "random-projection"
    assert (found.run.cache_hits, found.run.cache_misses) == (0, 16)


def test_images_that_left_the_examples_are_left_out(examples: Examples) -> None:
    every = feature_matrix(examples, PROJECTION, defended=False).values
    rows = np.array([1, 4, 8, 9, 12, 15])
    some = feature_matrix(examples.take(rows), PROJECTION, defended=False)
    np.testing.assert_array_equal(some.values, every[rows])
    assert some.run.cache_misses == 6
    mixed = np.array([12, 0, 9, 5])
    reordered = feature_matrix(examples.take(mixed), PROJECTION, defended=False)
    np.testing.assert_array_equal(reordered.values, every[mixed])


def test_a_second_run_is_answered_by_the_cache(examples: Examples) -> None:
    told: list[tuple[str, int, int]] = []
    first = feature_matrix(examples, CACHED, defended=False)
    second = feature_matrix(
        examples,
        CACHED,
        lambda label, done, total, unit="images": told.append((label, done, total)),
        defended=False,
    )
    assert (first.run.cache_misses, second.run.cache_hits) == (16, 16)
    assert second.run.cache_misses == 0
    np.testing.assert_array_equal(first.values, second.values)
    assert told[-1] == ("features of fake", 7, 7)


def test_defended_features_are_those_of_the_pixels(examples: Examples) -> None:
    raw = feature_matrix(examples, PROJECTION, defended=False).values
    same = feature_matrix(examples, PROJECTION, defended=True).values
    np.testing.assert_array_equal(raw, same)
    inverted = examples.with_pixels([255 - pixels for pixels in examples.pixels])
    other = feature_matrix(inverted, PROJECTION, defended=True).values
    assert not np.allclose(raw, other)
    rows = np.array([12, 0, 9, 5])
    np.testing.assert_array_equal(
        feature_matrix(inverted.take(rows), PROJECTION, defended=True).values, other[rows]
    )
    # Stored ones are asked for by the digest of the files, whatever the pixels became.
    unchanged = feature_matrix(inverted, PROJECTION, defended=False).values
    np.testing.assert_array_equal(raw, unchanged)


def test_one_plan_serves_raw_and_defended_pixels(examples: Examples) -> None:
    plan = feature_plan(CACHED)
    raw = feature_matrix(examples, CACHED, defended=False, plan=plan)
    defended = feature_matrix(examples, CACHED, defended=True, plan=plan)
    np.testing.assert_array_equal(raw.values, defended.values)
    again = feature_matrix(examples, CACHED, defended=True)
    assert again.run.cache_hits == 16


def test_options_that_do_not_fit_are_refused_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="random-projection"):
        feature_plan(replace(PROJECTION, weights=tmp_path / "some.pth"))
    with pytest.raises(InputError, match="no-such"):
        feature_plan(replace(PROJECTION, extractor="no-such"))


def test_missing_weights_name_the_way_without_them(tmp_path: Path) -> None:
    absent = replace(SETTINGS, extractor="inception-2015", weights=tmp_path / "absent.pth")
    with pytest.raises(MissingFileError) as caught:
        feature_plan(absent)
    assert "absent.pth" in caught.value.message
    assert "--rungs" in (caught.value.hint or "")
