"""Networks looked at without being touched: modes, gradients and random states stay as they are."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

_PIXELS = 1 << 18  # per network call on an accelerator: four images of 256x256


class DomainView(Protocol):
    """Images of a domain as networks see them at test time."""

    @property
    def keys(self) -> Sequence[str]:
        """Keys of the images, in their order."""

    def __len__(self) -> int:
        """Returns the number of images."""

    def test_batch(self, indices: Sequence[int]) -> Tensor:
        """Returns float32 ``[n, C, H, W]`` in -1..1 of some images, without augmentation."""


@contextlib.contextmanager
def evaluating(networks: Iterable[nn.Module]) -> Iterator[None]:
    """Sets networks to evaluation mode, without gradients and autocast, and restores everything.

    torch's random state is restored too, whatever the block draws.
    """
    modes = [(module, module.training) for network in networks for module in network.modules()]
    # Where CUDA was not used yet, nothing of it can change.
    used = torch.cuda.is_available() and torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    devices = range(torch.cuda.device_count()) if used else ()
    with contextlib.ExitStack() as stack:
        stack.callback(_restore, modes)
        stack.enter_context(torch.random.fork_rng(devices=devices))
        stack.enter_context(torch.no_grad())
        for kind in ("cpu", "cuda"):
            if torch.is_autocast_enabled(kind):
                stack.enter_context(torch.autocast(kind, enabled=False))
        for module, _ in modes:
            module.training = False
        yield


def batches(
    images: DomainView, indices: Sequence[int], device: torch.device, *, alike: bool
) -> Iterator[Tensor]:
    """Yields images as networks see them, some at a time, on a device.

    On a CPU each image comes alone, so that rounding does not depend on its neighbours; it is no
    slower there. Elsewhere as many come together as keep the device busy, if they can.

    Args:
        images: A domain.
        indices: Which of its images.
        device: Where they are wanted.
        alike: All images have one size.
    """
    start, size = 0, 1
    while start < len(indices):
        tensor = images.test_batch(indices[start : start + size]).to(device)
        yield tensor
        start += len(tensor)
        if alike and device.type != "cpu":
            size = max(1, _PIXELS // (tensor.shape[2] * tensor.shape[3]))


def device_of(network: nn.Module) -> torch.device:
    """Returns where a network lies."""
    return next(network.parameters()).device


def _restore(modes: Sequence[tuple[nn.Module, bool]]) -> None:
    for module, training in modes:
        module.training = training
