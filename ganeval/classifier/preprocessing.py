"""What images go through before a saved classifier scores them, the same as in training."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image
from pydantic import Field

from ganeval.classifier.common_size import CommonSize
from ganeval.classifier.defence import Defence
from ganeval.classifier.examples import Examples
from ganeval.classifier.pixel_store import PixelStore, new_pixels
from ganeval.classifier.saved_changes import SavedChanges, SavedDefence, saved_changes
from ganeval.classifier.settings import ClassifySettings
from ganeval.features.devices import usable_cores
from ganeval.images import Decoding, ImageSet, OnError, UnreadableImage, settle_failures
from ganeval.images.arrays import array_digest
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import PixelsName
from ganeval.records.model import Model


class Preprocessing(Model):
    """Everything that is done to an image between its file and the scorer."""

    decode: Literal["correct", "peer"] = Field(description="how files are read")
    width: int = Field(description="every image is brought to this size, pixels")
    height: int
    grey: bool = Field(description="colours are taken out")
    pixels: PixelsName = Field(description="whether the defence below is applied")
    defence: SavedChanges | None = None

    @classmethod
    def of(
        cls,
        examples: Examples,
        settings: ClassifySettings,
        *,
        pixels: PixelsName,
        defence: Defence | None = None,
        grey: bool = False,
    ) -> Preprocessing:
        """Describes what was done to the images of a test.

        Args:
            examples: The images.
            settings: Choices of the test.
            pixels: Whether the saved scorer takes raw or defended pixels.
            defence: What was done for the latter, with ``settings.seed``.
            grey: Both sets were compared in grey.
        """
        height, width = examples.pixels[0].shape[:2]
        applied = pixels == "defended" and defence is not None and not defence.idle
        return cls(
            decode=settings.decode,
            width=width,
            height=height,
            grey=grey,
            pixels=pixels,
            defence=saved_changes(defence, settings.seed) if applied and defence else None,
        )

    @property
    def decoding(self) -> Decoding:
        """The policy of reading files."""
        return Decoding(policy=self.decode)

    def fit(self, pixels: Pixels) -> Pixels:
        """Returns an image in the size, and in the colours, that the classifier takes."""
        fitted = CommonSize(self.width, self.height, "the classifier's").fit(pixels)
        if not self.grey or bool((fitted == fitted[..., :1]).all()):
            return fitted
        luma = Image.fromarray(np.ascontiguousarray(fitted)).convert("L")
        return np.repeat(np.asarray(luma)[..., None], 3, axis=2)


@dataclass(frozen=True)
class Prepared:
    """One set, ready to be scored.

    Args:
        images: The set, without images that could not be read.
        contents: sha256 of each image's decoded pixels, ``[n]``.
        pixels: uint8 ``[H, W, 3]`` each.
    """

    images: ImageSet
    contents: list[str]
    pixels: Sequence[Pixels]


def prepare(
    images: ImageSet,
    preprocessing: Preprocessing,
    settings: ClassifySettings,
    progress: Progress = silent,
    label: str = "images",
) -> Prepared:
    """Decodes a set and does to its images what was done to the classifier's.

    Args:
        images: The set, opened with ``preprocessing.decoding``.
        preprocessing: Of the classifier.
        settings: Threads, memory, what becomes of unreadable images.
        progress: Told how far it is.
        label: Name of the set.

    Raises:
        InputError: Images cannot be read and are not to be skipped.
        GanevalError: There is no room for the pixels.
    """
    defence = SavedDefence.load(preprocessing.defence) if preprocessing.defence else None
    if not len(images):
        settle_failures(images, {}, OnError.parse(settings.on_error), cached=0)
    array = new_pixels(len(images), preprocessing.height, preprocessing.width, settings.memory)

    def read(i: int) -> str | UnreadableImage:
        try:
            pixels = images.decode(i)
        except UnreadableImage as error:
            return error
        content = array_digest(pixels)
        pixels = preprocessing.fit(pixels)
        if defence is not None:
            pixels = defence.defend(pixels, images.headers[i], content)
        array[i] = pixels
        return content

    contents: list[str | UnreadableImage] = []
    workers = settings.workers or min(8, usable_cores())
    with ThreadPoolExecutor(workers, thread_name_prefix="decode") as pool:
        for done, content in enumerate(pool.map(read, range(len(images))), start=1):
            contents.append(content)
            progress(label, done, len(images))
    failures = {one.key: one.reason for one in contents if isinstance(one, UnreadableImage)}
    kept = [i for i, one in enumerate(contents) if not isinstance(one, UnreadableImage)]
    store = PixelStore(array)
    return Prepared(
        settle_failures(images, failures, OnError.parse(settings.on_error), cached=0),
        [str(contents[i]) for i in kept],
        store if len(kept) == len(contents) else [store[i] for i in kept],
    )
