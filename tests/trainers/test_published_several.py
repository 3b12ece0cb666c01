"""Files that hold several networks, and the direction that chooses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from ganeval.errors import InputError
from ganeval_cyclegan.nets.published import describe, load_generator, load_one
from trainers import published_layers as plain


@pytest.fixture
def both() -> dict[str, plain.State]:
    return {
        name: plain.random_state(plain.resnet_layout(1, bn=False, dropout=False, ngf=2), seed)
        for seed, name in enumerate(("G_A", "G_B"))
    }


@pytest.mark.parametrize("container", ["state_dict", "model", "params"])
def test_a_state_dict_may_lie_in_a_container(
    tmp_path: Path, container: str, both: dict[str, plain.State]
) -> None:
    optimiser = {"state": {0: {"exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 0.1}]}
    torch.save({"epoch": 3, container: both["G_A"], "optimizer": optimiser}, tmp_path / "c.pth")
    (told,) = describe(tmp_path / "c.pth")
    assert told.name == ""
    assert told.n_blocks == 1


@pytest.mark.parametrize("kind", ["nested", "flat", "wrapped"])
def test_a_direction_chooses_among_several(
    tmp_path: Path, kind: str, both: dict[str, plain.State]
) -> None:
    discriminator = plain.random_state(plain.patch_layout(1, ndf=2))
    networks = both | {"D_A": discriminator}
    document: Any = {"nets": networks, "update": 5}
    if kind == "flat":
        document = {f"{n}.{key}": v for n, state in networks.items() for key, v in state.items()}
    elif kind == "wrapped":
        document = {
            "state_dict": {
                f"net{n}.module.{key}": v
                for n, state in networks.items()
                for key, v in state.items()
            }
        }
    path = tmp_path / "all.pth"
    torch.save(document, path)
    assert len(describe(path)) == 3
    for direction, name in (("AtoB", "G_A"), ("BtoA", "G_B")):
        network, told = load_generator(path, direction=direction)
        assert told.name.removeprefix("net") == name
        assert torch.equal(network.state_dict()["model.1.weight"], both[name]["model.1.weight"])
    with pytest.raises(InputError, match=r"2 generators: .*G_A \(AtoB\), .*G_B \(BtoA\)") as caught:
        load_generator(path)
    assert "--direction" in str(caught.value)
    with pytest.raises(InputError, match=r"3 networks: "):
        load_one(path)


def test_moving_averages_are_asked_for(tmp_path: Path, both: dict[str, plain.State]) -> None:
    path = tmp_path / "u100.pt"
    torch.save({"nets": {"G_A": both["G_A"]}, "ema": {"G_A": both["G_B"]}}, path)
    for ema, name in ((False, "G_A"), (True, "G_B")):
        network, _ = load_generator(path, ema=ema)
        assert torch.equal(network.state_dict()["model.1.weight"], both[name]["model.1.weight"])


def test_a_direction_that_is_not_there(tmp_path: Path, both: dict[str, plain.State]) -> None:
    torch.save({"G_A": both["G_A"]}, tmp_path / "one.pth")
    with pytest.raises(InputError, match=r"no generator|does not hold the generator .*BtoA"):
        load_generator(tmp_path / "one.pth", direction="BtoA")
    path = plain.save(tmp_path / "latest_net_G_B.pth", both["G_B"])
    with pytest.raises(InputError, match=r"AtoB; it has generator \(BtoA\)"):
        load_generator(path, direction="AtoB")
    assert load_generator(path)[1].direction == "BtoA"


def test_a_released_one_way_model_takes_the_direction_asked_for(
    tmp_path: Path, both: dict[str, plain.State]
) -> None:
    path = plain.save(tmp_path / "latest_net_G.pth", both["G_A"])
    assert load_generator(path)[1].direction is None
    _, told = load_generator(path, direction="BtoA")
    assert told.direction == "BtoA"
    assert told.assumptions[-1] == "direction: BtoA, as asked (the file does not say)"


def test_a_file_of_discriminators_has_no_generator(tmp_path: Path) -> None:
    path = plain.save(tmp_path / "D.pth", plain.random_state(plain.patch_layout(1, ndf=2)))
    with pytest.raises(InputError, match="holds no generator"):
        load_generator(path)
