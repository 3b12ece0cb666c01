"""Real images beside a class model: the scores that they have."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from ganeval.errors import GanevalError
from ganeval.features.devices import usable_cores
from ganeval.images import ImageSet, OnError, UnreadableImage, open_image_set, settle_failures
from ganeval.images.digests import DigestHints
from ganeval.metrics.settings import Progress
from ganeval.paths import cache_folder
from ganeval.records import InputInfo
from ganeval.saliency.images import Fit
from ganeval.saliency.model import PixelModel
from ganeval.saliency.squares import Squares
from ganeval.saliency.targets import logits_of

LABEL: Final = "images"
"""What the real images are called where their place gives no name."""


@dataclass(frozen=True)
class RealImages:
    """Real images and their logits.

    Args:
        info: The set; None: there are none.
        logits: float64 ``[n, C]``.
        text: How they became squares, in words.
    """

    info: InputInfo | None = None
    logits: npt.NDArray[np.float64] | None = None
    text: str = ""


def score_images(
    model: PixelModel,
    source: Path,
    *,
    fit: Fit,
    limit: int | None,
    seed: int,
    on_error: str,
    micro_batch: int,
    progress: Progress,
) -> RealImages:
    """Returns the logits of real images; a batch of them is in memory at a time.

    Args:
        model: The classifier.
        source: Folder, zip archive, array file or list.
        fit: What becomes of images of another form.
        limit: Take that many, at random.
        seed: Of that choice.
        on_error: ``fail`` or ``skip[=SHARE]``.
        micro_batch: Images per call of the network.
        progress: Told how far it is.

    Raises:
        InputError: Images cannot be read and are not to be skipped.
        GanevalError: None is left.
    """
    squares = Squares.of(model, fit)
    images = open_image_set(
        source,
        decoding=squares.decoding("correct"),
        limit=limit,
        seed=seed,
        digest_hints=DigestHints(cache_folder()),
    )
    rule = OnError.parse(on_error)
    if images.unreadable:
        images = settle_failures(images, {}, rule, cached=0)
    rows: list[npt.NDArray[np.float64]] = []
    failures: dict[str, str] = {}
    with ThreadPoolExecutor(min(8, usable_cores()), thread_name_prefix="decode") as pool:
        for start in range(0, len(images), micro_batch):
            places = range(start, min(start + micro_batch, len(images)))
            found = list(pool.map(partial(_square, images, squares), places))
            failures.update(
                {one.key: one.reason for one in found if isinstance(one, UnreadableImage)}
            )
            read = [one for one in found if isinstance(one, np.ndarray)]
            if read:
                rows.append(logits_of(model, np.stack(read), micro_batch))
            progress("scores of real images", places.stop, len(images))
    images = settle_failures(images, failures, rule, cached=0)
    if not rows:
        raise GanevalError(f"--images {source}: no image could be read")
    return RealImages(
        images.info("real", source.name or LABEL),
        np.concatenate(rows),
        squares.text(images.headers),
    )


def _square(
    images: ImageSet, squares: Squares, place: int
) -> npt.NDArray[np.float32] | UnreadableImage:
    try:
        return squares.image(images.decode(place), images.headers[place])
    except UnreadableImage as error:
        return error
