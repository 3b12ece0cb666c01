"""What a file says about its image before any pixel is decoded."""

from __future__ import annotations

import os
import re
import struct
from dataclasses import dataclass, replace
from typing import IO

from PIL import (
    AvifImagePlugin,
    BmpImagePlugin,
    ExifTags,
    GifImagePlugin,
    Image,
    ImageFile,
    Jpeg2KImagePlugin,
    JpegImagePlugin,
    PngImagePlugin,
    PpmImagePlugin,
    TiffImagePlugin,
    UnidentifiedImageError,
    WebPImagePlugin,
)

from ganeval.images.failures import READ_ERRORS, UnreadableImage
from ganeval.images.jpeg import JpegTraits, jpeg_traits
from ganeval.images.policy import Decoding

# Formats by content, whatever the file's extension; the common ones first. Others that Pillow
# knows stay closed: some of them start programs (EPS), none of them holds images to compare.
_FORMATS = tuple(
    plugin.format
    for plugin in (
        JpegImagePlugin.JpegImageFile,
        PngImagePlugin.PngImageFile,
        WebPImagePlugin.WebPImageFile,
        GifImagePlugin.GifImageFile,
        BmpImagePlugin.BmpImageFile,
        PpmImagePlugin.PpmImageFile,
        TiffImagePlugin.TiffImageFile,
        Jpeg2KImagePlugin.Jpeg2KImageFile,
        AvifImagePlugin.AvifImageFile,
    )
)

_MODE_CASES = {
    "1": ("bilevel",),
    "L": ("grey",),
    "LA": ("grey",),
    "La": ("grey",),
    "P": ("palette",),
    "PA": ("palette",),
    "CMYK": ("cmyk",),
    "YCbCr": ("ycbcr",),
    "I": ("grey16",),
}

# Modes whose values have no agreed way to 0..255.
_WITHOUT_RANGE = ("F", "LAB", "HSV")

# Formats that change pixels, always or unless asked not to.
_LOSSY = frozenset({"JPEG", "MPO", "WEBP", "JPEG2000", "AVIF"})

# PNG keeps EXIF in any of these; behind the pixels they are seen only after decoding.
_EXIF_ENTRIES = frozenset({"exif", "xmp", "XML:com.adobe.xmp", "Raw profile type exif"})
_EXIF_KEYWORDS = (b"exif\0", b"XML:com.adobe.xmp\0", b"Raw profile type exif\0")


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of an image without decoding it.

    Args:
        format: File format as Pillow names it ("JPEG"), or "array", or "memory".
        mode: Pillow's colour mode of the stored image ("RGB", "I;16").
        width: Pixels across, as decoded: after turning where the policy turns.
        height: Pixels down, as decoded.
        frames: Frames or pages in the file.
        special: Sorted names of the decoding cases that apply, among ``alpha`` (an alpha channel
            or a transparent colour), ``animated`` (more than one frame or page), ``bilevel``,
            ``cmyk``, ``colour16`` (16 bits per channel, of which the upper 8 are read),
            ``exif_rotated``, ``grey``, ``grey16``, ``icc`` (a colour profile, which is ignored),
            ``palette``, ``ycbcr``.
        file_bytes: Size of the file; None where there is none.
        exif: The file holds EXIF or XMP metadata.
        jpeg: How a JPEG file was compressed.
        depth: Bits per sample, or per palette index, of the stored image, 1..16; 8 where the format
            does not tell.
        lossy: Storing changed pixels: JPEG, AVIF, JPEG 2000, and WebP unless its data are of the
            lossless kind.
    """

    format: str
    mode: str
    width: int
    height: int
    frames: int
    special: tuple[str, ...]
    file_bytes: int | None = None
    exif: bool = False
    jpeg: JpegTraits | None = None
    depth: int = 8
    lossy: bool = False


def open_image(stream: IO[bytes]) -> ImageFile.ImageFile:
    """Identifies an image file by content; nothing is decoded.

    Does what `PIL.Image.open` does without its check of the size, which warns through Python's
    warnings; the caller's own limit takes its place.

    Raises:
        PIL.UnidentifiedImageError: The file is no image of a known format, or is empty.
    """
    stream.seek(0)
    prefix = stream.read(16)
    for name in _FORMATS:
        factory, accept = Image.OPEN.get(name, (None, None))
        try:
            # Text instead of True tells that the format is known but not built in.
            if factory is not None and accept is not None and accept(prefix) is True:
                stream.seek(0)
                return factory(stream, "")
        except (SyntaxError, IndexError, TypeError, struct.error):
            continue
    raise UnidentifiedImageError("cannot identify image file")


def read_header(stream: IO[bytes], key: str, decoding: Decoding) -> Header:
    """Reads the header of an image file.

    Raises:
        UnreadableImage: The policy refuses the image.
        OSError: The file is damaged; other errors of `READ_ERRORS` are possible too.
    """
    file_bytes = stream.seek(0, os.SEEK_END)
    image = open_image(stream)
    refuse_huge(key, *image.size, _pixel_limit(image, decoding))
    raw = raw_mode(image)
    traits = jpeg_traits(image)
    # Asking a PNG for EXIF that it has not shown yet would decode it.
    late = image.format == "PNG" and not _EXIF_ENTRIES & image.info.keys()
    follows = late and _exif_follows(image, stream)
    turned = orientation(image) if not late or follows else 1
    header = _header(image, raw, turned, key, decoding)
    exif = follows or bool(_EXIF_ENTRIES & image.info.keys())
    lossy = image.format in _LOSSY and not (image.format == "WEBP" and _lossless_webp(stream))
    return replace(header, file_bytes=file_bytes, exif=exif, jpeg=traits, lossy=lossy)


def header_of(image: Image.Image, key: str, decoding: Decoding) -> Header:
    """Returns the header of an image in memory.

    Raises:
        UnreadableImage: The policy refuses the image.
        OSError: The image cannot be loaded; other errors of `READ_ERRORS` are possible too.
    """
    refuse_huge(key, *image.size, _pixel_limit(image, decoding))
    raw = raw_mode(image)
    return _header(image, raw, orientation(image), key, decoding)


def refuse_huge(key: str, width: int, height: int, limit: int) -> None:
    """Raises `UnreadableImage` if there are more than ``limit`` pixels."""
    if width * height > limit:
        raise UnreadableImage(
            key, f"{width} x {height} is {width * height:,} pixels, more than the {limit:,} allowed"
        )


def _pixel_limit(image: Image.Image, decoding: Decoding) -> int:
    # Pillow checks the size of a TIFF once more while loading, by a warning.
    if image.format == "TIFF" and Image.MAX_IMAGE_PIXELS is not None:
        return min(decoding.max_pixels, Image.MAX_IMAGE_PIXELS)
    return decoding.max_pixels


def _header(image: Image.Image, raw: str, turned: int, key: str, decoding: Decoding) -> Header:
    correct = decoding.policy == "correct"
    frames = getattr(image, "n_frames", 1)
    if frames > 1 and decoding.animated == "reject":
        raise UnreadableImage(key, f"animated or multi-page image ({frames} frames)")
    if correct and image.mode in _WITHOUT_RANGE:
        raise UnreadableImage(key, f"mode {image.mode} has no agreed conversion to 8-bit RGB")
    if correct and raw == "I;12":
        raise UnreadableImage(key, "12-bit grey is not supported; convert it to 8 or 16 bits")
    width, height = image.size
    if correct and turned >= 5:
        width, height = height, width
    special = tuple(sorted(_cases(image, raw, frames, turned)))
    return Header(
        image.format or "memory",
        image.mode,
        width,
        height,
        frames,
        special,
        depth=_depth(image.mode, raw),
    )


def _cases(image: Image.Image, raw: str, frames: int, turned: int) -> set[str]:
    """Names the decoding cases that apply; see `Header`."""
    cases = set(_MODE_CASES.get(image.mode, ()))
    if image.mode.startswith("I;16"):
        cases.add("grey16")
    elif ";16" in raw and image.mode != "I":
        cases.add("colour16")
    if has_alpha(image):
        cases.add("alpha")
    if frames > 1:
        cases.add("animated")
    if image.info.get("icc_profile"):
        cases.add("icc")
    if turned != 1:
        cases.add("exif_rotated")
    return cases


def has_alpha(image: Image.Image) -> bool:
    """Tells whether pixels may be transparent: by a channel, a palette entry or a key colour."""
    if image.mode in ("RGBA", "LA", "PA", "RGBa", "La") or "transparency" in image.info:
        return True
    return image.mode == "P" and image.palette is not None and image.palette.mode.endswith("A")


def raw_mode(image: Image.Image) -> str:
    """Returns Pillow's name of the stored sample layout ("L;4", "RGB;16B"), "" if not known.

    Known before loading only.
    """
    tiles = getattr(image, "tile", None)
    if not tiles:
        return ""
    arguments = tiles[0][3]
    if isinstance(arguments, tuple) and arguments:
        if image.format == "PPM" and isinstance(arguments[-1], int) and arguments[-1] > 255:
            return f"{arguments[0]};16"
        arguments = arguments[0]
    return arguments if isinstance(arguments, str) else ""


def orientation(image: Image.Image) -> int:
    """Returns the EXIF orientation still to be applied, 1..8; 1 if there is none or it is broken.

    Pillow applies that of TIFF files itself.
    """
    if image.format == "TIFF":
        return 1
    try:
        value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except READ_ERRORS:
        return 1
    return value if value in range(1, 9) else 1


def _depth(mode: str, raw: str) -> int:
    """Bits per sample, from the stored layout ("L;4", "RGB;16B"), else from the mode."""
    layout = re.search(r";(\d+)", raw) or re.search(r";(\d+)", mode)
    if layout:
        return int(layout[1])
    return {"1": 1, "I": 16}.get(mode, 8)


def _lossless_webp(stream: IO[bytes]) -> bool:
    """Tells whether the first image data of a WebP file are of the lossless kind.

    Source: RFC 9649, WebP Image Format, section 2: chunks VP8 and VP8L, in frames of ANMF.
    """
    position = 12
    while True:
        stream.seek(position)
        start = stream.read(8)
        if len(start) < 8:
            return False
        name, length = struct.unpack("<4sI", start)
        if name in (b"VP8L", b"VP8 "):
            return bool(name == b"VP8L")
        # A frame's own chunks follow 16 bytes of its place and duration.
        position += 24 if name == b"ANMF" else 8 + length + length % 2


def _exif_follows(image: ImageFile.ImageFile, stream: IO[bytes]) -> bool:
    """Tells whether a PNG keeps EXIF behind its pixels."""
    position = image.tile[0][2] - 8  # a chunk is length, name, data, checksum
    while True:
        stream.seek(position)
        start = stream.read(8 + max(map(len, _EXIF_KEYWORDS)))
        if len(start) < 8:
            return False
        length, name = struct.unpack(">I4s", start[:8])
        if name == b"eXIf" or (
            name in (b"tEXt", b"zTXt", b"iTXt") and start[8:].startswith(_EXIF_KEYWORDS)
        ):
            return True
        position += 12 + length
