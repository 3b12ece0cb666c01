"""Quality and subsampling against the encoder that wrote them."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin

from ganeval.images import open_image_set
from ganeval.images.jpeg import (
    JpegTraits,
    jpeg_traits,
    luminance_table,
    nearest_quality,
    quality_bucket,
)

NOISE = np.random.default_rng(3).integers(0, 256, (40, 40, 3), dtype=np.uint8)


def saved(picture: Image.Image, **options: object) -> Image.Image:
    stream = io.BytesIO()
    picture.save(stream, "JPEG", **options)
    return Image.open(stream)


def traits(picture: Image.Image, **options: object) -> JpegTraits:
    found = jpeg_traits(saved(picture, **options))
    assert found
    return found


def test_every_quality_of_the_encoder_is_told_exactly() -> None:
    colour, grey = Image.fromarray(NOISE), Image.fromarray(NOISE[..., 0])
    for quality in range(1, 101):
        for picture in (colour, grey):
            found = traits(picture, quality=quality)
            assert (found.quality, found.exact) == (quality, True)
            assert found.quality_name == str(quality)


def test_the_table_is_that_of_the_file() -> None:
    for quality in (1, 25, 49, 50, 75, 100):
        table = saved(Image.fromarray(NOISE), quality=quality).quantization[0]  # type: ignore[attr-defined]
        assert luminance_table(quality).ravel().tolist() == list(table)
    assert luminance_table(75)[0, :4].tolist() == [8, 6, 5, 8]


@pytest.mark.parametrize("name", ["4:4:4", "4:2:2", "4:2:0"])
def test_subsampling_is_told(name: str) -> None:
    picture = saved(Image.fromarray(NOISE), subsampling=name)
    found = jpeg_traits(picture)
    assert found
    assert found.chroma == name
    assert JpegImagePlugin.get_sampling(picture) == ["4:4:4", "4:2:2", "4:2:0"].index(name)


def test_grey_has_no_chroma_and_progressive_files_are_read_alike() -> None:
    assert traits(Image.fromarray(NOISE[..., 0])).chroma == "grey"
    baseline, progressive = (
        traits(Image.fromarray(NOISE), quality=60, progressive=passes) for passes in (False, True)
    )
    assert (baseline.quality, baseline.exact, baseline.chroma) == (60, True, "4:2:0")
    assert progressive.progressive
    assert not baseline.progressive
    assert progressive == replace(baseline, progressive=True)


def test_tables_are_told_per_component() -> None:
    one, two, three = ([step] * 64 for step in (3, 5, 7))
    picture = Image.fromarray(NOISE)
    for tables in ([one], [one, two], [one, two, three]):
        assert traits(picture, qtables=tables).tables == tuple(map(tuple, tables))
    assert traits(picture, qtables=[one, one, one]).tables == (tuple(one),)
    assert traits(picture, quality=75).tables[0] == tuple(luminance_table(75).ravel().tolist())
    assert len(traits(picture, quality=75).tables) == 2
    assert len(traits(Image.fromarray(NOISE[..., 0]), quality=75).tables) == 1


def test_files_written_again_with_their_tables_have_the_same_pixels() -> None:
    first = saved(Image.fromarray(NOISE), quality=83, subsampling="4:2:2")
    found = jpeg_traits(first)
    assert found
    again = saved(
        Image.fromarray(NOISE),
        qtables=[list(table) for table in found.tables],
        subsampling=found.chroma,
    )
    assert np.array_equal(np.asarray(first), np.asarray(again))


def test_tables_of_other_encoders_are_only_near_a_quality() -> None:
    table = luminance_table(80).ravel()
    table[5] += 1
    assert nearest_quality(tuple(table.tolist())) == (80, 1)
    found = traits(Image.fromarray(NOISE), qtables=[table.tolist(), table.tolist()])
    assert found.quality_name == "~80"


def test_qualities_fall_into_ranges_of_five() -> None:
    names = ["1", "74", "75", "~79", "94", "95", "100", "unknown"]
    ranges = ["0-4", "70-74", "75-79", "75-79", "90-94", "95-100", "95-100", "unknown"]
    assert [quality_bucket(name) for name in names] == ranges


def test_a_set_counts_what_its_headers_tell(tmp_path: Path) -> None:
    picture = Image.fromarray(NOISE)
    picture.save(tmp_path / "a.jpg", quality=75)
    picture.save(tmp_path / "b.jpg", quality=92, subsampling="4:4:4", exif=Image.Exif())
    picture.save(tmp_path / "c.png")
    images = open_image_set(tmp_path)
    info = images.info("real", "set")
    assert info.jpeg_quality == {"75": 1, "92": 1}
    assert info.chroma == {"4:2:0": 1, "4:4:4": 1}
    sizes = [(tmp_path / key).stat().st_size for key in images.keys]
    assert [header.file_bytes for header in images.headers] == sizes
    assert images.headers[2].jpeg is None
    assert images.file("c.png") == tmp_path / "c.png"


def test_exif_is_seen_in_jpeg_and_png(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a description"
    for name in ("a.jpg", "b.png"):
        Image.fromarray(NOISE).save(tmp_path / name, exif=exif)
    Image.fromarray(NOISE).save(tmp_path / "c.png")
    assert [header.exif for header in open_image_set(tmp_path).headers] == [True, True, False]
