"""The image set: an ordered, fingerprinted collection of images from any source."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath

from PIL import Image

from ganeval.errors import InputError
from ganeval.images.array_files import load_images_array
from ganeval.images.array_layout import ImageArray, Layout, ValueRange
from ganeval.images.arrays import ArraySource, MemorySource, as_array
from ganeval.images.decoding import Pixels
from ganeval.images.failures import UnreadableImage
from ganeval.images.files import FileSource, Hints, ZipSource
from ganeval.images.groups import BY_DHASH, group_of_each, groups_by_dhash
from ganeval.images.header_findings import header_findings
from ganeval.images.headers import Header
from ganeval.images.kinds import source_kind
from ganeval.images.listing import list_folder, read_list, valid_text
from ganeval.images.policy import Decoding
from ganeval.images.source import Source
from ganeval.records import InputInfo, Role, Skipped

_DEFAULT_DECODING = Decoding()


@dataclass(frozen=True, eq=False, repr=False)
class ImageSet:
    """Images in order of their keys, each known by the digest of its content.

    `open_image_set` makes one. Decoding may go on in several threads at once.

    Args:
        path: The source as the user named it; "memory" for images handed over in memory.
        kind: folder, zip, array, list or memory.
        keys: Relative paths with forward slashes, or numbers; unique, sorted by code point.
        digests: sha256 of each file, or of each array image, 64 hex digits.
        headers: What is known of each image without decoding it.
        groups: The independent unit each image belongs to.
        unreadable: Key to reason: files that are known to be unreadable before decoding; they
            are in no other list.
        ignored: Files that are no images, counted per extension.
        skipped: Images left out on request.
        decoding: How pixels are read.
        limit: Largest number of images asked for; None: all.
        seed: Seed of the choice under ``limit``.
        source: Where the images come from.
    """

    path: str
    kind: str
    keys: list[str]
    digests: list[str]
    headers: list[Header]
    groups: list[str]
    unreadable: dict[str, str]
    ignored: dict[str, int]
    skipped: list[Skipped]
    decoding: Decoding
    limit: int | None
    seed: int
    source: Source

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"<ImageSet {self.path!r}: {len(self)} images from {self.kind}>"

    def decode(self, i: int) -> Pixels:
        """Decodes image ``i`` completely; safe from several threads.

        Returns:
            uint8 ``[H, W, 3]``, C-contiguous, read-only.

        Raises:
            UnreadableImage: It is damaged, changed since it was listed, or refused by the policy.
        """
        pixels = self.source.decode(self.keys[i], self.headers[i], self.decoding).view()
        pixels.flags.writeable = False
        return pixels

    def image(self, key: str) -> Image.Image:
        """Returns the image called ``key`` as `decode` reads it, RGB.

        Raises:
            InputError: There is no such image, or it cannot be read.
        """
        if key not in self._position:
            raise InputError(f"{self.path} has no image {key!r}")
        return Image.fromarray(self.decode(self._position[key]))

    @cached_property
    def _position(self) -> dict[str, int]:
        return {key: i for i, key in enumerate(self.keys)}

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the (key, digest) pairs in order, each as a line of JSON."""
        return _sha256_of_lines(map(json.dumps, zip(self.keys, self.digests, strict=True)))

    @cached_property
    def content_fingerprint(self) -> str:
        """sha256 over the sorted digests, one a line; equal for renamed copies."""
        return _sha256_of_lines(sorted(self.digests))

    def file(self, key: str) -> Path | None:
        """Returns the file that is the image called ``key``; None in archives and arrays."""
        return self.source.file(key)

    def without(self, failures: dict[str, str]) -> ImageSet:
        """Returns the set without some images, which it lists as skipped.

        Args:
            failures: Key to reason; of images in the set or among its unreadable files.
        """
        kept = [i for i, key in enumerate(self.keys) if key not in failures]
        skipped = [Skipped(key=key, reason=reason) for key, reason in failures.items()]
        return replace(
            self,
            keys=[self.keys[i] for i in kept],
            digests=[self.digests[i] for i in kept],
            headers=[self.headers[i] for i in kept],
            groups=[self.groups[i] for i in kept],
            unreadable={k: why for k, why in self.unreadable.items() if k not in failures},
            skipped=sorted([*self.skipped, *skipped], key=lambda skip: skip.key),
        )

    def info(self, role: Role, label: str) -> InputInfo:
        """Describes the set for a record."""
        found = header_findings(self.headers)
        return InputInfo(
            role=role,
            label=label,
            kind=self.kind,
            path=self.path,
            n=len(self),
            n_groups=len(set(self.groups)),
            fingerprint=self.fingerprint,
            content_fingerprint=self.content_fingerprint,
            formats=found.formats,
            sizes=found.sizes,
            modes=found.modes,
            decoded=found.special,
            jpeg_quality=found.jpeg_quality,
            chroma=found.chroma,
            ignored=self.ignored,
            skipped=self.skipped,
            limit=self.limit,
            seed=self.seed,
        )


def open_image_set(
    source: object,
    *,
    groups: str | os.PathLike[str] | None = None,
    decoding: Decoding = _DEFAULT_DECODING,
    recursive: bool = True,
    limit: int | None = None,
    seed: int = 0,
    digest_hints: Hints | None = None,
    layout: Layout | None = None,
    value_range: ValueRange | None = None,
) -> ImageSet:
    """Lists and fingerprints images; reads every header, decodes no file.

    Args:
        source: Path of a folder, zip archive, ``.npy``/``.npz`` file or ``.txt`` list; or an array
            or tensor of images; or an iterable (data set, loader) of PIL images, arrays or
            tensors, each alone or first in a pair. Iterables are read into memory at once.
        groups: CSV file or regular expression, see `ganeval.images.groups.group_of_each`; or
            ``dhash``, which decodes every image to find those that look alike.
        decoding: How pixels are read.
        recursive: Look into folders inside the folder or archive.
        limit: Take a random choice of this many images, if there are more. An image's place in it
            depends on the seed and its name without extension alone, so that sets of equal names
            keep their partners; a smaller choice is part of a larger one.
        seed: Seed of that choice.
        digest_hints: Store of digests of files, asked before a file is read.
        layout: Of arrays, where their shape does not tell.
        value_range: Black and white of float arrays, for example (-1, 1); others need none.

    Returns:
        The set. Files that are seen to be unreadable are in ``unreadable``; `settle_failures`
        decides about them.

    Raises:
        InputError: There is nothing to open at that path, no image is there, or an option or
            array does not fit.
    """
    if limit is not None and limit < 1:
        raise InputError(f"--limit {limit}: at least one image is needed")
    if seed < 0:
        raise InputError(f"--seed {seed}: seeds are not negative")
    path = "memory"
    opened: Source
    if isinstance(source, str | os.PathLike):
        path = valid_text(os.fspath(source))
        opened = _open_path(Path(source), recursive, digest_hints, layout, value_range)
    elif (array := as_array(source)) is not None:
        opened = ArraySource("memory", ImageArray(array, "array in memory", layout, value_range))
    else:
        opened = MemorySource(source, decoding, layout, value_range)
    found = opened.inspect_all(_chosen(opened.keys, limit, seed), decoding)
    good = {key: one for key, one in found.items() if not isinstance(one, UnreadableImage)}
    bad = {key: one.reason for key, one in found.items() if isinstance(one, UnreadableImage)}
    keys = list(good)
    by_dhash = groups is not None and os.fspath(groups) == BY_DHASH
    image_set = ImageSet(
        path=path,
        kind=opened.kind,
        keys=keys,
        digests=[digest for _, digest in good.values()],
        headers=[header for header, _ in good.values()],
        groups=group_of_each(keys, None if by_dhash else groups),
        unreadable=bad,
        ignored=opened.ignored,
        skipped=[],
        decoding=decoding,
        limit=limit,
        seed=seed,
        source=opened,
    )
    return replace(image_set, groups=groups_by_dhash(image_set)) if by_dhash else image_set


def _open_path(
    path: Path,
    recursive: bool,
    hints: Hints | None,
    layout: Layout | None,
    value_range: ValueRange | None,
) -> Source:
    kind = source_kind(path)
    if kind == "statistics":
        raise InputError(
            f"{path}: holds saved statistics, and images are needed here",
            hint="Only metrics that compare means and covariances take saved statistics.",
        )
    if kind == "folder":
        return FileSource(kind, list_folder(path, recursive=recursive), hints)
    if kind == "list":
        return FileSource(kind, read_list(path), hints)
    if kind == "zip":
        return ZipSource(path, recursive=recursive)
    return ArraySource(kind, ImageArray(load_images_array(path), str(path), layout, value_range))


def _chosen(keys: Sequence[str], limit: int | None, seed: int) -> list[str]:
    """Returns the keys a seeded choice falls on, in their order."""
    if limit is None or limit >= len(keys):
        return list(keys)
    # By the name without its extension, so that two translations of the same images keep partners,
    # whatever else is in their folders; smaller choices nest in larger ones.
    return sorted(sorted(keys, key=lambda key: (_rank(key, seed), key))[:limit])


def _rank(key: str, seed: int) -> bytes:
    name = str(PurePosixPath(key).with_suffix(""))
    return hashlib.sha256(f"{seed}:{name}".encode()).digest()


def _sha256_of_lines(lines: Iterable[str]) -> str:
    digest = hashlib.sha256()
    for line in lines:
        digest.update(f"{line}\n".encode())
    return digest.hexdigest()
