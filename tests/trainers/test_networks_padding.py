"""Padding by index: the same values, the same gradient, the same keys."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.reflection import IndexPad2d, make_padding_deterministic
from ganeval_cyclegan.streams import Streams


@pytest.mark.parametrize("sides", [(3, 3, 3, 3), (1, 2, 0, 4), (0, 0, 0, 0), (6, 0, 0, 6)])
@pytest.mark.parametrize("mode", ["reflect", "replicate"])
def test_values_are_those_of_torch(mode: str, sides: tuple[int, int, int, int]) -> None:
    x = torch.rand(2, 3, 7, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    one, other = x.clone().requires_grad_(), x.clone().requires_grad_()
    kinds = {"reflect": nn.ReflectionPad2d, "replicate": nn.ReplicationPad2d}
    expected = kinds[mode](sides)(one)
    found = IndexPad2d(sides, mode)(other)
    assert torch.equal(found, expected)
    weights = torch.rand(expected.shape, generator=torch.Generator().manual_seed(1)).double()
    (expected * weights).sum().backward()
    (found * weights).sum().backward()
    # Sums of up to nine terms below 1, in another order.
    torch.testing.assert_close(other.grad, one.grad, rtol=0, atol=4e-15)


def test_a_deterministic_run_pads_by_index_under_the_same_keys() -> None:
    def config(deterministic: bool) -> TrainConfig:
        return TrainConfig.model_validate(
            {
                "nets": {"G": {"ngf": 2, "n_blocks": 2}, "D": {"ndf": 2}},
                "run": {"deterministic": deterministic},
            }
        )

    plain = build_networks(config(False), Streams(3)).G_A
    by_index = build_networks(config(True), Streams(3)).G_A
    assert sum(isinstance(one, IndexPad2d) for one in by_index.modules()) == 6
    assert not any(isinstance(one, nn.ReflectionPad2d) for one in by_index.modules())
    assert list(plain.state_dict()) == list(by_index.state_dict())
    x = torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.equal(plain(x), by_index(x))


def test_replication_is_swapped_too() -> None:
    network = nn.Sequential(nn.ReplicationPad2d(2), nn.Conv2d(1, 1, 3))
    swapped = copy.deepcopy(network)
    make_padding_deterministic(swapped)
    assert isinstance(swapped[0], IndexPad2d)
    x = torch.rand(1, 1, 5, 5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(network(x), swapped(x))


@pytest.mark.gpu
def test_backward_runs_on_cuda_where_torch_refuses_its_own() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    x = torch.rand(1, 1, 8, 8, device="cuda", requires_grad=True)
    torch.use_deterministic_algorithms(True)
    try:
        with pytest.raises(RuntimeError, match="deterministic"):
            nn.ReflectionPad2d(3)(x).sum().backward()
        IndexPad2d((3, 3, 3, 3), "reflect")(x).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)
