"""Both sets of a test, listed, checked and decoded once."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganeval.classifier.common_size import CommonSize, common_size
from ganeval.classifier.examples import FAKE, REAL, Examples
from ganeval.classifier.pixel_store import PixelStore, new_pixels
from ganeval.classifier.settings import ClassifySettings
from ganeval.errors import InputError
from ganeval.features.devices import usable_cores
from ganeval.images import (
    Decoding,
    ImageSet,
    OnError,
    UnreadableImage,
    open_image_set,
    settle_failures,
)
from ganeval.images.arrays import array_digest
from ganeval.images.decoding import Pixels
from ganeval.images.digests import DigestHints
from ganeval.images.duplicates import Signature, difference_hash
from ganeval.metrics.settings import Progress, silent
from ganeval.metrics.sides import is_path, side_labels
from ganeval.paths import cache_folder
from ganeval.records import InputInfo, Notice, Role

CLASSES: Final[tuple[Role, Role]] = ("real", "fake")
"""Names of the labels 0 and 1."""

Sets = tuple[ImageSet, ImageSet]


@dataclass(frozen=True)
class Opened:
    """Two sets in memory.

    Args:
        examples: All readable images; each is its own group so far.
        infos: What the record says about the reals and the fakes.
        resized: To which common size images were brought, and how; None: they have one size.
        native_sizes: Height and width of each image as stored, ``[n]``.
        signatures: What each image is recognised by, ``[n]``, from its stored pixels.
        notices: What a careful person should know about it.
    """

    examples: Examples
    infos: list[InputInfo]
    resized: str | None
    native_sizes: list[tuple[int, int]]
    signatures: list[Signature]
    notices: list[Notice]


def open_examples(
    real: object, fake: object, settings: ClassifySettings, progress: Progress = silent
) -> Opened:
    """Lists, fingerprints and decodes both sets; every image once.

    Args:
        real: Folder, zip archive, array file or list of paths; or images in memory.
        fake: The same of the fakes.
        settings: Choices about reading.
        progress: Told how far the decoding is.

    Raises:
        InputError: A source cannot be opened, one lies in the other, or images cannot be read and
            are not to be skipped.
        GanevalError: There is no room for the pixels.
    """
    on_error = OnError.parse(settings.on_error)
    if settings.size is not None and settings.size < 1:
        raise InputError(f"--size {settings.size}: images have at least one pixel")
    refuse_overlap(real, fake, recursive=settings.recursive)
    labels = side_labels([real, fake])
    names = (labels[REAL], labels[FAKE])
    sets = (_open(real, settings), _open(fake, settings))
    while True:
        for one in sets:
            if not len(one):  # nothing but files that are unreadable at first sight
                settle_failures(one, {}, on_error, cached=0)
        size = common_size((sets[REAL].headers, sets[FAKE].headers), names, settings.size)
        decoded = _decode(sets, names, size, settings, progress)
        settled = [
            settle_failures(one, failures, on_error, cached=0)
            for one, failures in zip(sets, decoded.failures, strict=True)
        ]
        sets = (settled[REAL], settled[FAKE])
        if not any(decoded.failures):
            break
        # Rare: without the images left out, the common size may be another one.
    notices = _size_notices(size, settings.size)
    grey = _compare_in_grey(decoded, len(sets[REAL]), names)
    return Opened(
        examples=_examples(sets, names, decoded),
        infos=[one.info(role, name) for one, role, name in zip(sets, CLASSES, names, strict=True)],
        resized=size.text,
        native_sizes=[(h.height, h.width) for one in sets for h in one.headers],
        signatures=decoded.signatures,
        notices=notices + grey,
    )


def described(infos: Sequence[InputInfo], examples: Examples) -> list[InputInfo]:
    """Returns the sets' descriptions with the numbers of images and groups that are left."""
    counted = []
    for label, info in enumerate(infos):
        rows = np.flatnonzero(examples.labels == label)
        groups = {examples.groups[row] for row in rows}
        counted.append(info.model_copy(update={"n": len(rows), "n_groups": len(groups)}))
    return counted


def refuse_overlap(real: object, fake: object, *, recursive: bool) -> None:
    """Refuses two sets that are one and the same, or of which one lies in the other.

    Raises:
        InputError: They are.
    """
    if not is_path(real) or not is_path(fake):
        if real is fake:
            raise InputError("REAL and FAKE are the same images in memory")
        return
    if not (os.path.exists(real) and os.path.exists(fake)):
        return  # said when it is opened
    if os.path.samefile(real, fake):
        raise InputError(
            f"REAL {os.fspath(real)} and FAKE {os.fspath(fake)} are the same",
            hint="Give the folder of real images first, then that of generated ones.",
        )
    first, second = Path(real).resolve(), Path(fake).resolve()
    for inner, outer, text in (
        (first, second, f"REAL {os.fspath(real)} lies inside FAKE {os.fspath(fake)}"),
        (second, first, f"FAKE {os.fspath(fake)} lies inside REAL {os.fspath(real)}"),
    ):
        if recursive and outer.is_dir() and inner.is_relative_to(outer):
            raise InputError(
                f"{text}, so that its images would be in both",
                hint="Move one out of the other, or pass --no-recursive.",
            )


def _open(source: object, settings: ClassifySettings) -> ImageSet:
    return open_image_set(
        source,
        decoding=Decoding(policy=settings.decode),
        recursive=settings.recursive,
        limit=settings.limit,
        seed=settings.seed,
        layout=settings.layout,
        value_range=settings.value_range,
        digest_hints=DigestHints(cache_folder()) if settings.cache else None,
    )


@dataclass(frozen=True)
class _Decoded:
    """Everything that was read from both sets.

    Args:
        array: uint8 ``[n, H, W, 3]``, black where an image could not be read.
        signatures: Of the images that could.
        grey: Which of those have three equal channels.
        failures: Per set key and reason.
    """

    array: npt.NDArray[np.uint8]
    signatures: list[Signature]
    grey: list[bool]
    failures: tuple[dict[str, str], dict[str, str]]


def _decode(
    sets: Sets,
    names: tuple[str, str],
    size: CommonSize,
    settings: ClassifySettings,
    progress: Progress,
) -> _Decoded:
    """Decodes both sets in threads."""
    total = len(sets[REAL]) + len(sets[FAKE])
    array = new_pixels(total, size.height, size.width, settings.memory)
    decoded = _Decoded(array, [], [], ({}, {}))
    start = 0
    with ThreadPoolExecutor(
        settings.workers or min(8, usable_cores()), thread_name_prefix="decode"
    ) as pool:
        for label, images in enumerate(sets):

            def read(i: int, images: ImageSet = images, start: int = start) -> _Seen:
                return _read(images, i, size, array[start + i])

            seen = pool.map(read, range(len(images)))
            for done, one in enumerate(seen, start=1):
                progress(names[label], done, len(images))
                if isinstance(one, UnreadableImage):
                    decoded.failures[label][one.key] = one.reason
                else:
                    decoded.signatures.append(one[0])
                    decoded.grey.append(one[1])
            start += len(images)
    return decoded


_Seen = tuple[Signature, bool] | UnreadableImage


def _read(images: ImageSet, i: int, size: CommonSize, out: Pixels) -> _Seen:
    """Decodes one image into its place."""
    try:
        pixels = images.decode(i)
    except UnreadableImage as error:
        return error
    out[...] = size.fit(pixels)
    signature = Signature(images.digests[i], array_digest(pixels), difference_hash(pixels))
    return signature, bool((pixels == pixels[..., :1]).all())


def _examples(sets: Sets, names: tuple[str, str], decoded: _Decoded) -> Examples:
    counts = [len(one) for one in sets]
    return Examples(
        images=(
            replace(sets[REAL], groups=list(sets[REAL].keys)),
            replace(sets[FAKE], groups=list(sets[FAKE].keys)),
        ),
        names=names,
        keys=[key for one in sets for key in one.keys],
        digests=[digest for one in sets for digest in one.digests],
        contents=[signature.pixels for signature in decoded.signatures],
        labels=np.repeat(np.array([REAL, FAKE], np.int64), counts),
        groups=[
            f"{role}:{key}" for one, role in zip(sets, CLASSES, strict=True) for key in one.keys
        ],
        headers=[header for one in sets for header in one.headers],
        pixels=PixelStore(decoded.array),
    )


def _compare_in_grey(decoded: _Decoded, reals: int, names: tuple[str, str]) -> list[Notice]:
    """Makes both sets grey where one is grey and the other is not, in place."""
    all_grey = [all(decoded.grey[:reals]), all(decoded.grey[reals:])]
    if all_grey[REAL] == all_grey[FAKE]:
        return []
    grey, colour = (REAL, FAKE) if all_grey[REAL] else (FAKE, REAL)
    for row in range(reals) if colour == REAL else range(reals, len(decoded.array)):
        luma = Image.fromarray(np.ascontiguousarray(decoded.array[row])).convert("L")
        decoded.array[row] = np.asarray(luma)[..., None]
    return [
        Notice(
            code="compared_in_grey",
            text=f"{names[grey]} is grey and {names[colour]} is not: both are compared in grey, so "
            "colour has no part in this test.",
            data={"grey": CLASSES[grey]},
        )
    ]


def _size_notices(size: CommonSize, asked: int | None) -> list[Notice]:
    if size.text is not None:
        text = f"Image sizes differ: {size.text}. Resizing weakens the fine traces of a generator."
        data: dict[str, str | int | float | bool | None]
        data = {"width": size.width, "height": size.height}
        return [Notice(code="resized", text=text, data=data)]
    if asked is not None and (size.width, size.height) != (asked, asked):
        text = (
            f"--size {asked} has no effect: all images are {size.width} x {size.height} px, and "
            "images of one size are never resized."
        )
        return [Notice(code="size_unused", text=text)]
    return []
