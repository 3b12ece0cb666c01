"""KID as other packages print it: mean and spread over random subsets of both sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ganeval.errors import InputError, unknown_name
from ganeval.metrics.cubic_kernel import squared_discrepancy
from ganeval.metrics.rows import Rows, check_rows, check_same_dimension
from ganeval.records import Estimate


@dataclass(frozen=True)
class SubsetPreset:
    """How a package draws its subsets; all of them use the same kernel and U-statistic.

    Attributes:
        subsets: Number of subsets.
        size: Images per side and subset.
        shrinks: Smaller sets lower the size instead of being refused.
    """

    subsets: int
    size: int
    shrinks: bool


PRESETS: Mapping[str, SubsetPreset] = {
    "torch-fidelity": SubsetPreset(100, 1000, shrinks=False),
    "torchmetrics": SubsetPreset(100, 1000, shrinks=False),
    "clean-fid": SubsetPreset(100, 1000, shrinks=True),
    "stylegan3": SubsetPreset(100, 1000, shrinks=True),
    "dgm": SubsetPreset(100, 1000, shrinks=True),
    "mmd-gan": SubsetPreset(50, 1000, shrinks=False),
}


@dataclass(frozen=True)
class KidSubsets:
    """KID over random subsets.

    Attributes:
        estimate: The mean over the subsets; it has no standard error.
        spread: Standard deviation of the subsets' values (ddof 0). It depends on the size chosen
            and is not a standard error of the KID.
        subsets: Number of subsets.
        size: Images per side and subset.
    """

    estimate: Estimate
    spread: float
    subsets: int
    size: int


def kid_subsets(
    real: Rows,
    fake: Rows,
    *,
    preset: str = "torch-fidelity",
    subsets: int | None = None,
    size: int | None = None,
    seed: int = 2020,
    first: Literal["fake", "real"] = "fake",
) -> KidSubsets:
    """Returns mean and spread of the KID over subsets drawn without replacement.

    Draws follow torch-fidelity to the last bit: one legacy generator, per subset first the images
    of its input 1, then those of its input 2, in the order of the rows handed in; arithmetic in
    the dtype of the features. The other packages draw without a seed, so their figures are another
    draw of the same expectation.

    Args:
        real: Features ``[n, d]`` in key order, float32 as the packages have them.
        fake: Features ``[m, d]``.
        preset: Whose number and size of subsets to use; a key of `PRESETS`.
        subsets: Another number of subsets.
        size: Another number of images per side and subset.
        seed: Seed of the draws; 2020 is torch-fidelity's.
        first: The side that was torch-fidelity's input 1; by its convention the fakes.

    Raises:
        InputError: A side has fewer images than the size asks for, every subset would be the
            whole of both sets, or the preset is unknown.

    Source: torch-fidelity 0.4.0, metric_kid.py.
    """
    check_rows(real, "real", at_least=2)
    check_rows(fake, "fake", at_least=2)
    check_same_dimension(real.shape[1], fake.shape[1])
    if preset not in PRESETS:
        raise unknown_name("KID preset", preset, PRESETS)
    count = PRESETS[preset].subsets if subsets is None else subsets
    images = _subset_size(PRESETS[preset], size, len(real), len(fake))
    # The generator the packages use; a newer one would draw other subsets.
    rng = np.random.RandomState(seed)
    sides = (fake, real) if first == "fake" else (real, fake)
    values = np.empty(count)
    for index in range(count):
        drawn = [rows[rng.choice(len(rows), images, replace=False)] for rows in sides]
        values[index] = squared_discrepancy(*drawn)
    return KidSubsets(
        estimate=Estimate(
            value=float(values.mean()),
            n={"real": len(real), "fake": len(fake)},
            method=f"mean over {count} subsets of {images} per side, as {preset}, seed {seed}",
            reason="the spread over subsets is not a standard error of the KID",
        ),
        spread=float(values.std()),
        subsets=count,
        size=images,
    )


def _subset_size(preset: SubsetPreset, asked: int | None, n: int, m: int) -> int:
    size = preset.size if asked is None else asked
    if preset.shrinks:
        size = min(size, n, m)
    if not 2 <= size <= min(n, m):
        raise InputError(
            f"KID over subsets of {size} images is not possible with {n} real and {m} fake images",
            hint=f"Choose a subset size of 2..{min(n, m)}, or the KID over all pairs.",
        )
    if size == n == m:
        raise InputError(
            f"every KID subset of {size} images would be the whole of both sets, the spread 0",
            hint="Choose a smaller subset size, or the KID over all pairs.",
        )
    return size
