"""The two networks: their sizes, layers, and what a patch score depends on."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from ganeval.classifier.network import (
    KeyedDropout,
    PatchNetwork,
    initialise,
    key_dropout,
    parameter_count,
    pooled,
)
from ganeval.classifier.network_form import NetworkForm, form_of, scored_corner
from ganeval.classifier.network_scores import MICRO_BATCH, NetworkScores
from ganeval.classifier.report_network import ReportNetwork
from ganeval.classifier.settings import ClassifySettings

CPU = torch.device("cpu")


def random_images(count: int, height: int, width: int, seed: int = 0) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return list(rng.integers(0, 256, (count, height, width, 3), dtype=np.uint8))


@pytest.fixture(scope="module")
def lively() -> PatchNetwork:
    """A network with random weights and running statistics that are not the initial ones."""
    network = NetworkForm("default").initialised(3, CPU)
    assert isinstance(network, PatchNetwork)
    key_dropout(network, 0, 1)
    images = torch.from_numpy(np.stack(random_images(8, 48, 48))).permute(0, 3, 1, 2).float()
    for _ in range(5):
        network(images / 127.5 - 1)
    return network.eval()


def test_the_default_network_has_288033_weights() -> None:
    assert parameter_count(NetworkForm("default").network()) == 288_033


def test_the_reports_network_has_135035554_weights_and_the_reports_layers() -> None:
    network = NetworkForm("cmpe258", side=256).network()
    assert isinstance(network, ReportNetwork)
    assert parameter_count(network) == 135_035_554
    assert network.layers.get_submodule("dense4").weight.numel() + 1024 == 134_218_752
    kinds = " ".join(type(layer).__name__ for layer in network.layers)
    pair = "Conv2d ReLU BatchNorm2d Conv2d ReLU BatchNorm2d MaxPool2d KeyedDropout "
    dense = "Linear ReLU BatchNorm1d KeyedDropout "
    assert kinds == 3 * pair + "Flatten " + 2 * dense + "Linear"
    convolutions = [layer for layer in network.layers if isinstance(layer, nn.Conv2d)]
    assert [layer.out_channels for layer in convolutions] == [32, 32, 64, 64, 128, 128]
    assert {layer.kernel_size for layer in convolutions} == {(3, 3)}
    linear = [layer for layer in network.layers if isinstance(layer, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [
        (32 * 32 * 128, 1024),
        (1024, 512),
        (512, 2),
    ]
    dropouts = [layer for layer in network.layers if isinstance(layer, KeyedDropout)]
    assert [layer.rate for layer in dropouts] == [0.2, 0.3, 0.5, 0.4, 0.5]
    norms = [m for m in network.modules() if isinstance(m, nn.BatchNorm1d | nn.BatchNorm2d)]
    assert {(norm.momentum, norm.eps) for norm in norms} == {(0.01, 1e-3)}


def test_the_reports_network_learns_by_adam_as_keras_sets_it() -> None:
    form = form_of(ClassifySettings(preset="cmpe258"))
    optimiser = form.optimiser([nn.Parameter(torch.zeros(1))])
    assert type(optimiser) is torch.optim.Adam
    group = optimiser.param_groups[0]
    assert (group["lr"], group["betas"], group["eps"]) == (1e-3, (0.9, 0.999), 1e-7)
    assert (form.batch, form.side, form.augmentation) == (64, 256, "report")


def test_the_difference_of_two_outputs_is_their_softmax() -> None:
    network = NetworkForm("cmpe258", side=16).initialised(0, CPU).eval()
    assert isinstance(network, ReportNetwork)
    images = torch.rand(3, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = network.layers(images).softmax(dim=1)[:, 1]
        torch.testing.assert_close(network(images).sigmoid(), expected)


def test_a_patch_score_depends_on_32_pixels_across_and_down(lively: PatchNetwork) -> None:
    image = torch.zeros(1, 3, 96, 96, requires_grad=True)
    noise = torch.rand(image.shape, generator=torch.Generator().manual_seed(1))
    touched = torch.zeros(96, 96, dtype=torch.bool)
    # Where the maximum of a pool lies elsewhere, a pixel has no gradient: several images together.
    for seed in range(8):
        noise = torch.rand(image.shape, generator=torch.Generator().manual_seed(seed)) * 2 - 1
        values = noise.requires_grad_()
        (gradient,) = torch.autograd.grad(lively.patches(values)[0, 10, 12], values)
        touched |= gradient[0].abs().sum(dim=0) > 0
    rows, columns = (torch.nonzero(touched.any(dim=axis))[:, 0] for axis in (1, 0))
    # Centred at 4 i + 1.5: rows 26..57 for i = 10, columns 34..65 for j = 12.
    assert (int(rows[0]), int(rows[-1])) == (26, 57)
    assert (int(columns[0]), int(columns[-1])) == (34, 65)


@pytest.mark.parametrize("size", [(32, 32), (33, 46), (64, 128)])
def test_the_logit_is_the_mean_of_the_patches(lively: PatchNetwork, size: tuple[int, int]) -> None:
    scores = NetworkScores(lively, NetworkForm("default"))
    (image,) = random_images(1, *size, seed=1)
    patches = scores.patch_logits(image)
    assert patches.shape == (size[0] // 4, size[1] // 4)
    assert patches.dtype == np.float32
    # Both in float64 from the same float32 patches; only the order of the sum may differ.
    assert scores.logits([image])[0] == pytest.approx(
        float(patches.mean(dtype=np.float64)), rel=1e-12
    )


def test_the_highest_tenth_is_the_mean_of_the_highest_patches(lively: PatchNetwork) -> None:
    scores = NetworkScores(lively, NetworkForm("default", "top10"))
    (image,) = random_images(1, 64, 64)
    ordered = np.sort(scores.patch_logits(image).ravel().astype(np.float64))
    assert scores.logits([image])[0] == pytest.approx(ordered[-26:].mean(), rel=1e-12)
    assert pooled(torch.tensor([[3.0, 1.0, 2.0]]), "top10").item() == 3.0


def test_folding_batch_norm_does_not_change_scores(lively: PatchNetwork) -> None:
    images = random_images(3, 40, 40)
    x = torch.from_numpy(np.stack(images)).permute(0, 3, 1, 2).float()
    with torch.no_grad():
        unfolded = lively(x / 127.5 - 1).double().numpy()
    # Float32 through six layers, summed in another order.
    folded = NetworkScores(lively, NetworkForm("default")).logits(images)
    np.testing.assert_allclose(folded, unfolded, rtol=1e-4, atol=1e-5)
    assert any(isinstance(module, nn.BatchNorm2d) for module in lively.modules())


def test_a_score_is_the_same_alone_in_company_and_at_any_place(lively: PatchNetwork) -> None:
    scores = NetworkScores(lively, NetworkForm("default"))
    images = [*random_images(MICRO_BATCH + 3, 40, 56), *random_images(2, 32, 32)]
    together = scores.logits(images)
    alone = np.concatenate([scores.logits([image]) for image in images])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(scores.logits(images[::-1]), together[::-1])
    assert scores.logits([]).shape == (0,)


def test_the_reports_network_has_no_patches() -> None:
    network = NetworkForm("cmpe258", side=16).initialised(0, CPU)
    scores = NetworkScores(network, NetworkForm("cmpe258", side=16))
    (image,) = random_images(1, 20, 24)
    assert scores.logits([image]).shape == (1,)
    with pytest.raises(ValueError, match="no patches"):
        scores.patch_logits(image)


def test_large_images_are_scored_at_their_centre() -> None:
    form = NetworkForm("default")
    (image,) = random_images(1, 600, 40)
    assert scored_corner(600, 40) == (44, 0)
    np.testing.assert_array_equal(form.view(image), image[44:556])
    np.testing.assert_array_equal(form.view(image[:512]), image[:512])


def test_the_report_scales_by_nearest_neighbour() -> None:
    form = NetworkForm("cmpe258", side=16)
    (image,) = random_images(1, 8, 8)
    np.testing.assert_array_equal(form.view(image), image.repeat(2, axis=0).repeat(2, axis=1))


def test_black_and_white_are_the_ends_of_the_range() -> None:
    ends = torch.tensor([0.0, 255.0])
    assert NetworkForm("default").scaled(ends).tolist() == [-1, 1]
    assert NetworkForm("cmpe258", side=256).scaled(ends).tolist() == [0, 1]


@pytest.mark.parametrize(("name", "side"), [("default", 256), ("cmpe258", None), ("cmpe258", 100)])
def test_a_form_refuses_a_side_that_is_not_its_own(name: str, side: int | None) -> None:
    with pytest.raises(ValueError, match="cannot have side"):
        NetworkForm(name, side=side)  # type: ignore[arg-type]


def test_weights_depend_on_the_seed_alone_and_leave_torchs_state() -> None:
    before = torch.get_rng_state()
    form = NetworkForm("default")
    first, again, other = (form.initialised(seed, CPU).state_dict() for seed in (5, 5, 6))
    assert torch.equal(torch.get_rng_state(), before)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["last.weight"], other["last.weight"])
    # All is drawn anew, whatever was there: a network that has learnt starts over.
    network = form.initialised(6, CPU)
    with torch.no_grad():
        for tensor in network.state_dict().values():
            tensor.fill_(7)
    initialise(network, 5)
    assert all(torch.equal(first[name], t) for name, t in network.state_dict().items())


def test_the_reports_weights_are_he_uniform_and_its_last_layer_glorot_uniform() -> None:
    network = NetworkForm("cmpe258", side=32).initialised(0, CPU)
    assert isinstance(network, ReportNetwork)
    for name, limit in {
        "conv1a": (6 / 27) ** 0.5,
        "conv3b": (6 / 1152) ** 0.5,
        "dense4": (6 / 2048) ** 0.5,
        "dense6": (6 / 514) ** 0.5,
    }.items():
        layer = network.layers.get_submodule(name)
        # Of at least 800 uniform draws the largest is within 2 % of the limit but once in 1e7.
        assert 0.98 * limit < float(layer.weight.detach().abs().max()) <= limit * (1 + 1e-6)
        assert float(layer.bias.detach().abs().max()) == 0


def test_dropout_draws_from_its_own_generator() -> None:
    dropout = KeyedDropout(0.1, whole_channels=True)
    ones = torch.ones(200, 50, 2, 2)
    with pytest.raises(RuntimeError, match="generator"):
        dropout(ones)
    before = torch.get_rng_state()
    dropout.source = torch.Generator().manual_seed(0)
    dropped = dropout(ones)
    assert torch.equal(torch.get_rng_state(), before)
    assert dropped.unique().tolist() == [0, pytest.approx(1 / 0.9)]
    # Channels fall whole: the share of zeros of 10,000 draws at 0.1 is within 5 SD of 0.003.
    assert torch.equal(dropped.amax(dim=(2, 3)), dropped.amin(dim=(2, 3)))
    assert float((dropped == 0).float().mean()) == pytest.approx(0.1, abs=0.015)
    assert copy.deepcopy(dropout).source is None
    assert torch.equal(dropout.eval()(ones), ones)


def test_the_draws_of_dropout_are_those_of_seed_and_epoch() -> None:
    network = NetworkForm("default").initialised(0, CPU)
    images = torch.rand(2, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    logits = []
    for seed, epoch in ((0, 1), (0, 1), (0, 2), (1, 1)):
        key_dropout(network, seed, epoch)
        logits.append(network(images).tolist())
    assert logits[0] == logits[1]
    assert len({tuple(one) for one in logits}) == 3
