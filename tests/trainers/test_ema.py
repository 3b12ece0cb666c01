"""Moving averages of weights."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from trainers.small_run import small_config, updates

from ganeval_cyclegan.ema import averaged_copy, follow


def test_an_average_of_constant_weights_approaches_them_geometrically() -> None:
    network = nn.Linear(2, 1, bias=False).double()
    nn.init.zeros_(network.weight)
    average = averaged_copy(network)
    nn.init.ones_(network.weight)
    for _ in range(10):
        follow(average, network, 0.9)
    assert float(average.get_parameter("weight")[0, 0]) == pytest.approx(1 - 0.9**10, rel=1e-12)


def test_running_statistics_are_copied() -> None:
    network = nn.BatchNorm2d(2)
    average = averaged_copy(network)
    network.train()(torch.ones(4, 2, 3, 3))
    follow(average, network, 0.999)
    assert torch.equal(average.get_buffer("running_mean"), network.get_buffer("running_mean"))
    assert int(average.get_buffer("num_batches_tracked")) == 1


def test_averages_start_from_the_first_weights_and_need_no_gradient() -> None:
    config = small_config({"ema.decay": 0.5})
    state, _ = updates(config, 0)
    before = state.nets.G_A.state_dict()["model.1.weight"].clone()
    state, _ = updates(config, 1, state=state)
    after = state.nets.G_A.state_dict()["model.1.weight"]
    average = state.ema["G_A"].state_dict()["model.1.weight"]
    assert torch.allclose(average, (before + after) / 2, rtol=1e-12, atol=0)
    assert set(state.ema) == {"G_A", "G_B"}
    assert not any(p.requires_grad for p in state.ema["G_B"].parameters())
    assert not state.ema["G_A"].training


def test_there_are_none_unless_they_are_asked_for() -> None:
    assert updates(small_config(), 0)[0].ema == {}
