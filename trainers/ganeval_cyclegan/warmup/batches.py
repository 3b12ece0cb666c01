"""Batches of real images: every image once per pass, in an order that only the seed decides."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from ganeval_cyclegan.pixels import Pixels, to_tensor
from ganeval_cyclegan.streams import Streams


class Batches:
    """Goes through the images; batch k depends on the seed and k alone.

    Args:
        pixels: uint8 ``[n, h, w]``.
        batch: Images per batch, at most n are used.
        streams: Orders come from ``order.A``, one per pass.
        device: Where the batches go.
    """

    def __init__(self, pixels: Pixels, batch: int, streams: Streams, device: str) -> None:
        self._images = to_tensor(pixels[..., None]).to(device)
        self._batch = min(batch, len(pixels))
        self._streams = streams
        self.per_pass = len(pixels) // self._batch
        """Whole batches in a pass; the few images left over are others each time."""

    def starting_at(self, k: int) -> Iterator[Tensor]:
        """Yields float32 ``[batch, 1, h, w]`` in -1..1 from batch k on, without end."""
        while True:
            order = self._order(k // self.per_pass)
            for i in range(k % self.per_pass, self.per_pass):
                chosen = order[i * self._batch : (i + 1) * self._batch]
                yield self._images[torch.from_numpy(chosen).to(self._images.device)]
                k += 1

    def _order(self, turn: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        indices = list(range(len(self._images)))
        self._streams.at("order.A", turn).shuffle(indices)
        return np.array(indices)
