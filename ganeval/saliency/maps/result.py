"""Maps of a set of images by one method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Maps:
    """Maps of ``n`` images by one method.

    Args:
        values: float32 ``[n, S, S]``; logits per unit of the image (white = 1), except Grad-CAM,
            occlusion and integrated gradients, which are in logits.
        flags: Why a map may not be measured, for each image; None where it may.
            ``dead_target``: the target's logit is exactly 0 and no pixel changes it, as behind a
            ReLU; ``no_positive_evidence``: Grad-CAM is zero everywhere; ``not_converged``: the
            path integral misses the score by more than 5 %; ``zero_map``: zero everywhere for
            another reason; ``not_finite``: not all values are numbers.
        info: Parameters used, and float64 arrays ``[n]`` of what was found on the way. ``logit``,
            the target's logit of each image, is always there.
    """

    values: npt.NDArray[np.float32]
    flags: list[str | None]
    info: dict[str, Any] = field(default_factory=dict)


def flagged(maps: Maps, dead: Sequence[bool], *, target_alone: bool) -> Maps:
    """Returns the maps with the flags that every method has in common.

    Args:
        maps: With the flags of the method itself.
        dead: Whether the target of each image is dead.
        target_alone: The map is of the target's logit alone, so that a dead target empties it.
    """
    flags: list[str | None] = []
    for values, own, is_dead in zip(maps.values, maps.flags, dead, strict=True):
        if not np.isfinite(values).all():
            flags.append("not_finite")
        elif is_dead and target_alone:
            flags.append("dead_target")
        elif own is None and not values.any():
            flags.append("zero_map")
        else:
            flags.append(own)
    return Maps(maps.values, flags, maps.info)
