"""What should be known about all sets of an evaluation together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ganeval.metrics.frechet import are_identical, dimension
from ganeval.metrics.measured import Measured
from ganeval.metrics.merged_warnings import merged_warnings
from ganeval.metrics.requests import Request
from ganeval.metrics.samples import Sample
from ganeval.metrics.sets import Sets
from ganeval.metrics.units import Units
from ganeval.metrics.warnings import sample_warnings
from ganeval.records import Notice

_DISTANCES = ("fid", "fd", "sfid", "mifid")


def set_warnings(
    sets: Sets,
    real: Sample,
    samples: Sequence[Sample],
    answers: Mapping[Request, Sequence[Measured]],
) -> list[Notice]:
    """What should be known about every fake set, said once where it is the same of all."""
    found = []
    names = [request.name for request in answers]
    distances = [request for request in answers if request.name in _DISTANCES]
    # Of several distances the one with most features; of equals one that has a floor.
    worst = max(
        distances,
        key=lambda request: (dimension_of(request, samples[0]), request.name != "mifid"),
        default=None,
    )
    for index, sample in enumerate(samples):
        floor = answers[worst][index].metrics[0].floor if worst else None
        found.append(
            sample_warnings(
                real.side.info,
                sample.side.info,
                dimension=dimension_of(worst, sample) if worst else None,
                identical=are_identical(real.side.moments, sample.side.moments),
                real_digests=real.side.digests,
                fake_digests=sample.side.digests,
                runs=sets.runs,
                floor=floor,
                several=len(samples) > 1,
                scored="is" in names,
            )
        )
    return merged_warnings([sample.side.label for sample in samples], found)


def unpaired_sets(labels: Sequence[str], units: Units) -> list[Notice]:
    """Sets that look like translations of the same images, but too few of them match."""
    return [
        Notice(
            code="unpaired",
            text=f"{pairing.pairs} images of {labels[i]} and {labels[j]} have equal names, fewer "
            "than 90 % of the smaller set: the sets are compared as independent ones, which shows "
            "less. Give the same images in both to compare them in pairs.",
            data={"pairs": pairing.pairs},
        )
        for (i, j), pairing in units.pairings.items()
        if pairing.pairs and not pairing.paired
    ]


def dimension_of(request: Request, sample: Sample) -> int:
    """Number d of features that a request is computed from."""
    return dimension(sample.of(request.need).moments)
