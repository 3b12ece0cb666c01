"""What a map is made of: a model, images, targets, keys and settings, batch by batch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ganeval.errors import InputError
from ganeval.metrics.settings import Progress
from ganeval.saliency.batches import micro_batched
from ganeval.saliency.maps.settings import MapSettings
from ganeval.saliency.model import PixelModel

Score = Callable[[torch.Tensor], torch.Tensor]
"""Maps images ``[m, 3, S, S]`` to one score each, ``[m]``."""


@dataclass(frozen=True)
class Batch:
    """As many images as the network is always called with; the last may be repeats of the first.

    Args:
        rows: int64 ``[m]`` on the CPU: places of the images in the task.
        x: float32 ``[m, 3, S, S]`` in [0, 1], channels last, on the device.
        targets: int64 ``[m]`` on the device.
    """

    rows: torch.Tensor
    x: torch.Tensor
    targets: torch.Tensor


@dataclass(frozen=True)
class Task:
    """Images whose maps are wanted.

    Args:
        model: Open.
        images: float32 ``[n, 3, S, S]`` in [0, 1] on the CPU.
        targets: int64 ``[n]`` on the CPU.
        against: int64 ``[n]``: the class whose score a contrast subtracts; None: not given.
        keys: One per image; random draws belong to them.
        settings: How the maps are made.
        progress: Told how many passes are done.
        others: Images and keys that random baselines are drawn from; None: those of the task.
    """

    model: PixelModel
    images: torch.Tensor
    targets: torch.Tensor
    against: torch.Tensor | None
    keys: tuple[str, ...]
    settings: MapSettings
    progress: Progress
    others: tuple[torch.Tensor, tuple[str, ...]] | None = None

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, rows: torch.Tensor) -> Batch:
        """Returns the images at ``rows`` on the device of the model."""
        device = self.model.device
        x = self.images[rows].contiguous(memory_format=torch.channels_last).to(device)
        return Batch(rows, x, self.targets[rows].to(device))

    def each(
        self,
        fn: Callable[[Batch], tuple[torch.Tensor, ...]],
        rows: Sequence[int] | None = None,
    ) -> tuple[npt.NDArray[Any], ...]:
        """Calls ``fn`` with batches of one size and joins what it returns.

        Args:
            fn: Returns tensors with a row for each image of the batch; a row may not depend on the
                other images.
            rows: Which images; None: all.
        """
        wanted = torch.arange(len(self)) if rows is None else torch.tensor(list(rows))

        def on_cpu(chosen: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return tuple(made.detach().cpu() for made in fn(self.batch(chosen)))

        joined = micro_batched(on_cpu, wanted, self.settings.micro_batch)
        return tuple(np.ascontiguousarray(column.numpy()) for column in joined)

    def score(self, batch: Batch) -> Score:
        """Returns the function that gives the target's logit of every image of ``batch``."""
        return lambda x: chosen_logits(self.model.logits(x), batch.targets)


def chosen_logits(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Returns of logits ``[m, C]`` those of the targets ``[m]``."""
    return logits.gather(1, targets[:, None])[:, 0]


def score_gradients(score: Score, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Returns the scores ``[m]`` of images and their gradients ``[m, 3, S, S]``.

    One backward pass of the sum gives the gradient of every image, since images do not meet in
    evaluation mode.

    Raises:
        InputError: The scores do not depend on the images in a way that can be differentiated.
    """
    leaf = x.detach().requires_grad_()
    scores = score(leaf)
    if not scores.requires_grad:
        raise InputError(
            "the model cuts the path from its scores to the image, so that there is no gradient",
            hint="Remove torch.no_grad and detach from its forward function, or use occlusion.",
        )
    (gradients,) = torch.autograd.grad(
        scores.sum(), leaf, allow_unused=True, materialize_grads=True
    )
    return scores.detach(), gradients


def largest_channel(gradients: torch.Tensor) -> torch.Tensor:
    """Returns the largest absolute value over the channels of ``[m, 3, S, S]``: ``[m, S, S]``."""
    return gradients.abs().amax(1)


class Passes:
    """Tells a `Progress` of passes through the network, one image's at a time.

    Args:
        task: Whose progress is told.
        label: What is being made.
        total: Passes to come, over all images.
    """

    def __init__(self, task: Task, label: str, total: int) -> None:
        self._task, self._label, self._total, self._done = task, label, total, 0

    def add(self, batch: Batch) -> None:
        """One pass of a batch is done; repeats do not count."""
        self._done = min(self._total, self._done + len(set(batch.rows.tolist())))
        self._task.progress(self._label, self._done, self._total, "rounds")
