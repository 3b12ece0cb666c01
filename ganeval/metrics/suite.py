"""The path of the main job: two sources in, a record out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image
from threadpoolctl import threadpool_limits

from ganeval.environment import environment
from ganeval.images import ImageSet, source_kind
from ganeval.metrics.entries import distance_entry, kid_entry
from ganeval.metrics.gallery import gallery
from ganeval.metrics.settings import Progress, Settings, silent
from ganeval.metrics.sides import Side, extract_side, make_plan, open_side, side_labels
from ganeval.metrics.verdict import verdict
from ganeval.metrics.warnings import sample_warnings
from ganeval.records import MetricsRecord, Role

# Rows up to which BLAS gets one thread: its threads wait for each other by spinning; on matrices
# this small that costs up to forty times what they save as soon as another process wants a core.
_SMALL = 1000


@dataclass(frozen=True)
class Comparison:
    """A record and the images it speaks of.

    Args:
        record: What was found.
        images: Image sets by label; sides given as statistics have none.
    """

    record: MetricsRecord
    images: dict[str, ImageSet]

    def load_image(self, label: str, key: str) -> Image.Image | None:
        """Decodes one image of a set for a page; None where there is no such image."""
        images = self.images.get(label)
        return None if images is None else images.image(key)


def compare(
    real: str | Path,
    fake: str | Path,
    settings: Settings | None = None,
    *,
    argv: Sequence[str] = (),
    progress: Progress = silent,
) -> Comparison:
    """Compares a fake set with a real one: Fréchet distance, floor, KID, and what to know.

    Args:
        real: Folder, zip, array file, list of paths, or saved statistics.
        fake: The same.
        settings: Every choice; None means the defaults.
        argv: The command line, for the record.
        progress: Told how far the extraction is.

    Raises:
        InputError: An input or an option is not usable.
        MissingFileError: Weights are needed and cannot be had.
    """
    settings = settings or Settings()
    started, clock = datetime.now(UTC), time.perf_counter()
    paths = (str(real), str(fake))
    kinds = [source_kind(Path(path)) for path in paths]  # a mistyped path fails before anything
    plan, notices = make_plan(settings, any(k != "statistics" for k in kinds), progress)
    labels = side_labels(paths)
    roles: tuple[Role, Role] = ("real", "fake")
    opened = [
        open_side(path, role, label, settings)
        for path, role, label in zip(paths, roles, labels, strict=True)
    ]
    sides = []
    for side in opened:
        ready, told = extract_side(side, plan, progress)
        sides.append(ready)
        notices += told
    first, second = sides
    runs = [side.run for side in sides if side.run is not None]
    weights = runs[0].weights if runs else None
    spec = plan.spec(plan.layers[0])
    with _few_threads(sides):
        distance, result = distance_entry(first, second, spec, weights, settings)
        kernel = kid_entry(first, second, settings)
    metrics = [distance] if kernel is None else [distance, kernel]
    warnings = notices + sample_warnings(
        first.info,
        second.info,
        dimension=spec.dimension,
        real_digests=first.digests,
        fake_digests=second.digests,
        runs=runs,
        floor=distance.floor,
    )
    record = MetricsRecord(
        command="fid",
        argv=list(argv),
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - clock,
        verdict=verdict(distance, kernel, warnings),
        inputs=[first.info, second.info],
        features=runs,
        metrics=metrics,
        galleries=[gallery(first, second, result.influence_fake, settings.seed)],
        warnings=warnings,
        environment=environment(),
    )
    return Comparison(record, {s.label: s.images for s in sides if s.images is not None})


@contextlib.contextmanager
def _few_threads(sides: Sequence[Side]) -> Iterator[None]:
    """Limits BLAS to one thread where the sets are small; restored afterwards."""
    small = all(side.values is not None and len(side.values) <= _SMALL for side in sides)
    with threadpool_limits(1 if small else None, user_api="blas"):
        yield
