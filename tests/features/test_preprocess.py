from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from ganeval.features.extractor import NetworkExtractor, get_extractor
from ganeval.features.pillow_resize import resize_with_pillow
from ganeval.features.preprocess import Preprocess, apply_with_torch

PLAIN = ((0.0,) * 3, (1.0,) * 3)


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("inception-2015", "pytorch-fid", "(x - 127.5)/127.5"),
        ("inception-2015", "clean", "clip 0..255, (x - 128.0)/128.0"),
        ("efficientnet-lite0", "clean", "clip 0..255, (x - 127.5)/127.5"),
        (
            "dinov2-vits14",
            "dgm",
            "to 224² (pillow-bicubic), (x - (123.675, 116.28, 103.53))/(58.395, 57.12, 57.375)",
        ),
        (
            "clip-vitl14-336",
            "cmmd",
            "middle square to 336² (pillow-bicubic), "
            "(x - (122.771, 116.746, 104.094))/(68.5005, 66.6322, 70.3232)",
        ),
    ],
)
def test_words_are_stable_because_kept_features_go_by_them(
    name: str, mode: str, words: str
) -> None:
    extractor = get_extractor(name)
    assert isinstance(extractor, NetworkExtractor)
    assert extractor.preprocess(mode).normalisation == words


def test_a_crop_is_told_in_words() -> None:
    made = Preprocess("pillow-bilinear", 8, *PLAIN, geometry="short-side", resized=9)
    assert made.normalisation == "short side to 9 (pillow-bilinear), middle 8², (x - 0.0)/1.0"


def test_only_pillow_crops() -> None:
    with pytest.raises(ValueError, match="tf1 only squashes"):
        Preprocess("tf1", 8, *PLAIN, geometry="short-side", resized=9)


@pytest.mark.parametrize("size", [(9, 20), (20, 9), (9, 9), (31, 33)], ids=str)
def test_squash_and_crop_cut_the_middle_out(size: tuple[int, int]) -> None:
    image = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    preprocess = Preprocess("pillow-lanczos", 8, *PLAIN, resized=12)
    squashed = np.asarray(Image.fromarray(image).resize((12, 12), Image.Resampling.LANCZOS))
    assert np.array_equal(resize_with_pillow(image, preprocess), squashed[2:10, 2:10])


def test_an_image_that_pillow_made_ready_is_only_normalised() -> None:
    images = np.random.default_rng(1).integers(0, 256, (2, 30, 41, 3), dtype=np.uint8)
    mean, std = (1.0, 2.0, 3.0), (4.0, 5.0, 6.0)
    preprocess = Preprocess("pillow-bicubic", 8, mean, std, geometry="short-side", resized=9)
    ready = np.stack([resize_with_pillow(image, preprocess) for image in images])
    one = apply_with_torch(torch.from_numpy(images), preprocess)
    other = apply_with_torch(torch.from_numpy(ready), preprocess.after_pillow)
    assert torch.equal(one, other)
