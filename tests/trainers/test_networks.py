"""Keys, shapes, counts and values of the networks, against tables and a plain restatement."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ganeval_cyclegan.config import DiscriminatorConfig, GeneratorConfig, InitConfig, TrainConfig
from ganeval_cyclegan.nets.build import build_generator, build_networks, without_weights
from ganeval_cyclegan.nets.discriminators import build_discriminator
from ganeval_cyclegan.nets.init import initialise
from ganeval_cyclegan.nets.macs import count_macs, parameter_count, update_macs
from ganeval_cyclegan.nets.maps import map_sides, receptive_field
from ganeval_cyclegan.streams import Streams
from trainers import published_layers as plain


def generator(c_in: int = 3, c_out: int = 3, **choices: Any) -> nn.Module:
    with torch.device("meta"):
        return build_generator(GeneratorConfig(**choices), c_in, c_out)


def discriminator(c_in: int = 3, heads: int = 1, **choices: Any) -> nn.Module:
    with torch.device("meta"):
        return build_discriminator(DiscriminatorConfig(**choices), c_in, heads)


def filled(build: Any, seed: int = 0) -> nn.Module:
    """A network with weights, norms and statistics that are all at random."""
    network = without_weights(build)
    random = torch.Generator().manual_seed(seed)
    initialise(network, InitConfig(gain=0.2), random)
    for name, value in network.named_parameters():
        if name.endswith(".bias"):
            value.data.normal_(0, 0.1, generator=random)
    for value in network.buffers():
        if value.is_floating_point():
            value.uniform_(0.5, 1.5, generator=random)
    return network


def layout(network: nn.Module) -> plain.Layout:
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def images(*shape: int, seed: int = 9) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1


GENERATORS = [
    # choices, channels, parameters, keys, side, MACs
    ({"n_blocks": 9}, (3, 3), 11_378_179, 48, 256, 49_551_507_456),
    ({"n_blocks": 9}, (3, 3), 11_378_179, 48, 128, 12_387_876_864),
    ({"n_blocks": 9, "norm": "batch"}, (3, 3), 11_383_427, 140, 256, 49_551_507_456),
    ({"n_blocks": 6}, (3, 3), 7_837_699, 36, 256, 35_055_992_832),
    ({"n_blocks": 6}, (3, 3), 7_837_699, 36, 128, 8_763_998_208),
    ({"n_blocks": 6, "norm": "batch"}, (3, 3), 7_841_411, 104, 256, 35_055_992_832),
    ({"n_blocks": 9}, (1, 3), 11_371_907, 48, None, None),
    ({"n_blocks": 9}, (1, 1), 11_365_633, 48, None, None),
    ({"n_blocks": 6}, (1, 3), 7_831_427, 36, None, None),
    ({"n_blocks": 6}, (3, 1), 7_831_425, 36, None, None),
    ({"arch": "unet_256"}, (3, 3), 54_409_603, 32, 256, 6_048_186_368),
    ({"arch": "unet_256", "norm": "batch"}, (3, 3), 54_413_955, 82, 256, 6_048_186_368),
    ({"arch": "unet_128"}, (3, 3), 41_825_667, 28, 128, 1_505_755_136),
    ({"arch": "unet_128", "norm": "batch"}, (3, 3), 41_828_995, 70, 128, 1_505_755_136),
    ({"ngf": 8, "n_blocks": 2}, (3, 3), 50_947, 20, 32, 5_947_392),
]


@pytest.mark.parametrize(("choices", "channels", "parameters", "keys", "side", "macs"), GENERATORS)
def test_golden_numbers_of_generators(
    choices: dict[str, Any],
    channels: tuple[int, int],
    parameters: int,
    keys: int,
    side: int | None,
    macs: int | None,
) -> None:
    network = generator(*channels, **choices)
    assert parameter_count(network) == parameters
    assert len(network.state_dict()) == keys
    if side is not None:
        assert count_macs(network, channels[0], side, side).done == macs


STRIDE4 = {"arch": "stride4", "first_norm": True, "head": "tanh", "padding": "same"}
DISCRIMINATORS = [
    ({"n_layers": 1}, 3, 1, 136_385, 6, 2_196_905_984),
    ({"n_layers": 2}, 3, 1, 662_977, 8, 2_683_846_656),
    ({"n_layers": 3}, 3, 1, 2_764_737, 10, 3_146_809_344),
    ({"n_layers": 4}, 3, 1, 6_959_553, 12, 2_606_268_416),
    ({"n_layers": 5}, 3, 1, 11_154_369, 14, 2_135_195_648),
    ({"norm": "batch"}, 3, 1, 2_765_633, 22, None),
    ({}, 1, 1, 2_762_689, 10, None),
    ({}, 3, 2, 2_772_930, 10, None),
    ({"first_norm": True}, 3, 1, 2_764_737, 10, None),
    ({"arch": "pixel"}, 3, 1, 8_705, 6, 557_842_432),
    ({"arch": "pixel", "norm": "batch"}, 3, 1, 8_832, 9, None),
    ({"ndf": 8, "n_layers": 2}, 3, 1, 11_193, 8, None),
    ({"ndf": 8, "n_layers": 3}, 3, 1, 44_537, 10, None),
    (STRIDE4, 3, 1, 2_764_737, 10, None),
    (STRIDE4, 1, 1, 2_762_689, 10, None),
]


@pytest.mark.parametrize(("choices", "c_in", "heads", "parameters", "keys", "macs"), DISCRIMINATORS)
def test_golden_numbers_of_discriminators(
    choices: dict[str, Any], c_in: int, heads: int, parameters: int, keys: int, macs: int | None
) -> None:
    network = discriminator(c_in, heads, **choices)
    assert parameter_count(network) == parameters
    assert len(network.state_dict()) == keys
    if macs is not None:
        assert count_macs(network, 3, 256, 256).done == macs


def test_macs_have_two_conventions_for_transposed_convolutions() -> None:
    """56.8 G is what the compression literature prints for the same network."""
    macs = count_macs(generator(), 3, 256, 256)
    assert (macs.done, macs.by_output) == (49_551_507_456, 56_799_264_768)


@pytest.mark.parametrize(
    ("generator_choices", "identity", "gmacs"),
    [
        ({}, 0.5, 942.3),
        ({}, 0, 645.0),
        ({"n_blocks": 6}, 0.5, 0.723 * 942.3),
        ({"arch": "unet_256"}, 0.5, 159.2),
    ],
)
def test_work_of_one_update(
    generator_choices: dict[str, Any], identity: float, gmacs: float
) -> None:
    config = TrainConfig.model_validate(
        {"nets": {"G": generator_choices}, "loss": {"lambda_identity": identity}}
    )
    with torch.device("meta"):
        networks = build_networks_on_meta(config)
    # The table prints four digits, of a ratio three.
    assert update_macs(config, networks) / 1e9 == pytest.approx(gmacs, rel=1e-3)


def build_networks_on_meta(config: TrainConfig) -> Any:
    from ganeval_cyclegan.nets.networks import Networks

    g = [build_generator(config.nets.G, 3, 3) for _ in "AB"]
    d = [build_discriminator(config.nets.D, 3) for _ in "AB"]
    return Networks(*g, *d)


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("dropout", ["none", "blocks"])
@pytest.mark.parametrize("n_blocks", [6, 9])
def test_keys_and_shapes_of_the_resnet_are_the_published_ones(
    n_blocks: int, dropout: str, norm: str
) -> None:
    network = generator(1, 3, n_blocks=n_blocks, norm=norm, dropout=dropout)
    expected = plain.resnet_layout(
        n_blocks, bn=norm == "batch", dropout=dropout != "none", c_in=1, c_out=3
    )
    assert list(layout(network).items()) == list(expected.items())


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize(("arch", "num_downs"), [("unet_128", 7), ("unet_256", 8)])
def test_keys_and_shapes_of_the_unet_are_the_published_ones(
    arch: str, num_downs: int, norm: str
) -> None:
    network = generator(3, 1, arch=arch, norm=norm, dropout="unet3")
    assert layout(network) == plain.unet_layout(num_downs, bn=norm == "batch", c_out=1)


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("n_layers", [1, 2, 3, 4, 5])
def test_keys_and_shapes_of_the_patch_discriminator_are_the_published_ones(
    n_layers: int, norm: str
) -> None:
    expected = plain.patch_layout(n_layers, bn=norm == "batch")
    assert list(layout(discriminator(n_layers=n_layers, norm=norm)).items()) == list(
        expected.items()
    )


def test_keys_of_the_other_discriminators() -> None:
    assert layout(discriminator(arch="pixel")) == plain.pixel_layout()
    assert layout(discriminator(arch="pixel", norm="batch")) == plain.pixel_layout(bn=True)
    assert layout(discriminator(first_norm=True)) == plain.first_norm_layout()
    assert layout(discriminator(1, **STRIDE4)) == plain.first_norm_layout(1)
    assert layout(discriminator(heads=2)) == plain.patch_layout(3, heads=2)


def test_zero_padding_has_no_modules() -> None:
    for dropout, second in (("none", 3), ("blocks", 4)):
        keys = layout(generator(pad="zero", dropout=dropout, n_blocks=1))
        places = sorted(key for key in keys if "conv_block" in key and key.endswith("weight"))
        assert places == [f"model.10.conv_block.{place}.weight" for place in (0, second)]


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("dropout", ["none", "blocks"])
def test_resnet_computes_what_the_table_says(dropout: str, norm: str) -> None:
    config = GeneratorConfig.model_validate(
        {"n_blocks": 3, "ngf": 4, "norm": norm, "dropout": dropout}
    )
    network = filled(lambda: build_generator(config, 3, 3)).double().eval()
    x = images(2, 3, 24, 32).double()
    expected = plain.resnet_forward(
        dict(network.state_dict()), x, 3, second=6 if dropout == "blocks" else 5
    )
    # float64 rounding through 20 layers; outputs are of order 1.
    torch.testing.assert_close(network(x), expected, rtol=0, atol=1e-12)
    assert expected.std() > 0.1


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize(("arch", "num_downs"), [("unet_128", 7), ("unet_256", 8)])
def test_unet_computes_what_the_table_says(arch: str, num_downs: int, norm: str) -> None:
    config = GeneratorConfig.model_validate({"arch": arch, "ngf": 2, "norm": norm})
    network = filled(lambda: build_generator(config, 3, 3)).double().eval()
    x = images(1, 3, 2**num_downs, 2**num_downs).double()
    expected = plain.unet_forward(dict(network.state_dict()), x, num_downs)
    torch.testing.assert_close(network(x), expected, rtol=0, atol=1e-12)  # float64 rounding
    assert expected.std() > 0.01


def test_leaky_relu_in_place_as_published_is_the_same_network() -> None:
    """The published skip is the LeakyReLU's output; values and gradients are equal bit for bit."""
    config = GeneratorConfig(arch="unet_128", ngf=2)
    ours = filled(lambda: build_generator(config, 3, 3))
    theirs = copy.deepcopy(ours)
    changed = [one for one in theirs.modules() if isinstance(one, nn.LeakyReLU)]
    assert len(changed) == 6
    for one in changed:
        one.inplace = True
    outputs = []
    for network in (ours, theirs):
        output = network(images(1, 3, 128, 128))
        output.square().sum().backward()
        outputs.append(output)
    assert torch.equal(*outputs)
    for one, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        assert torch.equal(one.grad, other.grad)


@pytest.mark.parametrize("n_layers", [1, 3, 5])
@pytest.mark.parametrize("norm", ["instance", "batch"])
def test_patch_discriminator_computes_what_the_table_says(n_layers: int, norm: str) -> None:
    config = DiscriminatorConfig.model_validate({"n_layers": n_layers, "ndf": 4, "norm": norm})
    network = filled(lambda: build_discriminator(config, 3)).double().eval()
    x = images(2, 3, 128, 160).double()
    expected = plain.patch_forward(dict(network.state_dict()), x, n_layers)
    torch.testing.assert_close(network(x), expected, rtol=0, atol=1e-12)  # float64 rounding


FIELDS = [
    ({"n_layers": 1}, 16, 126),
    ({"n_layers": 2}, 34, 62),
    ({"n_layers": 3}, 70, 30),
    ({"n_layers": 4}, 142, 14),
    ({"n_layers": 5}, 286, 6),
    ({"kernel": 3}, 47, 32),
    ({"kernel": 5}, 93, 32),
    ({"kernel": 6}, 116, 30),
    ({"kernel": 7}, 139, 32),
    ({"arch": "pixel"}, 1, 256),
]


@pytest.mark.parametrize(("choices", "field", "side"), FIELDS)
def test_maps_and_receptive_fields(choices: dict[str, Any], field: int, side: int) -> None:
    config = DiscriminatorConfig(**choices)
    assert receptive_field(config) == field
    assert map_sides(config, 256)[-1] == side
    network = discriminator(ndf=4, **choices)
    assert network(torch.empty(1, 3, 256, 256, device="meta")).shape == (1, 1, side, side)


@pytest.mark.parametrize(("choices", "field"), [(one[0], one[1]) for one in FIELDS])
def test_a_score_depends_on_its_receptive_field_alone(choices: dict[str, Any], field: int) -> None:
    """Without norms, which see the whole map, the gradient of one score reaches so far."""
    config = DiscriminatorConfig(ndf=2, **choices)
    network = filled(lambda: build_discriminator(config, 1)).double()
    for one in list(network.modules()):
        for name, child in one.named_children():
            if isinstance(child, nn.InstanceNorm2d):
                setattr(one, name, nn.Identity())
    x = images(1, 1, 640, 640).double().requires_grad_()
    scores = network(x)
    scores[0, 0, scores.shape[2] // 2, scores.shape[3] // 2].backward()
    reached = x.grad[0, 0].abs().amax(dim=0).nonzero().flatten()
    assert int(reached[-1] - reached[0]) + 1 == field


def test_discriminator_of_mnist_svhn_halves_down_to_two_pixels() -> None:
    config = DiscriminatorConfig(**STRIDE4)
    assert map_sides(config, 28) == [14, 7, 4, 2, 2]
    assert map_sides(config, 32) == [16, 8, 4, 2, 2]
    assert receptive_field(config) == 94
    linear = config.model_copy(update={"head": "linear"})
    network = filled(lambda: build_discriminator(config, 1))
    without_head = filled(lambda: build_discriminator(linear, 1))
    x = images(2, 1, 28, 28)
    assert network(x).shape == (2, 1, 2, 2)
    assert torch.equal(network(x), without_head(x).tanh())
    assert map_sides(config.model_copy(update={"padding": "torch"}), 28)[:4] == [14, 7, 3, 1]


def test_same_padding_puts_the_smaller_half_first() -> None:
    """As TensorFlow's does: of 3 zeros in total, one stands before the 7 pixels."""
    config = DiscriminatorConfig(ndf=1, n_layers=1, padding="same", norm="batch")
    first = filled(lambda: build_discriminator(config, 1)).model[0]
    x = images(1, 1, 7, 7)
    by_hand = nn.functional.conv2d(
        nn.functional.pad(x, (1, 2, 1, 2)), first.weight, first.bias, stride=2
    )
    assert torch.equal(first(x), by_hand)


def test_block_activation_and_kernels() -> None:
    x = images(1, 2, 16, 16)
    for kernel in (3, 5, 7):
        config = GeneratorConfig(ngf=2, n_blocks=1, kernel=kernel, block_activation="relu")
        network = filled(lambda config=config: build_generator(config, 2, 2)).eval()
        assert network(x).shape == x.shape
        block = network.model[10]
        features = images(1, 8, 6, 6)
        summed = features + block.conv_block(features)
        assert torch.equal(block(features), summed.relu())
        assert summed.min() < 0
        without = filled(
            lambda config=config: build_generator(
                config.model_copy(update={"block_activation": "none"}), 2, 2
            )
        ).eval()
        assert torch.equal(without.model[10](features), summed)


def test_places_of_dropout() -> None:
    def count(**choices: Any) -> int:
        return sum(isinstance(one, nn.Dropout) for one in generator(**choices).modules())

    assert count(n_blocks=6, dropout="blocks") == 6
    assert count(n_blocks=6) == 0
    assert count(arch="unet_256", dropout="unet3") == 3
    assert count(arch="unet_128", dropout="unet3") == 2
    assert count(arch="unet_256", dropout="all") == 6
    assert count(arch="unet_256") == 0


def test_odd_sides_do_not_come_back() -> None:
    """Which is why `check_sizes` refuses them."""
    network = generator(ngf=1, n_blocks=1)
    for side, out in ((250, 252), (258, 260), (256, 256)):
        assert network(torch.empty(1, 3, side, side, device="meta")).shape[-1] == out


def test_domains_of_different_size_and_channels_meet_by_padding() -> None:
    config = TrainConfig.model_validate(
        {
            "data": {
                "adapter": "net-padding",
                "A": {"channels": 1, "size": 28},
                "B": {"channels": 3, "size": 32},
            },
            "nets": {"G": {"ngf": 4, "n_blocks": 1}, "D": {"ndf": 4} | STRIDE4},
        }
    )
    networks = build_networks(config, Streams(0))
    a, b = images(1, 1, 28, 28), images(1, 3, 32, 32)
    fake_b, fake_a = networks.G_A(a), networks.G_B(b)
    assert fake_b.shape == b.shape
    assert fake_a.shape == a.shape
    assert networks.G_B(fake_b).shape == a.shape
    assert networks.D_A(fake_b).shape == networks.D_B(fake_a).shape == (1, 1, 2, 2)
    pads = [networks.G_A.model[0].padding, networks.G_B.model[-3].padding]
    assert pads == [(5, 5, 5, 5), (1, 1, 1, 1)]


def test_dual_heads_are_those_of_the_discriminators_of_a_domain() -> None:
    for domains, heads in (("A", (1, 2)), ("B", (2, 1)), ("both", (2, 2)), ("none", (1, 1))):
        config = TrainConfig.model_validate(
            {
                "dual": {"domains": domains},
                "nets": {"G": {"ngf": 1, "n_blocks": 1}, "D": {"ndf": 1}},
            }
        )
        networks = build_networks(config, Streams(0))
        x = images(1, 3, 32, 32)
        assert (networks.D_A(x).shape[1], networks.D_B(x).shape[1]) == heads


def test_networks_move_and_return_together() -> None:
    config = TrainConfig.model_validate({"nets": {"G": {"ngf": 1, "n_blocks": 1}, "D": {"ndf": 1}}})
    networks = build_networks(config, Streams(0))
    other = build_networks(config, Streams(1))
    other.load(networks.state())
    assert all(
        torch.equal(one, two)
        for one, two in zip(
            networks.parameters_of("G_A", "D_B"), other.parameters_of("G_A", "D_B"), strict=True
        )
    )
    networks.to(dtype=torch.float64, memory_format=torch.channels_last)
    assert {one.dtype for _, net in networks.items() for one in net.parameters()} == {torch.float64}
    networks.train(False)
    assert not any(net.training for _, net in networks.items())
