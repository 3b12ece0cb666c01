"""What each of several processes keeps for itself: pools, random streams, statistics of norms."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import nn

from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState

_PARTS = ("pools", "streams")


def own_state(state: TrainingState, streams: Streams) -> dict[str, Any]:
    """Returns what is of this process alone, of plain values and the live tensors."""
    return {
        "pools": {domain: pool.state() for domain, pool in state.pools.items()},
        "streams": streams.state(),
        "buffers": {name: _buffers(network) for name, network in state.nets.items()},
    }


def content_of(content: Mapping[str, Any], rank: int) -> dict[str, Any]:
    """Returns a checkpoint's content as the process of a rank has to take it up.

    A process that was not there when it was saved, which ``process_rules`` allows where processes
    keep no pools, begins its random streams anew.
    """
    own = {**content}
    if rank == 0:
        return own
    others = content.get("others", [])
    if rank > len(others):
        return {**own, "streams": {"torch": {}, "python": {}}}
    kept = others[rank - 1]
    own |= {name: kept[name] for name in _PARTS}
    for nets in ("nets", "ema"):
        own[nets] = {
            name: {**network, **kept["buffers"][name]} for name, network in content[nets].items()
        }
    return own


def _buffers(network: nn.Module) -> dict[str, Any]:
    return dict(network.named_buffers())
