"""Marks of compression against loops and SciPy; metadata that are no names, dates or bytes."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import labelled
from classifier.stored_sets import crops, opened, written
from PIL import Image
from scipy.fft import dctn

from ganeval.classifier.probes import (
    COMPRESSION_DIMENSION,
    bytes_matrix,
    compression_features,
    compression_matrix,
    metadata_matrix,
)
from ganeval.images import Header
from ganeval.images.decoding import Pixels
from ganeval.images.jpeg import JpegTraits

PNG = Header("PNG", "RGB", 64, 64, 1, (), file_bytes=4096)
JPEG = replace(PNG, format="JPEG", jpeg=JpegTraits(90, True, "4:2:0", ((1,) * 64,)), lossy=True)


def as_jpeg(pixels: Pixels, quality: int) -> Pixels:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    return np.asarray(Image.open(stream))


class TestCompression:
    def test_steps_are_those_of_a_loop(self) -> None:
        pixels = crops(1, 37)[0][:29]
        red, green, blue = (pixels[..., c].astype(float) for c in range(3))
        planes = (
            0.299 * red + 0.587 * green + 0.114 * blue,
            -0.168736 * red - 0.331264 * green + 0.5 * blue,
            0.5 * red - 0.418688 * green - 0.081312 * blue,
        )
        expected = []
        for plane in planes:
            for way in (plane, plane.T):
                steps: list[list[float]] = [[] for _ in range(8)]
                for line in way:
                    for j in range(len(line) - 1):
                        steps[j % 8].append(abs(line[j + 1] - line[j]))
                # Equal numbers of lines per column, so a phase's mean is that of its columns.
                m = [float(np.mean(one)) for one in steps]
                for k in range(8):
                    others = np.mean(m[:k] + m[k + 1 :])
                    expected.append(np.log((m[k] + 1e-3) / (others + 1e-3)))
        # Pixels of 8 bits in float32: steps are right to 1e-5 of their size.
        np.testing.assert_allclose(compression_features(pixels)[:48], expected, atol=1e-4)

    def test_vanished_coefficients_are_those_of_scipy(self) -> None:
        pixels = as_jpeg(crops(1, 61)[0], 60)
        luma = pixels @ np.array([0.299, 0.587, 0.114])
        blocks = [
            np.abs(dctn(luma[y : y + 8, x : x + 8], norm="ortho")).ravel() < 0.5
            for y in range(0, 56, 8)
            for x in range(0, 56, 8)
        ]
        # Of 49 blocks, at most one may lie on the limit by rounding.
        expected = np.mean(blocks, axis=0)[1:]
        np.testing.assert_allclose(compression_features(pixels)[48:], expected, atol=1 / 49 + 1e-6)

    def test_compression_shows_in_both(self) -> None:
        pixels = crops(1, 128)[0]
        before, after = compression_features(pixels), compression_features(as_jpeg(pixels, 30))
        assert after[7] > before[7] + 0.2  # luma's steps across the borders of blocks
        assert after[48:].mean() > before[48:].mean() + 0.2

    @pytest.mark.parametrize("side", [1, 5, 8, 9, 16])
    def test_small_and_flat_pictures_have_finite_numbers(self, side: int) -> None:
        for pixels in (np.zeros((side, side, 3), np.uint8), crops(1, 16)[0][:side, :side]):
            found = compression_features(pixels)
            assert found.shape == (COMPRESSION_DIMENSION,)
            assert np.isfinite(found).all()

    def test_flat_pictures_have_no_grid_and_no_coefficients(self) -> None:
        found = compression_features(np.full((32, 32, 3), 77, np.uint8))
        assert np.abs(found[:48]).max() == 0
        assert found[48:].min() == 1

    def test_threads_change_nothing(self) -> None:
        pixels = [*crops(6, 40), *crops(6, 56)]
        one, four = compression_matrix(pixels, 1), compression_matrix(pixels, 4)
        assert one.dtype == np.float32
        np.testing.assert_array_equal(one, four)
        np.testing.assert_array_equal(one[3], compression_features(pixels[3]))

    def test_no_images_are_no_rows(self) -> None:
        assert compression_matrix([]).shape == (0, COMPRESSION_DIMENSION)


class TestMetadata:
    def test_equal_files_have_no_columns(self) -> None:
        assert metadata_matrix(replace(labelled([0, 1]), headers=[PNG, PNG])) is None

    def test_categories_are_columns_of_zero_and_one(self) -> None:
        matrix = metadata_matrix(replace(labelled([0, 0, 1]), headers=[PNG, JPEG, PNG]))
        assert matrix is not None
        assert matrix.dtype == np.float32
        # Quality; and container, tables, subsampling, progressive, each by two columns.
        assert matrix.shape == (3, 9)
        np.testing.assert_array_equal(matrix[0], matrix[2])
        assert matrix[:, 0].tolist() == [0, 90, 0]
        assert set(matrix[:, 1:].ravel().tolist()) == {0, 1}

    def test_bytes_are_apart(self) -> None:
        sizes = [PNG, replace(PNG, file_bytes=2 * 4096)]
        examples = replace(labelled([0, 1]), headers=sizes)
        assert metadata_matrix(examples) is None
        found = bytes_matrix(examples)
        assert found is not None
        np.testing.assert_allclose(found, np.log([[1], [2]]), rtol=1e-6)

    def test_unknown_or_equal_bytes_are_no_probe(self) -> None:
        array = replace(PNG, format="array", file_bytes=None)
        assert bytes_matrix(replace(labelled([0, 1]), headers=[PNG, array])) is None
        assert bytes_matrix(replace(labelled([0, 1]), headers=[PNG, PNG])) is None

    def test_a_rare_value_is_no_column(self) -> None:
        headers = [PNG] * 200 + [replace(PNG, exif=True)]
        examples = replace(labelled([0] * 100 + [1] * 101), headers=headers)
        matrix = metadata_matrix(examples)
        assert matrix is not None
        assert matrix.shape == (201, 1)  # those without EXIF

    def test_names_and_dates_are_not_looked_at(self, tmp_path: Path) -> None:
        pictures = crops(8)
        real = written(tmp_path / "real", pictures[:4], "jpg", quality=90)
        fake = written(tmp_path / "fake", pictures[4:], "png")
        first = metadata_matrix(opened(real, fake).examples)
        for number, path in enumerate(sorted(fake.iterdir())):
            path.rename(path.with_name(f"of another name {number}.png"))
        fake.rename(tmp_path / "somewhere else")
        second = metadata_matrix(opened(real, tmp_path / "somewhere else").examples)
        assert first is not None
        assert second is not None
        np.testing.assert_array_equal(first, second)
