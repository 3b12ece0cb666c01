"""The images of one domain that are trained on, or held out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from torch import Tensor

from ganeval.errors import InputError
from ganeval_cyclegan.data.pixel_reader import PixelReader
from ganeval_cyclegan.data.transforms import Transform
from ganeval_cyclegan.pixels import Pixels, luma, to_tensor


class DomainImages:
    """Some images of a source, in order; safe from several threads.

    Args:
        reader: The source.
        indices: Which of its images.
        transform: Of the domain.
        adapter: ``replicate`` or ``luma`` changes the number of channels.
    """

    def __init__(
        self, reader: PixelReader, indices: Sequence[int], transform: Transform, adapter: str
    ) -> None:
        self._reader = reader
        self._indices = list(indices)
        self._adapter = adapter
        self._kept: dict[int, Pixels] | None = None
        self.transform = transform

    def __len__(self) -> int:
        return len(self._indices)

    @cached_property
    def keys(self) -> list[str]:
        """Key of every image in its source."""
        return [self._reader.images.keys[i] for i in self._indices]

    @cached_property
    def digests(self) -> list[str]:
        """sha256 of every image file, 64 hex digits."""
        return [self._reader.images.digests[i] for i in self._indices]

    @property
    def path(self) -> str:
        """The source as the user named it."""
        return self._reader.images.path

    @property
    def sizes(self) -> list[tuple[int, int]]:
        """Height and width of every image, in pixels."""
        headers = self._reader.images.headers
        return [(headers[i].height, headers[i].width) for i in self._indices]

    def file(self, i: int) -> Path | None:
        """Returns the file that is image ``i``; None in archives and arrays."""
        return self._reader.images.file(self._reader.images.keys[self._indices[i]])

    def image(self, i: int) -> Pixels:
        """Decodes image ``i`` at its own size, uint8 ``[H, W, C]``; C as the networks see it.

        Raises:
            UnreadableImage: It is damaged, or changed since it was listed.
        """
        pixels = self._reader.read(self._indices[i])
        if self._adapter == "replicate" and pixels.shape[2] == 1:
            return np.repeat(pixels, 3, axis=2)
        if self._adapter == "luma" and pixels.shape[2] == 3:
            return luma(pixels)
        return pixels

    def loaded(self, i: int) -> Pixels:
        """Returns image ``i`` decoded and resized, before anything is drawn; kept if asked to."""
        if self._kept is None:
            return self.transform.loaded(self.image(i))
        if i not in self._kept:
            self._kept[i] = self.transform.loaded(self.image(i))
        return self._kept[i]

    def keep(self) -> None:
        """Keeps loaded images in memory from now on."""
        self._kept = {} if self._kept is None else self._kept

    @property
    def bytes_loaded(self) -> int:
        """Bytes that all loaded images take together."""
        sizes = (self.transform.loaded_size(*size) for size in self.sizes)
        return sum(height * width * self.transform.channels for height, width in sizes)

    def test_image(self, i: int) -> Pixels:
        """Returns image ``i`` as the networks see it at test time, uint8 ``[h, w, C]``."""
        return self.transform.undrawn(self.image(i))

    def test_pixels(self, indices: Sequence[int]) -> Pixels:
        """Returns images as the networks see them at test time, uint8 ``[n, h, w, C]``.

        Raises:
            InputError: Their sizes differ, which ``data.preprocess`` none and scale_width allow.
        """
        images = [self.test_image(i) for i in indices]
        shapes = {image.shape for image in images}
        if len(shapes) > 1:
            raise InputError(
                f"{self.path}: images of {len(shapes)} sizes do not make one batch",
                hint="Set data.preprocess to resize_and_crop.",
            )
        return np.stack(images)

    def test_batch(self, indices: Sequence[int]) -> Tensor:
        """Returns images as the networks see them at test time, float32 ``[n, C, h, w]``, -1..1."""
        return to_tensor(self.test_pixels(indices))
