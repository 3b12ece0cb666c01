"""Gradient penalties on discriminators whose gradient is known."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from ganeval.errors import InputError
from ganeval_cyclegan.penalties import Penalty, gradient_penalty

EXACT = 1e-12


def images(seed: int, n: int = 3) -> Tensor:
    return torch.randn(n, 2, 4, 5, generator=torch.Generator().manual_seed(seed)).double()


def draws() -> torch.Generator:
    return torch.Generator().manual_seed(9)


@pytest.mark.parametrize("kind", ["wgan-gp", "dragan", "r1"])
def test_a_linear_discriminator_has_one_gradient_everywhere(kind: Penalty) -> None:
    slope = images(0, 1).requires_grad_()
    length = float(slope.detach().norm())
    penalty = gradient_penalty(
        kind, lambda x: (slope * x).sum((1, 2, 3)), images(1), images(2), 10.0, draws()
    )
    (by_slope,) = torch.autograd.grad(penalty, slope)
    if kind == "r1":
        expected, pull = 5 * length**2, 10 * slope
    else:
        expected, pull = 10 * (length - 1) ** 2, 20 * (length - 1) * slope / length
    assert float(penalty.detach()) == pytest.approx(expected, rel=EXACT)
    assert torch.allclose(by_slope, pull, rtol=EXACT, atol=0)


def test_wgan_gp_looks_between_real_and_generated_images() -> None:
    real, fake = images(1), images(2)
    # The gradient of ½‖x‖² is x: the penalty tells where it was taken.
    penalty = gradient_penalty("wgan-gp", half_square, real, fake, 10.0, draws())
    share = torch.rand(3, 1, 1, 1, generator=draws()).double()
    points = share * real + (1 - share) * fake
    expected = 10 * (points.flatten(1).norm(dim=1) - 1).square().mean()
    assert float(penalty.detach()) == pytest.approx(float(expected), rel=EXACT)


def test_old_images_are_looked_at_like_current_ones() -> None:
    real, current, old = images(1), images(2), images(3)
    fakes = torch.cat([current, old])
    penalty = gradient_penalty("wgan-gp", half_square, real, fakes, 10.0, draws())
    share = torch.rand(6, 1, 1, 1, generator=draws()).double()
    points = share * torch.cat([real, real]) + (1 - share) * fakes
    expected = 10 * (points.flatten(1).norm(dim=1) - 1).square().mean()
    assert float(penalty.detach()) == pytest.approx(float(expected), rel=EXACT)


def test_dragan_looks_around_real_images() -> None:
    real = images(1)
    penalty = gradient_penalty("dragan", half_square, real, images(2), 10.0, draws())
    points = real + 0.5 * real.std() * torch.rand(real.shape, generator=draws()).double()
    expected = 10 * (points.flatten(1).norm(dim=1) - 1).square().mean()
    assert float(penalty.detach()) == pytest.approx(float(expected), rel=EXACT)


def test_a_flat_discriminator_has_a_penalty_and_no_nan() -> None:
    level = torch.zeros((), dtype=torch.float64, requires_grad=True)
    penalty = gradient_penalty(
        "wgan-gp", lambda x: level * x.sum((1, 2, 3)), images(1), images(2), 10.0, draws()
    )
    (gradient,) = torch.autograd.grad(penalty, level)
    assert float(penalty.detach()) == pytest.approx(10.0)
    assert torch.isfinite(gradient)


def test_images_of_different_size_cannot_be_mixed() -> None:
    with pytest.raises(InputError, match="they are 4x5 and 5x4 pixels"):
        gradient_penalty("wgan-gp", half_square, images(1), images(2).mT, 10.0, draws())


def half_square(x: Tensor) -> Tensor:
    return 0.5 * x.square().sum((1, 2, 3))
