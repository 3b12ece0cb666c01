"""Statistics of an image set, saved for later comparisons."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.metrics.protocol import common_spec
from ganeval.metrics.settings import Progress, Settings, silent
from ganeval.metrics.sides import Side, extract_side, make_plan, open_side, side_labels
from ganeval.metrics.statistics_file import save_statistics
from ganeval.records import Notice


def save_image_statistics(
    images: str | Path,
    target: Path,
    settings: Settings | None = None,
    *,
    keep_features: Literal["auto", "always", "never"] = "auto",
    progress: Progress = silent,
) -> tuple[Side, list[Notice]]:
    """Extracts a set and writes its mean, covariance and (up to 10,000 images) features.

    Args:
        images: Folder, zip, array file or list of paths.
        target: The ``.npz`` file; `ganeval fid` and pytorch-fid take it in place of the images.
        settings: Every choice; None means the defaults.
        keep_features: ``auto`` keeps features of up to 10,000 images; without them KID, the floor
            and the standard error of that side cannot be had.
        progress: Told how far the extraction is.

    Raises:
        InputError: The set or an option is not usable.
        MissingFileError: Weights are needed and cannot be had.
        GanevalError: The file cannot be written.
    """
    plan, notices = make_plan(settings := settings or Settings(), True, progress)
    (label,) = side_labels([str(images)])
    opened = open_side(str(images), "real", label, settings)
    spec, _ = common_spec([opened], plan)
    if opened.images is None or spec is None:
        raise InputError(f"{images}: holds statistics already, not images")
    side, told = extract_side(opened, plan, progress)
    save_statistics(
        target,
        side.moments,
        spec=spec,
        source=side.info,
        environment=environment(),
        keys=side.keys,
        digests=side.digests,
        groups=side.groups,
        keep_features=keep_features,
    )
    return side, notices + told
