"""Sets made of arrays of features, in the form in which the commands hand sets to the metrics."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt

from ganeval.metrics.comparisons import Candidate, compare_candidates
from ganeval.metrics.measured import Measured, Provenance
from ganeval.metrics.measures import Reference, measure
from ganeval.metrics.needs import Need
from ganeval.metrics.requests import Request
from ganeval.metrics.samples import Sample, fake_samples, real_sample
from ganeval.metrics.settings import Settings
from ganeval.metrics.sides import Side
from ganeval.records import Difference, InputInfo, Metric, Role

Rows = npt.NDArray[np.float32]

MAIN = Need("array", "features", "none")
LOGITS = MAIN._replace(layer="logits")
_NOWHERE = Provenance(None, None)


@dataclass(frozen=True)
class Drawn:
    """One set as it was drawn.

    Args:
        label: Its name.
        rows: Features ``[n, d]``.
        keys: Image keys; equal keys of two sets are partners.
        logits: Logits ``[n, classes]`` of the same images; None: there are none.
    """

    label: str
    rows: Rows
    keys: Sequence[str]
    logits: Rows | None = None

    def sides(self, role: Role) -> dict[Need, Side]:
        """Returns the set by what its features are, in the order of its digests."""
        digests = [hashlib.sha256(row.tobytes()).hexdigest() for row in self.rows]
        order = sorted(range(len(digests)), key=digests.__getitem__)
        named = [digests[i] for i in order]
        info = InputInfo(
            role=role,
            label=self.label,
            kind="memory",
            path=self.label,
            n=len(order),
            n_groups=len(set(named)),
        )
        made = {}
        for need, rows in ((MAIN, self.rows), (LOGITS, self.logits)):
            if rows is not None:
                made[need] = Side(
                    role=role,
                    label=self.label,
                    info=info,
                    values=rows[order],
                    keys=[self.keys[i] for i in order],
                    digests=named,
                    groups=named,
                    moments=rows[order],
                    run=None,
                    images=None,
                )
        return made


def request_of(name: str) -> Request:
    """Returns the request for a metric of the suite on the features of an array."""
    return Request(name, "", LOGITS if name == "is" else MAIN)


def measured_sets(
    real: Drawn, fakes: Sequence[Drawn], names: Sequence[str], seed: int
) -> tuple[list[Metric], list[Difference]]:
    """Measures fake sets against a real one as `ganeval evaluate` does, from features on.

    Args:
        real: The real set, which also stands for the training images.
        fakes: One fake set or several.
        names: Metrics or families of metrics.
        seed: Seed of blocks, splits and directions.

    Returns:
        All metrics of all fake sets, and the differences between fake sets.
    """
    settings = Settings(seed=seed, permutations=0)
    first = real_sample(real.sides("real"), MAIN, seed)
    samples, units = fake_samples([fake.sides("fake") for fake in fakes], MAIN, seed)
    reference = Reference(first, first)
    smallest = min(len(real.rows), *(len(fake.rows) for fake in fakes))
    metrics: list[Metric] = []
    differences: list[Difference] = []
    for name in names:
        request = request_of(name)
        answers = [measure(request, reference, one, _NOWHERE, settings) for one in samples]
        metrics += [metric for answer in answers for metric in answer.metrics]
        again = partial(_again, request, reference, settings)
        candidates = [
            Candidate(sample, answer, again, below_d=smallest < real.rows.shape[1])
            for sample, answer in zip(samples, answers, strict=True)
        ]
        if len(candidates) > 1:
            differences += compare_candidates(candidates, units.pairings, seed)
    return metrics, differences


def _again(request: Request, reference: Reference, settings: Settings, sample: Sample) -> Measured:
    return measure(request, reference, sample, _NOWHERE, settings)
