"""Resize modes against the peers' own code, with torch and without."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch
from torch.nn import functional

from ganeval.features.inception import Inception2015
from ganeval.features.openvino_preprocess import Resizer
from ganeval.features.preprocess import Preprocess, apply_with_torch

pytestmark = pytest.mark.peer

SIZES = [
    (32, 32),
    (64, 64),
    (256, 256),
    (299, 299),
    (300, 300),
    (512, 512),
    (1024, 1024),
    (200, 317),
]
# Grey levels. torch computes positions in float32: at 300 px they round by 300 * 2^-24 = 2e-5 of a
# pixel, on both axes, times edges of up to 255 grey levels a pixel: 0.01. The OpenVINO graph does
# so too with coarser intermediate steps; at 1024 px the rounding is 1e-4 of a pixel. Pillow keeps
# the weights of its filters in float64, torch in float32.
TORCH_MAX = 0.01
OPENVINO_MAX, OPENVINO_MEAN = 0.05, 0.005


def image(height: int, width: int) -> np.ndarray:
    """A picture with edges, gradients and noise: uint8 ``[1, height, width, 3]``."""
    rng = np.random.default_rng(height * 10_000 + width)
    y, x = np.mgrid[:height, :width]
    waves = 127 + 100 * np.sin(x[..., None] / 7 + np.arange(3)) * np.cos(y[..., None] / 11)
    noisy = waves + rng.normal(0, 20, waves.shape)
    noisy[height // 3 : height // 2, width // 4 : width // 2] = (255, 0, 255)
    return np.clip(noisy, 0, 255).astype(np.uint8)[None]


def peer_pixels(mode: str, pixels: np.ndarray) -> np.ndarray:
    """What the peer's code makes of an image, on the 0..255 scale: ``[3, 299, 299]``."""
    chw = torch.from_numpy(pixels).permute(0, 3, 1, 2)
    if mode == "pytorch-fid":  # pytorch_fid.fid_score + inception: ToTensor, then interpolate
        unit = functional.interpolate(
            chw.float() / 255, size=(299, 299), mode="bilinear", align_corners=False
        )
        return (unit * 255).numpy()[0]
    if mode == "clean":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from cleanfid.resize import make_resizer

            resized = make_resizer("PIL", False, "bicubic", (299, 299))(pixels[0])
        return np.asarray(resized).transpose(2, 0, 1)
    if mode == "tf1":
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from torch_fidelity.interpolate_compat_tensorflow import (
                interpolate_bilinear_2d_like_tensorflow1x,
            )

        tensor = interpolate_bilinear_2d_like_tensorflow1x(
            chw.float(), size=(299, 299), align_corners=False
        )
        return tensor.numpy()[0]
    # torchmetrics calls torch's antialiased bilinear on float images of the 0..255 scale.
    return functional.interpolate(
        chw.float(), size=(299, 299), mode="bilinear", align_corners=False, antialias=True
    ).numpy()[0]


def grey_levels(normalised: np.ndarray, preprocess: Preprocess) -> np.ndarray:
    mean, std = np.array(preprocess.mean), np.array(preprocess.std)
    return normalised[0] * std[:, None, None] + mean[:, None, None]


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("mode", Inception2015.resize_modes)
def test_torch_resize_matches_the_peer(mode: str, size: tuple[int, int]) -> None:
    pixels = image(*size)
    preprocess = Inception2015().preprocess(mode)
    ours = grey_levels(apply_with_torch(torch.from_numpy(pixels), preprocess).numpy(), preprocess)
    assert np.abs(ours - peer_pixels(mode, pixels)).max() <= TORCH_MAX


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("mode", Inception2015.resize_modes)
def test_resize_without_torch_matches_the_peer(mode: str, size: tuple[int, int]) -> None:
    pytest.importorskip("openvino")
    pixels = image(*size)
    preprocess = Inception2015().preprocess(mode)
    resized = Resizer(preprocess)(pixels[0])
    if preprocess.clip:  # the network's graph clips
        resized = resized.clip(0, 255)
    difference = np.abs(resized - peer_pixels(mode, pixels))
    if mode == "clean":
        assert difference.max() == 0.0  # the same filter of the same library
    assert difference.max() <= OPENVINO_MAX
    assert difference.mean() <= OPENVINO_MEAN


def test_resizing_gives_the_same_in_every_thread() -> None:
    pytest.importorskip("openvino")
    pictures = [image(20 + i, 50 - i)[0] for i in range(12)]
    for mode in Inception2015.resize_modes:
        resizer = Resizer(Inception2015().preprocess(mode))
        alone = [resizer(picture) for picture in pictures]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(resizer, pictures * 4))
        for i, resized in enumerate(together):
            assert np.array_equal(resized, alone[i % len(alone)])


def test_modes_are_not_interchangeable() -> None:
    pixels = torch.from_numpy(image(512, 512))
    modes = [Inception2015().preprocess(mode) for mode in Inception2015.resize_modes]
    levels = [grey_levels(apply_with_torch(pixels, p).numpy(), p) for p in modes]
    for i, one in enumerate(levels):
        for other in levels[:i]:
            assert np.abs(one - other).mean() > 0.5
