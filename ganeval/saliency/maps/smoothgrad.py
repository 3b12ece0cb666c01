"""SmoothGrad, SmoothGrad squared and VarGrad: gradients of noisy copies of an image."""

from __future__ import annotations

from typing import Final

import torch

from ganeval.errors import InputError
from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.maps.task import Batch, Passes, Task, largest_channel, score_gradients

NOISE: Final = 0.15
"""Standard deviation of the noise, as a share of the image's range."""


def smoothgrad(task: Task, names: tuple[str, ...]) -> dict[str, Maps]:
    """Makes the maps of ``names`` from the same noisy copies.

    With g_k = dS(x + e_k)/dx and e_k ~ N(0, (0.15 (max x - min x))^2), not clamped:
    ``smoothgrad`` is the maximum over channels of abs(mean_k g_k), ``smoothgrad-sq`` the sum over
    channels of mean_k g_k^2, ``vargrad`` that of var_k g_k with n - 1 degrees of freedom. Memory
    does not grow with the number of copies.

    Raises:
        InputError: VarGrad of fewer than two copies.

    Source:
        Smilkov et al., arXiv 1706.03825; squared: Hooker et al., arXiv 1806.10758; VarGrad: Adebayo
        et al., arXiv 1810.03307.
    """
    samples = task.settings.n_samples
    if "vargrad" in names and samples < 2:
        raise InputError(f"--n-samples {samples}: vargrad needs at least 2")
    passes = Passes(task, "/".join(names), len(task) * samples)

    def of(batch: Batch) -> tuple[torch.Tensor, ...]:
        score = task.score(batch)
        with torch.no_grad():
            logits = score(batch.x).double()
        sums = _Sums(batch.x, squares="smoothgrad-sq" in names, spread="vargrad" in names)
        noise = _Noise(task, batch)
        for _ in range(samples):
            _, gradients = score_gradients(score, batch.x + noise.draw())
            sums.add(gradients)
            passes.add(batch)
        return (logits, *(sums.map(name).float() for name in names))

    logits, *values = task.each(of)
    info = {"n_samples": samples, "noise": NOISE, "seed": task.settings.seed, "logit": logits}
    return {
        name: Maps(made, [None] * len(task), dict(info))
        for name, made in zip(names, values, strict=True)
    }


class _Noise:
    """Draws of a batch; each image has a generator of its own, shared by images of one key."""

    def __init__(self, task: Task, batch: Batch) -> None:
        self._rows = batch.rows.tolist()
        seed = task.settings.seed
        self._sources = {
            row: keyed_generator(seed, "smoothgrad", task.keys[row]) for row in set(self._rows)
        }
        flat = batch.x.flatten(1)
        self._scale = NOISE * (flat.amax(1) - flat.amin(1))[:, None, None, None]
        self._shape = batch.x.shape[1:]

    def draw(self) -> torch.Tensor:
        """Returns the next draw of every image, float32 ``[m, 3, S, S]``."""
        drawn = {
            row: torch.randn(self._shape, generator=source) for row, source in self._sources.items()
        }
        noise = torch.stack([drawn[row] for row in self._rows])
        return self._scale * noise.to(self._scale.device).contiguous(
            memory_format=torch.channels_last
        )


class _Sums:
    """Running mean, mean square and squared deviations of gradients, in float64.

    The deviations are Welford's, which are exactly 0 where all gradients are equal.
    """

    def __init__(self, like: torch.Tensor, *, squares: bool, spread: bool) -> None:
        empty = torch.zeros_like(like, dtype=torch.float64)
        self._count = 0
        self._sum = empty
        self._squares = empty.clone() if squares else None
        self._mean = empty.clone() if spread else None
        self._deviations = empty.clone() if spread else None

    def add(self, gradients: torch.Tensor) -> None:
        """Takes the gradients of one noisy copy of every image."""
        self._count += 1
        wide = gradients.double()
        self._sum += wide
        if self._squares is not None:
            self._squares.addcmul_(wide, wide)
        if self._mean is not None and self._deviations is not None:
            step = wide - self._mean
            self._mean.add_(step, alpha=1 / self._count)
            self._deviations.addcmul_(step, wide - self._mean)

    def map(self, name: str) -> torch.Tensor:
        """Returns the map of that name, float64 ``[m, S, S]``."""
        if name == "smoothgrad-sq" and self._squares is not None:
            return self._squares.sum(1) / self._count
        if name == "vargrad" and self._deviations is not None:
            return self._deviations.sum(1) / (self._count - 1)
        return largest_channel(self._sum / self._count)
