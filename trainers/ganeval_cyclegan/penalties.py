"""Penalties on the gradient of a discriminator with respect to its input.

The score of an image is the sum of its map, so the gradient of one image does not depend on the
others unless a batch norm ties them.

Source: wgan-gp arXiv 1704.00028, dragan 1705.07215, r1 1801.04406.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import torch
from torch import Tensor

from ganeval.errors import InputError

Penalty = Literal["wgan-gp", "dragan", "r1"]

_AWAY_FROM_ZERO = 1e-16  # added to every derivative: a norm has no gradient at 0


def gradient_penalty(
    kind: Penalty,
    discriminator: Callable[[Tensor], Tensor],
    real: Tensor,
    fake: Tensor,
    weight: float,
    generator: torch.Generator,
) -> Tensor:
    """Returns the penalty, a scalar that can be differentiated by the discriminator's weights.

    - wgan-gp: weight · mean (‖∇‖ - 1)², at random points between real and generated images
    - dragan: the same, at real images plus 0.5 · standard deviation · uniform noise in 0..1
    - r1: weight / 2 · mean ‖∇‖², at real images

    Args:
        kind: Which one.
        discriminator: Maps images to scores ``[n, 1, h, w]``.
        real: ``[n, c, h, w]``, as the discriminator was shown them.
        fake: ``[k·n, c, h, w]``, generated images that it was shown, used by wgan-gp: n current
            ones, and n old ones behind them where it saw both.
        weight: The factor λ or γ.
        generator: Of the random points, on the CPU.

    Raises:
        InputError: wgan-gp, and real and generated images differ in size.
    """
    points = _points(kind, real.detach(), fake.detach(), generator).requires_grad_()
    scores = discriminator(points)
    (gradient,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    flat = gradient.flatten(1)
    if kind == "r1":
        return 0.5 * weight * flat.square().sum(1).mean()
    lengths: Tensor = torch.linalg.vector_norm(flat + _AWAY_FROM_ZERO, dim=1)
    return weight * (lengths - 1).square().mean()


def _points(kind: Penalty, real: Tensor, fake: Tensor, generator: torch.Generator) -> Tensor:
    if kind == "r1":
        return real.clone()
    if kind == "dragan":
        noise = torch.rand(real.shape, generator=generator).to(real, non_blocking=True)
        return real + 0.5 * real.std() * noise
    if real.shape[1:] != fake.shape[1:]:
        raise InputError(
            "loss.gp wgan-gp mixes real and generated images, and they are"
            f" {_size(real)} and {_size(fake)} pixels",
            hint="Set data.preprocess to resize_and_crop, or loss.gp to r1 or dragan.",
        )
    real = real.repeat(len(fake) // len(real), 1, 1, 1)
    share = torch.rand(len(real), 1, 1, 1, generator=generator).to(real, non_blocking=True)
    return share * real + (1 - share) * fake


def _size(images: Tensor) -> str:
    return f"{images.shape[2]}x{images.shape[3]}"
