"""``ganeval.evaluate``: what the command line does, for Python."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from ganeval.errors import unknown_name
from ganeval.metrics.settings import Progress, Settings, silent
from ganeval.metrics.suite import compare_sets
from ganeval.records import MetricsRecord


def evaluate(
    real: object,
    fakes: object,
    metrics: str | Iterable[str] = ("fid", "kid", "prdc"),
    *,
    train: object | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> MetricsRecord:
    """Measures fake sets against a real one, and the fake sets against each other.

    A set is a path (folder, zip, array file, list, saved statistics) or images in memory: an array
    or tensor uint8 ``[n, H, W, 3]`` or ``[n, 3, H, W]``, or an iterable of PIL images, arrays or
    tensors. Float images need ``value_range``, for example ``(-1, 1)``.

    Args:
        real: The real set.
        fakes: One path or array, a list of sets, or a mapping of labels to sets.
        metrics: Names as on the command line: ``"fid,kid"``, ``["fid", "prdc:adm"]``, ``"all"``.
        train: The images the generator was trained on, which copies are looked for in.
        progress: Called with (label, done, total) while features are extracted.
        **settings: Any field of `ganeval.metrics.settings.Settings`: extractor, layer, resize,
            weights, groups, limit, seed, device, ...

    Returns:
        The record: ``record.metric("fid").estimate.value``, ``record.differences``, ...

    Raises:
        InputError: A set, a metric or a setting is not usable.
        MissingFileError: Weights are needed and cannot be had.
    """
    known = [field.name for field in fields(Settings)]
    for name in settings:
        if name not in known:
            raise unknown_name("setting", name, known)
    labels: Sequence[str] | None = None
    if isinstance(fakes, Mapping):
        labels, sets = [str(label) for label in fakes], list(fakes.values())
    elif isinstance(fakes, list | tuple):
        sets = list(fakes)
    else:
        sets = [fakes]
    if settings.get("weights") is not None:
        settings["weights"] = Path(settings["weights"])
    return compare_sets(
        real, sets, metrics, Settings(**settings), train=train, labels=labels, progress=progress
    ).record
