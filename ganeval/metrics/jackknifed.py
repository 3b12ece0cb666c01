"""A metric with its values without each block of images: what standard errors are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ganeval.metrics.rows import Floats

Blocks = Sequence[npt.NDArray[np.int64]]
"""Row indices of every block of one side; a block may be empty."""


@dataclass(frozen=True)
class Jackknifed:
    """A metric of two sets and its delete-a-block replicates.

    Attributes:
        value: The metric from all images.
        real: float64 ``[G]``, the metric without each block of reals in turn, all fakes kept; None
            where the metric does not look at the reals.
        fake: float64 ``[H]``, the same without each block of fakes, all reals kept.
    """

    value: float
    real: Floats | None
    fake: Floats | None
