"""Images in files of their own and in zip archives."""

from __future__ import annotations

import hashlib
import io
import os
import stat
import threading
import zipfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from ganeval.errors import InputError
from ganeval.images.decoding import Pixels, decode_file
from ganeval.images.failures import BROKEN_ZIP, UnreadableImage, naming
from ganeval.images.headers import Header, read_header
from ganeval.images.listing import (
    Listing,
    extension,
    is_image_name,
    is_left_out,
    no_images,
    valid_text,
)
from ganeval.images.policy import Decoding
from ganeval.images.source import Source

_CHANGED = "changed since it was listed"

# Bounds of what is read into memory, an archive's unpacked members above all: four channels of
# 32 bits, and room for profiles and previews.
_BYTES_PER_PIXEL = 16
_BYTES_BESIDE = 1 << 24


class Hints(Protocol):
    """A store of digests that saves hashing unchanged files again."""

    def get_many(self, paths: list[Path]) -> dict[Path, str]:
        """Returns the known digests; files without one are left out."""

    def put_many(self, digests: dict[Path, str]) -> None:
        """Remembers digests that were computed now."""


class FileSource(Source):
    """Images that are files, from a folder or a list.

    Args:
        kind: folder or list.
        listing: The files.
        hints: Answers digests without reading the files; told those that had to be computed.
    """

    def __init__(self, kind: str, listing: Listing, hints: Hints | None) -> None:
        super().__init__(kind, list(listing.files), dict(listing.ignored))
        self._paths = listing.files
        self._hints = hints
        self._known: dict[Path, str] = {}
        self._seen: dict[str, tuple[int, int]] = {}

    def inspect_all(
        self, keys: Sequence[str], decoding: Decoding
    ) -> dict[str, tuple[Header, str] | UnreadableImage]:
        """Inspects the given images; see `Source.inspect_all`."""
        if self._hints is None:
            return super().inspect_all(keys, decoding)
        self._known = self._hints.get_many([self._paths[key] for key in keys])
        found = super().inspect_all(keys, decoding)
        self._hints.put_many(
            {
                self._paths[key]: result[1]
                for key, result in found.items()
                if not isinstance(result, UnreadableImage) and self._paths[key] not in self._known
            }
        )
        return found

    def inspect(self, key: str, decoding: Decoding) -> tuple[Header, str]:
        """Reads the file once for digest and header, or its header alone if the digest is known."""
        path = self._paths[key]
        with naming(key), _opened(path, key) as file:
            self._seen[key] = _signature(file)
            digest = self._known.get(path)
            if digest is not None:
                return read_header(file, key, decoding), digest
            data = _content(file, self._seen[key][0], key, decoding)
            return read_header(io.BytesIO(data), key, decoding), hashlib.sha256(data).hexdigest()

    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        """Decodes the file, provided it is still the one that was inspected."""
        with naming(key):
            with _opened(self._paths[key], key) as file:
                if _signature(file) != self._seen[key]:
                    raise UnreadableImage(key, _CHANGED)
                data = file.read()
            return decode_file(data, key, header, decoding)

    def file(self, key: str) -> Path:
        """Returns the image's file."""
        return self._paths[key]


class ZipSource(Source):
    """Images in a zip archive; archives inside it stay closed.

    Args:
        path: The archive.
        recursive: Look into its folders.

    Raises:
        InputError: The archive is broken, or holds no images.
    """

    def __init__(self, path: Path, *, recursive: bool) -> None:
        self._path = path
        self._local = threading.local()
        try:
            with path.open("rb") as file, zipfile.ZipFile(file) as archive:
                self._listed = _signature(file)
                members, ignored = _images_among(archive.namelist(), recursive)
        except BROKEN_ZIP as error:
            raise InputError(f"{path}: cannot be read as a zip archive: {error}") from error
        if not members:
            raise no_images(str(path), ignored)
        name = valid_text(path.name)
        self._members = {f"{name}!{valid_text(member)}": member for member in members}
        super().__init__("zip", sorted(self._members), dict(ignored))

    def inspect(self, key: str, decoding: Decoding) -> tuple[Header, str]:
        """Reads the member once for digest and header."""
        with naming(key):
            data = self._read(key, decoding)
            return read_header(io.BytesIO(data), key, decoding), hashlib.sha256(data).hexdigest()

    def decode(self, key: str, header: Header, decoding: Decoding) -> Pixels:
        """Decodes the member."""
        with naming(key):
            return decode_file(self._read(key, decoding), key, header, decoding)

    def _read(self, key: str, decoding: Decoding) -> bytes:
        archive = self._archive(key)
        member = archive.getinfo(self._members[key])
        if member.flag_bits & 0x1:
            raise UnreadableImage(key, "encrypted")
        with archive.open(member) as file:
            return _content(file, member.file_size, key, decoding)

    def _archive(self, key: str) -> zipfile.ZipFile:
        """The calling thread's own handle, since reading moves it; a forked process's own too."""
        owner, archive = getattr(self._local, "handle", (0, None))
        if archive is None or owner != os.getpid():
            archive = zipfile.ZipFile(self._path)
            if archive.fp is None or _signature(archive.fp) != self._listed:
                archive.close()
                raise UnreadableImage(key, _CHANGED)
            self._local.handle = (os.getpid(), archive)
        return archive


def _images_among(names: list[str], recursive: bool) -> tuple[list[str], Counter[str]]:
    """Splits an archive's members into images and a count of everything else."""
    images: dict[str, None] = {}  # a name stored twice stands for its last content
    ignored: Counter[str] = Counter()
    for name in names:
        parts = PurePosixPath(name).parts
        if name.endswith("/") or any(is_left_out(part) for part in parts):
            continue
        if not recursive and len(parts) > 1:
            continue
        if is_image_name(name):
            images[name] = None
        else:
            ignored[extension(name)] += 1
    return list(images), ignored


def _opened(path: Path, key: str) -> IO[bytes]:
    """Opens a regular file; anything else (a pipe) could block for ever."""
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise UnreadableImage(key, "not a regular file")
    return path.open("rb")


def _signature(file: IO[bytes]) -> tuple[int, int]:
    """Size and modification time, which tell a changed file."""
    status = os.fstat(file.fileno())
    return status.st_size, status.st_mtime_ns


def _content(file: IO[bytes], size: int, key: str, decoding: Decoding) -> bytes:
    """Reads a whole file, unless it is larger than any image in it may be."""
    if not size:
        raise UnreadableImage(key, "file is empty")
    if size > _BYTES_PER_PIXEL * decoding.max_pixels + _BYTES_BESIDE:
        raise UnreadableImage(
            key, f"{size:,} bytes are too many for {decoding.max_pixels:,} pixels"
        )
    return file.read()
