"""Weights files: recognised by keys alone, cleaned, exported as the published code reads them."""

from __future__ import annotations

import json
from collections import OrderedDict
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from ganeval_cyclegan.config import DiscriminatorConfig, GeneratorConfig, InitConfig
from ganeval_cyclegan.nets.blueprint import Blueprint, DiscriminatorBlueprint, GeneratorBlueprint
from ganeval_cyclegan.nets.build import build_from
from ganeval_cyclegan.nets.init import initialise
from ganeval_cyclegan.nets.published import describe, export, load_generator, load_one
from trainers import published_layers as plain

PREFIXES = ["", "module.", "_orig_mod.", "module._orig_mod.", "_orig_mod.module.module."]


def with_running_statistics(state: plain.State) -> plain.State:
    """As files of 2017 to 2018 have them: each instance norm with statistics nobody looks at."""
    found = OrderedDict()
    for key, value in state.items():
        found[key] = value
        *path, index, kind = key.split(".")
        if kind == "bias" and value.dim() == 1:
            norm = ".".join([*path, str(int(index) + 1)])
            found[f"{norm}.running_mean"] = torch.full_like(value, 3.0)
            found[f"{norm}.running_var"] = torch.full_like(value, 9.0)
            found[f"{norm}.num_batches_tracked"] = torch.tensor(100)
    return found


def images(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(9)) * 2 - 1


@pytest.mark.parametrize("channels", [(1, 3), (3, 1)])
@pytest.mark.parametrize("bn", [False, True])
@pytest.mark.parametrize("dropout", [False, True])
@pytest.mark.parametrize("n_blocks", [6, pytest.param(9, marks=pytest.mark.slow)])
def test_published_resnets_load_without_a_flag(
    tmp_path: Path, n_blocks: int, dropout: bool, bn: bool, channels: tuple[int, int]
) -> None:
    layout = plain.resnet_layout(
        n_blocks, bn=bn, dropout=dropout, c_in=channels[0], c_out=channels[1], ngf=4
    )
    state = plain.random_state(layout)
    x = images(1, channels[0], 32, 32)
    expected = plain.resnet_forward(state, x, n_blocks, second=6 if dropout else 5)
    stored = state if bn else with_running_statistics(state)
    outputs = []
    for prefix in PREFIXES:
        network, told = load_generator(plain.save(tmp_path / "latest_net_G.pth", stored, prefix))
        assert (told.arch, told.n_blocks, told.n_down) == ("resnet", n_blocks, 2)
        assert (told.in_nc, told.out_nc, told.width) == (*channels, 4)
        assert told.norm == ("batch" if bn else "instance")
        assert told.dropout == ("blocks" if dropout else "none")
        assert told.padding == "reflect"
        assert sorted(told.stripped_prefixes) == sorted({f"{p}." for p in prefix.split(".") if p})
        statistics = [key for key in stored if key not in state or key.endswith("tracked")]
        assert told.dropped_keys == statistics
        assert told.parameters == sum(
            value.numel() for key, value in state.items() if key.endswith(("weight", "bias"))
        )
        with torch.no_grad():
            outputs.append(network(x))
    # The plain restatement normalises in another order of operations: float32 rounding.
    torch.testing.assert_close(outputs[0], expected, rtol=0, atol=2e-5)
    assert all(torch.equal(outputs[0], other) for other in outputs)


@pytest.mark.parametrize("bn", [False, True])
@pytest.mark.parametrize("num_downs", [5, 7, 8])
def test_published_unets_load_without_a_flag(tmp_path: Path, num_downs: int, bn: bool) -> None:
    state = plain.random_state(plain.unet_layout(num_downs, bn=bn, c_in=1, ngf=2))
    side = 2**num_downs
    x = images(1, 1, side, side)
    for prefix in PREFIXES:
        network, told = load_generator(plain.save(tmp_path / "G.pth", state, prefix))
        assert (told.arch, told.num_downs, told.n_blocks) == ("unet", num_downs, None)
        assert (told.in_nc, told.out_nc, told.width) == (1, 3, 2)
        assert told.norm == ("batch" if bn else "instance")
    with torch.no_grad():
        expected = plain.unet_forward(state, x, num_downs)
        torch.testing.assert_close(network(x), expected, rtol=0, atol=2e-5)  # float32 rounding


@pytest.mark.parametrize("bn", [False, True])
@pytest.mark.parametrize("n_layers", [1, 2, 3, 4, 5])
def test_published_discriminators_are_recognised(tmp_path: Path, n_layers: int, bn: bool) -> None:
    state = plain.random_state(plain.patch_layout(n_layers, bn=bn, ndf=8, c_in=1))
    stored = state if bn else with_running_statistics(state)
    network, told = load_one(plain.save(tmp_path / "latest_net_D_A.pth", stored, "module."))
    assert (told.role, told.arch, told.n_layers) == ("discriminator", "patch", n_layers)
    assert (told.in_nc, told.out_nc, told.width) == (1, 1, 8)
    assert told.norm == ("batch" if bn else "instance")
    x = images(1, 1, 128, 128)
    with torch.no_grad():
        expected = plain.patch_forward(state, x, n_layers)
        torch.testing.assert_close(network.eval()(x), expected, rtol=1e-4, atol=1e-4)


def test_other_discriminators_are_recognised(tmp_path: Path) -> None:
    (pixel,) = describe(
        plain.save(tmp_path / "p.pth", plain.random_state(plain.pixel_layout(bn=True)))
    )
    assert (pixel.arch, pixel.norm, pixel.parameters) == ("pixel", "batch", 8_832)
    (stride4,) = describe(
        plain.save(tmp_path / "s.pth", plain.random_state(plain.first_norm_layout()))
    )
    assert (stride4.arch, stride4.n_layers, stride4.parameters) == ("patch", 3, 2_764_737)
    assert any("stride4" in assumption for assumption in stride4.assumptions)
    dual = plain.random_state(plain.patch_layout(3, ndf=8, heads=2))
    assert describe(plain.save(tmp_path / "d.pth", dual))[0].out_nc == 2


VARIANTS: list[Blueprint] = [
    *[
        GeneratorBlueprint(
            in_channels=1,
            out_channels=3,
            config=GeneratorConfig.model_validate({"ngf": 2, "n_blocks": 2} | choices),
        )
        for choices in (
            {"pad": "zero"},
            {"pad": "zero", "dropout": "blocks"},
            {"kernel": 5},
            {"kernel": 7, "norm": "batch", "pad": "zero", "dropout": "blocks"},
            {"n_down": 1, "n_blocks": 4},
            {"n_down": 3},
            {"n_down": 4, "dropout": "blocks"},
            {"norm": "instance-affine"},
            {"n_blocks": 1},
        )
    ],
    *[
        DiscriminatorBlueprint(
            in_channels=3,
            heads=heads,
            config=DiscriminatorConfig.model_validate({"ndf": 2} | choices),
        )
        for heads, choices in (
            (1, {"kernel": 3}),
            (2, {"kernel": 6, "n_layers": 5}),
            (1, {"norm": "instance-affine", "first_norm": True, "n_layers": 2}),
            (2, {"arch": "pixel"}),
        )
    ],
]


def filled(blueprint: Blueprint) -> nn.Module:
    network = build_from(blueprint)
    initialise(network, InitConfig(), torch.Generator().manual_seed(0))
    return network


@pytest.mark.parametrize("blueprint", VARIANTS, ids=str)
def test_every_variant_that_keys_can_tell_is_told(tmp_path: Path, blueprint: Blueprint) -> None:
    network = filled(blueprint)
    loaded, told = load_one(plain.save(tmp_path / "net.pth", network.state_dict()))
    assert told.blueprint == blueprint
    assert told.assumptions
    x = images(1, blueprint.in_channels, 128, 128)
    with torch.no_grad():
        assert torch.equal(loaded.eval()(x), network.eval()(x))


UNTOLD: list[Blueprint] = [
    GeneratorBlueprint(
        in_channels=1,
        out_channels=3,
        first_pad=(5, 5),
        config=GeneratorConfig(ngf=2, n_blocks=2, pad="replicate", block_activation="relu"),
    ),
    GeneratorBlueprint(
        in_channels=3,
        out_channels=3,
        num_downs=7,
        config=GeneratorConfig(arch="unet_128", ngf=2, dropout="all"),
    ),
    DiscriminatorBlueprint(
        in_channels=1,
        config=DiscriminatorConfig(
            arch="stride4", ndf=2, first_norm=True, head="tanh", padding="same"
        ),
    ),
]


@pytest.mark.parametrize("blueprint", [*VARIANTS, *UNTOLD], ids=str)
def test_an_export_comes_back_as_it_was(tmp_path: Path, blueprint: Blueprint) -> None:
    """What keys cannot tell lies beside the weights; outputs are equal bit for bit."""
    network = filled(blueprint)
    path = tmp_path / "latest_net_G_B.pth"
    export(network, path)
    loaded, told = load_one(path)
    assert told.blueprint == blueprint
    assert told.assumptions == []
    assert told.direction == ("BtoA" if blueprint.role == "generator" else None)
    x = images(1, blueprint.in_channels, 128, 128)
    with torch.no_grad():
        assert torch.equal(loaded.eval()(x), network.eval()(x))


def test_an_export_is_plain_float32_under_published_keys(tmp_path: Path) -> None:
    blueprint = VARIANTS[4]
    network = filled(blueprint).to(torch.float64, memory_format=torch.channels_last)
    path = tmp_path / "latest_net_G_A.pth"
    export(torch.nn.DataParallel(network), path)
    state = torch.load(path, weights_only=True)
    assert list(state) == list(network.state_dict())
    for value in state.values():
        assert value.dtype == torch.float32
        assert value.device.type == "cpu"
        assert value.is_contiguous()
        assert value.untyped_storage().nbytes() == value.numel() * 4


def test_what_lies_beside_another_file_is_not_believed(tmp_path: Path) -> None:
    export(filled(UNTOLD[0]), tmp_path / "net.pth")
    plain.save(tmp_path / "net.pth", filled(VARIANTS[2]).state_dict())
    (told,) = describe(tmp_path / "net.pth")
    assert told.blueprint == VARIANTS[2]
    (tmp_path / "net.json").write_text("{}")
    assert describe(tmp_path / "net.pth")[0].blueprint == VARIANTS[2]


def test_assumptions_outlive_an_export(tmp_path: Path) -> None:
    network, told = load_one(plain.save(tmp_path / "net.pth", filled(VARIANTS[2]).state_dict()))
    export(network, tmp_path / "latest_net_G_A.pth", assumptions=told.assumptions)
    (again,) = describe(tmp_path / "latest_net_G_A.pth")
    assert again.assumptions == told.assumptions


def test_safetensors_are_read_too(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    network = filled(VARIANTS[0])
    save_file(network.state_dict(), tmp_path / "net.safetensors")
    loaded, _ = load_one(tmp_path / "net.safetensors")
    x = images(1, 1, 16, 16)
    assert torch.equal(loaded(x), network(x))


def test_half_precision_is_widened(tmp_path: Path) -> None:
    state = {key: value.half() for key, value in filled(VARIANTS[0]).state_dict().items()}
    loaded, _ = load_one(plain.save(tmp_path / "net.pth", state))
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float32}


def test_the_file_beside_is_json_for_people(tmp_path: Path) -> None:
    export(filled(UNTOLD[0]), tmp_path / "latest_net_G_A.pth")
    document = json.loads((tmp_path / "latest_net_G_A.json").read_text())
    assert document["schema"] == "ganeval.network/1"
    assert document["direction"] == "AtoB"
    assert document["blueprint"]["config"]["pad"] == "replicate"
