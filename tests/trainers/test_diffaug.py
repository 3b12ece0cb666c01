"""DiffAugment: its distribution by closed forms, its values by plain oracles, its gradients."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from ganeval.errors import InputError
from ganeval_cyclegan.augment.diffaug import DiffAugment, Draws, cutout_side

SAMPLES, BLOCK = 20_000, 2000


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def zero_shares(policy: str, side: int) -> Tensor:
    """Shares of zero pixels of many images of ones."""
    augment, generator = DiffAugment.parse(policy), seeded()
    ones = torch.ones(BLOCK, 1, side, side)
    return torch.cat(
        [(augment(ones, generator) == 0).double().mean((1, 2, 3)) for _ in range(SAMPLES // BLOCK)]
    )


def near(shares: Tensor, expected: float) -> bool:
    error = float(shares.std()) / len(shares) ** 0.5
    return abs(float(shares.mean()) - expected) < 3 * error


@pytest.mark.parametrize(("side", "printed"), [(28, 0.1524), (32, 0.1341)])
def test_translation_leaves_the_share_of_zeros_of_its_closed_form(
    side: int, printed: float
) -> None:
    s = int(side / 8 + 0.5)
    expected = 1 - (1 - s * (s + 1) / ((2 * s + 1) * side)) ** 2
    assert expected == pytest.approx(printed, abs=5e-5)
    shares = zero_shares("translation", side)
    assert near(shares, expected)
    assert float(shares.max()) <= 1 - (1 - s / side) ** 2 + 1e-12


@pytest.mark.parametrize(
    ("side", "printed", "printed_full"), [(28, 0.1858, 0.268), (32, 0.1865, 0.265)]
)
def test_cutout_leaves_the_share_of_zeros_of_its_closed_form(
    side: int, printed: float, printed_full: float
) -> None:
    cut = cutout_side(side)
    rows = [
        sum(0 <= row < side for row in range(o - cut // 2, o + cut - cut // 2))
        for o in range(side + 1 - cut % 2)
    ]
    expected = float(np.mean(rows) / side) ** 2
    full = float(np.mean(np.array(rows) == cut)) ** 2
    assert expected == pytest.approx(printed, abs=5e-5)
    assert full == pytest.approx(printed_full, abs=5e-4)
    shares = zero_shares("cutout", side)
    assert near(shares, expected)
    assert near((shares == (cut / side) ** 2).double(), full)
    assert 0.0625 <= float(shares.min()) <= float(shares.max()) <= 0.25


@pytest.mark.parametrize(("side", "shift", "cut"), [(256, 32, 128), (32, 4, 16), (28, 4, 14)])
def test_ranges_follow_the_side(side: int, shift: int, cut: int) -> None:
    draws = DiffAugment.parse("translation,cutout").draw(
        torch.Size([5000, 3, side, side]), seeded()
    )
    for shifts in draws.shifts:
        assert (min(shifts), max(shifts)) == (-shift, shift)
    for centres in draws.centres:
        assert (min(centres), max(centres)) == (0, side)
    assert cutout_side(side) == cut


def test_an_odd_side_has_an_odd_box_and_one_place_less() -> None:
    # Side 29: box 15, centres 0..28.
    draws = DiffAugment.parse("cutout").draw(torch.Size([5000, 3, 29, 29]), seeded())
    assert cutout_side(29) == 15
    assert (min(draws.centres[0]), max(draws.centres[0])) == (0, 28)


def test_colour_is_brightness_then_saturation_then_contrast() -> None:
    images = torch.rand(4, 3, 5, 6, generator=seeded()).double() * 2 - 1
    augment = DiffAugment.parse("color")
    draws = augment.draw(images.shape, seeded(1))
    assert draws.color is not None
    u = draws.color.double().numpy()
    for i, image in enumerate(images.numpy()):
        image = image + (u[0, i] - 0.5)
        grey = image.mean(axis=0)
        image = (image - grey) * 2 * u[1, i] + grey
        image = (image - image.mean()) * (u[2, i] + 0.5) + image.mean()
        assert np.allclose(augment.apply(images, draws)[i].numpy(), image, rtol=0, atol=1e-14)


def test_brightness_reaches_half_beyond_the_range_and_is_not_clamped() -> None:
    # Saturation and contrast leave an even grey image as it is.
    white = torch.ones(5000, 3, 2, 2)
    moved = DiffAugment.parse("color")(white, seeded())
    assert 1.49 < float(moved.max()) <= 1.5 + 1e-5
    assert 0.5 - 1e-5 <= float(moved.min()) < 0.51


def test_grey_images_have_no_saturation_to_change() -> None:
    images = torch.rand(8, 1, 4, 4, generator=seeded()).double()
    augment = DiffAugment.parse("color")
    draws = augment.draw(images.shape, seeded(1))
    assert draws.color is not None
    other = Draws(color=draws.color.clone())
    assert other.color is not None
    other.color[1] = 0.123
    assert torch.allclose(
        augment.apply(images, draws), augment.apply(images, other), rtol=0, atol=1e-15
    )


def test_translation_moves_and_fills_with_zero() -> None:
    images = torch.arange(1.0, 13).reshape(1, 1, 3, 4)
    augment = DiffAugment.parse("translation")
    moved = augment.apply(images, Draws(shifts=[[1], [-2]]))
    expected = [[0, 0, 0, 0], [3, 4, 0, 0], [7, 8, 0, 0]]
    assert moved[0, 0].tolist() == expected


def test_cutout_cuts_the_box_around_its_centre() -> None:
    images = torch.ones(1, 2, 8, 8)
    cut = DiffAugment.parse("cutout").apply(images, Draws(centres=[[3], [0]]))
    expected = torch.ones(8, 8)
    expected[1:5, 0:2] = 0
    assert torch.equal(cut[0, 0], expected)
    assert torch.equal(cut[0, 1], expected)


def test_gradients_are_those_of_finite_differences() -> None:
    augment = DiffAugment.parse("color,translation,cutout")
    images = torch.rand(2, 3, 5, 6, generator=seeded()).double().requires_grad_()
    draws = augment.draw(images.shape, seeded(2))
    assert torch.autograd.gradcheck(lambda x: augment.apply(x, draws), images)


def test_operations_have_one_order_whatever_the_policy_says() -> None:
    images = torch.rand(3, 3, 8, 8, generator=seeded())
    one = DiffAugment.parse("color,translation,cutout")
    other = DiffAugment.parse(" cutout, color,translation")
    assert torch.equal(one(images, seeded(3)), other(images, seeded(3)))


def test_samples_have_draws_of_their_own() -> None:
    image = torch.rand(1, 3, 8, 8, generator=seeded()).expand(2, -1, -1, -1)
    moved = DiffAugment.parse("color,translation,cutout")(image, seeded(3))
    assert not torch.equal(moved[0], moved[1])


def test_the_probability_is_of_each_sample_and_operation() -> None:
    images = torch.full((SAMPLES, 1, 2, 2), 0.25)
    changed = (DiffAugment.parse("color", p=0.3)(images, seeded()) != 0.25).flatten(1).any(1)
    assert near(changed.double(), 0.3)
    same = DiffAugment.parse("color,translation,cutout", p=0.0)(images, seeded())
    assert torch.equal(same, images)


def test_no_policy_draws_nothing() -> None:
    generator = seeded()
    before = generator.get_state()
    images = torch.zeros(1, 3, 4, 4)
    assert DiffAugment.parse("")(images, generator) is images
    assert torch.equal(generator.get_state(), before)


def test_unknown_operations_are_named() -> None:
    with pytest.raises(InputError, match="did you mean translation"):
        DiffAugment.parse("color,translate")
