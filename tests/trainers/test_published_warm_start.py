"""Networks that start from a file: those named take it, the others stay as they were."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ganeval.errors import InputError
from ganeval_cyclegan.config import TrainConfig, WarmStartConfig
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.nets.warm_start import warm_start
from ganeval_cyclegan.streams import Streams


def networks(seed: int = 0, **generator: Any) -> Networks:
    sections = {"nets": {"G": {"ngf": 2, "n_blocks": 1} | generator, "D": {"ndf": 2}}}
    return build_networks(TrainConfig.model_validate(sections), Streams(seed))


def equal(one: nn.Module, other: nn.Module) -> bool:
    pairs = zip(one.state_dict().values(), other.state_dict().values(), strict=True)
    return all(torch.equal(*pair) for pair in pairs)


def test_only_the_named_network_takes_its_file(tmp_path: Path) -> None:
    trained, fresh = networks(1), networks(2)
    before = copy.deepcopy(fresh)
    torch.save(trained.G_A.state_dict(), tmp_path / "latest_net_G.pth")
    taken = warm_start(fresh, WarmStartConfig(G_A=str(tmp_path / "latest_net_G.pth")))
    assert list(taken) == ["G_A"]
    assert equal(fresh.G_A, trained.G_A)
    for name in ("G_B", "D_A", "D_B"):
        assert equal(getattr(fresh, name), getattr(before, name))


def test_a_checkpoint_of_all_gives_each_its_own(tmp_path: Path) -> None:
    trained, fresh = networks(1), networks(2)
    path = str(tmp_path / "all.pth")
    averages = {"G_A": networks(3).G_A.state_dict(), "G_B": networks(3).G_B.state_dict()}
    torch.save({"nets": trained.state(), "ema": averages}, path)
    warm_start(fresh, WarmStartConfig(G_A=path, G_B=path, D_A=path, D_B=path))
    for name, network in fresh.items():
        assert equal(network, getattr(trained, name))


@pytest.mark.parametrize(
    ("choices", "key"),
    [
        ({"n_blocks": 2}, "model.11.bias is 4 in the file and absent in this run"),
        ({"ngf": 4}, "model.1.bias is 2 in the file and 4 in this run"),
        ({"dropout": "blocks"}, "model.10.conv_block.5.bias is 8 in the file and absent"),
        ({"arch": "unet_128"}, "model.1.bias is 2 in the file and absent in this run"),
    ],
)
def test_another_architecture_is_refused(tmp_path: Path, choices: dict[str, Any], key: str) -> None:
    torch.save(networks().G_A.state_dict(), tmp_path / "G.pth")
    with pytest.raises(InputError) as caught:
        warm_start(networks(**choices), WarmStartConfig(G_A=str(tmp_path / "G.pth")))
    assert "warm_start.G_A" in str(caught.value)
    assert key in str(caught.value)


def test_a_discriminator_is_no_generator(tmp_path: Path) -> None:
    torch.save(networks().D_A.state_dict(), tmp_path / "D.pth")
    with pytest.raises(InputError, match="absent"):
        warm_start(networks(), WarmStartConfig(G_A=str(tmp_path / "D.pth")))


def test_a_file_without_that_network_is_refused(tmp_path: Path) -> None:
    state = networks().state()
    torch.save({"G_B": state["G_B"], "D_A": state["D_A"]}, tmp_path / "some.pth")
    with pytest.raises(InputError, match="G_B"):
        warm_start(networks(), WarmStartConfig(G_A=str(tmp_path / "some.pth")))
