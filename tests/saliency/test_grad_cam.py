"""Grad-CAM: its closed form, its layer, and maps without evidence."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from saliency.map_networks import SIDE, Convolutional, Linear, keys, random_images, wrapped
from torch import nn
from torch.nn import functional

from ganeval.errors import InputError
from ganeval.saliency.explain import explain
from ganeval.saliency.maps.result import Maps

TARGETS = [0, 3, 2]


def cam(network: nn.Module, layer: str | None = None) -> Maps:
    with wrapped(network) as model:
        made = explain(
            model, random_images(3), ["grad-cam"], TARGETS, keys=keys(3), layer=layer, micro_batch=4
        )
    return made["grad-cam"]


def test_before_a_global_mean_and_a_linear_layer_it_is_cam() -> None:
    network = Convolutional().eval()
    made = cam(network)
    with torch.no_grad():
        cells = network.features(random_images(3)).double()
    weights = network.last.weight.detach().double()[TARGETS]
    # dS/dA_k is w_k / (h w) at every position.
    summed = (weights[:, :, None, None] * cells).sum(1) / cells[0, 0].numel()
    assert bool((summed < 0).any())
    large = functional.interpolate(summed.clamp(min=0)[:, None], (SIDE, SIDE), mode="bilinear")
    # Cells are float32 sums of 72 products, in another order.
    np.testing.assert_allclose(made.values, large[:, 0].numpy(), atol=1e-6 * float(large.max()))
    assert made.info["layer"] == "act2"
    assert made.flags == [None] * 3


def test_an_activation_in_place_behind_the_layer_changes_nothing() -> None:
    plain, in_place = Convolutional(), Convolutional(lambda: nn.ReLU(inplace=True))
    np.testing.assert_array_equal(cam(in_place, "norm").values, cam(plain, "norm").values)
    # And the layer is really in front of it.
    assert (cam(plain, "norm").values != cam(plain, "act2").values).any()


def test_no_positive_evidence_is_a_flag() -> None:
    network = Convolutional()
    network.last.weight.data[3] = -network.last.weight.data[3].abs()
    made = cam(network)
    assert made.flags == [None, "no_positive_evidence", None]
    assert not made.values[1].any()


def test_networks_without_feature_maps_are_refused() -> None:
    with pytest.raises(InputError, match="no layer of feature maps"):
        cam(Linear(classes=4))


def test_an_unknown_layer_is_answered_with_known_ones() -> None:
    with pytest.raises(InputError, match="act2"):
        cam(Convolutional(), "act3")


class Aside(Convolutional):
    """A convolution whose result is thrown away."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.second(self.first(x))
        return x.mean((2, 3)) @ self.last.weight[:, :3].T


def test_a_layer_that_the_score_does_not_depend_on_is_refused() -> None:
    with pytest.raises(InputError, match="the score does not depend on it"):
        cam(Aside(), "second")


def test_hooks_are_gone_afterwards_and_after_an_exception() -> None:
    network = Convolutional()
    cam(network)
    with pytest.raises(InputError):
        cam(aside := Aside(), "second")
    for module in [*network.modules(), *aside.modules()]:
        assert not module._forward_hooks
        assert not module._backward_hooks
