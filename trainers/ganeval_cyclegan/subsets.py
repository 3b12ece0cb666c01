"""Few images out of many: at random, from a list, far apart, or with a small distance to all.

``farthest-point`` and ``genetic`` look at features of the images; no network is trained to choose.
"""

from __future__ import annotations

import difflib
import random
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ganeval.errors import InputError, MissingFileError
from ganeval_cyclegan.pixels import Pixels

Floats = npt.NDArray[np.float64]
Embed = Callable[[Pixels], npt.NDArray[np.floating]]
"""Features ``[n, d]`` of images uint8 ``[n, H, W, 3]``, 0..255."""

_BLOCK = 512  # rows of a kernel matrix at a time
_POPULATION = 48
_GENERATIONS = 120
_ELITE = 4  # that live on unchanged
_TOURNAMENT = 3


def random_subset(digests: Sequence[str], n: int, rank: Callable[[str], int]) -> list[int]:
    """Returns indices of n images, in order; a smaller choice is part of a larger one.

    Args:
        digests: Content digest of every image.
        n: How many.
        rank: Random number of a digest.
    """
    order = sorted(range(len(digests)), key=lambda i: (rank(digests[i]), i))
    return sorted(order[:n])


def listed_subset(file: Path, keys: Sequence[str], key: str) -> list[int]:
    """Returns the indices of the images that a text file names, one key a line, in order.

    Args:
        file: The list; ``#`` starts a comment line.
        keys: Keys of all images.
        key: Dotted key that names the file, for errors.

    Raises:
        InputError: The file cannot be read, names nothing, or names an image that is not there.
        MissingFileError: There is no such file.
    """
    try:
        lines = file.read_text("utf-8-sig").splitlines()
    except FileNotFoundError as error:
        raise MissingFileError(f"{key} {file}: there is no such file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{key} {file}: cannot be read as text") from error
    names = {line.strip() for line in lines if line.strip() and not line.startswith("#")}
    if not names:
        raise InputError(f"{key} {file}: names no image")
    position = {name: i for i, name in enumerate(keys)}
    for name in sorted(names - position.keys()):
        near = difflib.get_close_matches(name, keys, n=1, cutoff=0.6)
        raise InputError(
            f"{key} {file}: there is no image {name!r}"
            + (f"; did you mean {near[0]}?" if near else f", such as {keys[0]!r}")
        )
    return sorted(position[name] for name in names)


def farthest_points(features: npt.NDArray[np.floating], n: int, rng: random.Random) -> list[int]:
    """Returns n images far apart: each next one has the largest distance to those chosen before.

    Args:
        features: ``[m, d]``; distances are Euclidean.
        n: At most m.
        rng: Draws the first.

    Source: Gonzalez, Theoretical Computer Science 38 (1985) 293.
    """
    rows = np.asarray(features, np.float64)
    chosen = [rng.randrange(len(rows))]
    nearest = np.full(len(rows), np.inf)
    while len(chosen) < n:
        nearest = np.minimum(nearest, ((rows - rows[chosen[-1]]) ** 2).sum(axis=1))
        nearest[chosen] = -1.0  # so that equal images, at distance 0, are still there to choose
        chosen.append(int(nearest.argmax()))
    return sorted(chosen)


class SubsetDistance:
    """Squared maximum mean discrepancy of subsets to the whole set, by KID's cubic kernel.

    Args:
        features: ``[m, d]``, at least two rows.

    Source: Bińkowski et al., arXiv 1801.01401.
    """

    def __init__(self, features: npt.NDArray[np.floating]) -> None:
        self._rows: Floats = np.asarray(features, np.float64)
        m = len(self._rows)
        sums = np.empty(m)
        for start in range(0, m, _BLOCK):
            block = slice(start, start + _BLOCK)
            sums[block] = self._kernel(self._rows[block], self._rows).sum(axis=1)
        self._to_all: Floats = sums / m
        own = ((self._rows**2).mean(axis=1) + 1) ** 3
        self._whole = float((sums.sum() - own.sum()) / (m * (m - 1)))

    def __call__(self, subset: Sequence[int]) -> float:
        """Returns the unbiased KID of a subset of at least two rows against all rows."""
        n = len(subset)
        rows = self._rows[list(subset)]
        kernel = self._kernel(rows, rows)
        within = (kernel.sum() - np.trace(kernel)) / (n * (n - 1))
        return float(within + self._whole - 2 * self._to_all[list(subset)].mean())

    @staticmethod
    def _kernel(x: Floats, y: Floats) -> Floats:
        result: Floats = (x @ y.T / x.shape[1] + 1) ** 3
        return result


def genetic_subset(
    features: npt.NDArray[np.floating],
    n: int,
    rng: random.Random,
    *,
    generations: int = _GENERATIONS,
) -> list[int]:
    """Returns n images whose KID to all images is small, by a genetic search.

    A child takes its images from both parents and changes one of them for another now and then;
    the best few live on.

    Args:
        features: ``[m, d]``.
        n: At least 2, less than m.
        rng: Draws everything.
        generations: How long to search.
    """
    m = len(features)
    distance = SubsetDistance(features)
    people = [sorted(rng.sample(range(m), n)) for _ in range(_POPULATION)]
    scored = sorted((distance(one), one) for one in people)
    for _ in range(generations):
        children = [_child(scored, m, n, rng) for _ in range(_POPULATION - _ELITE)]
        scored = sorted(scored[:_ELITE] + [(distance(one), one) for one in children])
    return scored[0][1]


def _child(scored: list[tuple[float, list[int]]], m: int, n: int, rng: random.Random) -> list[int]:
    """Returns a subset made of two that won a tournament each."""
    # The list is sorted: the smallest of a few places is the winner.
    parents = [scored[min(rng.choices(range(len(scored)), k=_TOURNAMENT))][1] for _ in range(2)]
    genes = sorted(set(parents[0]) | set(parents[1]))
    child = set(rng.sample(genes, n))
    for gene in sorted(child):
        if rng.random() < 1 / n:
            other = rng.randrange(m)
            if other not in child:
                child.remove(gene)
                child.add(other)
    return sorted(child)
