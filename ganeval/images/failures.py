"""Images that cannot be read: how each is reported."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from PIL import Image, UnidentifiedImageError

from ganeval.errors import InputError

# What opening a damaged zip archive raises.
BROKEN_ZIP = (OSError, ValueError, NotImplementedError, zipfile.BadZipFile)

# What Pillow's decoders and zipfile raise on damaged files. Warnings are among them because a
# caller may have turned those of Pillow into errors.
READ_ERRORS = (
    OSError,
    EOFError,
    SyntaxError,
    ValueError,
    TypeError,
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    SystemError,
    Warning,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    Image.DecompressionBombError,
)


class UnreadableImage(InputError):
    """One image cannot be read.

    Args:
        key: Key of the image in its set.
        reason: Why, without the key.
    """

    def __init__(self, key: str, reason: str) -> None:
        super().__init__(f"{printable(key)}: {reason}")
        self.key = key
        self.reason = reason


@contextmanager
def naming(key: str) -> Iterator[None]:
    """Turns whatever a damaged file makes its decoder raise into `UnreadableImage`."""
    try:
        yield
    except READ_ERRORS as error:
        raise UnreadableImage(key, _reason(error)) from error


def _reason(error: BaseException) -> str:
    """Says in a few words why a file cannot be read."""
    if isinstance(error, SystemError) and error.__cause__ is not None:
        return _reason(error.__cause__)  # C code went on after reading had failed
    if isinstance(error, UnidentifiedImageError):
        return "cannot identify image file"
    if isinstance(error, Image.DecompressionBombError):
        return "more pixels than the decoder allows"
    if isinstance(error, MemoryError):
        return "not enough memory to decode it"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def printable(text: str) -> str:
    """Returns the text on one line: line breaks and control characters as escapes."""
    return text if text.isprintable() else repr(text)[1:-1]
