"""Decoding ahead of the networks: threads, order of sizes, batches, and what cannot be read."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import compress
from typing import NamedTuple

import numpy as np

from ganeval.features.backend import Backend, Batch
from ganeval.features.devices import usable_cores
from ganeval.images import ImageSet, UnreadableImage

_WINDOW_BYTES = 512 << 20  # of pixels decoded, prepared, or waiting for a thread
_BATCH_BYTES = 256 << 20  # of the batches being filled: large photographs go a few at a time


@dataclass(eq=False)
class Consumer:
    """A backend, the positions of the images it wants, and the batch it waits for."""

    backend: Backend
    wanted: Sequence[int]
    _pending: list[tuple[int, np.ndarray]] = field(default_factory=list, init=False)

    def take(self, position: int, image: np.ndarray, most_bytes: int) -> Iterator[Batch]:
        """Adds an image to the batch; yields what was gathered if the image does not fit in."""
        most = min(self.backend.batch_size, max(1, most_bytes // image.nbytes))
        if self._pending and (
            len(self._pending) >= most or self._pending[0][1].shape != image.shape
        ):
            yield from self.rest()
        self._pending.append((position, image))

    def rest(self) -> Iterator[Batch]:
        """Yields the batch as far as it is filled, unless it is empty."""
        if self._pending:
            positions, images = zip(*self._pending, strict=True)
            self._pending = []
            yield Batch(list(positions), np.stack(images))

    def forget(self) -> None:
        """Drops the batch that is being filled."""
        self._pending = []


class _Waiting(NamedTuple):
    """An image in the hands of the threads."""

    position: int
    consumers: list[Consumer]
    images: Future[list[np.ndarray]]
    size: int  # bytes


class Decoder:
    """Decodes ahead in threads, each image once, and gathers images of one shape into batches.

    Args:
        images: The set.
        workers: Threads; None means one per usable core, 8 at most.
        stop_at_failure: After the first failure decoding goes on (so that every bad file is
            named) but nothing more is handed out.
        failures: Receives key and reason of what cannot be read.
    """

    def __init__(
        self,
        images: ImageSet,
        *,
        workers: int | None,
        stop_at_failure: bool,
        failures: dict[str, str],
    ) -> None:
        self._images = images
        self._failures = failures
        self._stop_at_failure = stop_at_failure
        self._workers = workers or min(8, usable_cores())

    def batches(self, consumers: Sequence[Consumer]) -> Iterator[tuple[Consumer, Batch]]:
        """Yields batches of images of equal shape, as many as their consumer takes at once."""
        most_bytes = _BATCH_BYTES // max(1, len(consumers))
        for waiting in self._decoded(consumers):
            images = self._result(waiting)
            if self._failures and self._stop_at_failure:
                for consumer in consumers:
                    consumer.forget()
                continue
            if images is None:
                continue
            for consumer, image in zip(waiting.consumers, images, strict=True):
                for batch in consumer.take(waiting.position, image, most_bytes):
                    yield consumer, batch
        for consumer in consumers:
            for batch in consumer.rest():
                yield consumer, batch

    def exhaust(self, positions: Sequence[int]) -> None:
        """Decodes everything only to find what cannot be read."""
        for waiting in self._ahead([], positions, 4 * self._workers):
            self._result(waiting)

    def _decoded(self, consumers: Sequence[Consumer]) -> Iterator[_Waiting]:
        """Yields every image that somebody wants."""
        wanted = sorted(set().union(*(consumer.wanted for consumer in consumers)))
        batch_size = max((consumer.backend.batch_size for consumer in consumers), default=1)
        return self._ahead(consumers, wanted, 4 * max(batch_size, self._workers))

    def _ahead(
        self, consumers: Sequence[Consumer], positions: Sequence[int], most: int
    ) -> Iterator[_Waiting]:
        """Decodes in the order of sizes, ``most`` images ahead, fewer where they are large."""
        headers = self._images.headers
        wants = np.zeros((len(consumers), len(self._images)), dtype=bool)
        for row, consumer in zip(wants, consumers, strict=True):
            row[consumer.wanted] = True
        order = sorted(positions, key=lambda i: (headers[i].width, headers[i].height, i))
        window: deque[_Waiting] = deque()
        held = 0
        with ThreadPoolExecutor(self._workers, thread_name_prefix="decode") as pool:
            try:
                for position in order:
                    those = list(compress(consumers, wants[:, position]))
                    size = self._bytes_of(position, those)
                    while len(window) >= most or (
                        len(window) >= self._workers and held + size > _WINDOW_BYTES
                    ):
                        held -= window[0].size
                        yield window.popleft()
                    future = pool.submit(self._work, position, those)
                    window.append(_Waiting(position, those, future, size))
                    held += size
                while window:
                    yield window.popleft()
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _bytes_of(self, position: int, consumers: Sequence[Consumer]) -> int:
        """What one image takes while it waits: its pixels and what each backend makes of them."""
        header = self._images.headers[position]
        decoded = 3 * header.width * header.height
        return decoded + sum(c.backend.prepared_bytes(decoded) for c in consumers)

    def _work(self, position: int, consumers: Sequence[Consumer]) -> list[np.ndarray]:
        pixels = self._images.decode(position)
        return [consumer.backend.prepare(pixels) for consumer in consumers]

    def _result(self, waiting: _Waiting) -> list[np.ndarray] | None:
        """Images for the consumers; None and a failure if it cannot be read."""
        try:
            return waiting.images.result()
        except UnreadableImage as error:
            self._failures[error.key] = error.reason
            return None
