"""Images in arrays and in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganeval.errors import InputError
from ganeval.images.array_layout import ImageArray, Layout, ValueRange
from ganeval.images.decoding import Pixels, read_image
from ganeval.images.failures import UnreadableImage, naming
from ganeval.images.headers import Header, refuse_huge
from ganeval.images.policy import Decoding
from ganeval.images.source import Source


class _Tensor(Protocol):
    """The part of `torch.Tensor` that is used, so that torch need not be imported."""

    dtype: Any

    def detach(self) -> _Tensor: ...
    def cpu(self) -> _Tensor: ...
    def float(self) -> _Tensor: ...
    def numpy(self) -> npt.NDArray[Any]: ...


class ArraySource(Source):
    """The images of one array, in a file or in memory.

    Args:
        kind: array or memory.
        images: The array's images.
    """

    def __init__(self, kind: str, images: ImageArray) -> None:
        super().__init__(kind, index_keys(len(images)))
        self._images = images

    def inspect(self, key: str, decoding: Decoding) -> tuple[Header, str]:
        """Returns header and digest of one image."""
        height, width, channels = self._images.size
        refuse_huge(key, width, height, decoding.max_pixels)
        return array_header(height, width, channels), array_digest(self._images[int(key)])

    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        """Returns one image as RGB."""
        return as_rgb(self._images[int(key)])


class MemorySource(Source):
    """Images handed over in memory one by one, read at once.

    Args:
        images: PIL images, arrays or tensors, each alone or first in an (image, label) pair. What
            has four axes is a batch.
        decoding: How PIL images are converted.
        layout: See `ImageArray`.
        value_range: See `ImageArray`.

    Raises:
        InputError: One of them is something else, or does not fit.
    """

    def __init__(
        self,
        images: object,
        decoding: Decoding,
        layout: Layout | None,
        value_range: ValueRange | None,
    ) -> None:
        read: list[tuple[Header, Pixels] | str] = []
        for number, item in enumerate(_items(images)):
            read += _read_item(item, f"item {number}", decoding, layout, value_range)
        if not read:
            raise InputError("no images: the iterable is empty")
        super().__init__("memory", index_keys(len(read)))
        self._read = read

    def inspect(self, key: str, decoding: Decoding) -> tuple[Header, str]:
        """Returns header and digest of one image."""
        found = self._read[int(key)]
        if isinstance(found, str):
            raise UnreadableImage(key, found)
        header, pixels = found
        refuse_huge(key, header.width, header.height, decoding.max_pixels)
        return header, array_digest(pixels)

    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        """Returns one image as RGB."""
        return as_rgb(cast(tuple[Header, Pixels], self._read[int(key)])[1])


def index_keys(n: int) -> list[str]:
    """Returns zero-padded numbers, at least six digits, whose order as text is that of numbers."""
    digits = max(6, len(str(n - 1)))
    return [f"{index:0{digits}}" for index in range(n)]


def array_header(height: int, width: int, channels: int) -> Header:
    """Returns the header of an image that is an array."""
    mode, special = ("L", ("grey",)) if channels == 1 else ("RGB", ())
    return Header("array", mode, width, height, 1, special)


def array_digest(pixels: Pixels) -> str:
    """Returns the sha256 of ``u8:H:W:C:`` and the bytes of a uint8 ``[H, W, C]`` image."""
    height, width, channels = pixels.shape
    digest = hashlib.sha256(f"u8:{height}:{width}:{channels}:".encode())
    digest.update(np.ascontiguousarray(pixels).data)
    return digest.hexdigest()


def as_rgb(pixels: Pixels) -> Pixels:
    """Repeats a grey uint8 ``[H, W, 1]`` image over three channels; RGB stays as it is."""
    return np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels


def as_array(value: object) -> npt.NDArray[Any] | None:
    """Returns an array or a tensor, on whatever device, as an array; None for anything else."""
    if isinstance(value, np.ndarray):
        return value
    if not all(hasattr(value, name) for name in ("detach", "cpu", "numpy")):
        return None
    tensor = cast(_Tensor, value).detach().cpu()
    # NumPy has no bfloat16.
    return (tensor.float() if "bfloat16" in str(tensor.dtype) else tensor).numpy()


def _items(images: object) -> Iterator[object]:
    """Goes through an iterable, or through a data set that only knows its length and its items."""
    if not isinstance(images, Mapping):
        if hasattr(images, "__iter__"):
            return iter(cast(Iterable[object], images))
        if hasattr(images, "__getitem__") and hasattr(images, "__len__"):
            indexed = cast(Any, images)
            return (indexed[index] for index in range(len(indexed)))
    raise InputError(
        f"cannot read images from a {type(images).__name__}",
        hint="Give a path, an array or tensor, or an iterable of PIL images, arrays or tensors.",
    )


def _read_item(
    item: object,
    name: str,
    decoding: Decoding,
    layout: Layout | None,
    value_range: ValueRange | None,
) -> list[tuple[Header, Pixels] | str]:
    """Reads an image or a batch, perhaps with labels; a reason stands for what is unreadable."""
    if isinstance(item, tuple | list) and item:
        item = item[0]
    if isinstance(item, Image.Image):
        try:
            with naming(name):
                return [read_image(item, name, decoding)]
        except UnreadableImage as error:
            return [error.reason]
    array = as_array(item)
    if array is None:
        raise InputError(
            f"{name} is a {type(item).__name__}, not a PIL image, array or tensor",
            hint="Files are given as one folder, zip archive or list file.",
        )
    images = ImageArray(array if array.ndim == 4 else array[None], name, layout, value_range)
    read: list[tuple[Header, Pixels] | str] = []
    for index in range(len(images)):
        pixels = images[index].copy()  # a loader may use the memory of its batch again
        read.append((array_header(*pixels.shape), pixels))
    return read
