"""Patch maps lie where the patches lie, and share one scale."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from ganeval.classifier.why.held_out import hold_out
from ganeval.classifier.why.patch_maps import (
    FIRST,
    STRIDE,
    border_profiles,
    map_pictures,
    mean_map_pictures,
    patch_maps,
    scale_picture,
    upsampled,
)
from ganeval.classifier.why.pictures import NOT_SCORED, diverging, safe_stem


def test_stride_and_first_centre_are_those_of_the_network() -> None:
    from ganeval.classifier.network import STRIDE as OF_NETWORK

    assert OF_NETWORK == STRIDE
    assert FIRST == (STRIDE - 1) / 2  # pixels 0..3 feed the first patch


def test_a_plane_stays_the_plane_it_was_between_the_outer_centres() -> None:
    # Bilinear interpolation is exact for values linear in the place.
    def plane(down, across):
        return 0.5 * down - 0.25 * across + 3

    rows, columns = STRIDE * np.arange(8) + FIRST, STRIDE * np.arange(6) + FIRST
    image = upsampled(plane(rows[:, None], columns[None]), 32, 26)
    inner = image[2:30, 2:22]
    np.testing.assert_allclose(
        inner, plane(np.arange(2, 30)[:, None], np.arange(2, 22)[None]), atol=1e-5
    )
    np.testing.assert_allclose(image[:2, 5], image[0, 5])  # beyond the outer centres it stays
    np.testing.assert_allclose(image[5, 22:], image[5, 25])


def test_what_the_network_did_not_see_of_a_large_image_is_grey() -> None:
    image = upsampled(np.ones((4, 4)), 40, 16)
    assert np.isnan(image[:12]).all()
    assert np.isnan(image[28:]).all()
    np.testing.assert_array_equal(image[12:28], 1)
    assert np.asarray(diverging(image, 1.0))[0, 0] == NOT_SCORED


def test_the_palette_is_symmetric_and_clips() -> None:
    index = np.asarray(diverging(np.array([[-2.0, -1.0, 0.0, 0.5, 1.0, 2.0]]), 1.0))
    assert index.tolist() == [[0, 0, 127, 191, 254, 254]]
    colours = np.asarray(diverging(np.array([[-1.0, 0.0, 1.0]]), 1.0).convert("RGB"))[0].astype(int)
    assert colours[0, 2] > colours[0, 0]  # blue for reals
    assert colours[2, 0] > colours[2, 2]  # red for fakes
    assert colours[1].min() > 235


def test_maps_peak_where_the_artefact_is(make, planted, steep, tmp_path) -> None:
    made = make(reals=10, fakes=10, change=planted(40, 8))
    held_out = hold_out(made.examples, made.split, steep.logits(made.examples.pixels))
    maps = patch_maps(steep, held_out)
    every = np.concatenate([np.abs(one).ravel() for one in maps.maps])
    assert maps.scale == pytest.approx(np.quantile(every, 0.99))
    files = map_pictures(maps, held_out, [3, 15, 15], tmp_path)
    assert sorted(files) == [3, 15]
    assert files[15] == "pictures/maps/fake-00015-005.png"
    drawn = np.asarray(Image.open(tmp_path / files[15])).astype(int)
    assert drawn.shape == (64, 64)
    assert drawn[42:54, 10:22].mean() > drawn[:36].max()
    real, fake = mean_map_pictures(maps, held_out, tmp_path)
    assert (real.name, fake.name) == ("mean-map-real", "mean-map-fake")
    assert real.scale == fake.scale == maps.scale == scale_picture(maps, tmp_path).scale
    flagged = np.asarray(Image.open(tmp_path / fake.file)).astype(int)
    plain = np.asarray(Image.open(tmp_path / real.file)).astype(int)
    assert (flagged - plain)[41:55, 9:23].min() > 30
    assert np.abs((flagged - plain)[:36]).max() < 30


def test_mean_maps_need_images_of_one_size(make, steep, tmp_path) -> None:
    made = make(reals=3, fakes=3)
    pixels = [*made.examples.pixels[:5], made.examples.pixels[5][:40]]
    examples = made.examples.with_pixels(pixels)
    held_out = hold_out(examples, made.split, steep.logits(pixels))
    maps = patch_maps(steep, held_out)
    assert mean_map_pictures(maps, held_out, tmp_path) == []
    assert len(border_profiles(maps, held_out)[0].x) == 5  # rings of the smallest image


def test_the_profile_finds_what_sits_at_the_border(make, steep) -> None:
    def framed(pixels, rng):
        changed = pixels.copy()
        changed[:4, ::2] = 0  # steps across in the outermost ring alone
        return changed

    made = make(reals=12, fakes=12, change=framed)
    held_out = hold_out(made.examples, made.split, steep.logits(made.examples.pixels))
    real, fake = border_profiles(patch_maps(steep, held_out), held_out)
    assert (real.name, fake.name) == ("border-profile-real", "border-profile-fake")
    assert fake.x == [1.5 + 4 * ring for ring in range(8)]
    assert fake.low[0] > max(real.high)
    assert fake.y[0] > 5 + max(fake.y[1:])
    for curve in (real, fake):
        assert all(
            low <= y <= high for low, y, high in zip(curve.low, curve.y, curve.high, strict=True)
        )


@pytest.mark.parametrize(
    ("key", "stem"),
    [
        ("a/b/Bär & Co (2).jpeg", "B-r-Co-2"),
        ("../../etc/passwd", "passwd"),
        ("???.png", "image"),
        ("x" * 200 + ".png", "x" * 40),
    ],
)
def test_file_names_are_safe_whatever_the_key(key: str, stem: str) -> None:
    assert safe_stem(key) == stem
