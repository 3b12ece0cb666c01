"""The Inception Score: how sure a classifier is of every image, and how many classes it sees.

It looks at the fakes alone. Per split it is exp(mean of KL(p(y|x) ‖ mean p(y))), and the score is
the mean over splits. It is biased downwards at few images per split.

Source: Salimans et al., arXiv 1606.03498; the splits from the packages named in `PRESETS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import log_softmax, xlogy

from ganeval.errors import InputError, unknown_name
from ganeval.metrics.jackknifed import Blocks, Jackknifed
from ganeval.metrics.rows import Floats, Rows, check_rows
from ganeval.metrics.unequal_blocks import Codes, block_codes, block_sizes, level

FEWEST_PER_SPLIT = 500
"""Below so many images per split the score says more of their number than of the images."""

_SLICE = 4096  # images whose probabilities are held at once
_SPLITS = 10
_PER_SPLIT = 5000  # of the preset that splits by size
_TORCH_FIDELITY_SEED = 2020


@dataclass(frozen=True)
class ScorePreset:
    """How a package splits the images.

    Attributes:
        shuffled: Images are shuffled before splitting.
        split: ``equal``: 10 parts at ⌊iN/10⌋; ``chunk``: parts of ⌈N/10⌉, the last one smaller and
            at times fewer than 10; ``size``: parts of 5000, the last one smaller.
        ddof: The spread over splits divides by splits - ddof; None: the package prints none.
        note: What else is particular to it, in one line.
    """

    shuffled: bool
    split: Literal["equal", "chunk", "size"]
    ddof: int | None
    note: str


PRESETS: Mapping[str, ScorePreset] = {
    "torch-fidelity": ScorePreset(True, "equal", 0, "shuffles by RandomState(2020)"),
    "torchmetrics": ScorePreset(
        True,
        "chunk",
        1,
        "shuffles by torch's global state, so no two runs of it agree; here by RandomState(2020)",
    ),
    "stylegan3": ScorePreset(False, "equal", 0, "does not shuffle: expects images in random order"),
    "adm": ScorePreset(
        False, "size", None, "does not shuffle: images sorted by class score far too low"
    ),
}


@dataclass(frozen=True)
class InceptionScore:
    """An Inception Score; higher is better.

    Attributes:
        value: Mean over splits, 1 .. min(classes, images per split).
        spread: Standard deviation over splits, which is no standard error; None where the preset
            prints none or there is a single split.
        splits: Number of splits.
        per_split: Images in the smallest split; compare with `FEWEST_PER_SPLIT`.
    """

    value: float
    spread: float | None
    splits: int
    per_split: int


def inception_score(logits: Rows, *, preset: str = "torch-fidelity") -> InceptionScore:
    """Returns the Inception Score of a set of images.

    Args:
        logits: Logits without bias ``[n, classes]``, rows in the order of the images' keys, which
            all presets split or shuffle by.
        preset: A name in `PRESETS`.

    Raises:
        InputError: Fewer images than splits, values that are not finite, or no such preset.
    """
    chosen, splits = _splits(logits, preset)
    sizes = np.bincount(splits)
    classes, sureness = _sums(logits, splits, len(sizes))
    scores = _scores(classes, sureness, sizes)
    spread = None
    if chosen.ddof is not None and len(scores) > 1:
        spread = float(scores.std(ddof=chosen.ddof))
    return InceptionScore(float(scores.mean()), spread, len(scores), int(sizes.min()))


def inception_score_jackknife(
    logits: Rows, blocks: Blocks, *, preset: str = "torch-fidelity"
) -> Jackknifed:
    """Returns the Inception Score without each block of images in turn.

    Images keep their split when others leave. Splitting anew would move images between splits,
    and the jackknife would take that noise, many times enlarged, for an error of the score.
    Replicates are levelled, see `ganeval.metrics.unequal_blocks.level`; a split that loses all of
    its images is left out, and the value stands for a replicate where none is left.

    Args:
        logits: Logits without bias ``[n, classes]``, rows in the order of the images' keys.
        blocks: Rows of each block.
        preset: A name in `PRESETS`.

    Raises:
        InputError: As `inception_score`.
    """
    _, splits = _splits(logits, preset)
    sizes = np.bincount(splits)
    classes, sureness = _sums(logits, splits, len(sizes))
    value = float(_scores(classes, sureness, sizes).mean())
    codes = block_codes(blocks, len(logits))
    replicates = np.full(len(blocks), value)
    for block in range(len(blocks)):
        members = np.flatnonzero(codes == block)
        left = sizes - np.bincount(splits[members], minlength=len(sizes))
        if len(members) and left.any():
            gone, less = _sums(logits[members], splits[members], len(sizes))
            replicates[block] = _scores((classes - gone).clip(min=0), sureness - less, left).mean()
    return Jackknifed(
        value, None, level(value, replicates, block_sizes(codes, len(blocks)), len(logits))
    )


def _splits(logits: Rows, preset: str) -> tuple[ScorePreset, Codes]:
    """The preset and the split of every image, int64 ``[n]``."""
    if preset not in PRESETS:
        raise unknown_name("Inception Score preset", preset, PRESETS)
    chosen = PRESETS[preset]
    check_rows(logits)
    n = len(logits)
    if chosen.split != "size" and n < _SPLITS:
        raise InputError(
            f"the Inception Score is a mean over {_SPLITS} splits and needs at least {_SPLITS} "
            f"images, better {FEWEST_PER_SPLIT * _SPLITS}; got {n}"
        )
    place = np.arange(n)
    if chosen.split == "equal":
        bounds = np.arange(1, _SPLITS) * n // _SPLITS
        of_place = np.searchsorted(bounds, place, side="right")
    else:
        of_place = place // (_PER_SPLIT if chosen.split == "size" else -(-n // _SPLITS))
    order = np.random.RandomState(_TORCH_FIDELITY_SEED).permutation(n) if chosen.shuffled else place
    splits = np.empty(n, dtype=np.int64)
    splits[order] = of_place
    return chosen, splits


def _sums(logits: Rows, splits: Codes, count: int) -> tuple[Floats, Floats]:
    """Per split, Σ p ``[count, classes]`` and Σ Σ p log p ``[count]``."""
    classes, sureness = np.zeros((count, logits.shape[1])), np.zeros(count)
    for start in range(0, len(logits), _SLICE):
        part = slice(start, start + _SLICE)
        log_p = log_softmax(logits[part].astype(np.float64), axis=1)
        p = np.exp(log_p)
        members = (splits[part] == np.arange(count)[:, None]).astype(np.float64)
        classes += members @ p
        sureness += members @ (p * log_p).sum(axis=1)
    return classes, sureness


def _scores(classes: Floats, sureness: Floats, sizes: Codes) -> Floats:
    """Score of every split that has images."""
    held = sizes > 0
    mean = classes[held] / sizes[held, None]
    scores: Floats = np.exp(sureness[held] / sizes[held] - xlogy(mean, mean).sum(axis=1))
    return scores
