"""The path of the main job: two sources in, a record out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from PIL import Image
from threadpoolctl import threadpool_limits

from ganeval.environment import environment
from ganeval.images import ImageSet, UnreadableImage, source_kind
from ganeval.images.listing import valid_text
from ganeval.metrics.entries import distance_entry, kid_entries, kid_entry
from ganeval.metrics.frechet import are_identical, dimension
from ganeval.metrics.gallery import gallery
from ganeval.metrics.protocol import common_spec, told_weights
from ganeval.metrics.settings import Progress, Settings, silent
from ganeval.metrics.sides import Side, extract_side, make_plan, open_side, side_labels
from ganeval.metrics.verdict import verdict
from ganeval.metrics.warnings import sample_warnings
from ganeval.records import FeatureSpec, MetricsRecord, Notice, Role

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
        """Decodes one image of a set for a page; None where there is no such image any more."""
        images = self.images.get(label)
        try:
            return None if images is None else images.image(key)
        except UnreadableImage:  # deleted or changed since it was extracted
            return None


def compare(
    real: str | Path,
    fake: str | Path,
    settings: Settings | None = None,
    *,
    command: Literal["fid", "kid"] = "fid",
    argv: Sequence[str] = (),
    progress: Progress = silent,
) -> Comparison:
    """Compares a fake set with a real one.

    Args:
        real: Folder, zip, array file, list of paths, or saved statistics.
        fake: The same.
        settings: Every choice; None means the defaults.
        command: ``fid``: Fréchet distance, its sampling floor, and KID beside it; ``kid``: KID
            alone, also over subsets where the settings name a protocol.
        argv: The command line, for the record.
        progress: Told how far the extraction is.

    Raises:
        InputError: An input or an option is not usable.
        MissingFileError: Weights are needed and cannot be had.
    """
    settings = settings or Settings()
    started, clock = datetime.now(UTC), time.perf_counter()
    (first, second), spec, notices = _ready_sides((str(real), str(fake)), settings, progress)
    runs = [side.run for side in (first, second) if side.run is not None]
    weights = runs[0].weights if runs else told_weights(spec)
    with _few_threads((first, second)):
        if command == "kid":
            metrics, influence = kid_entries(first, second, settings), None
        else:
            distance, result = distance_entry(first, second, spec, weights, settings)
            metrics, influence = [distance], result.influence_fake
            if first.values is not None and second.values is not None:
                metrics.append(kid_entry(first, second, settings))
    warnings = notices + sample_warnings(
        first.info,
        second.info,
        dimension=dimension(first.moments) if command == "fid" else None,
        identical=are_identical(first.moments, second.moments),
        real_digests=first.digests,
        fake_digests=second.digests,
        runs=runs,
        floor=metrics[0].floor,
    )
    record = MetricsRecord(
        command=command,
        argv=[valid_text(argument) for argument in argv],
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - clock,
        verdict=verdict(metrics, warnings),
        inputs=[first.info, second.info],
        features=runs,
        metrics=metrics,
        galleries=[gallery(first, second, influence, settings.seed)],
        warnings=warnings,
        environment=environment(),
    )
    images = {s.label: s.images for s in (first, second) if s.images is not None}
    return Comparison(record, images)


def _ready_sides(
    paths: tuple[str, str], settings: Settings, progress: Progress
) -> tuple[tuple[Side, Side], FeatureSpec | None, list[Notice]]:
    """Opens and extracts both sides; what fails early fails before anything slow."""
    kinds = [source_kind(path) for path in paths]
    plan, notices = make_plan(settings, any(k != "statistics" for k in kinds), progress)
    labels = side_labels(paths)
    roles: tuple[Role, Role] = ("real", "fake")
    opened = [
        open_side(path, role, label, settings)
        for path, role, label in zip(paths, roles, labels, strict=True)
    ]
    spec, forced = common_spec(opened, plan, force=settings.force)
    real, told = extract_side(opened[0], plan, progress)
    fake, told_of_fake = extract_side(opened[1], plan, progress)
    if real.info.content_fingerprint and (
        real.info.content_fingerprint == fake.info.content_fingerprint
    ):
        # The same images: what one side knows stands for both, so that no rounding tells them
        # apart.
        known = fake if fake.values is None else real
        real, fake = (
            replace(side, moments=known.moments, values=known.values) for side in (real, fake)
        )
    return (real, fake), spec, notices + forced + told + told_of_fake


@contextlib.contextmanager
def _few_threads(sides: Sequence[Side]) -> Iterator[None]:
    """Limits BLAS to one thread where the sets are small; restored afterwards."""
    small = all(side.values is not None and len(side.values) <= _SMALL for side in sides)
    with threadpool_limits(1 if small else None, user_api="blas"):
        yield
