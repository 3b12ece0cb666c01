"""8-bit pixels and what networks see."""

from __future__ import annotations

import numpy as np
import torch
from PIL import Image

from ganeval_cyclegan.pixels import luma, to_pixels, to_tensor, with_channels

LEVELS = np.arange(256, dtype=np.uint8).reshape(1, 16, 16, 1)


def test_every_level_survives_there_and_back() -> None:
    assert (to_pixels(to_tensor(LEVELS)) == LEVELS).all()


def test_black_and_white_are_minus_one_and_one() -> None:
    tensor = to_tensor(LEVELS)
    assert tensor.shape == (1, 1, 16, 16)
    assert (tensor.min(), tensor.max()) == (-1, 1)


def test_arrays_that_may_not_be_written_to_are_taken_without_a_warning() -> None:
    locked = LEVELS.copy()
    locked.flags.writeable = False
    assert torch.equal(to_tensor(locked), to_tensor(LEVELS))


def test_values_beyond_the_range_are_clamped() -> None:
    beyond = torch.tensor([-7.0, -1.0, 1.0, 1.001, 9.0]).reshape(1, 1, 1, 5)
    for rounding in ("round", "truncate"):
        assert to_pixels(beyond, rounding).ravel().tolist() == [0, 0, 255, 255, 255]


def test_truncating_is_half_a_level_darker_than_rounding() -> None:
    values = torch.rand(1, 3, 200, 200, generator=torch.Generator().manual_seed(0)) * 2 - 1
    rounded, cut = (to_pixels(values, how).astype(int) for how in ("round", "truncate"))
    # 120,000 fractions uniform in 0..1, of which the half above 0.5 is rounded up: a mean of 0.5
    # with a standard error of 0.0015.
    assert abs((rounded - cut).mean() - 0.5) < 0.006
    assert set(np.unique(rounded - cut)) == {0, 1}


def test_truncating_is_the_published_formula() -> None:
    values = torch.rand(1, 3, 50, 50, generator=torch.Generator().manual_seed(1)) * 2 - 1
    # tensor2im of junyanz/pytorch-CycleGAN-and-pix2pix: (x + 1) / 2 * 255, then astype(uint8).
    theirs = ((values[0].numpy().transpose(1, 2, 0) + 1) / 2.0 * 255.0).astype(np.uint8)
    assert (to_pixels(values, "truncate")[0] == theirs).all()


def test_luma_is_pillows() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    assert (luma(rgb)[..., 0] == np.asarray(Image.fromarray(rgb).convert("L"))).all()


def test_grey_images_keep_their_levels() -> None:
    grey = np.repeat(LEVELS[0], 3, axis=2)
    assert (with_channels(grey, 1) == LEVELS[0]).all()
    assert with_channels(grey, 3) is grey
