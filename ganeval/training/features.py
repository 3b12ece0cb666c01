"""Features of images in memory, for trainers that choose images by what a network sees in them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from ganeval.metrics.needs import main_need
from ganeval.metrics.streaming_images import ImageFeatures
from ganeval.metrics.streaming_options import settings_of

Embed = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]


def image_features(extractor: str, device: str = "auto") -> Embed:
    """Returns a function from images uint8 ``[n, H, W, 3]`` to features float32 ``[n, d]``.

    The network is built when the function is first called.

    Args:
        extractor: Registry name; its default layer and resize mode are taken.
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
    """
    built: list[ImageFeatures] = []

    def embed(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        settings = settings_of(extractor, {"layout": "NHWC", "device": device}, has_reference=False)
        need = main_need(extractor, settings.layer, settings.resize)
        if not built:
            built.append(ImageFeatures([need], settings))
        batch = built[0].batch(images)
        assert batch is not None  # no limit was given
        return np.asarray(batch.rows[need], np.float32)

    return embed
