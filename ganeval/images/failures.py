"""Images that cannot be read: how each is reported, and what becomes of the set."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image, UnidentifiedImageError

from ganeval.errors import InputError

if TYPE_CHECKING:
    from ganeval.images.image_set import ImageSet

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


@dataclass(frozen=True)
class OnError:
    """What to do about images that cannot be read.

    Args:
        skip: Go on without them.
        limit: Largest share of the images, 0..1, that may be skipped.
    """

    skip: bool = False
    limit: float = 0.05

    @classmethod
    def parse(cls, text: str) -> OnError:
        """Reads ``fail``, ``skip`` or ``skip=SHARE``.

        Raises:
            InputError: The text is none of these, or the share is not from 0 to 1.
        """
        word, equals, number = text.partition("=")
        if text in ("fail", "skip"):
            return cls(skip=text == "skip")
        try:
            share = float(number)
        except ValueError:
            share = -1.0
        if word != "skip" or not equals or not 0 <= share <= 1:
            raise InputError(
                f"--on-error {text!r} is none of fail, skip and skip=SHARE",
                hint="SHARE is the largest share of images to skip, for example skip=0.2.",
            )
        return cls(skip=True, limit=share)


def settle_failures(
    image_set: ImageSet, failures: dict[str, str], on_error: OnError, *, cached: int
) -> ImageSet:
    """Decides about a set some of whose images cannot be read.

    Args:
        image_set: The set; its own ``unreadable`` files count as failures too.
        failures: Key to reason, as found while decoding.
        on_error: What the user asked for.
        cached: Number of good images whose features are kept.

    Returns:
        The set without the failures, which it lists as skipped; the same set if there are none.

    Raises:
        InputError: There are failures and they are not to be skipped, or they are too many; the
            message lists every one of them.
    """
    failures = {**image_set.unreadable, **failures}
    if not failures:
        return image_set
    total = len(image_set) + len(image_set.unreadable)
    too_many = len(failures) / total > on_error.limit or len(failures) == total
    if on_error.skip and not too_many:
        return image_set.without(failures)
    raise InputError(
        _headline(image_set.path, len(failures), total, on_error) + _listing(failures),
        hint=_advice(len(failures), total, on_error, cached),
    )


def _headline(path: str, failed: int, total: int, on_error: OnError) -> str:
    text = f"{failed} of {total} images in {path} cannot be read"
    if on_error.skip and failed < total:
        text += f", more than the {100 * on_error.limit:.4g} % that may be skipped"
    return text + ":"


def _listing(failures: dict[str, str]) -> str:
    names = {key: printable(key) for key in sorted(failures)}
    width = min(max(map(len, names.values())), 48)
    return "".join(
        f"\n  {name:<{width}}  {printable(failures[key])}" for key, name in names.items()
    )


def _advice(failed: int, total: int, on_error: OnError, cached: int) -> str:
    advice = "Fix the files"
    if failed < total and not on_error.skip:
        advice += ", or pass --on-error skip"
    elif failed < total:
        # Rounded up to a percent, so that the share as printed is enough.
        advice += f", or pass --on-error skip={-(-100 * failed // total) / 100}"
    if cached:
        advice = f"{cached} good {'image is' if cached == 1 else 'images are'} cached. " + advice
    return advice + "."
