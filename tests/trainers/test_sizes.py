"""Sizes that the networks cannot take are refused before anything is trained."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ganeval.errors import InputError
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.domain_shapes import DomainShape
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.sizes import check_shape, check_sizes, side_divisor
from ganeval_cyclegan.streams import Streams


def config(**sections: Any) -> TrainConfig:
    return TrainConfig.model_validate(sections)


def refusal(**sections: Any) -> str:
    with pytest.raises(InputError) as caught:
        check_sizes(config(**sections))
    return str(caught.value)


def test_the_defaults_fit() -> None:
    check_sizes(config())


@pytest.mark.parametrize(
    ("nets", "side", "valid"),
    [
        ({"n_down": 2}, 250, "248 and 252"),
        ({"n_down": 3}, 250, "248 and 256"),
        ({"arch": "unet_256"}, 300, "256 and 512"),
        ({"arch": "unet_256"}, 128, "side is 256"),
        ({"arch": "unet_128"}, 250, "128 and 256"),
    ],
)
def test_sides_are_multiples_and_the_nearest_are_named(
    nets: dict[str, Any], side: int, valid: str
) -> None:
    text = refusal(nets={"G": nets}, data={"crop_size": side})
    assert f"side {side}" in text
    assert valid in text


def test_sides_that_are_named_valid_are() -> None:
    for side in (248, 252):
        check_sizes(config(data={"crop_size": side}))
    check_sizes(config(data={"crop_size": (128, 256)}))
    assert "side 130" in refusal(data={"crop_size": (128, 130)})
    assert side_divisor(config(nets={"G": {"arch": "unet_128"}})) == 128


def test_a_map_of_one_pixel_has_no_variance() -> None:
    stride4 = {"arch": "stride4", "first_norm": True}
    text = refusal(data={"crop_size": 28}, nets={"D": stride4})
    assert "D_B on 28x28x3" in text
    assert "model.10" in text  # convolutions at 0, 3, 6, 9; the norm follows
    check_sizes(config(data={"crop_size": 28}, nets={"D": stride4 | {"padding": "same"}}))
    batch = stride4 | {"norm": "batch"}
    assert "batch 1" in refusal(data={"crop_size": 28}, nets={"D": batch})
    text = refusal(data={"crop_size": 28}, nets={"D": batch}, optim={"batch": 4})
    assert "smaller than 1x1" in text  # the last convolution does not fit either
    assert "model.12" in text


def test_the_map_of_scores_is_at_least_one_pixel() -> None:
    batch = {"n_layers": 2, "norm": "batch"}
    text = refusal(data={"crop_size": 8}, nets={"D": batch}, optim={"batch": 4})
    assert "smaller than 1x1" in text
    assert "model.8" in text
    assert "model.12" in refusal(data={"crop_size": 32}, nets={"D": {"n_layers": 4}})
    check_sizes(config(data={"crop_size": 32}, nets={"D": {"n_layers": 3}}))
    check_sizes(config(data={"crop_size": 8}, nets={"D": {"arch": "pixel"}}))


def test_the_bottleneck_of_a_resnet_is_checked() -> None:
    pixel = {"D": {"arch": "pixel"}}
    assert "model.8" in refusal(data={"crop_size": 4}, nets=pixel | {"G": {"pad": "zero"}})
    assert "model.10" in refusal(data={"crop_size": 8}, nets=pixel | {"G": {"kernel": 7}})
    check_sizes(config(data={"crop_size": 16}, nets=pixel | {"G": {"kernel": 7}}))


SIZES = [
    *[({}, {}, side, 1) for side in (4, 8, 12, 16, 20, 24, 28, 32, 36, 40)],
    *[({"n_down": 3}, {"n_layers": 1}, side, 1) for side in (8, 16, 24, 32)],
    *[({"kernel": 5}, {"arch": "pixel"}, side, 1) for side in (4, 8, 12, 16)],
    *[({"pad": "zero", "norm": "batch"}, {"arch": "pixel"}, side, 1) for side in (4, 8)],
    *[({"pad": "zero", "norm": "batch"}, {"arch": "pixel"}, side, 2) for side in (4, 8)],
    *[({}, {"n_layers": 4, "norm": "batch"}, side, 2) for side in (16, 24, 32, 40, 48)],
    *[({}, {"arch": "stride4", "first_norm": True}, side, 1) for side in (16, 28, 32, 40, 48, 64)],
    *[({}, {"kernel": kernel}, 24, 1) for kernel in (3, 4, 5, 6, 7)],
    *[({}, {"padding": "same", "n_layers": 4}, side, 1) for side in (4, 8, 12, 16, 24)],
]


@pytest.mark.parametrize(("generator", "discriminator", "side", "batch"), SIZES)
def test_what_is_refused_is_what_torch_cannot_do(
    generator: dict[str, Any], discriminator: dict[str, Any], side: int, batch: int
) -> None:
    """The oracle is a training step's forward pass on that size."""
    found = config(
        nets={
            "G": {"ngf": 1, "n_blocks": 1} | generator,
            "D": {"ndf": 1} | discriminator,
        },
        data={"crop_size": side},
        optim={"batch": batch},
    )
    networks = build_networks(found, Streams(0))
    x = torch.rand(batch, 3, side, side, generator=torch.Generator().manual_seed(0))
    try:
        works = networks.D_A(networks.G_A(x)).numel() > 0
    except (RuntimeError, ValueError):
        works = False
    if works:
        check_sizes(found)
    else:
        with pytest.raises(InputError):
            check_sizes(found)


def domains(a: Any, b: Any, **data: Any) -> dict[str, Any]:
    return {"adapter": "net-padding", "A": {"size": a}, "B": {"size": b}} | data


def test_net_padding_joins_sizes_that_differ_by_little() -> None:
    same = {"D": {"padding": "same"}}
    for a, b in ((28, 32), (32, 28), (26, 32), (28, 28), ((28, 32), (32, 28))):
        check_sizes(config(data=domains(a, b), nets=same))
    assert "odd" in refusal(data=domains(28, 31), nets=same)
    assert "more than 6" in refusal(data=domains(24, 32), nets=same)
    text = refusal(data=domains(30, 34), nets=same)
    assert "side 30 is not a multiple of 4 after 4 pixels of padding" in text
    assert "28 and 32" in text


def test_net_padding_needs_a_resnet() -> None:
    text = refusal(data=domains(128, 130), nets={"G": {"arch": "unet_128"}})
    assert "unet_128 has no padding" in text


def test_dropout_has_its_place() -> None:
    assert "unet3" in refusal(nets={"G": {"dropout": "unet3"}})
    text = refusal(nets={"G": {"arch": "unet_256", "dropout": "blocks"}})
    assert "none, unet3 or all" in text


def test_uncropped_images_are_checked_one_by_one() -> None:
    found = config(data={"preprocess": "none"}, nets={"G": {"n_down": 3}})
    check_sizes(found)  # sizes are not known yet
    check_shape(found, "A", DomainShape(3, 264, 256))
    with pytest.raises(InputError, match="264 and 272"):
        check_shape(found, "B", DomainShape(3, 270, 256))
