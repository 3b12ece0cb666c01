"""What every source of images offers, and the threads that list a source's images."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ganeval.images.decoding import Pixels
from ganeval.images.failures import UnreadableImage
from ganeval.images.headers import Header
from ganeval.images.policy import Decoding

# Each thread that reads an archive holds the archive's whole directory.
_THREADS = 8


class Source(ABC):
    """Where images come from: each has a key, and can be inspected and decoded by it.

    Both may be called from several threads at once.

    Args:
        kind: folder, zip, list, array or memory.
        keys: All keys, unique, sorted by code point.
        ignored: Files that are no images, counted per extension.
    """

    def __init__(self, kind: str, keys: list[str], ignored: dict[str, int] | None = None) -> None:
        self.kind = kind
        self.keys = keys
        self.ignored = ignored or {}

    @abstractmethod
    def inspect(self, key: str, decoding: Decoding) -> tuple[Header, str]:
        """Returns header and digest (64 hex digits) of an image.

        Raises:
            UnreadableImage: They cannot be had, or the policy refuses the image.
        """

    @abstractmethod
    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        """Returns the pixels, uint8 ``[H, W, 3]``, C-contiguous, of an image that was inspected.

        Raises:
            UnreadableImage: The image cannot be decoded, or the policy refuses it.
        """

    def file(self, key: str) -> Path | None:
        """Returns the file that is the image; None where it is part of something else."""
        return None

    def inspect_all(
        self, keys: Sequence[str], decoding: Decoding
    ) -> dict[str, tuple[Header, str] | UnreadableImage]:
        """Inspects the given images in threads; what cannot be read stands in the result."""

        def inspected(key: str) -> tuple[Header, str] | UnreadableImage:
            try:
                return self.inspect(key, decoding)
            except UnreadableImage as error:
                return error

        with ThreadPoolExecutor(_THREADS, thread_name_prefix="inspect") as pool:
            return dict(zip(keys, pool.map(inspected, keys), strict=True))
