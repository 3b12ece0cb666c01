"""Decoding ahead of the network: threads, order of sizes, batches, and what cannot be read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from ganeval.features.backend import Backend, Batch
from ganeval.features.devices import usable_cores
from ganeval.features.plan import Plan
from ganeval.images import ImageSet, UnreadableImage

_WINDOW_BYTES = 512 << 20  # of pixels decoded or waiting for a thread
_BATCH_BYTES = 256 << 20  # of one batch: large photographs go to the device a few at a time


class Decoder:
    """Decodes ahead in threads and gathers images of one shape into batches."""

    def __init__(self, images: ImageSet, plan: Plan, failures: dict[str, str]) -> None:
        self._images = images
        self._failures = failures
        self._stop_at_failure = not plan.on_error.skip
        self._workers = plan.workers or min(8, usable_cores())

    def batches(self, positions: Sequence[int], backend: Backend) -> Iterator[Batch]:
        """Yields batches of images of equal shape, as many as the backend takes at once.

        After the first failure of a run that does not skip, decoding goes on (so that every bad
        file is named) but nothing more is yielded.
        """
        headers = self._images.headers
        by_size = sorted(positions, key=lambda i: (headers[i].width, headers[i].height, i))
        size = backend.batch_size
        pending: list[tuple[int, np.ndarray]] = []
        for position, image in self._decoded(
            by_size, 4 * max(size, self._workers), backend.prepare
        ):
            if self._failures and self._stop_at_failure:
                pending.clear()
                continue
            full = len(pending) >= min(size, max(1, _BATCH_BYTES // image.nbytes))
            if pending and (full or pending[0][1].shape != image.shape):
                yield _stack(pending)
                pending = []
            pending.append((position, image))
        if pending:
            yield _stack(pending)

    def exhaust(self, positions: Sequence[int]) -> None:
        """Decodes everything only to find what cannot be read."""
        for _ in self._decoded(positions, 4 * self._workers, lambda image: image):
            pass

    def _decoded(
        self,
        positions: Sequence[int],
        ahead: int,
        prepare: Callable[[np.ndarray], np.ndarray],
    ) -> Iterator[tuple[int, np.ndarray]]:
        """Yields readable images in the given order; records the others as failures."""
        headers = self._images.headers
        largest = max((3 * headers[i].width * headers[i].height for i in positions), default=1)
        ahead = max(self._workers, min(ahead, _WINDOW_BYTES // largest))
        window: deque[tuple[int, Future[np.ndarray]]] = deque()

        def work(position: int) -> np.ndarray:
            return prepare(self._images.decode(position))

        with ThreadPoolExecutor(self._workers, thread_name_prefix="decode") as pool:
            try:
                for position in positions:
                    window.append((position, pool.submit(work, position)))
                    if len(window) >= ahead:
                        yield from self._settle(*window.popleft())
                while window:
                    yield from self._settle(*window.popleft())
            finally:
                pool.shutdown(wait=False, cancel_futures=True)

    def _settle(
        self, position: int, future: Future[np.ndarray]
    ) -> Iterator[tuple[int, np.ndarray]]:
        try:
            yield position, future.result()
        except UnreadableImage as error:
            self._failures[error.key] = error.reason


def _stack(pending: list[tuple[int, np.ndarray]]) -> Batch:
    return Batch([position for position, _ in pending], np.stack([image for _, image in pending]))
