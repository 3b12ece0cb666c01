"""Translations on disk: encoded and written in threads, each whole or not at all."""

from __future__ import annotations

import io
import zipfile
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Final

from PIL import Image

from ganeval.errors import GanevalError
from ganeval.records import atomic_write
from ganeval_cyclegan.output_names import images_in, refuse_equal
from ganeval_cyclegan.pixels import Pixels
from ganeval_cyclegan.translation import Format

_WAITING: Final = 8  # pictures per thread that may wait to be written
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)  # so that equal images make equal archives


def encoded(image: Pixels, kind: Format, quality: int) -> bytes:
    """Returns an image file.

    Args:
        image: uint8 ``[H, W, 1 or 3]``; one channel makes a grey file.
        kind: ``png`` without loss, or ``jpg`` with Pillow's 4:2:0 chroma.
        quality: Of JPEG.
    """
    stream = io.BytesIO()
    picture = Image.fromarray(image[:, :, 0] if image.shape[2] == 1 else image)
    if kind == "png":
        picture.save(stream, "PNG")
    else:
        picture.save(stream, "JPEG", quality=quality)
    return stream.getvalue()


class ImageWriter:
    """Encodes and writes image files in threads; a context manager that waits for all of them.

    Args:
        kind: Format of the files.
        quality: Of JPEG.
        threads: How many.
    """

    def __init__(self, kind: Format, quality: int, threads: int) -> None:
        self._kind = kind
        self._quality = quality
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="write")
        self._most = threads * _WAITING
        self._pending: deque[Future[None]] = deque()

    def write(self, path: Path, image: Pixels) -> None:
        """Takes an image, uint8 ``[H, W, C]``, to be written.

        Raises:
            GanevalError: An earlier one could not be written.
        """
        self._pending.append(self._pool.submit(self._written, path, image))
        while len(self._pending) > self._most:
            self._pending.popleft().result()

    def __enter__(self) -> ImageWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            while self._pending and error is None:
                self._pending.popleft().result()
        finally:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def _written(self, path: Path, image: Pixels) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise GanevalError(f"{path.parent}: cannot be made: {error.strerror}") from error
        with atomic_write(path) as stream:
            stream.write(encoded(image, self._kind, self._quality))


def check_written(folder: Path, names: Sequence[str]) -> None:
    """Makes sure that a folder holds one file per image and no other image.

    Raises:
        GanevalError: It does not.
    """
    found = images_in(folder)
    if found != set(names):
        missing = sorted(set(names) - found)
        raise GanevalError(
            f"{folder}: holds {len(found)} images where {len(names)} were written"
            + (f"; missing is {missing[0]}" if missing else ""),
            hint="Another program wrote there, or the file system does not tell a.png from A.png.",
        )


def archive_names(names: Mapping[str, str]) -> dict[str, str]:
    """Returns the name in a flat archive of every output, by the key of its image.

    Raises:
        InputError: Two outputs of equal name lie in different folders.
    """
    flat = {key: PurePosixPath(name).name for key, name in names.items()}
    refuse_equal(flat, "an archive has no folders; rename one of the two, or leave out --archive")
    return flat


def write_archive(path: Path, folder: Path, names: Mapping[str, str]) -> None:
    """Writes files into one zip archive and counts what is in it.

    Args:
        path: The archive.
        folder: Where the files lie.
        names: Name in the archive by path relative to the folder.

    Raises:
        GanevalError: It cannot be written, or does not hold all of them.
    """
    with (
        atomic_write(path) as stream,
        zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive,  # images are compressed
    ):
        for name, flat in names.items():
            archive.writestr(zipfile.ZipInfo(flat, _LONG_AGO), (folder / name).read_bytes())
    with zipfile.ZipFile(path) as archive:
        held = archive.namelist()
    if sorted(held) != sorted(names.values()):
        raise GanevalError(f"{path}: holds {len(held)} files where {len(names)} were written")
