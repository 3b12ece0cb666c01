"""Pipelines: files written again as they were written, and declared histories."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.stored_sets import crops, written
from PIL import Image

from ganeval.classifier.pipelines import Pipeline, infer_pipeline, parse_pipeline
from ganeval.classifier.steps import Crop, Grey, Jpeg, Levels, Lossy, Resize, resized
from ganeval.errors import InputError
from ganeval.images import Header, open_image_set
from ganeval.images.jpeg import JpegTraits, luminance_table

PICTURE = crops(1, 72)[0]
PNG = Header("PNG", "RGB", 72, 72, 1, ())
SIZES = {(72, 72)}
LUMA = (np.arange(64) % 7 + 2).tolist()
CHROMA = (np.arange(64) % 5 + 9).tolist()


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


class TestFromFiles:
    @pytest.mark.parametrize(
        "options",
        [
            {"quality": 90},
            {"quality": 75, "subsampling": "4:4:4"},
            {"quality": 98, "subsampling": "4:2:2"},
            {"quality": 60, "mode": "L"},
            {"quality": 80, "progressive": True, "optimize": True},
            {"qtables": [LUMA, CHROMA], "subsampling": "4:2:0"},
            {"qtables": [LUMA], "subsampling": "4:4:4"},
            {"qtables": [LUMA, CHROMA, LUMA], "subsampling": "4:4:4"},
        ],
    )
    def test_a_picture_written_again_has_the_pixels_of_its_file(
        self, tmp_path: Path, options: dict[str, object]
    ) -> None:
        images = open_image_set(written(tmp_path / "set", [PICTURE], "jpg", **options))
        pipeline = infer_pipeline(images.headers, SIZES)
        again = pipeline.apply(PICTURE, rng())
        np.testing.assert_array_equal(again, images.decode(0))
        assert (again != PICTURE).any()
        assert pipeline.exact
        assert pipeline.fixed

    @pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "ppm", "webp"])
    def test_files_without_loss_change_nothing(self, tmp_path: Path, suffix: str) -> None:
        options = {"lossless": True} if suffix == "webp" else {}
        images = open_image_set(written(tmp_path / "set", [PICTURE], suffix, **options))
        pipeline = infer_pipeline(images.headers, SIZES)
        assert pipeline.identity
        assert pipeline.describe() == "no change"
        assert pipeline.apply(PICTURE, rng()) is PICTURE

    def test_grey_and_palettes_are_imitated(self, tmp_path: Path) -> None:
        images = open_image_set(written(tmp_path / "grey", [PICTURE], "png", mode="L"))
        grey = infer_pipeline(images.headers, SIZES)
        np.testing.assert_array_equal(grey.apply(PICTURE, rng()), images.decode(0))
        images = open_image_set(written(tmp_path / "palette", [PICTURE], "png", mode="P"))
        few = infer_pipeline(images.headers, SIZES).apply(PICTURE, rng())
        assert 1 < len(np.unique(few.reshape(-1, 3), axis=0)) <= 256

    def test_shallow_grey_has_its_levels(self) -> None:
        header = replace(PNG, mode="L", special=("grey",), depth=2)
        few = infer_pipeline([header], SIZES).apply(PICTURE, rng())
        assert set(np.unique(few)) <= {0, 85, 170, 255}

    def test_a_file_is_drawn_as_often_as_there_are_such(self) -> None:
        traits = JpegTraits(50, True, "4:2:0", (tuple(luminance_table(50).ravel().tolist()),))
        jpeg = replace(PNG, format="JPEG", lossy=True, jpeg=traits)
        pipeline = infer_pipeline([jpeg] * 30 + [PNG] * 10, SIZES)
        assert pipeline.describe() == "75 % JPEG q50 4:2:0; 25 % no change"
        assert not pipeline.fixed
        draws = rng()
        drawn = sum(bool(pipeline.draw(draws)) for _ in range(400))
        # Binomial: standard error of 8.7 draws.
        assert abs(drawn - 300) < 4 * 8.7

    def test_other_sizes_are_imitated_and_brought_back(self) -> None:
        pipeline = infer_pipeline([replace(PNG, width=144, height=144)], SIZES)
        assert pipeline.chains == (((Resize(144, 144),), 1),)
        assert not pipeline.exact
        large = crops(1, 288)[0]
        found = pipeline.apply(large, rng(), scale=0.5, size=(36, 36))
        np.testing.assert_array_equal(found, resized(resized(large, (72, 72)), (36, 36)))

    def test_what_files_do_not_tell_is_said(self) -> None:
        webp = replace(PNG, format="WEBP", lossy=True)
        odd = replace(PNG, format="JPEG", lossy=True, jpeg=JpegTraits(90, True, "4:1:1"))
        assert infer_pipeline([webp, odd], SIZES).caveats == [
            "the quality of WEBP files is not known",
            "4:1:1 was written as 4:2:0",
        ]
        assert not infer_pipeline([webp], SIZES).exact

    @pytest.mark.parametrize("container", ["WEBP", "JPEG2000", "AVIF"])
    def test_other_lossy_formats_are_written_and_read(self, container: str) -> None:
        header = replace(PNG, format=container, lossy=True)
        found = infer_pipeline([header], SIZES).apply(PICTURE, rng())
        assert found.shape == PICTURE.shape
        difference = np.abs(found.astype(int) - PICTURE).mean()
        assert 0 < difference < 16

    def test_440_halves_rows_and_keeps_columns(self) -> None:
        red, blue = np.array([200, 60, 60]), np.array([60, 60, 200])
        columns = np.where(np.arange(64)[None, :, None] % 2, red, blue).repeat(64, axis=0)
        columns = columns.astype(np.uint8)
        rows = np.ascontiguousarray(columns.swapaxes(0, 1))
        step = Jpeg("q98", "4:4:0", 98)

        def change(pixels: np.ndarray) -> float:
            return float(np.abs(step.apply(pixels, rng(), 1).astype(int) - pixels).mean())

        assert change(columns) < 5 < 20 < change(rows)


class TestDeclared:
    def test_the_example_of_the_help_is_understood(self) -> None:
        pipeline = parse_pipeline("resize=286:bicubic, crop=256,jpeg=75:420", "--real-pipeline")
        assert pipeline.chains == (
            ((Resize(286, 286, "bicubic"), Crop(256), Jpeg("q75", "4:2:0", 75)), 1),
        )
        assert pipeline.declared
        assert not pipeline.fixed
        assert pipeline.describe() == (
            "resized to 286x286 (bicubic), cropped to 256x256 at a random place, JPEG q75 4:2:0"
        )

    def test_every_step_has_a_name(self) -> None:
        text = "resize=320x200:lanczos,grey,webp=80,avif=50,jpeg=90:4:4:4,jpeg=80"
        (chain, _) = parse_pipeline(text, "--fake-pipeline").chains[0]
        assert chain == (
            Resize(320, 200, "lanczos"),
            Grey(),
            Lossy("WEBP", 80),
            Lossy("AVIF", 50),
            Jpeg("q90", "4:4:4", 90),
            Jpeg("q80", "4:2:0", 80),
        )
        assert parse_pipeline("none", "--fake-pipeline").identity

    @pytest.mark.parametrize(
        ("text", "reason"),
        [
            ("jpeg=0", "'0' is no whole number from 1 to 100"),
            ("jpeg=101", "'101' is no whole number from 1 to 100"),
            ("jpeg=75:411", "no subsampling '411': 444, 422 or 420"),
            ("jpeg", "'' is no whole number from 1 to 100"),
            ("resize=big", "'big' is no whole number from 1 to 65536"),
            ("resize=64:cubic", "no filter 'cubic'"),
            ("crop=-3", "'-3' is no whole number from 1 to 65536"),
            ("blur=2", "no such step"),
            ("", "no such step"),
            ("jpeg=75,,grey", "no such step"),
            ("grey=3", "no such step"),
        ],
    )
    def test_what_is_not_understood_is_named(self, text: str, reason: str) -> None:
        with pytest.raises(InputError, match="--real-pipeline: step ") as caught:
            parse_pipeline(text, "--real-pipeline")
        assert reason in caught.value.message
        assert "resize=286:bicubic,crop=256,jpeg=75:420" in str(caught.value.hint)

    def test_an_image_comes_out_in_its_size(self) -> None:
        for text in ("resize=40", "crop=40", "resize=90x80:box,crop=70,jpeg=80"):
            found = parse_pipeline(text, "--real-pipeline").apply(PICTURE, rng())
            assert found.shape == PICTURE.shape
            assert (found != PICTURE).any()

    def test_lengths_shrink_with_the_image(self) -> None:
        pipeline = parse_pipeline("resize=36:bilinear", "--real-pipeline")
        half = resized(PICTURE, (36, 36))
        expected = resized(resized(half, (18, 18), "bilinear"), (36, 36))
        found = pipeline.apply(PICTURE, rng(), scale=0.5, size=(36, 36))
        np.testing.assert_array_equal(found, expected)

    def test_pillow_does_the_same_by_hand(self) -> None:
        image = Image.fromarray(PICTURE).resize((50, 60), Image.Resampling.BILINEAR)
        image = image.resize((72, 72), Image.Resampling.BICUBIC)
        found = parse_pipeline("resize=50x60:bilinear", "--real-pipeline").apply(PICTURE, rng())
        np.testing.assert_array_equal(found, np.asarray(image))


def test_steps_can_be_taken_out() -> None:
    pipeline = Pipeline((((Grey(), Levels(4, palette=False)), 3), ((Levels(4, palette=False),), 2)))
    assert pipeline.has(Grey)
    assert pipeline.without(Grey) == Pipeline((((Levels(4, palette=False),), 5),))
