"""Occlusion: how far the score falls when a square is hidden; captum moves the square."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import Occlusion

from ganeval.saliency.batches import micro_batched
from ganeval.saliency.maps.baselines import Baselines
from ganeval.saliency.maps.occlusion_grid import occlusion_grid
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.maps.task import Batch, Task, chosen_logits


def occlusion(task: Task, names: tuple[str, ...]) -> dict[str, Maps]:
    """Makes the mean over the squares that cover a pixel of S(x) - S(x with the square hidden).

    Hidden pixels take the values of the baseline; with several baselines it is the mean over them.
    Squares have a fourteenth of the image's side and overlap by half. Signed: positive where the
    pixels speak for the target.

    ``info`` has ``square`` and ``stride``, pixels, and ``squares``, their number.

    Raises:
        InputError: There are no images for random baselines.

    Source:
        Zeiler and Fergus, arXiv 1311.2901; computed by captum.
    """
    baselines = Baselines(task)
    grid = occlusion_grid(task.model.side)
    size = task.settings.micro_batch
    values = np.empty((len(task), task.model.side, task.model.side), np.float32)
    logits = np.empty(len(task))
    for row in range(len(task)):
        batch = task.batch(torch.tensor([row]))
        with torch.no_grad():
            score = _PaddedScore(task, batch, size)
            logits[row] = float(score(batch.x)[0])
            total = torch.zeros(batch.x.shape[2:], dtype=torch.float64, device=batch.x.device)
            for baseline in baselines.of(batch.rows):
                made = Occlusion(score).attribute(
                    batch.x,
                    sliding_window_shapes=(3, grid.square, grid.square),
                    strides=(3, grid.stride, grid.stride),
                    baselines=baseline,
                    perturbations_per_eval=size,
                )
                total += made[0, 0]  # all channels are hidden together and hold the same
        values[row] = (total / baselines.count).float().cpu().numpy()
        task.progress("occlusion", row + 1, len(task), "images")
    info = {
        "baseline": task.settings.baseline,
        "baselines": baselines.count,
        "square": grid.square,
        "stride": grid.stride,
        "squares": grid.squares,
        "logit": logits,
    }
    return {"occlusion": Maps(values, [None] * len(task), info)}


class _PaddedScore:
    """Scores of copies of one image, in calls of one size, as float64 so that captum sums so."""

    def __init__(self, task: Task, batch: Batch, size: int) -> None:
        self._model = task.model
        self._target = batch.targets
        self._size = size

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        return micro_batched(self._score, x, self._size).double()

    def _score(self, x: torch.Tensor) -> torch.Tensor:
        return chosen_logits(self._model.logits(x), self._target.expand(len(x)))
