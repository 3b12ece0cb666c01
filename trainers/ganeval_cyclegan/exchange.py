"""What processes send each other: plain values, states, and the means of tensors."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import torch
import torch.distributed as dist
from torch import Tensor

from ganeval.errors import ExitCode, GanevalError, ToldElsewhere

_BUCKET: Final = 1 << 23  # values that travel together

Group = Any
"""A process group of torch, or None for the one of all processes."""


@contextlib.contextmanager
def reaching() -> Iterator[None]:
    """Turns the loss of another process into a sentence of the first one."""
    try:
        yield
    except RuntimeError as error:
        if dist.get_rank() != 0:
            raise ToldElsewhere(ExitCode.FAILED) from error
        raise GanevalError(
            "another process of this run has ended, or cannot be reached any more",
            hint="What was saved is whole; the same command goes on from there.",
        ) from error


def from_first(value: Any, group: Group) -> Any:
    """Returns in all processes the plain value, as JSON has them, of the first one."""
    first = dist.get_rank() == 0
    content = _bytes(value) if first else torch.empty(0, dtype=torch.uint8)
    length = torch.tensor([len(content)])
    with reaching():
        dist.broadcast(length, 0, group=group)
        if not first:
            content = torch.empty(int(length), dtype=torch.uint8)
        dist.broadcast(content, 0, group=group)
    return value if first else _value(content)


def from_all(value: Any, group: Group) -> list[Any]:
    """Returns in all processes the plain values of all of them, by rank."""
    own = _bytes(value)
    lengths = [torch.zeros(1, dtype=torch.int64) for _ in range(dist.get_world_size())]
    with reaching():
        dist.all_gather(lengths, torch.tensor([len(own)]), group=group)
        padded = torch.zeros(max(int(one) for one in lengths), dtype=torch.uint8)
        padded[: len(own)] = own
        parts = [torch.empty_like(padded) for _ in lengths]
        dist.all_gather(parts, padded, group=group)
    return [_value(part[: int(n)]) for part, n in zip(parts, lengths, strict=True)]


def largest(values: Iterable[float], group: Group) -> list[float]:
    """Returns in all processes the largest of their values, each of several for itself."""
    both = torch.tensor(list(values), dtype=torch.float64)
    with reaching():
        dist.all_reduce(both, dist.ReduceOp.MAX, group=group)
    return [float(one) for one in both]


def to_first(state: Mapping[str, Any], group: Group) -> list[dict[str, Any]]:
    """Returns in the first process the states of all others, by rank; elsewhere nothing.

    Args:
        state: Plain values and tensors; they arrive on the CPU.
        group: Of all processes, on the CPU.
    """
    with reaching():
        if dist.get_rank() == 0:
            return [_state_of(rank, group) for rank in range(1, dist.get_world_size())]
        stream = io.BytesIO()
        torch.save(dict(state), stream)
        content = torch.frombuffer(stream.getbuffer(), dtype=torch.uint8)
        dist.send(torch.tensor([len(content)]), 0, group=group)
        dist.send(content, 0, group=group)
        return []


@torch.no_grad()
def average(tensors: Iterable[Tensor], group: Group) -> None:
    """Makes tensors their means over the processes, in place.

    All processes end up with the same bits, whatever the order of the sum.
    """
    size, sent = dist.get_world_size(), []
    with reaching():
        for bucket in _buckets(tensors):
            flat = torch.cat([one.reshape(-1) for one in bucket])
            sent.append((bucket, flat, dist.all_reduce(flat, group=group, async_op=True)))
        for bucket, flat, work in sent:
            work.wait()
            flat.div_(size)
            parts = torch.split(flat, [one.numel() for one in bucket])
            for one, part in zip(bucket, parts, strict=True):
                one.copy_(part.view(one.shape))


@torch.no_grad()
def copy_first(tensors: Iterable[Tensor], group: Group) -> None:
    """Gives tensors the values they have in the first process."""
    with reaching():
        for one in tensors:
            values = one.contiguous()
            dist.broadcast(values, 0, group=group)
            one.copy_(values)


def _state_of(rank: int, group: Group) -> dict[str, Any]:
    length = torch.zeros(1, dtype=torch.int64)
    dist.recv(length, rank, group=group)
    content = torch.empty(int(length), dtype=torch.uint8)
    dist.recv(content, rank, group=group)
    stream = io.BytesIO(content.numpy().data)
    state: dict[str, Any] = torch.load(stream, map_location="cpu", weights_only=True)
    return state


def _buckets(tensors: Iterable[Tensor]) -> Iterator[list[Tensor]]:
    """Groups tensors of one type, in order, into a few large transfers."""
    bucket: list[Tensor] = []
    held = 0
    for one in tensors:
        if bucket and (one.dtype != bucket[0].dtype or held + one.numel() > _BUCKET):
            yield bucket
            bucket, held = [], 0
        bucket.append(one)
        held += one.numel()
    if bucket:
        yield bucket


def _bytes(value: Any) -> Tensor:
    return torch.tensor(list(json.dumps(value).encode()), dtype=torch.uint8)


def _value(content: Tensor) -> Any:
    return json.loads(content.numpy().tobytes())
