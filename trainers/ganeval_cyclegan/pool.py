"""Image pools: the history of generated images that a discriminator is shown.

Strategies, with S the size and b the batch:

- ``cyclegan``: until the pool is full, images are stored and shown. After that each image is shown
  as it is, or, half of the time, swapped for a random stored one. The age of what comes back is
  geometric with mean 2S/b.
- ``ring-half``: the last stored images, of which b old ones are drawn beside the current ones.
- ``shrivastava``: half of a batch is current, half is drawn; the current half overwrites random
  slots.

Source: the published CycleGAN code; Shrivastava et al., arXiv 1612.07828; ``ring-half`` is of the
report dtu02514.
"""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor

from ganeval_cyclegan.config import PoolConfig

NOISE: Final = -1
"""The age of a slot that was filled with noise."""


@dataclass(frozen=True)
class Answer:
    """What a discriminator is shown in place of the current generated images.

    Attributes:
        images: ``[b, c, h, w]``, detached.
        old: ``[b, c, h, w]`` shown beside them, for ring-half; None: nothing.
        ages: Of each stored image shown, in queries; 0 is current, `NOISE` never generated.
    """

    images: Tensor
    old: Tensor | None
    ages: list[int]


class ImagePool:
    """The history of the generated images of one domain.

    Args:
        config: Strategy, size, filling and data type.
    """

    def __init__(self, config: PoolConfig) -> None:
        self._strategy = "none" if config.size == 0 else config.strategy
        self._config = config
        self._size = config.size
        self._dtype = torch.float16 if config.dtype == "float16" else None
        self._slots: list[Tensor] = []  # each [c, h, w]
        self._born: list[int | None] = []  # the query that stored a slot; None: noise
        self._next = 0  # the oldest slot of a full ring
        self._queries = 0
        self._ages: Counter[int] = Counter()

    def __len__(self) -> int:
        return len(self._slots)

    def query(self, images: Tensor, draws: random.Random, noise: torch.Generator) -> Answer:
        """Answers the current images with what the discriminator is to be shown.

        Args:
            images: Generated images ``[b, c, h, w]``, clean of augmentation.
            draws: Of the decisions; with ``cyclegan`` called as the published code calls Python's
                ``random``: uniform(0, 1), then randint(0, S - 1).
            noise: CPU generator of the noise that fills an empty pool where that is asked for.
        """
        images = images.detach()
        if self._config.fill == "noise" and not self._slots and self._strategy != "none":
            self._fill(images, noise)
        self._queries += 1
        answer = getattr(self, "_" + self._strategy.replace("-", "_"))(images, draws)
        self._ages.update(answer.ages)
        assert isinstance(answer, Answer)
        return answer

    def take_ages(self) -> dict[int, int]:
        """Returns how often each age was shown since the last call, and starts counting anew."""
        taken = dict(sorted(self._ages.items()))
        self._ages.clear()
        return taken

    def state(self) -> dict[str, Any]:
        """Returns slots and counters, of plain values and the live tensors."""
        return {
            "slots": list(self._slots),
            "born": list(self._born),
            "next": self._next,
            "queries": self._queries,
            "ages": dict(self._ages),
        }

    def load(self, state: dict[str, Any]) -> None:
        """Takes up what `state` returned."""
        self._slots = list(state["slots"])
        self._born = list(state["born"])
        self._next = state["next"]
        self._queries = state["queries"]
        self._ages = Counter(state["ages"])

    def _none(self, images: Tensor, draws: random.Random) -> Answer:
        return Answer(images, None, [0] * len(images))

    def _cyclegan(self, images: Tensor, draws: random.Random) -> Answer:
        shown, ages = [], []
        for image in images:
            if len(self._slots) < self._size:
                self._append(image)
            elif draws.uniform(0, 1) > 0.5:
                slot = draws.randint(0, self._size - 1)
                ages.append(self._age(slot))
                shown.append(self._read(slot, image))
                self._write(slot, image)
                continue
            shown.append(image)
            ages.append(0)
        return Answer(torch.stack(shown), None, ages)

    def _ring_half(self, images: Tensor, draws: random.Random) -> Answer:
        old, ages = None, [0] * len(images)
        if self._slots:
            slots = [draws.randint(0, len(self._slots) - 1) for _ in images]
            ages += [self._age(slot) for slot in slots]
            old = torch.stack([self._read(slot, images) for slot in slots])
        for image in images[:1] if self._config.store == "first" else images:
            if len(self._slots) < self._size:
                self._append(image)
            else:
                self._write(self._next, image)
                self._next = (self._next + 1) % self._size
        return Answer(images, old, ages)

    def _shrivastava(self, images: Tensor, draws: random.Random) -> Answer:
        half = len(images) // 2  # the last batch of a pass may be odd, or one image
        if len(self._slots) < self._size:
            for image in images[: min(half, self._size - len(self._slots))]:
                self._append(image)
            return Answer(images, None, [0] * len(images))
        slots = draws.sample(range(self._size), half)
        ages = [0] * (len(images) - half) + [self._age(slot) for slot in slots]
        shown = [*images[: len(images) - half], *(self._read(slot, images) for slot in slots)]
        answer = Answer(torch.stack(shown), None, ages)
        for slot, image in zip(draws.sample(range(self._size), half), images, strict=False):
            self._write(slot, image)
        return answer

    def _fill(self, images: Tensor, noise: torch.Generator) -> None:
        for _ in range(self._size):
            image = torch.rand(images.shape[1:], generator=noise) * 2 - 1
            self._append(image.to(images))
        self._born = [None] * self._size

    def _append(self, image: Tensor) -> None:
        self._slots.append(self._kept(image))
        self._born.append(self._queries)

    def _write(self, slot: int, image: Tensor) -> None:
        self._slots[slot] = self._kept(image)
        self._born[slot] = self._queries

    def _kept(self, image: Tensor) -> Tensor:
        # A copy: a slice would keep its whole batch in memory.
        return image.to(self._dtype or image.dtype, copy=True)

    def _read(self, slot: int, like: Tensor) -> Tensor:
        return self._slots[slot].to(like)

    def _age(self, slot: int) -> int:
        born = self._born[slot]
        return NOISE if born is None else self._queries - born
