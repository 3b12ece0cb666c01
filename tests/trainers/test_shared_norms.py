"""Batch norm over several processes, against torch's own where there is one."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from trainers.small_run import small_config, small_state

from ganeval_cyclegan.distributed import World
from ganeval_cyclegan.shared_norms import SharedBatchNorm2d, share_norms
from ganeval_cyclegan.streams import Streams


class Twins(World):
    """Two processes that always hold the same: every sum is twice its own part."""

    def __init__(self) -> None:
        super().__init__(rank=0, size=2)

    def sum(self, tensor: Tensor) -> Tensor:
        return 2 * tensor.detach()


def layer() -> nn.BatchNorm2d:
    made = nn.BatchNorm2d(3).double()
    with torch.no_grad():
        made.weight.copy_(torch.tensor([0.5, 1.5, -1.0]))
        made.bias.copy_(torch.tensor([0.1, 0.0, -2.0]))
    return made


def images() -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.rand(2, 3, 4, 5, generator=generator, dtype=torch.float64) * 3 + 1


def outcome(norm: nn.BatchNorm2d, given: Tensor) -> list[Tensor]:
    """Outputs, gradients, the gradient of a penalty on gradients, and running statistics."""
    given = given.clone().requires_grad_()
    outputs = norm(given)
    (slope,) = torch.autograd.grad(outputs.pow(3).sum(), given, create_graph=True)
    slope.square().sum().backward()
    assert given.grad is not None
    assert norm.weight.grad is not None
    assert norm.running_mean is not None
    assert norm.running_var is not None
    statistics = [norm.running_mean.clone(), norm.running_var.clone()]
    evaluated = norm.eval()(given + 1)
    return [outputs, slope, given.grad, norm.weight.grad, *statistics, evaluated]


def test_alone_it_is_torchs_batch_norm_in_every_gradient() -> None:
    ours = outcome(SharedBatchNorm2d(layer(), World()), images())
    for one, other in zip(ours, outcome(layer(), images()), strict=True):
        # A few hundred float64 terms, and a second derivative.
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)


def test_two_processes_normalise_by_both_their_batches() -> None:
    """With the same images in both, statistics are those of the doubled batch."""
    shared, plain = SharedBatchNorm2d(layer(), Twins()), layer()
    outputs = shared(images())
    expected = plain(torch.cat([images(), images()]))[:2]
    torch.testing.assert_close(outputs, expected, rtol=1e-12, atol=1e-12)
    assert shared.running_var is not None
    torch.testing.assert_close(shared.running_var, plain.running_var, rtol=1e-12, atol=0)


def test_networks_keep_their_parameters_and_names() -> None:
    config = small_config({"nets.G.norm": "batch", "nets.D.norm": "batch", "nets.D.n_layers": 2})
    state = small_state(config, Streams(0))
    before = {name: net.state_dict() for name, net in state.nets.items()}
    parameters = {id(one) for _, net in state.nets.items() for one in net.parameters()}
    share_norms(state.nets, World())
    for name, net in state.nets.items():
        assert list(net.state_dict()) == list(before[name])
        norms = [one for one in net.modules() if isinstance(one, nn.BatchNorm2d)]
        assert norms
        assert all(isinstance(one, SharedBatchNorm2d) for one in norms)
    assert {id(one) for _, net in state.nets.items() for one in net.parameters()} == parameters


def test_a_copied_network_speaks_to_the_same_processes() -> None:
    world = World()
    assert copy.deepcopy(SharedBatchNorm2d(layer(), world))._world is world
