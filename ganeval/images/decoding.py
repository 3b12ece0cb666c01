"""From an image file's bytes to RGB pixels, by a stated policy for every special case."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageFile

from ganeval.images.failures import UnreadableImage
from ganeval.images.headers import Header, header_of, open_image, orientation, raw_mode
from ganeval.images.policy import Decoding

Pixels = npt.NDArray[np.uint8]

# What turns the stored image upright. Source: CIPA DC-008 (Exif), tag 0x0112.
_TURNS: dict[int, Callable[[Pixels], Pixels]] = {
    1: lambda pixels: pixels,
    2: lambda pixels: pixels[:, ::-1],
    3: lambda pixels: pixels[::-1, ::-1],
    4: lambda pixels: pixels[::-1],
    5: lambda pixels: pixels.swapaxes(0, 1),
    6: lambda pixels: pixels[::-1].swapaxes(0, 1),
    7: lambda pixels: pixels[::-1, ::-1].swapaxes(0, 1),
    8: lambda pixels: pixels[:, ::-1].swapaxes(0, 1),
}


class _WholeFile(io.BytesIO):
    """Bytes whose end is an error, so that a cut file is never taken for a whole one."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data and size is not None and size > 0:
            raise OSError("image file is truncated")
        return data


def decode_file(data: bytes, key: str, header: Header, decoding: Decoding) -> Pixels:
    """Decodes an image file completely.

    Args:
        data: The file's bytes.
        key: Names the image in errors.
        header: Its header, read under the same policy.
        decoding: The policy.

    Returns:
        uint8 ``[height, width, 3]``, C-contiguous.

    Raises:
        UnreadableImage: The policy refuses the image.
        OSError: The file is damaged or truncated; other errors of `READ_ERRORS` are possible too.
    """
    # With this switch on, which other code may do, Pillow fills what is missing with grey.
    lenient = ImageFile.LOAD_TRUNCATED_IMAGES
    image = open_image(_WholeFile(data) if lenient else io.BytesIO(data))
    if lenient and image.format == "JPEG2000":  # whose decoder reads beyond the end of whole files
        raise UnreadableImage(key, "JPEG 2000 needs PIL.ImageFile.LOAD_TRUNCATED_IMAGES = False")
    raw = raw_mode(image)
    image.load()
    turned = orientation(image) if "exif_rotated" in header.special else 1
    return _pixels(image, raw, turned, key, header, decoding)


def read_image(image: Image.Image, key: str, decoding: Decoding) -> tuple[Header, Pixels]:
    """Reads header and pixels of an image in memory, which stays as it is; see `decode_file`."""
    raw, turned = raw_mode(image), orientation(image)
    header = header_of(image, key, decoding)
    return header, _pixels(image.copy(), raw, turned, key, header, decoding)


def _pixels(
    image: Image.Image, raw: str, turned: int, key: str, header: Header, decoding: Decoding
) -> Pixels:
    """Converts a loaded image, whose info it may change."""
    if image.mode == "RGB" and not header.special:
        return np.asarray(image)
    correct = decoding.policy == "correct"
    alpha = None
    if "alpha" in header.special and (correct or decoding.alpha == "reject"):
        alpha = _alpha(image, raw, key)
        if decoding.alpha == "reject" and alpha.min() < 255:
            raise UnreadableImage(key, "has transparent pixels")
    # A key colour has been used by now; with one, Pillow's conversions may warn or fail.
    image.info.pop("transparency", None)
    if not correct:
        return _rgb(image)
    colours = _grey16(image, key) if "grey16" in header.special else _rgb(image)
    if alpha is not None:
        colours = composite(colours, alpha, decoding.background)
    return np.ascontiguousarray(_TURNS[turned](colours))


def composite(colours: Pixels, alpha: Pixels, background: tuple[int, int, int]) -> Pixels:
    """Puts a transparent image on a background.

    floor((a·x + (255 - a)·b + 127) / 255) per channel; opaque pixels stay what they are.

    Args:
        colours: uint8 ``[H, W, 3]``, not multiplied by alpha.
        alpha: uint8 ``[H, W]``, 0 transparent, 255 opaque.
        background: RGB, 0..255.
    """
    weight = alpha[:, :, None].astype(np.uint16)
    # At most 255·255 + 127, which uint16 holds.
    mixed = weight * colours + (255 - weight) * np.array(background, np.uint16) + np.uint16(127)
    return (mixed // 255).astype(np.uint8)


def _rgb(image: Image.Image) -> Pixels:
    if image.mode in ("RGBa", "La"):
        image = image.convert({"RGBa": "RGBA", "La": "LA"}[image.mode])
    return np.asarray(image if image.mode == "RGB" else image.convert("RGB"))


def _grey16(image: Image.Image, key: str) -> Pixels:
    """Rounds 16-bit grey to 8 bits, v / 257, and repeats it over three channels."""
    values = np.asarray(image).astype(np.int64)
    if values.min() < 0 or values.max() > 65535:
        raise UnreadableImage(key, f"mode {image.mode} with values outside 0..65535")
    # 257 is odd, so no value lies half way.
    grey = ((values + 128) // 257).astype(np.uint8)
    return np.repeat(grey[:, :, None], 3, axis=2)


def _alpha(image: Image.Image, raw: str, key: str) -> Pixels:
    """Returns the opacity of a loaded image, uint8 ``[H, W]``, from wherever it is kept."""
    if image.mode in ("RGBa", "La"):
        return np.asarray(image.getchannel("a"))
    if image.mode in ("RGBA", "LA", "PA"):
        return np.asarray(image.getchannel("A"))
    if image.mode == "P":
        return np.asarray(image.convert("RGBA").getchannel("A"))
    if raw.startswith("RGB;16"):
        raise UnreadableImage(
            key, "16-bit colour with a transparent colour is not supported; convert it to RGBA"
        )
    transparent = image.info["transparency"]
    if image.mode == "1":
        values, colour = np.asarray(image.convert("L")), 255 * bool(transparent)
    elif image.mode == "L":
        # PNG names the colour in the depth of the file, Pillow stretches the pixels to 8 bits.
        levels = {"L;1": 1, "L;2": 3, "L;4": 15}.get(raw, 255)
        values, colour = np.asarray(image), cast(int, transparent) * (255 // levels)
    else:
        values, colour = np.asarray(image), transparent
    hit = values == np.array(colour)
    return np.where(hit.all(axis=2) if hit.ndim == 3 else hit, 0, 255).astype(np.uint8)
