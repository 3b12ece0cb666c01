"""Pixels of an image set by what a domain declares: channels, value range, background."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ganeval.errors import InputError
from ganeval.images import Decoding, ImageSet, open_image_set
from ganeval.images.array_files import load_images_array
from ganeval.images.array_layout import to_uint8
from ganeval.images.failures import naming
from ganeval.images.kinds import source_kind
from ganeval_cyclegan.config import DomainConfig
from ganeval_cyclegan.data.idx_files import is_idx, read_idx_images
from ganeval_cyclegan.data.layout import is_named
from ganeval_cyclegan.data.named_sets import named_images
from ganeval_cyclegan.pixels import Pixels, with_channels

_SIXTEEN_BITS = (0.0, 65535.0)
_DEEP = frozenset({"grey16", "colour16"})


class PixelReader:
    """Reads the images of one source as a domain declares them; safe from several threads.

    Args:
        images: The set.
        domain: Channels, range and background.
        key: Dotted key of the domain's section, for errors.

    Raises:
        InputError: The declared range fits none of the images, or is missing.
    """

    def __init__(self, images: ImageSet, domain: DomainConfig, key: str) -> None:
        self.images = images
        self._channels = domain.channels
        self._range: tuple[float, float] | None = None
        deep = [i for i, one in enumerate(images.headers) if _DEEP & set(one.special)]
        if deep and domain.range is None:
            raise InputError(
                f"{images.path}: {images.keys[deep[0]]} has 16 bits per channel"
                f" ({len(deep)} of {len(images)} images), and {key}.range is not set",
                hint=f"Say which values are black and white: --set {key}.range=[0,65535].",
            )
        if domain.range is None:
            return
        if not deep and images.kind != "array" and domain.range != (0.0, 255.0):
            raise InputError(
                f"{key}.range {list(domain.range)}: all images of {images.path} have 8 bits per"
                " channel, 0 black and 255 white",
                hint="Leave the range out.",
            )
        if domain.range == _SIXTEEN_BITS:
            return
        colour = [i for i in deep if "colour16" in images.headers[i].special]
        packed = [i for i in deep if images.file(images.keys[i]) is None]
        for which, reason in (
            (colour, "16-bit colour is read with the range [0, 65535] only"),
            (packed, "16-bit images in an archive are read with the range [0, 65535] only"),
        ):
            if which:
                raise InputError(
                    f"{key}.range {list(domain.range)}: {reason}, as in {images.path}:"
                    f" {images.keys[which[0]]}"
                )
        self._range = domain.range

    def read(self, i: int) -> Pixels:
        """Decodes image ``i``.

        Returns:
            uint8 ``[H, W, 1 or 3]``.

        Raises:
            UnreadableImage: It is damaged, has changed, or has transparent pixels and the domain
                no background.
        """
        pixels = self.images.decode(i)
        if self._range is not None and "grey16" in self.images.headers[i].special:
            pixels = self._ranged(i, self._range)
        return with_channels(pixels, self._channels)

    def _ranged(self, i: int, value_range: tuple[float, float]) -> Pixels:
        """Reads 16-bit grey by the declared range, and turns it as its EXIF says."""
        key = self.images.keys[i]
        file = self.images.file(key)
        assert file is not None  # the constructor has seen to it
        with naming(key), Image.open(file) as image:
            values = np.asarray(image).astype(np.float64)
            if "exif_rotated" in self.images.headers[i].special:
                raise InputError(f"{key}: 16-bit images that are turned by EXIF are not supported")
        return np.repeat(to_uint8(values, value_range)[:, :, None], 3, axis=2)


def open_source(source: str, domain: DomainConfig, root: Path | None) -> ImageSet:
    """Opens a path or named data set with the decoding that a domain declares.

    Args:
        source: Folder, zip, npy, list, IDX file, or a name such as ``mnist``.
        domain: The domain.
        root: Folder of named sets.

    Raises:
        InputError: There are no images at that path, or they do not fit the declarations.
        MissingFileError: A named set is not there and cannot be downloaded.
    """
    background = domain.background
    decoding = Decoding(
        alpha="reject" if background is None else "composite",
        background=(255, 255, 255) if background is None else (background,) * 3,
    )
    if is_named(source):
        found = open_image_set(named_images(source.lower(), root), decoding=decoding)
        return replace(found, path=source)
    path = Path(source)
    if is_idx(path):
        return replace(open_image_set(read_idx_images(path), decoding=decoding), path=source)
    options: dict[str, Any] = {"decoding": decoding, "value_range": domain.range}
    if os.path.exists(source) and source_kind(source) == "array":
        array = load_images_array(path)
        if array.dtype == np.uint16:
            if domain.range is None:
                raise InputError(
                    f"{source}: holds 16-bit values, and their range is not declared",
                    hint="Say which values are black and white, for example range [0, 65535].",
                )
            found = open_image_set(array.astype(np.float32), **options)
            return replace(found, path=source, kind="array")
    return open_image_set(source, **options)
