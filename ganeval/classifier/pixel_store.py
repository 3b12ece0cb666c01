"""Pixels of many images of one size: in memory, or in a temporary file mapped into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import overload

import numpy as np
import numpy.typing as npt

from ganeval.errors import GanevalError
from ganeval.features.row_arrays import new_rows
from ganeval.images.decoding import Pixels

_WORD = np.dtype(np.float32).itemsize


class PixelStore(Sequence[Pixels]):
    """Images of one size, uint8 ``[H, W, 3]`` each, handed out as read-only views.

    Args:
        array: uint8 ``[n, H, W, 3]``; nobody writes into it any more.
    """

    def __init__(self, array: Pixels) -> None:
        self._array = np.asarray(array)  # no memmap: its views are slow to make
        self._array.flags.writeable = False

    def __len__(self) -> int:
        return len(self._array)

    @overload
    def __getitem__(self, index: int) -> Pixels: ...

    @overload
    def __getitem__(self, index: slice) -> list[Pixels]: ...

    def __getitem__(self, index: int | slice) -> Pixels | list[Pixels]:
        chosen = self._array[index]
        return list(chosen) if isinstance(index, slice) else chosen


def new_pixels(count: int, height: int, width: int, memory: int) -> npt.NDArray[np.uint8]:
    """Makes black images, uint8 ``[count, height, width, 3]``, to be filled.

    Args:
        count: Images.
        height: Pixels down.
        width: Pixels across.
        memory: Bytes above which they lie in a temporary file; see `new_rows`.

    Raises:
        GanevalError: The folder of temporary files is not writable or its disk is full.
    """
    size = 3 * count * height * width
    try:
        words = new_rows(-(-size // _WORD), 1, memory)
    except GanevalError as error:
        reason = getattr(error.__cause__, "strerror", None) or error.message
        raise GanevalError(
            f"{size / 1e9:.3g} GB of decoded images cannot be kept in a temporary file: {reason}",
            hint="Set TMPDIR to a folder with room, or take fewer images by --limit.",
        ) from error
    flat: npt.NDArray[np.uint8] = words.reshape(-1).view(np.uint8)
    return flat[:size].reshape(count, height, width, 3)
