"""How pixels are read from files: every choice that changes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ganeval.errors import InputError

# Cases of `Header.special` in which the two policies may give different pixels.
READ_DIFFERENTLY_BY_PEERS = frozenset({"alpha", "exif_rotated", "grey16"})


@dataclass(frozen=True)
class Decoding:
    """Decoding policy of an image set.

    Args:
        policy: ``correct`` turns images as their EXIF orientation says, composites transparency
            and scales 16-bit grey; ``peer`` gives what Pillow's ``open(path).convert("RGB")``
            gives, which is what pytorch-fid and its relatives see.
        alpha: ``composite`` puts transparent images on the background (under ``correct``);
            ``reject`` makes an image with any transparent pixel unreadable.
        background: RGB colour behind transparent pixels, 0..255 each; unused under ``peer``,
            which shows the colours hidden there.
        animated: ``first`` reads the first frame or page; ``reject`` makes files with more than
            one unreadable.
        max_pixels: Images with more pixels (width times height) are unreadable.
    """

    policy: Literal["correct", "peer"] = "correct"
    alpha: Literal["composite", "reject"] = "composite"
    background: tuple[int, int, int] = (255, 255, 255)
    animated: Literal["first", "reject"] = "first"
    max_pixels: int = 100_000_000

    @property
    def name(self) -> str:
        """What decides pixels, in a word; the other choices only accept or refuse an image."""
        if self.policy == "peer" or self.background == (255, 255, 255):
            return self.policy
        return f"{self.policy} on #{bytes(self.background).hex()}"

    def __post_init__(self) -> None:
        _require("policy", self.policy, ("correct", "peer"))
        _require("alpha", self.alpha, ("composite", "reject"))
        _require("animated", self.animated, ("first", "reject"))
        if len(self.background) != 3 or not all(0 <= value <= 255 for value in self.background):
            raise InputError(f"background {self.background} is not three values from 0 to 255")
        if self.max_pixels < 1:
            raise InputError(f"max_pixels {self.max_pixels} is not positive")


def _require(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise InputError(f"decoding {name} {value!r} is not one of {', '.join(allowed)}")
