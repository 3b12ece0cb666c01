"""Images of any size through a generator."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from trainers.generators import generator

from ganeval_cyclegan.framing import Framed, reflected
from ganeval_cyclegan.nets.reflection import make_padding_deterministic


def image(height: int, width: int, channels: int = 3) -> Tensor:
    random = torch.Generator().manual_seed(height * 1000 + width)
    return torch.rand(1, channels, height, width, generator=random) * 2 - 1


@pytest.mark.parametrize(
    ("config", "size", "padded"),
    [
        ({}, (32, 32), (32, 32)),
        ({}, (30, 33), (32, 36)),
        ({}, (1, 1), (8, 8)),
        ({"n_down": 3}, (32, 33), (32, 40)),
        ({"kernel": 7}, (4, 20), (16, 20)),  # the reflection of 3 inside needs a side of 4 there
        ({"pad": "zero"}, (3, 3), (8, 8)),
        ({"arch": "unet_256"}, (32, 65), (32, 96)),
    ],
)
def test_padding_reaches_the_next_size_that_the_generator_takes(
    config: dict[str, object], size: tuple[int, int], padded: tuple[int, int]
) -> None:
    framed = Framed(generator(**config))
    assert framed.padded(*size) == padded
    assert framed(image(*size)).shape == (1, 3, *size)


@pytest.mark.parametrize("config", [{}, {"arch": "unet_256"}])
def test_odd_sizes_are_padded_by_reflection_and_cropped_back(config: dict[str, object]) -> None:
    network = generator(**config)
    picture = image(33, 41)
    height, width = Framed(network).padded(33, 41)
    by_torch = F.pad(picture, (0, width - 41, 0, height - 33), mode="reflect")
    expected = network(by_torch)[:, :, :33, :41]
    assert torch.equal(Framed(network)(picture), expected)


def test_fitting_sizes_go_through_as_they_are() -> None:
    network, picture = generator(), image(32, 40)
    assert torch.equal(Framed(network)(picture), network(picture))


def test_reflection_goes_on_beyond_the_image() -> None:
    row = torch.arange(3.0).reshape(1, 1, 1, 3)
    assert reflected(row, 2, 9)[0, 0].tolist() == [[0, 1, 2, 1, 0, 1, 2, 1, 0]] * 2
    wide = image(5, 7)
    numpy = np.pad(wide[0].numpy(), ((0, 0), (0, 20), (0, 30)), mode="reflect")
    assert (reflected(wide, 25, 37)[0].numpy() == numpy).all()


@pytest.mark.parametrize("deterministic", [False, True])
def test_generators_between_domains_of_different_size(deterministic: bool) -> None:
    # 28x28 grey to 32x32 colour and back, as in the report mnist-svhn: pads of 5 and 1.
    up = generator(channels=(1, 3), first_pad=5)
    down = generator(channels=(3, 1), last_pad=1)
    if deterministic:
        make_padding_deterministic(up)
        make_padding_deterministic(down)
    there, back = Framed(up), Framed(down)
    assert (there.in_channels, there.out_channels, there.gains) == (1, 3, (4, 4))
    assert (back.in_channels, back.out_channels, back.gains) == (3, 1, (-4, -4))
    assert there.padded(28, 28) == (28, 28)
    translated = there(image(28, 28, 1))
    assert translated.shape == (1, 3, 32, 32)
    assert back(translated).shape == (1, 1, 28, 28)
    assert back(there(image(30, 31, 1))).shape == (1, 1, 30, 31)
