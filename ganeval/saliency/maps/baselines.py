"""What an image is compared with: images that say nothing about the target."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from scipy.ndimage import gaussian_filter

from ganeval.errors import InputError
from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.maps.registry import RANDOM_BASELINES
from ganeval.saliency.maps.task import Task

BLUR: Final = 10.0
"""Standard deviation of the Gaussian of the baseline ``blur``, pixels."""


class Baselines:
    """Baselines of the images of a task, in the pixels' own units; see `baseline_of`.

    Args:
        task: Its settings name the kind.

    Raises:
        InputError: ``random`` is asked for and there is no image of another key.
    """

    def __init__(self, task: Task) -> None:
        self._task = task
        self._kind = task.settings.baseline
        self._images, keys = task.others or (task.images, task.keys)
        self._places: dict[str, int] = {}
        for place, key in enumerate(keys):
            self._places.setdefault(key, place)
        self.count = 1
        if self._kind == "random":
            own = any(key in self._places for key in task.keys)
            self.count = min(RANDOM_BASELINES, len(self._places) - own)
            if self.count < 1:
                raise InputError("--baseline random: there is no other image to compare with")

    def of(self, rows: torch.Tensor) -> list[torch.Tensor]:
        """Returns the baselines of images, each float32 ``[m, 3, S, S]`` on the device.

        Args:
            rows: int64 ``[m]``: places of the images in the task.
        """
        made: dict[int, torch.Tensor] = {}
        for row in rows.tolist():
            if row not in made:
                made[row] = self._of_one(row)
        stacked = torch.stack([made[row] for row in rows.tolist()], 1).to(self._task.model.device)
        return [each.contiguous(memory_format=torch.channels_last) for each in stacked]

    def _of_one(self, row: int) -> torch.Tensor:
        """The baselines of one image, float32 ``[count, 3, S, S]``."""
        if self._kind == "random":
            return self._images[self._others(row)]
        return baseline_of(self._task.images[row], self._kind)[None]

    def _others(self, row: int) -> list[int]:
        """Places of other images: drawn by key, so that their order in the task means nothing."""
        own = self._task.keys[row]
        keys = sorted(key for key in self._places if key != own)
        source = keyed_generator(self._task.settings.seed, "random baseline", own)
        drawn = torch.randperm(len(keys), generator=source)[: self.count]
        return [self._places[keys[index]] for index in drawn.tolist()]


def baseline_of(image: torch.Tensor, kind: str) -> torch.Tensor:
    """Returns an image's baseline, float32 ``[3, S, S]``.

    Args:
        image: float32 ``[3, S, S]`` in [0, 1].
        kind: ``blur`` (Gaussian of 10 px, mirrored at the edges), ``mean`` (of each channel),
            ``black`` or ``white``.

    Raises:
        ValueError: Another kind.
    """
    if kind == "blur":
        wide = image.numpy().astype(np.float64)
        blurred = gaussian_filter(wide, sigma=(0, BLUR, BLUR), mode="reflect")
        return torch.from_numpy(blurred.astype(np.float32))
    if kind == "mean":
        return image.double().mean((1, 2), keepdim=True).float().expand_as(image)
    if kind in ("black", "white"):
        return torch.full_like(image, 0.0 if kind == "black" else 1.0)
    raise ValueError(f"no baseline {kind!r} of one image")
