"""What the networks see of each domain: channels and sides after the adapter has done its work."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ganeval_cyclegan.config import Side, TrainConfig

Domain = Literal["A", "B"]


@dataclass(frozen=True)
class DomainShape:
    """Images of one domain as the networks see them.

    Attributes:
        channels: 1 or 3.
        height: Pixels.
        width: Pixels.
    """

    channels: int
    height: int
    width: int

    def __str__(self) -> str:
        return f"{self.height}x{self.width}x{self.channels}"


def domain_shape(config: TrainConfig, domain: Domain) -> DomainShape:
    """Returns the shape of the crops of a domain, in training and evaluation.

    The adapters ``resize`` and ``pad`` bring both domains to the larger size, ``replicate`` to
    three channels and ``luma`` to one; ``net-padding`` changes the networks, not the images.
    """
    own, other = _crop(config, domain), _crop(config, "B" if domain == "A" else "A")
    height, width = own
    if config.data.adapter in ("resize", "pad"):
        height, width = max(height, other[0]), max(width, other[1])
    own_channels = (config.data.A if domain == "A" else config.data.B).channels
    channels = {"replicate": 3, "luma": 1}.get(config.data.adapter, own_channels)
    return DomainShape(channels, height, width)


def _crop(config: TrainConfig, domain: Domain) -> tuple[int, int]:
    size = (config.data.A if domain == "A" else config.data.B).size
    return sides(config.data.crop_size if size is None else size)


def sides(side: Side) -> tuple[int, int]:
    """Returns height and width."""
    return (side, side) if isinstance(side, int) else side
