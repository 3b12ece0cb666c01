"""What each metric is, in one line, and what it cannot see."""

from __future__ import annotations

from dataclasses import dataclass


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

ENTRIES = {
    "fid": Entry(
        what=_FRECHET,
        blind_to="anything beyond mean and covariance, copies of real images, and lost variety "
        "when there are fewer images than features.",
    ),
    "fd": Entry(
        what=_FRECHET,
        blind_to="anything beyond mean and covariance, copies of real images, and whatever this "
        "network was not trained to notice.",
    ),
    "kid": Entry(
        what="Squared maximum mean discrepancy of the network's features under a cubic polynomial "
        "kernel; unbiased at every number of images, so it may fall below 0.",
        blind_to="differences beyond the third moments of the features, and copies of real images.",
        power=3,
    ),
    "kid_subsets": Entry(
        what="The same discrepancy averaged over random subsets, as another package prints it. The "
        "spread over subsets is not a standard error.",
        blind_to="what KID is blind to.",
        power=3,
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
    """Returns what is known of a metric; an empty entry for one that is not listed."""
    return ENTRIES.get(name, _UNKNOWN)
