"""The training samples of one domain: its images, and copies of them where copies are asked for."""

from __future__ import annotations

import random

import numpy as np

from ganeval_cyclegan.augment.classic import augmented, draw
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.data.domain_images import DomainImages
from ganeval_cyclegan.domain_shapes import Domain
from ganeval_cyclegan.pixels import Pixels, luma
from ganeval_cyclegan.streams import Streams


class Samples:
    """The samples of one domain, numbered: all images, then their copies.

    Grey copies follow the images; static augmented copies follow both, a whole round of them for
    each of the ``copies``.

    Args:
        config: Of the run.
        domain: Which one.
        images: Its training images.
    """

    def __init__(self, config: TrainConfig, domain: Domain, images: DomainImages) -> None:
        classic = config.augment.classic
        applies = classic is not None and classic.domains in (domain, "both")
        self._domain = domain
        self._images = images
        self._classic = classic if applies else None
        self._static = applies and classic is not None and classic.mode == "static"
        self._rounds = 1
        self._copies = classic.copies if self._static and classic is not None else 0
        if config.augment.grayscale_copies and images.transform.channels == 3:
            self._rounds = 2

    def __len__(self) -> int:
        return len(self._images) * self._rounds * (1 + self._copies)

    def image_of(self, sample: int) -> int:
        """Returns the image that a sample is, or is a copy of."""
        return sample % len(self._images)

    def pixels(self, streams: Streams, sample: int, counter: int) -> Pixels:
        """Returns a sample as the networks see it, uint8 ``[h, w, C]``.

        Args:
            streams: Of the run.
            sample: Its number.
            counter: How many samples were drawn of the domain before this one.
        """
        loaded = self._images.loaded(self.image_of(sample))
        if sample // len(self._images) % self._rounds == 1:
            loaded = np.repeat(luma(loaded), 3, axis=2)
        if self._classic is not None:
            rng = self._rng(streams, sample, counter)
            if rng is not None:
                loaded = augmented(loaded, draw(self._classic, rng))
        crop = random.Random(streams.key(f"crop.{self._domain}", counter, shared=True))
        return self._images.transform.drawn(loaded, crop)

    def _rng(self, streams: Streams, sample: int, counter: int) -> random.Random | None:
        """The generator of an augmentation; None for the images themselves where copies are."""
        name = f"classic.{self._domain}"
        if not self._static:
            return random.Random(streams.key(name, counter, shared=True))
        if sample < len(self._images) * self._rounds:
            return None
        # By the content of the image, so that a copy stays itself whatever else is in the folder.
        digest = self._images.digests[self.image_of(sample)]
        return random.Random(
            streams.key(name, "copy", digest, sample // len(self._images), shared=True)
        )
