"""Initial weights: distribution, order of draws, independence of everything else."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import torch
from torch import nn

from ganeval_cyclegan.config import InitConfig, TrainConfig
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.init import initialise
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.streams import Streams


def networks(seed: int = 0, rank: int = 0, **nets: Any) -> Networks:
    small = {"G": {"ngf": 4, "n_blocks": 3}, "D": {"ndf": 4}}
    return build_networks(TrainConfig.model_validate({"nets": small | nets}), Streams(seed, rank))


def weights(found: Networks) -> list[torch.Tensor]:
    return [one.detach() for _, net in found.items() for one in net.parameters() if one.dim() == 4]


def test_no_two_weights_are_equal() -> None:
    for one, other in itertools.combinations(weights(networks()), 2):
        assert one.shape != other.shape or not torch.equal(one, other)


def test_shared_makes_layers_of_equal_shape_equal() -> None:
    """The negative control; equal within a network, whose stream is started anew."""
    generator = networks(init={"shared": True}).G_A
    by_shape: dict[torch.Size, torch.Tensor] = {}
    repeats = 0
    for one in generator.parameters():
        if one.dim() == 4:
            first = by_shape.setdefault(one.shape, one)
            repeats += first is not one
            assert torch.equal(first, one)
    # Six of three blocks, and each transposed one with the strided one of its width.
    assert repeats == 7


@pytest.mark.parametrize("name", ["G_A", "D_A"])
def test_pooled_deviation_is_the_published_one(name: str) -> None:
    found = networks(G={"n_blocks": 3, "ngf": 32}, D={"ndf": 32})
    convolutions = [one for one in getattr(found, name).parameters() if one.dim() == 4]
    values = torch.cat([one.detach().flatten() for one in convolutions])
    assert len(values) > 500_000  # the standard error of the deviation is below 0.1 %
    assert float(values.std()) == pytest.approx(0.02, rel=0.01)
    assert abs(float(values.mean())) < 4 * 0.02 / len(values) ** 0.5


def test_biases_are_zero_and_batch_norms_draw_their_scales() -> None:
    found = networks(G={"norm": "batch", "n_blocks": 9, "ngf": 16}, D={"norm": "batch", "ndf": 4})
    scales = []
    for module in found.G_A.modules():
        if isinstance(module, nn.BatchNorm2d):
            scales.append(module.weight.detach())
            assert module.running_mean.abs().max() == 0
            assert torch.equal(module.running_var, torch.ones_like(module.running_var))
        if getattr(module, "bias", None) is not None:
            assert module.bias.detach().abs().max() == 0
    pooled = torch.cat(scales)
    # 1,300 draws: the standard error of the deviation is 2 %, that of the mean 0.0006.
    assert float(pooled.std()) == pytest.approx(0.02, rel=0.08)
    assert float(pooled.mean()) == pytest.approx(1, abs=0.0024)


def fan(weight: torch.Tensor) -> tuple[int, int]:
    receptive = weight[0, 0].numel()
    return weight.shape[1] * receptive, weight.shape[0] * receptive


@pytest.mark.parametrize("kind", ["xavier_normal", "kaiming_normal", "orthogonal"])
def test_other_distributions_have_their_textbook_scale(kind: str) -> None:
    layer = nn.Conv2d(48, 64, 3)
    initialise(layer, InitConfig(type=kind), torch.Generator().manual_seed(0))
    weight = layer.weight.detach()
    fan_in, fan_out = fan(weight)
    if kind == "orthogonal":
        rows = weight.flatten(1)
        torch.testing.assert_close(rows @ rows.T, 0.02**2 * torch.eye(64), rtol=0, atol=1e-9)
        return
    expected = {
        "xavier_normal": 0.02 * (2 / (fan_in + fan_out)) ** 0.5,
        "kaiming_normal": (2 / fan_in) ** 0.5,
    }[kind]
    # 27,648 draws: the standard error of the deviation is 0.4 %.
    assert float(weight.std()) == pytest.approx(expected, rel=0.02)


def test_draws_follow_module_order_of_one_stream() -> None:
    found = networks().G_A
    stream = torch.Generator().manual_seed(Streams(0).key("init.G_A"))
    for one in found.parameters():
        if one.dim() == 4:
            assert torch.equal(one, torch.empty_like(one).normal_(0, 0.02, generator=stream))


def test_weights_depend_on_the_seed_alone() -> None:
    before = torch.random.get_rng_state()
    torch.manual_seed(5)
    one = networks(seed=1)
    torch.manual_seed(6)
    other = networks(seed=1, rank=3)  # all processes start alike
    assert all(torch.equal(*pair) for pair in zip(weights(one), weights(other), strict=True))
    assert not torch.equal(weights(one)[0], weights(networks(seed=2))[0])
    torch.random.set_rng_state(before)


def test_building_leaves_the_global_generator_alone() -> None:
    before = torch.random.get_rng_state()
    networks()
    assert torch.equal(before, torch.random.get_rng_state())


def test_another_network_never_shifts_the_draws_of_one() -> None:
    """Switching the discriminator is no reason for other generators."""
    one, other = networks(), networks(D={"arch": "pixel"})
    assert torch.equal(weights(one)[0], weights(other)[0])
