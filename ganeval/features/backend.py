"""The hand-over between decoding and a network: batches in, rows out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

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


class Backend(Protocol):
    """Runs one extractor; results may come back in another order."""

    info: BackendInfo
    batch_size: int

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Makes one decoded image (uint8 ``[H, W, 3]``) ready, in the thread that decoded it."""
        ...

    def run(self, batches: Iterable[Batch]) -> Iterator[Rows]:
        """Computes the layers of every batch, one result per batch."""
        ...


class DirectBackend:
    """Calls an extractor that computes by itself."""

    def __init__(
        self, extractor: DirectExtractor, layers: list[str], batch_size: int | None = None
    ) -> None:
        self.batch_size = batch_size or 16
        self._extractor = extractor
        self._layers = layers
        self.info = BackendInfo(name="own", version=np.__version__, device="cpu")

    def prepare(self, image: np.ndarray) -> np.ndarray:
        """Leaves the image as it is."""
        return image

    def run(self, batches: Iterable[Batch]) -> Iterator[Rows]:
        """See `Backend.run`."""
        for batch in batches:
            every = self._extractor(batch.images.transpose(0, 3, 1, 2))
            yield Rows(batch.positions, {layer: every[layer] for layer in self._layers})
