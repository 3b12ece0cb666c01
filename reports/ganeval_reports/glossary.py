"""What each metric is, in one line, and what it cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ganeval.records import Direction

DIRECTIONS: Final[dict[Direction, str]] = {"AtoB": "A to B", "BtoA": "B to A"}
"""What a translation is called."""


@dataclass(frozen=True)
class Entry:
    """One metric explained to a reader of a page."""

    what: str
    blind_to: str
    power: int = 0  # printed as value × 10^power


_FRECHET = (
    "Fréchet distance between two Gaussians fitted to the network's features of the real and of "
    "the fake images; 0 when their means and covariances are equal."
)

_COPIES = "copies of real images"

ENTRIES = {
    "fid": Entry(
        what=_FRECHET,
        blind_to=f"anything beyond mean and covariance, {_COPIES}, and lost variety "
        "when there are fewer images than features.",
    ),
    "fd": Entry(
        what=_FRECHET,
        blind_to=f"anything beyond mean and covariance, {_COPIES}, and whatever this "
        "network was not trained to notice.",
    ),
    "sfid": Entry(
        what="Fréchet distance of features that keep their place in the image, 7 channels of 17 × "
        "17 positions, instead of features averaged over the image.",
        blind_to=f"what FID is blind to, {_COPIES} included; it sees layout rather than content.",
    ),
    "kid": Entry(
        what="Squared maximum mean discrepancy of the network's features under a cubic polynomial "
        "kernel; unbiased at every number of images, so it may fall below 0.",
        blind_to=f"differences beyond the third moments of the features, and {_COPIES}.",
        power=3,
    ),
    "kid_subsets": Entry(
        what="The same discrepancy averaged over random subsets, as another package prints it. The "
        "spread over subsets is not a standard error.",
        blind_to="what KID is blind to.",
        power=3,
    ),
    "is": Entry(
        what="Inception Score: how surely the network names a class for each image, and how many "
        "classes it names over all of them.",
        blind_to="the real images altogether, variety within a class, and everything that is no "
        "ImageNet class, such as paintings.",
    ),
    "precision": Entry(
        what="Share of fakes that lie within the reach of a real image, its distance to its k-th "
        "nearest real neighbour: do the fakes look real?",
        blind_to=f"lost variety and {_COPIES}; one outlier among the reals has a long reach.",
    ),
    "recall": Entry(
        what="Share of reals that lie within the reach of a fake image: is the variety of the "
        "reals there?",
        blind_to="fakes that look wrong; scattered fakes have a long reach and raise it.",
    ),
    "density": Entry(
        what="Number of real neighbourhoods that a fake lies in, over k: precision that counts how "
        "often, so that one real outlier weighs little. 1 for equal sets; may exceed it.",
        blind_to=f"lost variety and {_COPIES}: it grows when fakes crowd where reals are dense.",
    ),
    "coverage": Entry(
        what="Share of reals that have a fake within their own reach: recall that fakes far off "
        "cannot raise.",
        blind_to=f"how many fakes look wrong, and {_COPIES}.",
    ),
    "mifid": Entry(
        what="FID divided by a penalty for fakes that lie nearer to training images than the "
        "threshold allows (memorisation distance below 0.1).",
        blind_to="what FID is blind to; the penalty sets in at once at its threshold.",
    ),
    "memorisation": Entry(
        what="Mean over the fakes of the cosine distance to the nearest training image; 0 means "
        "that all are copies.",
        blind_to="copies of a part of the training images beside many new ones.",
    ),
    "authenticity": Entry(
        what="Share of fakes that are farther from their nearest training image than that image is "
        "from its own nearest neighbour.",
        blind_to="quality: noise is authentic.",
    ),
    "cmmd": Entry(
        what="Squared maximum mean discrepancy of CLIP embeddings under a Gaussian kernel, times "
        "1000.",
        blind_to=f"detail that CLIP does not put into words, and {_COPIES}.",
    ),
    "mind": Entry(
        what="Mean squared distance between the sorted projections of the features on random "
        "directions (sliced Wasserstein distance), times three times their number.",
        blind_to=f"structure that no single direction shows, and {_COPIES}.",
    ),
    "fid_infinity": Entry(
        what="FID extrapolated to infinitely many images by a line in 1/n.",
        blind_to="what FID is blind to; needs twice as many images as features.",
    ),
}

EXCESS = (
    "the distance of half the real from half the fake images, minus what two halves of "
    "one and the same set show at that size. About 0 when both sets share one distribution; it "
    "errs low rather than high."
)

EXPECTED = "expected if both sets shared one distribution."

INFLUENCE = (
    "Influence: first-order change of the distance per unit of weight moved to this image. All "
    "values share an offset, so compare them with each other only."
)

NEAREST = "A distance near 0 suggests a copy of the real image."

_UNKNOWN = Entry(what="", blind_to="")


def entry(name: str) -> Entry:
    """Returns what is known of a metric; an empty entry for one that is not listed.

    Args:
        name: Name as in a record: what follows a colon is a choice, ``excess`` a distance.
    """
    base, _, choice = name.partition(":")
    if base == "kid" and choice:
        base = "kid_subsets"
    return ENTRIES.get(base, _UNKNOWN)
