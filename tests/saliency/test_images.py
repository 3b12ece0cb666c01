"""From decoded images to the square that a model sees."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from ganeval.errors import InputError
from ganeval.features.pillow_resize import resize_with_pillow
from ganeval.features.preprocess import Preprocess
from ganeval.saliency.images import fit_text, to_side

BILINEAR = Preprocess(
    "pillow-bilinear", 24, (0, 0, 0), (1, 1, 1), geometry="short-side", resized=32
)


def picture(height: int, width: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_an_image_of_the_side_stays_as_it_is() -> None:
    pixels = picture(24, 24)
    square = to_side(pixels, 24)
    assert square.dtype == np.float32
    np.testing.assert_array_equal(square, pixels.transpose(2, 0, 1) / np.float32(255))
    assert fit_text(24, 24, 24) == "as it is"


@pytest.mark.parametrize(("height", "width"), [(64, 62), (16, 16), (100, 100)])
@pytest.mark.parametrize(("mode", "preprocess"), [("bicubic", None), ("bilinear", BILINEAR)])
def test_near_squares_are_resized_whole_as_torch_resizes_with_antialiasing(
    height: int, width: int, mode: str, preprocess: Preprocess | None
) -> None:
    pixels = picture(height, width)
    wide = torch.from_numpy(pixels).permute(2, 0, 1)[None].double()
    expected = functional.interpolate(
        wide, size=(24, 24), mode=mode, align_corners=False, antialias=True
    )
    square = to_side(pixels, 24, "whole", preprocess=preprocess)
    # Pillow rounds each of two passes to float32: relative 6e-8 of 255, some sums long.
    np.testing.assert_allclose(square, expected[0].clamp(0, 255) / 255, rtol=0, atol=2e-6)


def test_beyond_5_percent_the_centre_square_is_taken_and_said() -> None:
    pixels = picture(40, 60)
    np.testing.assert_array_equal(to_side(pixels, 24), to_side(pixels[:, 10:50], 24))
    text = fit_text(40, 60, 24)
    assert text == "centre square of 40 px, resized to 24 x 24 px (bicubic, antialiased)"
    assert fit_text(60, 40, 40) == "centre square of 40 px, not resized"
    assert fit_text(100, 105, 24) == "resized to 24 x 24 px (bicubic, antialiased)"
    assert "centre" in fit_text(100, 106, 24)


def test_values_stay_in_0_to_1_where_bicubic_overshoots() -> None:
    edge = np.zeros((48, 48, 3), np.uint8)
    edge[:, 24:] = 255
    square = to_side(edge, 30)
    assert square.min() == 0
    assert square.max() == 1


def test_weights_gives_the_very_pixels_of_the_publishers_crop() -> None:
    pixels = picture(50, 70)
    expected = resize_with_pillow(pixels, BILINEAR).transpose(2, 0, 1) / np.float32(255)
    np.testing.assert_array_equal(to_side(pixels, 24, "weights", preprocess=BILINEAR), expected)
    assert "publisher" in fit_text(50, 70, 24, "weights", preprocess=BILINEAR)


def test_what_does_not_fit_together_is_refused() -> None:
    with pytest.raises(InputError, match="no fit 'hole'; did you mean whole"):
        to_side(picture(9, 9), 8, "hole")  # type: ignore[arg-type]
    for preprocess in (None, BILINEAR):
        with pytest.raises(ValueError, match="evaluation crop of 8 px"):
            to_side(picture(9, 9), 8, "weights", preprocess=preprocess)
