"""Are images of equal name two versions of one picture, or only numbered alike?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from ganeval.classifier.examples import FAKE, REAL, Examples
from ganeval.images.decoding import Pixels
from ganeval.records.classify import PairCheck
from ganeval.statistics.rank_sum import rank_sum
from ganeval.statistics.streams import generator

FEWEST_PAIRS: Final = 10
LEVEL: Final = 0.001
_SIDE: Final = 32  # pixels of the thumbnails

Pair = tuple[int, int]


def partners(examples: Examples, names: Sequence[str]) -> list[Pair]:
    """Returns one real and one fake of every name that both sets have, sorted by their pixels.

    Of several images of one name in a set, it is the first by the digest of their pixels.

    Args:
        examples: The images.
        names: What each is called, ``[n]``.
    """
    found: tuple[dict[str, int], dict[str, int]] = ({}, {})
    for row in sorted(range(len(examples)), key=lambda i: (examples.contents[i], i)):
        found[int(examples.labels[row])].setdefault(names[row], row)
    both = found[REAL].keys() & found[FAKE].keys()
    pairs = [(found[REAL][name], found[FAKE][name]) for name in both]
    return sorted(pairs, key=lambda pair: tuple(examples.contents[row] for row in pair))


def check_pairs(
    examples: Examples, pairs: Sequence[Pair], seed: int, *, by: str = "of equal name"
) -> PairCheck:
    """Tells whether partners look more alike than others do.

    Alike is the correlation of their luma, 32 x 32 px. That of partners is compared with that of a
    derangement, in which each real has another one's partner, by a one-sided rank-sum test.

    Args:
        examples: The images.
        pairs: Row of a real and of its partner.
        seed: Seed of the derangement.
        by: What partners have in common, in words.
    """
    count = len(pairs)
    if count < FEWEST_PAIRS:
        text = f"{_pairs(count)} {by}, too few to tell whether they are of one picture"
        return PairCheck(n_pairs=count, confirmed=False, p=None, text=text if count else "")
    reals = _thumbnails([examples.pixels[real] for real, _ in pairs])
    fakes = _thumbnails([examples.pixels[fake] for _, fake in pairs])
    circle = generator(seed, "pair check").permutation(count)  # each takes the next one's partner
    own = np.einsum("ij,ij->i", reals, fakes)
    other = np.einsum("ij,ij->i", reals[circle], fakes[np.roll(circle, -1)])
    compared = rank_sum(other, own)
    p = compared.p / 2 if compared.auc > 0.5 else 1 - compared.p / 2
    confirmed = p < LEVEL
    text = (
        f"{_pairs(count)} {by}, mean correlation {own.mean():.2f}, of others {other.mean():.2f}: "
        + ("versions of one picture" if confirmed else "no more alike than others")
    )
    return PairCheck(n_pairs=count, confirmed=confirmed, p=p, text=text)


def _pairs(count: int) -> str:
    return f"{count:,} {'pair' if count == 1 else 'pairs'}"


def _thumbnails(images: Sequence[Pixels]) -> npt.NDArray[np.float64]:
    """Luma of each image, 32 x 32 px, of mean 0 and length 1 (0 if it is flat): ``[n, 1024]``."""
    small = np.stack(
        [
            np.asarray(
                Image.fromarray(np.ascontiguousarray(pixels))
                .convert("L")
                .resize((_SIDE, _SIDE), Image.Resampling.BOX),
                np.float64,
            ).ravel()
            for pixels in images
        ]
    )
    small -= small.mean(axis=1, keepdims=True)
    length = np.linalg.norm(small, axis=1, keepdims=True)
    scaled: npt.NDArray[np.float64] = np.divide(
        small, length, out=np.zeros_like(small), where=length > 0
    )
    return scaled
