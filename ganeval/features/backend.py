"""The hand-over between decoding and a network: batches in, rows out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ganeval.errors import GanevalError
from ganeval.features.extractor import DirectExtractor
from ganeval.records import BackendInfo


@dataclass(frozen=True)
class Batch:
    """Images of one shape, as `Backend.prepare` gives them, and their positions in the set."""

    positions: list[int]
    images: np.ndarray


@dataclass(frozen=True)
class Rows:
    """Features of a batch: layer name to float32 ``[b, d]``."""

    positions: list[int]
    layers: dict[str, np.ndarray]


class Backend(ABC):
    """Runs one extractor; batches are pushed, so that one decoder can feed several backends.

    A backend serves one stream of batches at a time and is ready for the next after `finish` or
    `abandon`.
    """

    info: BackendInfo
    batch_size: int

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Makes one decoded image (uint8 ``[H, W, 3]``) ready, in the thread that decoded it."""
        return image

    def prepared_bytes(self, decoded: int) -> int:
        """Bytes that `prepare` adds to the ``decoded`` bytes of an image while it waits."""
        return 0

    @abstractmethod
    def submit(self, batch: Batch) -> list[Rows]:
        """Takes a batch and returns the results that are ready, which may be of earlier ones."""

    def finish(self) -> Iterator[Rows]:
        """Yields what was submitted and not returned yet."""
        return iter(())

    def abandon(self) -> None:
        """Forgets what was submitted and not returned yet; nothing runs afterwards."""
        return

    def run(self, batches: Iterable[Batch]) -> Iterator[Rows]:
        """Computes the layers of every batch, one result per batch."""
        try:
            for batch in batches:
                yield from self.submit(batch)
            yield from self.finish()
        finally:
            self.abandon()


class DirectBackend(Backend):
    """Calls an extractor that computes by itself."""

    def __init__(
        self, extractor: DirectExtractor, layers: Sequence[str], batch_size: int | None = None
    ) -> None:
        self.batch_size = batch_size or 16
        self._extractor = extractor
        self._layers = layers
        self.info = BackendInfo(name="own", version=np.__version__, device="cpu")

    def submit(self, batch: Batch) -> list[Rows]:
        """See `Backend.submit`.

        Raises:
            GanevalError: The extractor lacks a layer that it declares.
        """
        every = self._extractor(batch.images.transpose(0, 3, 1, 2))
        for layer in self._layers:
            if layer not in every:
                raise GanevalError(
                    f"extractor {self._extractor.name}: gave no layer {layer!r}, which it declares"
                )
        return [Rows(batch.positions, {layer: every[layer] for layer in self._layers})]
