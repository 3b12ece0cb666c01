"""Settings that the maps share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ganeval.errors import InputError, unknown_name

BASELINES: Final = ("blur", "mean", "black", "white", "random")
"""What an image is compared with: its own blur, its mean colour, black, white, other images."""

MOST_NODES: Final = 512
"""Quadrature nodes of integrated gradients, at the most."""


@dataclass(frozen=True)
class MapSettings:
    """How maps are made.

    Args:
        seed: Random seed of the run, not negative.
        micro_batch: Images per call of the network; part of the result, since the last bits of a
            gradient depend on it.
        layer: Module path for Grad-CAM; None: chosen by itself.
        baseline: One of `BASELINES`; for integrated gradients and occlusion.
        n_samples: Noisy copies of each image for SmoothGrad and its relatives.
        ig_steps: Quadrature nodes of integrated gradients to begin with.
        refine: More nodes where integrated gradients miss the change of the score.

    Raises:
        InputError: A value is out of its range.
    """

    seed: int = 0
    micro_batch: int = 16
    layer: str | None = None
    baseline: str = "blur"
    n_samples: int = 32
    ig_steps: int = 64
    refine: bool = True

    def __post_init__(self) -> None:
        if self.baseline not in BASELINES:
            raise unknown_name("baseline", self.baseline, BASELINES)
        if self.seed < 0:
            raise InputError(f"--seed {self.seed}: must not be negative")
        for option, value in (("--micro-batch", self.micro_batch), ("--n-samples", self.n_samples)):
            if value < 1:
                raise InputError(f"{option} {value}: must be at least 1")
        if not 1 <= self.ig_steps <= MOST_NODES:
            raise InputError(f"--ig-steps {self.ig_steps}: must be from 1 to {MOST_NODES}")
