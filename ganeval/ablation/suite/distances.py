"""Distances of a cell's fakes to the reals: Fréchet in its resize modes, KID, and copies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.part import ImagesOf, Part, Place, listed
from ganeval.metrics.needs import main_need
from ganeval.metrics.requests import parse_metrics
from ganeval.metrics.sets import ready_sets
from ganeval.metrics.settings import Progress, Settings, silent
from ganeval.metrics.sides import Side
from ganeval.metrics.suite import measured_sets
from ganeval.records.ablation import CellMetric
from ganeval.records.features import FeatureSpec, InputInfo, WeightsInfo
from ganeval.records.metrics import Metric
from ganeval.records.model import Notice

Rows = npt.NDArray[np.float32]

KID_SCALE: Final = 1000.0
"""KID is told times 10³, as everywhere in ganeval; published tables mostly take 10²."""

_UNIT: Final = "×10³"
_OF_COPIES: Final = ("mifid", "memorisation")


@dataclass(frozen=True)
class Distances:
    """Distances, and the features they were computed from.

    Args:
        part: Numbers and notices.
        fake: Features of the fakes, float32 ``[n, d]``, rows by stem.
        real: Of the reals, ``[m, d]``.
        real_keys: What each row of the reals is, for groups.
        inputs: Fake and real sets as they were found.
        spec: What the features are.
        weights: Of the network.
    """

    part: Part
    fake: Rows
    real: Rows
    real_keys: list[str]
    inputs: dict[str, InputInfo]
    spec: FeatureSpec | None
    weights: WeightsInfo | None


def distances(
    images: ImagesOf,
    place: Place,
    protocol: ProtocolSettings,
    scratch: Path,
    progress: Progress = silent,
) -> Distances:
    """Measures the distances that a protocol asks for.

    Args:
        images: The cell's.
        place: Where numbers belong.
        protocol: Suite, extractor, weights, modes.
        scratch: A folder for lists of files.
        progress: Told how far extractions are.

    Raises:
        InputError: A set or a choice is not usable.
        MissingFileError: Weights are needed and cannot be had.
    """
    fakes = listed(images.fake, images.stems, scratch)
    found = _measured(images, fakes, protocol, None, _names(images, protocol), progress)
    metrics = [_number(metric, place, "") for metric in found.metrics]
    notices = list(found.notices)
    for mode in protocol.fid_modes if "fid" in protocol.suite else ():
        again = _measured(images, fakes, protocol, mode, ["fid"], progress)
        metrics += [_number(metric, place, mode) for metric in again.metrics]
    fake, real = found.fake, found.real
    order = _by_stem(fake, images)
    run = fake.run
    return Distances(
        Part(metrics, {}, notices),
        np.asarray(fake.rows("fakes"), np.float32)[order],
        np.asarray(real.rows("reals"), np.float32),
        list(real.keys),
        {"fake": fake.info, "real": real.info},
        run.spec if run else None,
        run.weights if run else None,
    )


@dataclass(frozen=True)
class _Found:
    metrics: list[Metric]
    notices: list[Notice]
    fake: Side
    real: Side


def _measured(
    images: ImagesOf,
    fakes: Path,
    protocol: ProtocolSettings,
    mode: str | None,
    names: Sequence[str],
    progress: Progress,
) -> _Found:
    settings = Settings(
        extractor=protocol.extractor,
        weights=protocol.weights,
        resize=mode,
        seed=protocol.seed,
        device=protocol.device,
        cache=protocol.use_cache,
        permutations=0,
    )
    need = main_need(settings.extractor, settings.layer, settings.resize)
    requests = parse_metrics(names, need)
    train = images.train if any(name in _OF_COPIES for name in names) else None
    sets = ready_sets(images.real, [fakes], train, ["fake"], requests, [need], settings, progress)
    record = measured_sets(sets, settings).record
    return _Found(list(record.metrics), list(record.warnings), sets.fakes[0][need], sets.real[need])


def _names(images: ImagesOf, protocol: ProtocolSettings) -> list[str]:
    wanted: tuple[str, ...] = ("fid", "kid")
    names = [name for name in wanted if name in protocol.suite] or ["fid"]
    if "memorisation" in protocol.suite and images.train is not None:
        names += _OF_COPIES
    return names


def _number(metric: Metric, place: Place, mode: str) -> CellMetric:
    """A metric of the suite as a number of the cell; KID times 10³."""
    estimate = metric.estimate
    name = f"{metric.name}.{mode}" if mode else metric.name
    display = f"{metric.display}, {mode}" if mode else metric.display
    if metric.name != "kid":
        return place.number(name, display, metric.direction, estimate)
    scaled = {
        part: None if (value := getattr(estimate, part)) is None else value * KID_SCALE
        for part in ("value", "se", "low", "high")
    }
    return place.number(
        name,
        display,
        metric.direction,
        estimate.model_copy(update={**scaled, "unit": _UNIT}),
        unit=_UNIT,
    )


def _by_stem(fake: Side, images: ImagesOf) -> list[int]:
    """Rows of the fakes in the order of their stems."""
    assert fake.images is not None  # fakes of a cell are files
    rows = {fake.images.file(key): row for row, key in enumerate(fake.keys)}
    by_path = {path.absolute() if path else None: row for path, row in rows.items()}
    return [by_path[images.fake[stem].absolute()] for stem in images.stems]
