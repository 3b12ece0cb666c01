"""Which images make up which update: a function of the seed and the update alone."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from ganeval.errors import InputError
from ganeval_cyclegan.config import DataConfig
from ganeval_cyclegan.domain_shapes import Domain
from ganeval_cyclegan.streams import Streams

_PASSES_KEPT = 4  # shuffled orders in memory: two domains, each at the turn of a pass


@dataclass(frozen=True)
class Sampled:
    """One sample of an update.

    Attributes:
        counter: How many samples were drawn of each domain before it, over all processes.
        A: Index into the samples of domain A.
        B: The same of B.
    """

    counter: int
    A: int
    B: int


class Sampling:
    """The order in which samples are drawn.

    An epoch is a pass over the longer domain, or ``data.epoch_updates`` updates. What an update
    draws depends on the seed and its number, so training may begin anywhere; several processes
    divide a batch, whose samples are the same however many there are.

    Args:
        config: Pairing and epochs.
        batch: Samples of each domain per update, of all processes together.
        sizes: Number of samples of each domain.
        processes: That train together; they divide every batch evenly.

    Raises:
        InputError: An epoch would have no batch.
    """

    def __init__(
        self, config: DataConfig, batch: int, sizes: dict[Domain, int], processes: int = 1
    ) -> None:
        self._config = config
        self._whole = batch
        self._processes = processes
        self._sizes = sizes
        self._drop_last = config.drop_last
        self._passes: dict[tuple[int, str, int], list[int]] = {}
        self._lock = threading.Lock()
        if self.updates_per_epoch == 0:
            raise InputError(
                f"optim.batch {batch}: an epoch of {self._longest} images has no whole batch",
                hint="Use a smaller batch, or set data.epoch_updates.",
            )

    @cached_property
    def updates_per_epoch(self) -> int:
        """Updates that count as one epoch."""
        if self._config.epoch_updates is not None:
            return self._config.epoch_updates
        if self._drop_last:
            return self._longest // self._whole
        return -(-self._longest // self._whole)

    @property
    def last_batch(self) -> int:
        """Samples in the last batch of an epoch."""
        if self._config.epoch_updates is not None or self._drop_last:
            return self._whole
        return self._longest - (self.updates_per_epoch - 1) * self._whole

    def counters(self, update: int) -> range:
        """Returns the counters of the samples of an update, all processes together."""
        if self._config.epoch_updates is not None or self._drop_last:
            return range(update * self._whole, (update + 1) * self._whole)
        epoch, turn = divmod(update, self.updates_per_epoch)
        first = epoch * self._longest + turn * self._whole
        return range(first, min(first + self._whole, (epoch + 1) * self._longest))

    def updates_for(self, images: int) -> int:
        """Returns the fewest updates that draw so many samples of each domain."""
        if self._config.epoch_updates is not None or self._drop_last:
            return -(-images // self._whole)
        epochs, rest = divmod(images, self._longest)
        return epochs * self.updates_per_epoch - (-rest // self._whole)

    def samples(self, streams: Streams, update: int) -> list[Sampled]:
        """Returns what this process draws at an update, counted from 0."""
        counters = self.counters(update)
        share = len(counters) // self._processes
        own = counters[streams.rank * share : (streams.rank + 1) * share]
        return [Sampled(k, self._index(streams, "A", k), self._index(streams, "B", k)) for k in own]

    def indices(self, streams: Streams, domain: Domain, counters: range) -> Iterator[int]:
        """Goes through the samples of one domain that some counters draw."""
        return (self._index(streams, domain, k) for k in counters)

    @property
    def _longest(self) -> int:
        return max(self._sizes.values())

    def _index(self, streams: Streams, domain: Domain, counter: int) -> int:
        size = self._sizes[domain]
        if self._config.pairing == "serial":
            return self._turn(counter)[1] % size
        if self._config.pairing == "cycle":
            turn, place = divmod(counter, size)
            return self._pass(streams, domain, turn, size)[place]
        turn, place = self._turn(counter)
        if domain == "A":
            return self._pass(streams, domain, turn, self._longest)[place] % size
        return random.Random(streams.key("order.B", counter, shared=True)).randrange(size)

    def _turn(self, counter: int) -> tuple[int, int]:
        """Which pass over the longer domain a counter belongs to, and its place there."""
        if self._drop_last and self._config.epoch_updates is None:
            return divmod(counter, self.updates_per_epoch * self._whole)
        return divmod(counter, self._longest)

    def _pass(self, streams: Streams, domain: str, turn: int, size: int) -> list[int]:
        """Returns a shuffled order, the same for all processes."""
        name = (streams.seed, domain, turn)
        with self._lock:
            if name not in self._passes:
                order = list(range(size))
                random.Random(streams.key(f"order.{domain}", turn, shared=True)).shuffle(order)
                while len(self._passes) >= _PASSES_KEPT:
                    del self._passes[next(iter(self._passes))]
                self._passes[name] = order
            return self._passes[name]
