"""The table of a classifier test: one row per image, with its part, its scores and its file."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.special import expit

from ganeval.classifier.examples import PARTS, Examples, Scores, Split
from ganeval.classifier.stored import stored


def image_rows(
    examples: Examples,
    split: Split,
    logits: Scores,
    temperature: float,
    scores: Mapping[str, Scores],
) -> list[dict[str, object]]:
    """Returns a row per image, the reals first.

    Args:
        examples: The images.
        split: Which part each is in.
        logits: float64 ``[n]``, of the best rung.
        temperature: Logits divided by it are calibrated.
        scores: Of every rung, by name, float64 ``[n]``.
    """
    p_fake = expit(np.asarray(logits) / temperature)
    rows: list[dict[str, object]] = []
    for i in range(len(examples)):
        part = int(split.parts[i])
        header = examples.headers[i]
        found = stored(header)
        rows.append(
            {
                "path": examples.keys[i],
                "set": examples.name(i),
                "group": examples.groups[i],
                "part": PARTS[part] if part >= 0 else "",
                "logit": float(logits[i]),
                "p_fake": float(p_fake[i]),
                **{name: float(values[i]) for name, values in scores.items()},
                "container": found.container,
                "mode": header.mode,
                "depth": found.depth,
                "width": header.width,
                "height": header.height,
                "file_bytes": header.file_bytes,
                "exif": header.exif,
                "icc": "icc" in header.special,
                "jpeg_quality": header.jpeg.quality_name if header.jpeg else None,
                "chroma": found.chroma or None,
            }
        )
    return rows
