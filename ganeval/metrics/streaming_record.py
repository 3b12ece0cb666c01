"""From two streamed sets to a record, by the functions that every command uses."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from threadpoolctl import threadpool_limits

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.metrics.frechet import are_identical, dimension
from ganeval.metrics.measured import Measured
from ganeval.metrics.measures import Reference, measure
from ganeval.metrics.samples import Sample, fake_samples, real_sample
from ganeval.metrics.sets import Sets
from ganeval.metrics.settings import Settings
from ganeval.metrics.verdict import verdict
from ganeval.metrics.warnings import sample_warnings
from ganeval.records import MetricsRecord, Notice

_SMALL = 1000  # rows up to which BLAS gets one thread, as in `ganeval.metrics.suite`


def streamed_record(sets: Sets, settings: Settings) -> MetricsRecord:
    """Measures one fake set against a real one.

    Args:
        sets: Both, with all their features.
        settings: Seed, uncertainty, permutations, ...

    Raises:
        InputError: A metric cannot be had of these sets.
    """
    started, clock = datetime.now(UTC), time.perf_counter()
    real = real_sample(sets.real, sets.main, settings.seed)
    (fake,), _ = fake_samples(sets.fakes, sets.main, settings.seed)
    with _few_threads(real, fake):
        measured, left_out = _measured(sets, real, fake, settings)
    notices = sets.notices + left_out + _warnings(sets, real, fake, measured)
    metrics = [metric for one in measured for metric in one.metrics]
    return MetricsRecord(
        command="evaluate",
        argv=[],
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - clock,
        verdict=verdict(metrics, notices),
        inputs=[real.side.info, fake.side.info],
        features=sets.runs,
        metrics=metrics,
        copies=[copy for one in measured for copy in one.copies],
        warnings=notices,
        environment=environment(),
    )


def _measured(
    sets: Sets, real: Sample, fake: Sample, settings: Settings
) -> tuple[list[Measured], list[Notice]]:
    """Answers every request; what cannot be had is told or an error."""
    found, notices = [], []
    for request in sets.requests:
        made = sets.provenance(request.need)
        try:
            found.append(measure(request, Reference(real, real), fake, made, settings))
        except InputError as error:
            if request.if_missing == "fail":
                raise
            text = f"{request.name} is left out: {error.message}."
            notices.append(Notice(code="metrics_left_out", text=text))
    return found, notices


def _warnings(sets: Sets, real: Sample, fake: Sample, measured: Sequence[Measured]) -> list[Notice]:
    distances = [
        metric for one in measured for metric in one.metrics if metric.name in ("fid", "fd")
    ]
    return sample_warnings(
        real.side.info,
        fake.side.info,
        dimension=dimension(real.side.moments) if distances else None,
        identical=are_identical(real.side.moments, fake.side.moments),
        real_digests=real.side.digests,
        fake_digests=fake.side.digests,
        runs=sets.runs,
        floor=distances[0].floor if distances else None,
        scored=any(request.name == "is" for request in sets.requests),
    )


@contextlib.contextmanager
def _few_threads(*samples: Sample) -> Iterator[None]:
    """Limits BLAS to one thread where the sets are small; restored afterwards."""
    values = [sample.side.values for sample in samples]
    small = all(rows is not None and len(rows) <= _SMALL for rows in values)
    with threadpool_limits(1 if small else None, user_api="blas"):
        yield
