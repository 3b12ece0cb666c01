"""What a discriminator thinks of reals it was trained on, of others, and of generated images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError
from ganeval.records import ScoreHistogram, atomic_write

Scores = npt.NDArray[np.float32]
BINS: Final = 40
PATCH_IMAGES: Final = 64
"""Images per set whose maps of scores are kept patch by patch."""

_SETS: Final = ("train", "held_out", "fake")


@dataclass(frozen=True)
class DiscriminatorScores:
    """Maps of scores of one discriminator on three sets of images.

    Attributes:
        train: Reals it is trained on, without augmentation: float32 ``[h, w]`` each.
        held_out: Reals it never sees in training.
        fake: Generated images.
        threshold: Score above which an image is called real; None: the loss has none.
    """

    train: Sequence[Scores]
    held_out: Sequence[Scores]
    fake: Sequence[Scores]
    threshold: float | None

    @property
    def gap(self) -> float | None:
        """Mean score of training reals less that of held-out reals; large: it knows them by heart.

        None where either set is empty.
        """
        if not self.train or not self.held_out:
            return None
        train, held_out = _means(self.train), _means(self.held_out)
        return float(train.mean(dtype=np.float64) - held_out.mean(dtype=np.float64))


def write_scores(path: Path, scores: Mapping[str, DiscriminatorScores], update: int) -> None:
    """Writes the scores of several discriminators as one ``.npz``.

    Per discriminator and set there are ``D_A_train_image`` (mean of every image's map, float32
    ``[n]``) and ``D_A_train_patch`` (all scores of at most `PATCH_IMAGES` images in a row, float16
    ``[patches]``), and ``D_A_threshold`` (NaN: none).

    Raises:
        GanevalError: It cannot be written.
    """
    arrays: dict[str, npt.NDArray[np.generic]] = {"update": np.array(update)}
    for name, one in scores.items():
        for set_ in _SETS:
            maps: Sequence[Scores] = getattr(one, set_)
            arrays[f"{name}_{set_}_image"] = _means(maps)
            arrays[f"{name}_{set_}_patch"] = _patches(maps[:PATCH_IMAGES])
        threshold = np.nan if one.threshold is None else one.threshold
        arrays[f"{name}_threshold"] = np.array(threshold, np.float64)
    path.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(path) as stream:
        np.savez_compressed(stream, allow_pickle=False, **arrays)


def read_histograms(path: Path) -> list[ScoreHistogram]:
    """Returns the histograms of what `write_scores` wrote, one per discriminator.

    Raises:
        InputError: The file cannot be read.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        update = int(arrays["update"])
        names = [name.removesuffix("_threshold") for name in arrays if name.endswith("_threshold")]
        return [_of_arrays(name, arrays, update) for name in names]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{path}: cannot be read as scores of discriminators: {error}") from error


def histogram(name: str, scores: DiscriminatorScores, update: int) -> ScoreHistogram:
    """Returns the histogram of the scores per image, in bins that the sets share."""
    return _histogram(
        name,
        *(_means(maps) for maps in (scores.train, scores.held_out, scores.fake)),
        threshold=scores.threshold,
        update=update,
    )


def _of_arrays(
    name: str, arrays: Mapping[str, npt.NDArray[np.generic]], update: int
) -> ScoreHistogram:
    threshold = float(arrays[f"{name}_threshold"].astype(np.float64))
    return _histogram(
        name,
        *(arrays[f"{name}_{set_}_image"].astype(np.float32) for set_ in _SETS),
        threshold=None if np.isnan(threshold) else threshold,
        update=update,
    )


def _histogram(
    name: str,
    train: Scores,
    held_out: Scores,
    fake: Scores,
    *,
    threshold: float | None,
    update: int,
) -> ScoreHistogram:
    finite = [values[np.isfinite(values)] for values in (train, held_out, fake)]
    everything = np.concatenate(finite)
    # Scores that are all alike still need bins of some width.
    low, high = (everything.min(), everything.max()) if len(everything) else (0.0, 1.0)
    edges = np.histogram_bin_edges(everything, BINS, (low, high))
    real, held, generated = (np.histogram(values, edges)[0] for values in finite)
    return ScoreHistogram(
        update=update,
        discriminator=name,
        edges=[float(edge) for edge in edges],
        real=real.tolist(),
        fake=generated.tolist(),
        held_out=held.tolist(),
        threshold=threshold,
        accuracy=_accuracy(finite[0], finite[2], threshold),
        overlap=_overlap(real, generated),
    )


def _means(maps: Sequence[Scores]) -> Scores:
    return np.array([one.mean(dtype=np.float64) for one in maps], np.float32)


def _patches(maps: Sequence[Scores]) -> npt.NDArray[np.float16]:
    flat = [one.ravel() for one in maps] or [np.empty(0, np.float32)]
    # Scores beyond its range become infinite, and stand for themselves in the means.
    with np.errstate(over="ignore"):
        return np.concatenate(flat).astype(np.float16)


def _accuracy(real: Scores, fake: Scores, threshold: float | None) -> float | None:
    """Mean of the shares of reals and of fakes called rightly, so that neither set outweighs."""
    if threshold is None or not len(real) or not len(fake):
        return None
    return float(((real > threshold).mean() + (fake <= threshold).mean()) / 2)


def _overlap(real: npt.NDArray[np.int64], fake: npt.NDArray[np.int64]) -> float | None:
    """Area that the two histograms share, each scaled to an area of 1."""
    if not real.sum() or not fake.sum():
        return None
    return float(np.minimum(real / real.sum(), fake / fake.sum()).sum())
