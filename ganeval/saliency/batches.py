"""Batches of one fixed size, and random draws that belong to an image.

A network's last bits depend on the size of its batch: on efficientnet-lite0 a gradient moved by up
to 1.9e-2 of the largest one, because a last bit decides which side of a ReLU6 a value falls on. So
every call gets as many images as every other, and an image has the same map in any company. At 16
images per call 1 to 8 threads gave the same bits too (efficientnet-lite0, SqueezeNet 1.1); at 2, 4
and 8 images another number of threads did not.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, TypeVar, cast

import torch

MICRO_BATCH: Final = 16
"""Images per call unless a user asks for another number."""

T = TypeVar("T", torch.Tensor, tuple[torch.Tensor, ...])


def micro_batched(fn: Callable[..., T], x: torch.Tensor | tuple[torch.Tensor, ...], size: int) -> T:
    """Calls a function on consecutive rows, always on ``size`` of them.

    The last call is filled up by repeating its first row; the results of the filling are dropped.

    Args:
        fn: Takes ``size`` rows of every tensor of ``x`` and returns one tensor, or a tuple of
            tensors, of as many rows; what it does to a row may not depend on the other rows.
        x: One tensor ``[n, ...]`` with n >= 1, or several with equal n.
        size: Rows per call.

    Returns:
        What ``fn`` returns, with ``n`` rows.

    Raises:
        ValueError: There are no rows, or ``size`` is below 1.
    """
    parts = x if isinstance(x, tuple) else (x,)
    count = len(parts[0])
    if size < 1 or count < 1 or any(len(part) != count for part in parts):
        raise ValueError(f"cannot make batches of {size} from {[len(part) for part in parts]} rows")
    found: list[tuple[torch.Tensor, ...]] = []
    single = False
    for start in range(0, count, size):
        kept = min(size, count - start)
        result = fn(*(filled(part[start : start + kept], size) for part in parts))
        single = isinstance(result, torch.Tensor)
        rows = (result,) if isinstance(result, torch.Tensor) else result
        found.append(tuple(row[:kept] for row in rows))
    joined = tuple(torch.cat(list(column)) for column in zip(*found, strict=True))
    return cast(T, joined[0] if single else joined)


def filled(rows: torch.Tensor, size: int) -> torch.Tensor:
    """Returns ``rows`` ``[k, ...]`` followed by its first row as often as makes ``size`` rows."""
    missing = size - len(rows)
    if missing == 0:
        return rows
    return torch.cat([rows, rows[:1].expand(missing, *rows.shape[1:])])


def keyed_generator(seed: int, purpose: str, key: str) -> torch.Generator:
    """Returns a generator on the CPU that depends on its three arguments and on nothing else.

    Its seed is the first 8 bytes of sha256("{seed}|{purpose}|{key}"), big-endian, without the
    highest bit. Images before and after a transfer share the key of their pair, and so their noise
    (common random numbers). torch's global generator is neither read nor set.

    Args:
        seed: Random seed of the run.
        purpose: Name of the use, for example "smoothgrad".
        key: Of the pair, as the user's files name it.
    """
    digest = hashlib.sha256(f"{seed}|{purpose}|{key}".encode("utf-8", "surrogateescape")).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") & (2**63 - 1))
