"""Statistics of an image set, saved for later comparisons."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Literal

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.metrics.moments import Moments
from ganeval.metrics.needs import Need, main_need
from ganeval.metrics.protocol import common_spec
from ganeval.metrics.settings import Progress, Settings, silent
from ganeval.metrics.sides import Side, extract_sides, make_plans, open_side, side_labels
from ganeval.metrics.statistics_file import SPATIAL_LAYER, save_statistics
from ganeval.records import Notice


def save_image_statistics(
    images: str | Path,
    target: Path,
    settings: Settings | None = None,
    *,
    keep_features: Literal["auto", "always", "never"] = "auto",
    with_spatial: bool = False,
    progress: Progress = silent,
) -> tuple[Side, list[Notice]]:
    """Extracts a set and writes its mean, covariance and (up to 10,000 images) features.

    Args:
        images: Folder, zip, array file or list of paths.
        target: The ``.npz`` file; `ganeval fid` and pytorch-fid take it in place of the images.
        settings: Every choice; None means the defaults.
        keep_features: ``auto`` keeps features of up to 10,000 images; without them KID, the floor
            and the standard error of that side cannot be had.
        with_spatial: Also write mean and covariance of sFID's spatial features.
        progress: Told how far the extraction is.

    Raises:
        InputError: The set or an option is not usable.
        MissingFileError: Weights are needed and cannot be had.
        GanevalError: The file cannot be written.
    """
    settings = settings or Settings()
    main = main_need(settings.extractor, settings.layer, settings.resize)
    spatial = _spatial_need(main) if with_spatial else None
    needs = [main] if spatial is None else [main, spatial]
    plans, notices = make_plans(settings, needs, True, progress)
    (label,) = side_labels([str(images)])
    opened = open_side(str(images), "real", label, settings)
    spec, _ = common_spec([opened], replace(plans[main.source], layers=[main.layer]))
    if opened.images is None or spec is None:
        raise InputError(f"{images}: holds statistics already, not images")
    sides, told = extract_sides(opened, plans, main, progress)
    side = sides[main]
    save_statistics(
        target,
        side.moments,
        spec=spec,
        source=side.info,
        environment=environment(),
        keys=side.keys,
        digests=side.digests,
        groups=side.groups,
        spatial=None if spatial is None else Moments.of(sides[spatial].rows("sFID")),
        keep_features=keep_features,
    )
    return side, notices + told


def _spatial_need(main: Need) -> Need:
    need = main_need(main.extractor, SPATIAL_LAYER, main.resize)
    if need == main:
        raise InputError(
            f"--with-spatial: layer {SPATIAL_LAYER} is what is saved already",
            hint="Leave out --layer, or --with-spatial.",
        )
    return need
