"""Integrated gradients: what of the score each pixel adds on the way from a baseline."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from ganeval.saliency.maps.baselines import Baselines
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.maps.settings import MOST_NODES
from ganeval.saliency.maps.task import Batch, Passes, Task, chosen_logits, score_gradients

NAME: Final = "integrated-gradients"

TOLERANCE: Final = 0.05
"""Share of the score's change that the sum of a map may miss."""

FLAT: Final = 0.05
"""A change of the score below this share of the logits' spread has no relative error."""


def integrated_gradients(task: Task, names: tuple[str, ...]) -> dict[str, Maps]:
    """Makes (x - x') sum_k w_k g(x' + a_k (x - x')), summed over channels; signed.

    a_k and w_k are the Gauss-Legendre nodes and weights on [0, 1], so a polynomial path of degree
    2 n - 1 is integrated exactly. With several baselines x' it is the mean over them. The map sums
    to S(x) - S(x'): where it misses that by more than 5 %, the nodes are doubled for that image, up
    to 512, and then it is flagged ``not_converged``; ``refine=False`` does neither. Below .05
    standard deviations of the image's logits (of a single logit: below .05) the change is too small
    to divide by, and the error is held against that instead.

    ``info`` has for each image ``absolute_error``, ``relative_error`` (NaN where the change is too
    small), ``change`` (S(x) - S(x')) and ``nodes``.

    Raises:
        InputError: There are no images for random baselines.

    Source:
        Sundararajan, Taly and Yan, arXiv 1703.01365.
    """
    baselines = Baselines(task)
    nodes = task.settings.ig_steps
    made = _integrate(task, baselines, list(range(len(task))), nodes)
    used = np.full(len(task), float(nodes))
    refine = task.settings.refine
    while refine and nodes < MOST_NODES and len(missed := np.flatnonzero(made.too_far())):
        nodes = min(2 * nodes, MOST_NODES)
        made.replace(missed, _integrate(task, baselines, missed.tolist(), nodes))
        used[missed] = nodes
    info = {
        "baseline": task.settings.baseline,
        "baselines": baselines.count,
        "ig_steps": task.settings.ig_steps,
        "logit": made.logits,
        "change": made.changes,
        "absolute_error": made.errors(),
        "relative_error": made.relative_errors(),
        "nodes": used,
    }
    flags = ["not_converged" if refine and far else None for far in made.too_far()]
    return {NAME: Maps(made.values, flags, info)}


@dataclass
class _Integrals:
    """Maps ``[n, S, S]`` and, float64 ``[n]``, what their sums are checked against."""

    values: npt.NDArray[np.float32]
    totals: npt.NDArray[np.float64]
    logits: npt.NDArray[np.float64]
    changes: npt.NDArray[np.float64]
    spreads: npt.NDArray[np.float64]

    def errors(self) -> npt.NDArray[np.float64]:
        """By how much the sum of each map misses the change of the score, in logits."""
        return np.abs(self.totals - self.changes)

    def relative_errors(self) -> npt.NDArray[np.float64]:
        """The same as a share of the change; NaN where that is too small to divide by."""
        size = np.abs(self.changes)
        flat = (size < FLAT * self.spreads) | (size == 0)
        return np.where(flat, np.nan, self.errors() / np.where(flat, 1.0, size))

    def too_far(self) -> npt.NDArray[np.bool_]:
        """Which maps miss it by more than is allowed; more nodes mend no NaN."""
        size = np.maximum(np.abs(self.changes), FLAT * self.spreads)
        far: npt.NDArray[np.bool_] = self.errors() > TOLERANCE * size
        return far

    def replace(self, rows: npt.NDArray[np.intp], better: _Integrals) -> None:
        """Puts other maps in the places ``rows``."""
        self.values[rows] = better.values
        self.totals[rows] = better.totals


def _integrate(task: Task, baselines: Baselines, rows: list[int], nodes: int) -> _Integrals:
    passes = Passes(task, f"{NAME}, {nodes} nodes", len(rows) * nodes * baselines.count)

    def of(batch: Batch) -> tuple[torch.Tensor, ...]:
        score = task.score(batch)
        with torch.no_grad():
            logits = task.model.logits(batch.x).double()
        total = torch.zeros_like(batch.x, dtype=torch.float64)
        start = torch.zeros(len(batch.x), dtype=torch.float64, device=batch.x.device)
        for baseline in baselines.of(batch.rows):
            with torch.no_grad():
                start += score(baseline).double()
            way = batch.x - baseline
            along = torch.zeros_like(total)
            for place, weight in gauss_legendre(nodes):
                _, gradients = score_gradients(score, baseline + place * way)
                along.add_(gradients.double(), alpha=weight)
                passes.add(batch)
            total.addcmul_(way.double(), along)
        total /= baselines.count
        scores = chosen_logits(logits, batch.targets)
        spread = torch.ones_like(scores) if logits.shape[1] == 1 else logits.std(1, correction=0)
        return (
            total.sum(1).float(),
            total.sum((1, 2, 3)),
            scores,
            scores - start / baselines.count,
            spread,
        )

    return _Integrals(*task.each(of, rows))


@functools.lru_cache
def gauss_legendre(nodes: int) -> tuple[tuple[float, float], ...]:
    """Returns places and weights on [0, 1]; the weights sum to 1."""
    places, weights = np.polynomial.legendre.leggauss(nodes)
    return tuple(zip(((places + 1) / 2).tolist(), (weights / 2).tolist(), strict=True))
