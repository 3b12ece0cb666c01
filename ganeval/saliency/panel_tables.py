"""What the panels are computed from: scores and measures of every pair, in columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Column = npt.NDArray[np.float64]
Columns = Mapping[str, Column]
Classes = npt.NDArray[np.int64]


@dataclass(frozen=True)
class ScoreTable:
    """What the classifier says, by condition; without ``after`` there is one set alone.

    Conditions are ``before``, ``after``, ``ceiling``, ``noise`` and ``colour``.

    Args:
        logit: Of the target, float64 ``[n]``, NaN where a condition was not made for a pair.
        probability: The same.
        top: The class with the highest score, int64 ``[n]``, -1 where not made.
        labels: True classes, int64 ``[n]``; None: not known.
        by_before: The target is the top class before, which therefore wins by construction.
        logit_sd: Standard deviation of the logits before; None: that of the targets' over pairs.
    """

    logit: Columns
    probability: Columns
    top: Mapping[str, Classes]
    labels: Classes | None = None
    by_before: bool = True
    logit_sd: float | None = None

    @property
    def compared(self) -> bool:
        """Whether there are images after."""
        return "after" in self.logit


@dataclass(frozen=True)
class Looked:
    """The maps of one method in numbers; NaN where a map is missing or may not be measured.

    Args:
        values: Condition to measure of one map to float64 ``[n]``.
        similarity: Reference to measure to float64 ``[n]``: of the map before to that of
            ``transfer``, ``null`` (mean over other pairs), ``ceiling``, ``noise``, ``colour``,
            ``reseed``, ``random_last`` and ``random_all`` (mean over draws).
        flip: Spearman of the map of the mirrored image to the mirrored map, ``[n]``.
        path_error: Relative error of completeness of integrated gradients, ``[n]``.
        guided: Nonlinearities that were guided.
        nonlinearities: Of that many.
        faithful: Differences to random order, name to ``[n]``; for example ``deletion``.
        flags: Condition to why each map may not be measured, ``[n]``.
    """

    values: Mapping[str, Columns]
    similarity: Mapping[str, Columns]
    flip: Column | None = None
    path_error: Column | None = None
    guided: int | None = None
    nonlinearities: int | None = None
    faithful: Columns = field(default_factory=dict)
    flags: Mapping[str, list[str | None]] = field(default_factory=dict)
