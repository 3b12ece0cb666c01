"""Headers and measurements of a set's images as the rows of a record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from ganeval.audit.measuring import Measured
from ganeval.images import Header, ImageSet
from ganeval.records import AuditedImage


def image_rows(
    images: ImageSet, measured: Sequence[Measured], isolation: npt.NDArray[np.float64] | None
) -> list[AuditedImage]:
    """Returns one row per image, in the order of the set.

    Args:
        images: Readable images only.
        measured: What their pixels tell.
        isolation: Distance to the nearest others, float64 ``[n]``; None without features.
    """
    return [
        _row(
            images.keys[i],
            images.digests[i],
            images.headers[i],
            measured[i],
            None if isolation is None else float(isolation[i]),
        )
        for i in range(len(images))
    ]


def _row(
    key: str, digest: str, header: Header, measured: Measured, isolation: float | None
) -> AuditedImage:
    jpeg, statistics = header.jpeg, measured.statistics
    return AuditedImage(
        key=key,
        digest=digest,
        pixels=measured.pixels,
        dhash=None if measured.dhash is None else f"{measured.dhash:016x}",
        format=header.format,
        mode=header.mode,
        width=header.width,
        height=header.height,
        file_bytes=header.file_bytes,
        exif=header.exif,
        icc="icc" in header.special,
        animated="animated" in header.special,
        jpeg_quality=jpeg.quality if jpeg else None,
        jpeg_exact=jpeg.exact if jpeg and jpeg.quality is not None else None,
        chroma=jpeg.chroma if jpeg else None,
        bytes_per_pixel=None
        if header.file_bytes is None
        else header.file_bytes / (header.width * header.height),
        aspect=header.width / header.height,
        blockiness=statistics.blockiness,
        high_frequency=statistics.high_frequency,
        brightness=statistics.brightness,
        contrast=statistics.contrast,
        colourfulness=statistics.colourfulness,
        isolation=isolation,
    )
