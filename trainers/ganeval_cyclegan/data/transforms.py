"""What is done to an image between its file and its batch, on 8-bit pixels."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image

from ganeval.errors import InputError
from ganeval_cyclegan.config import Side, TrainConfig
from ganeval_cyclegan.domain_shapes import Domain, domain_shape, sides
from ganeval_cyclegan.nets.sizes import side_divisor
from ganeval_cyclegan.pixels import Pixels

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(frozen=True)
class Transform:
    """How images of one domain are loaded, cropped and adapted.

    Loading is what always gives the same pixels, and can be kept; cropping and flipping are drawn.

    Args:
        preprocess: See ``data.preprocess``.
        load: Size images are resized to.
        crop: Size of the crops.
        flip: Probability of a horizontal flip.
        multiple: Sides that are not cropped are rounded to multiples of this.
        adapter: ``resize`` or ``pad`` brings crops to the size ``network``.
        fill: Of the adapter ``pad``: ``zero`` is black, ``reflect`` mirrors the border.
        network: Size that the networks see, for the adapters.
        channels: Channels that the networks see.
    """

    preprocess: str
    load: Size | Literal["native"]
    crop: Size
    flip: float
    multiple: int
    adapter: str
    fill: str
    network: Size
    channels: int

    @property
    def varies(self) -> bool:
        """Whether each image keeps a size of its own."""
        return self.preprocess in ("scale_width", "none")

    def loaded_size(self, height: int, width: int) -> Size:
        """Returns the size at which an image of that size is loaded."""
        if self.preprocess == "none":
            return self._rounded(height, width)
        if self.preprocess == "crop" or isinstance(self.load, str):
            return height, width
        if self.preprocess == "resize_and_crop":
            return self.load
        scaled = (int(self.load[1] * height / width), self.load[1])
        return scaled if self.preprocess == "scale_width_and_crop" else self._rounded(*scaled)

    def loaded(self, pixels: Pixels) -> Pixels:
        """Returns an image as it is before anything is drawn, uint8 ``[h, w, C]``."""
        return resized(pixels, self.loaded_size(*pixels.shape[:2]))

    def drawn(self, loaded: Pixels, rng: random.Random) -> Pixels:
        """Returns a crop, perhaps flipped, as the networks see it.

        Three numbers are drawn whatever is done with them: the offsets across and down, both ends
        included, and the flip.

        Args:
            loaded: uint8 ``[h, w, C]``.
            rng: Generator of this one draw.
        """
        height, width = loaded.shape[:2] if self.varies else self.crop
        left = rng.randint(0, max(loaded.shape[1] - width, 0))
        top = rng.randint(0, max(loaded.shape[0] - height, 0))
        flipped = rng.random() < self.flip
        crop = loaded[top : top + height, left : left + width]
        return self._adapted(crop[:, ::-1] if flipped else crop)

    def undrawn(self, pixels: Pixels) -> Pixels:
        """Returns an image as the networks see it at test time, from its original pixels.

        Where training resizes, the whole image is resized to the size of the crops; where training
        crops at the original scale, the middle is taken.
        """
        if self.varies:
            return self.loaded(pixels)
        if self.preprocess == "resize_and_crop" and self.load != "native":
            return self._adapted(resized(pixels, self.crop))
        if self.preprocess == "scale_width_and_crop" and self.load != "native":
            height, width = pixels.shape[:2]
            scale = max(self.crop[1] / width, self.crop[0] / height)
            size = (max(round(height * scale), 1), max(round(width * scale), 1))
            pixels = resized(pixels, (max(size[0], self.crop[0]), max(size[1], self.crop[1])))
        top = (pixels.shape[0] - self.crop[0]) // 2
        left = (pixels.shape[1] - self.crop[1]) // 2
        return self._adapted(pixels[top : top + self.crop[0], left : left + self.crop[1]])

    def _rounded(self, height: int, width: int) -> Size:
        base = self.multiple
        # Half up, at least one multiple.
        return (
            max((2 * height + base) // (2 * base), 1) * base,
            max((2 * width + base) // (2 * base), 1) * base,
        )

    def _adapted(self, pixels: Pixels) -> Pixels:
        if self.adapter == "resize":
            return resized(pixels, self.network)
        if self.adapter == "pad":
            return padded(pixels, self.network, self.fill)
        return pixels


def transform_of(config: TrainConfig, domain: Domain) -> Transform:
    """Returns the transform that the configuration asks for on one domain."""
    data = config.data
    own: Side | None = (data.A if domain == "A" else data.B).size
    load: Size | Literal["native"] = (
        "native" if isinstance(data.load_size, str) else sides(data.load_size)
    )
    shape = domain_shape(config, domain)
    return Transform(
        preprocess=data.preprocess,
        load=load,
        crop=sides(data.crop_size if own is None else own),
        flip=data.flip,
        multiple=side_divisor(config),
        adapter=data.adapter,
        fill=data.adapter_fill,
        network=(shape.height, shape.width),
        channels=shape.channels,
    )


def resized(pixels: Pixels, size: Size) -> Pixels:
    """Returns uint8 ``[h, w, C]`` by Pillow's bicubic filter, antialiased, on 8-bit values."""
    if pixels.shape[:2] == size:
        return pixels
    height, width = size
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    array = np.asarray(image.resize((width, height), Image.Resampling.BICUBIC))
    return array.reshape(height, width, -1)


def padded(pixels: Pixels, size: Size, fill: str) -> Pixels:
    """Returns the image in the middle of a larger one; an odd row or column comes last.

    Args:
        pixels: uint8 ``[h, w, C]``.
        size: At least the image's.
        fill: ``zero`` or ``reflect``.
    """
    more = [size[0] - pixels.shape[0], size[1] - pixels.shape[1]]
    around = [(one // 2, one - one // 2) for one in more] + [(0, 0)]
    if fill == "reflect":
        return np.pad(pixels, around, mode="reflect")
    return np.pad(pixels, around)


def check_fits(transform: Transform, domain: str, sizes: dict[str, Size]) -> None:
    """Refuses images that are smaller than the crops that are to be taken of them.

    Args:
        transform: Of that domain.
        domain: Its name.
        sizes: Size of each image by its key.

    Raises:
        InputError: One of them is.
    """
    if transform.varies:
        return
    height, width = transform.crop
    small = {
        key: size
        for key, size in sizes.items()
        if (loaded := transform.loaded_size(*size))[0] < height or loaded[1] < width
    }
    if not small:
        return
    key, size = next(iter(small.items()))
    loaded = transform.loaded_size(*size)
    told = f"{size[0]}x{size[1]}"
    if loaded != size:
        told += f", {loaded[0]}x{loaded[1]} after data.preprocess {transform.preprocess},"
    raise InputError(
        f"data.crop_size: crops of {height}x{width} do not fit in {len(small)} of {len(sizes)}"
        f" images of domain {domain}, for example {key}, which is {told} (height x width)",
        hint="Choose a smaller size, or set data.preprocess to resize_and_crop with a load_size.",
    )
