"""Arrays of images: which axis is which, and which numbers are black and white."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.images.decoding import Pixels

Layout = Literal["NHWC", "NCHW"]
ValueRange = tuple[float, float]

_CHANNELS = (1, 3)
_CHUNK = 64  # images looked at together when a whole array is checked

# A value counts as outside the range when it is by more than this share of the range's width,
# and an array is refused when more than this share of its values does.
_SLACK = 1e-3
_SHARE_OUTSIDE = 1e-3


class ImageArray:
    """The images of an array as uint8 ``[H, W, C]``, C being 1 or 3, converted when asked for.

    Args:
        array: uint8 or float, ``[N, H, W, C]``, ``[N, C, H, W]`` or ``[N, H, W]``.
        name: What to call it in errors.
        layout: ``NHWC`` or ``NCHW``; None decides by which of the two axes is 1 or 3 long.
        value_range: Black and white of a float array; uint8 needs none.

    Raises:
        InputError: Shape, type, layout or values do not fit.
    """

    def __init__(
        self,
        array: npt.NDArray[Any],
        name: str,
        layout: Layout | None = None,
        value_range: ValueRange | None = None,
    ) -> None:
        self._axis = _channel_axis(array.shape, name, layout)
        self._array = array
        self._range: ValueRange | None = None
        if array.dtype.kind == "f":
            self._range = _checked_range(array, name, value_range)
        elif array.dtype != np.uint8:
            raise InputError(f"{name}: dtype {array.dtype} is neither uint8 nor float")

    def __len__(self) -> int:
        return len(self._array)

    def __getitem__(self, index: int) -> Pixels:
        """Returns one image, uint8 ``[H, W, C]``, C-contiguous; perhaps a view of the array."""
        image: npt.NDArray[Any] = np.asarray(self._array[index])
        if self._axis is None:
            image = image[:, :, None]
        elif self._axis == 1:
            image = image.transpose(1, 2, 0)
        if self._range is not None:
            image = to_uint8(image, self._range)
        return np.ascontiguousarray(image)

    @property
    def size(self) -> tuple[int, int, int]:
        """Height, width and channels of every image."""
        shape = self._array.shape
        if self._axis is None:
            return shape[1], shape[2], 1
        height, width = (axis for i, axis in enumerate(shape[1:], 1) if i != self._axis)
        return height, width, shape[self._axis]


def to_uint8(values: npt.NDArray[Any], value_range: ValueRange) -> Pixels:
    """Rescales [low, high] to 0..255, rounds half to even and clips."""
    low, high = value_range
    scaled = (values.astype(np.float64) - low) * (255.0 / (high - low))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _channel_axis(shape: tuple[int, ...], name: str, layout: Layout | None) -> int | None:
    """Returns the channel axis of a stack of images, None if it has none."""
    if layout not in (None, "NHWC", "NCHW"):
        raise InputError(f"layout {layout!r} is neither NHWC nor NCHW")
    if 0 in shape:
        raise InputError(f"{name}: shape {shape} holds no images")
    if len(shape) == 3 and shape[2] != 3:
        return None
    if len(shape) != 4:
        raise InputError(
            f"{name}: shape {shape} is no stack of images",
            hint="Give [N, H, W, C], [N, C, H, W] or, for grey images, [N, H, W].",
        )
    last, first = shape[3] in _CHANNELS, shape[1] in _CHANNELS
    if layout is None and last and first:
        raise InputError(
            f"{name}: shape {shape} may be NHWC or NCHW",
            hint="Say which: --layout NHWC or --layout NCHW.",
        )
    chosen = layout or ("NHWC" if last else "NCHW")
    axis = 3 if chosen == "NHWC" else 1
    if shape[axis] not in _CHANNELS:
        raise InputError(
            f"{name}: shape {shape} has no axis of 1 or 3 channels"
            f" where {layout or 'NHWC or NCHW'} has it"
        )
    return axis


def _checked_range(
    array: npt.NDArray[Any], name: str, value_range: ValueRange | None
) -> ValueRange:
    """Checks that a float array's values are finite and lie where they are said to."""
    if value_range is None:
        raise InputError(
            f"{name}: holds floats, and 0..1, -1..1 and 0..255 are all in use",
            hint="Say what they span: --range 0,1, --range -1,1 or --range 0,255.",
        )
    low, high = value_range
    if not (np.isfinite(low) and np.isfinite(high) and low < high):
        raise InputError(f"value range {low:g},{high:g} is not a low and a high number")
    slack = _SLACK * (high - low)
    outside = 0
    for start in range(0, len(array), _CHUNK):
        chunk = np.asarray(array[start : start + _CHUNK])
        if not np.isfinite(chunk).all():
            raise InputError(f"{name}: holds NaN or infinity")
        outside += int(((chunk < low - slack) | (chunk > high + slack)).sum())
    if outside > _SHARE_OUTSIDE * array.size:
        raise InputError(
            f"{name}: {outside / array.size:.2%} of the values lie outside {low:g},{high:g}"
            f" (they go from {array.min():g} to {array.max():g})",
            hint="Is the value range the right one?",
        )
    return low, high
