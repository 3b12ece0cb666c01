"""Padding by which a ResNet generator translates between domains of different size.

The report mnist-svhn pads the input of the generator that enlarges, and trims the last padding of
the one that reduces: 28 -> 32 by a first pad of 5, 32 -> 28 by a last pad of 1.
"""

from __future__ import annotations

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.domain_shapes import Domain, domain_shape

PLAIN = 3
"""Pixels that the outer 7x7 convolutions need to keep the size."""


def outer_pads(
    config: TrainConfig, source: Domain, target: Domain
) -> tuple[tuple[int, int], tuple[int, int]]:
    """Returns first and last pad of a generator, each vertical and horizontal, in pixels.

    They may be negative where the sizes are too far apart; `check_sizes` refuses that.
    """
    if config.data.adapter != "net-padding":
        return (PLAIN, PLAIN), (PLAIN, PLAIN)
    before, after = domain_shape(config, source), domain_shape(config, target)
    gains = (after.height - before.height, after.width - before.width)
    first = tuple(PLAIN + max(gain, 0) // 2 for gain in gains)
    last = tuple(PLAIN - max(-gain, 0) // 2 for gain in gains)
    return (first[0], first[1]), (last[0], last[1])
