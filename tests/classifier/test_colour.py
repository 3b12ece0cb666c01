"""Colours as numbers."""

from __future__ import annotations

import time

import numpy as np
import pytest

from ganeval.classifier.colour import COLOUR_DIMENSION, colour_matrix


def pictures(count: int, side: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, 256, (side, side + 5, 3), dtype=np.uint8) for _ in range(count)]


def test_numbers_are_those_of_numpy() -> None:
    images = pictures(3, 33)
    matrix = colour_matrix(images)
    assert matrix.shape == (3, COLOUR_DIMENSION)
    assert matrix.dtype == np.float32
    for image, row in zip(images, matrix, strict=True):
        expected = []
        for channel in range(3):
            counts, _ = np.histogram(image[..., channel], bins=16, range=(0, 256))
            expected.append(counts / counts.sum())
        flat = image.reshape(-1, 3).astype(np.float64)
        np.testing.assert_allclose(row[:48], np.concatenate(expected), rtol=1e-6)
        np.testing.assert_allclose(row[48:51], flat.mean(axis=0), rtol=1e-6)
        np.testing.assert_allclose(row[51:], flat.std(axis=0), rtol=1e-6)


def test_places_of_pixels_play_no_part() -> None:
    (image,) = pictures(1, 16)
    shuffled = np.random.default_rng(1).permutation(image.reshape(-1, 3)).reshape(image.shape)
    np.testing.assert_array_equal(colour_matrix([image]), colour_matrix([shuffled]))


def test_an_even_picture_is_one_bin_without_deviation() -> None:
    image = np.full((8, 8, 3), (0, 128, 255), np.uint8)
    (row,) = colour_matrix([image])
    assert np.flatnonzero(row[:48]).tolist() == [0, 16 + 8, 32 + 15]
    assert row[48:].tolist() == [0, 128, 255, 0, 0, 0]


@pytest.mark.slow
def test_six_hundred_images_take_seconds() -> None:
    images = pictures(60, 256)
    started = time.perf_counter()
    colour_matrix(images)
    assert (time.perf_counter() - started) * 10 < 10
