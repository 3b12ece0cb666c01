"""Resize modes against the peers' own code, in torch and inside the OpenVINO graph."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from torch.nn import functional

from ganeval.features.inception import Inception2015
from ganeval.features.preprocess import Preprocess, apply_with_torch, prepend_to_openvino

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
# so too with coarser intermediate steps; at 1024 px the rounding is 1e-4 of a pixel.
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


@pytest.fixture(scope="module")
def openvino_resizers() -> dict[str, object]:
    """Graphs that do nothing but resize and normalise."""
    ov = pytest.importorskip("openvino")
    from openvino import opset13 as ops

    def identity() -> object:
        x = ops.parameter(ov.PartialShape([-1, 3, 299, 299]), ov.Type.f32)
        return ov.Model([ops.result(ops.multiply(x, np.float32(1)))], [x], "identity")

    core = ov.Core()
    return {
        mode: core.compile_model(
            prepend_to_openvino(identity(), Inception2015().preprocess(mode)),
            "CPU",
            {"INFERENCE_PRECISION_HINT": "f32"},
        )
        for mode in Inception2015.resize_modes
    }


@pytest.mark.parametrize("size", SIZES, ids=lambda s: f"{s[0]}x{s[1]}")
@pytest.mark.parametrize("mode", Inception2015.resize_modes)
def test_openvino_resize_matches_the_peer(
    mode: str, size: tuple[int, int], openvino_resizers: dict[str, object]
) -> None:
    pixels = image(*size)
    preprocess = Inception2015().preprocess(mode)
    result = openvino_resizers[mode]({0: pixels})[0]  # type: ignore[operator]
    difference = np.abs(grey_levels(result, preprocess) - peer_pixels(mode, pixels))
    assert difference.max() <= OPENVINO_MAX
    assert difference.mean() <= OPENVINO_MEAN


def test_modes_are_not_interchangeable() -> None:
    pixels = torch.from_numpy(image(512, 512))
    modes = [Inception2015().preprocess(mode) for mode in Inception2015.resize_modes]
    levels = [grey_levels(apply_with_torch(pixels, p).numpy(), p) for p in modes]
    for i, one in enumerate(levels):
        for other in levels[:i]:
            assert np.abs(one - other).mean() > 0.5
