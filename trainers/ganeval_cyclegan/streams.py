"""Random streams that have names: switching one choice never shifts the numbers of another.

Every source of chance (a pool, an augmentation, the order of images) draws from a stream of its own
that is seeded by the run's seed, its name and the rank of the process. Nothing touches the global
generators of Python, NumPy or torch.
"""

from __future__ import annotations

import hashlib
import random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


class Streams:
    """The random streams of one process of one run.

    Args:
        seed: Random seed of the run, not negative.
        rank: Of this process among those that train together; 0 when it is alone.
    """

    def __init__(self, seed: int, rank: int = 0) -> None:
        self.seed = seed
        self.rank = rank
        self._torch: dict[str, torch.Generator] = {}
        self._python: dict[str, random.Random] = {}

    def key(self, name: str, *counters: int | str, shared: bool = False) -> int:
        """Returns the 64-bit seed of a stream, or of one draw of a counted stream.

        Args:
            name: What the numbers are for, for example ``crop.A``.
            *counters: Which draw, where every draw has a seed of its own.
            shared: The same in every process, as the initial weights must be.
        """
        rank = 0 if shared else self.rank
        text = "/".join(["ganeval", "1", str(self.seed), name, str(rank), *map(str, counters)])
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little")

    def at(self, name: str, *counters: int | str) -> random.Random:
        """Returns a fresh generator for one counted draw.

        It depends on the seed, name, rank and counters alone, so the number of workers, prefetching
        and resuming cannot change what is drawn.
        """
        return random.Random(self.key(name, *counters))

    def python(self, name: str) -> random.Random:
        """Returns the running generator of that name; its state is part of a checkpoint."""
        if name not in self._python:
            self._python[name] = random.Random(self.key(name))
        return self._python[name]

    def torch(self, name: str, *, shared: bool = False) -> torch.Generator:
        """Returns the running CPU generator of that name; its state is part of a checkpoint."""
        if name not in self._torch:
            import torch

            # torch takes seeds of 64 bits, signed or not.
            self._torch[name] = torch.Generator().manual_seed(self.key(name, shared=shared))
        return self._torch[name]

    def state(self) -> dict[str, Any]:
        """Returns the state of all running streams, of plain values and tensors."""
        return {
            "torch": {name: one.get_state() for name, one in self._torch.items()},
            "python": {name: _plain(one.getstate()) for name, one in self._python.items()},
        }

    def load(self, state: dict[str, Any]) -> None:
        """Takes up the state that `state` returned; streams it does not know start anew."""
        self._torch.clear()
        self._python.clear()
        for name, tensor in state["torch"].items():
            self.torch(name).set_state(tensor)
        for name, (version, words, gauss) in state["python"].items():
            self.python(name).setstate((version, tuple(words), gauss))


def _plain(state: tuple[Any, ...]) -> list[Any]:
    version, words, gauss = state
    return [version, list(words), gauss]
