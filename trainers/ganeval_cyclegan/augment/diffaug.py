"""DiffAugment: random changes of everything a discriminator is shown, which gradients pass through.

Three operations, always in this order: colour (brightness, saturation, contrast), translation with
zero fill, cutout. Each sample of each call has draws of its own; nothing is clamped.

Source: Zhao et al., arXiv 2006.10738, with the ranges of its published code.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional as F

from ganeval.errors import unknown_name

OPERATIONS: Final = ("color", "translation", "cutout")


@dataclass(frozen=True)
class DiffAugment:
    """A policy of operations.

    Attributes:
        operations: Of `OPERATIONS`, in that order.
        p: Probability that an operation changes a sample.
    """

    operations: tuple[str, ...]
    p: float = 1.0

    @classmethod
    def parse(cls, policy: str, p: float = 1.0) -> DiffAugment:
        """Reads a policy such as ``color,translation,cutout``; an empty one changes nothing.

        Raises:
            InputError: An operation nobody knows.
        """
        names = [name.strip() for name in policy.split(",")] if policy.strip() else []
        for name in names:
            if name not in OPERATIONS:
                raise unknown_name("operation of augment.diffaug", name, OPERATIONS)
        return cls(tuple(name for name in OPERATIONS if name in names), p)

    def draw(self, shape: torch.Size, generator: torch.Generator) -> Draws:
        """Draws what happens to each of n images ``[n, c, h, w]``.

        The number of draws depends on the shape and the policy alone.
        """
        n, _, height, width = shape
        draws = Draws()
        if "color" in self.operations:
            draws.color = torch.rand(3, n, generator=generator)
        if "translation" in self.operations:
            draws.shifts = [
                torch.randint(-span, span + 1, (n,), generator=generator).tolist()
                for span in (int(height / 8 + 0.5), int(width / 8 + 0.5))
            ]
        if "cutout" in self.operations:
            draws.centres = [
                torch.randint(
                    0, side + 1 - cutout_side(side) % 2, (n,), generator=generator
                ).tolist()
                for side in (height, width)
            ]
        for name in self.operations if self.p < 1 else ():
            draws.hit[name] = (torch.rand(n, generator=generator) < self.p).tolist()
        return draws

    def apply(self, images: Tensor, draws: Draws) -> Tensor:
        """Returns the changed images, of the same shape; differentiable.

        Args:
            images: ``[n, c, h, w]`` in -1..1.
            draws: What `draw` returned for their shape.
        """
        for name in self.operations:
            changed = _CHANGES[name](images, draws)
            hit = draws.hit.get(name)
            if hit is None or all(hit):
                images = changed
            else:
                pairs = zip(hit, changed, images, strict=True)
                images = torch.stack([new if chosen else old for chosen, new, old in pairs])
        return images

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Draws from a CPU generator and applies."""
        if not self.operations:
            return images
        return self.apply(images, self.draw(images.shape, generator))


@dataclass
class Draws:
    """The random numbers of one call on n images.

    Attributes:
        color: float32 ``[3, n]`` in 0..1 for brightness, saturation and contrast.
        shifts: n pixels down, then n pixels to the right.
        centres: n rows, then n columns of the middle of the box.
        hit: Per operation, which images it changes; an operation that is missing changes all.
    """

    color: Tensor | None = None
    shifts: list[list[int]] = field(default_factory=list)
    centres: list[list[int]] = field(default_factory=list)
    hit: dict[str, list[bool]] = field(default_factory=dict)


def cutout_side(side: int) -> int:
    """Returns the side in pixels of the box that is cut out of images of that side."""
    return int(side / 2 + 0.5)


def _color(images: Tensor, draws: Draws) -> Tensor:
    assert draws.color is not None
    u = draws.color.to(images, non_blocking=True)[:, :, None, None, None]
    images = images + (u[0] - 0.5)
    grey = images.mean(1, keepdim=True)
    images = (images - grey) * (2 * u[1]) + grey
    level = images.mean((1, 2, 3), keepdim=True)
    return (images - level) * (u[2] + 0.5) + level


def _translation(images: Tensor, draws: Draws) -> Tensor:
    # A negative pad crops, so that one call moves an image and fills behind it.
    triples = zip(images, *draws.shifts, strict=True)
    return torch.stack([F.pad(one, (right, -right, down, -down)) for one, down, right in triples])


def _cutout(images: Tensor, draws: Draws) -> Tensor:
    n, _, height, width = images.shape
    # Made where it is used: a mask made elsewhere would have to be waited for.
    mask = torch.ones(n, 1, height, width, dtype=images.dtype, device=images.device)
    for i, (row, column) in enumerate(zip(*draws.centres, strict=True)):
        mask[i, :, _box(row, height), _box(column, width)] = 0
    return images * mask


def _box(centre: int, side: int) -> slice:
    cut = cutout_side(side)
    start = centre - cut // 2
    return slice(max(start, 0), min(start + cut, side))


_CHANGES: Final[dict[str, Callable[[Tensor, Draws], Tensor]]] = {
    "color": _color,
    "translation": _translation,
    "cutout": _cutout,
}
