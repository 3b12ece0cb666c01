"""Guided backpropagation: what is guided, however it is called, and what is refused."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from saliency.map_networks import Convolutional, keys, random_images, wrapped
from torch import nn
from torch.nn import functional

from ganeval.errors import InputError
from ganeval.saliency.explain import explain
from ganeval.saliency.maps.result import Maps


class Called(nn.Module):
    """An activation made of a function."""

    def __init__(self, function: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.function(x)


def ignoring_the_result(x: torch.Tensor) -> torch.Tensor:
    functional.relu(x, inplace=True)
    return x


RELUS: dict[str, Callable[[], nn.Module]] = {
    "module": nn.ReLU,
    "module in place": lambda: nn.ReLU(inplace=True),
    "functional": lambda: Called(functional.relu),
    "functional in place": lambda: Called(ignoring_the_result),
    "torch": lambda: Called(torch.relu),
    "torch in place": lambda: Called(torch.relu_),
    "method": lambda: Called(torch.Tensor.relu),
    "method in place": lambda: Called(lambda x: x.relu_()),
    "hardtanh": lambda: nn.Hardtanh(0.0, float("inf")),
}


def guided(network: nn.Module, methods: tuple[str, ...] = ("guided-backprop",)) -> dict[str, Maps]:
    images = random_images(3)
    with wrapped(network) as model:
        return explain(model, images, methods, [0, 1, 3], keys=keys(3), micro_batch=4)


class TwoLayers(nn.Module):
    """Per pixel: S = v.relu(W x) summed over pixels, in float64."""

    inner = torch.tensor([[1.0, -2.0, 0.5], [-1.0, 1.0, 1.0], [2.0, 0.5, -1.5]]).double()
    outer = torch.tensor([[1.0, -3.0, 2.0], [0.5, 1.0, -1.0]]).double()

    def __init__(self, upper: float) -> None:
        super().__init__()
        self.act = nn.ReLU() if upper == float("inf") else nn.Hardtanh(0.0, upper)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.act(torch.einsum("jc,nchw->njhw", self.inner, x.double()))
        return torch.einsum("kj,njhw->nk", self.outer, hidden)


@pytest.mark.parametrize("upper", [float("inf"), 0.8])
def test_two_layers_by_hand(upper: float) -> None:
    images = random_images(2)
    with wrapped(TwoLayers(upper)) as model:
        made = explain(model, images, ["guided-backprop"], [0, 1], keys=keys(2))
    maps = made["guided-backprop"]
    for image, target, values in zip(images.double().numpy(), (0, 1), maps.values, strict=True):
        inner, outer = TwoLayers.inner.numpy(), TwoLayers.outer.numpy()[target]
        hidden = np.einsum("jc,chw->jhw", inner, image)
        passed = (hidden > 0) & (hidden < upper) & (outer > 0)[:, None, None]
        gradient = np.einsum("jhw,j,jc->chw", passed, outer, inner)
        np.testing.assert_allclose(values, np.abs(gradient).max(0), rtol=1e-6)
    assert (maps.info["guided"], maps.info["nonlinearities"]) == (1, 1)


@pytest.mark.parametrize("form", RELUS)
def test_every_form_of_a_relu_has_the_same_map(form: str) -> None:
    module = guided(Convolutional(nn.ReLU))["guided-backprop"]
    other = guided(Convolutional(RELUS[form]))["guided-backprop"]
    np.testing.assert_array_equal(other.values, module.values)
    assert (other.info["guided"], other.info["nonlinearities"]) == (2, 2)


def test_one_module_called_twice_is_guided_twice() -> None:
    shared = nn.ReLU()
    twice = guided(Convolutional(lambda: shared))["guided-backprop"]
    np.testing.assert_array_equal(
        twice.values, guided(Convolutional(nn.ReLU))["guided-backprop"].values
    )
    assert twice.info["guided"] == 2


def test_relu6_is_guided() -> None:
    made = guided(Convolutional(nn.ReLU6), ("guided-backprop", "gradient"))
    assert made["guided-backprop"].info["guided"] == 2
    difference = np.abs(made["guided-backprop"].values - made["gradient"].values)
    assert difference.max() > 0.1 * made["gradient"].values.max()


class Residual(nn.Module):
    """The in-place ReLU also changes what the shortcut carries."""

    def __init__(self, inplace: bool) -> None:
        super().__init__()
        self.inplace = inplace
        self.body = Convolutional(nn.ReLU)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        hidden = self.body.first(x)
        activated = functional.relu(hidden, inplace=self.inplace)
        shortcut = hidden if self.inplace else activated
        return self.body.last(self.body.norm(self.body.second(activated + shortcut)).mean((2, 3)))


def test_what_an_activation_in_place_overwrites_stays_overwritten() -> None:
    in_place = guided(Residual(True))["guided-backprop"]
    np.testing.assert_array_equal(
        in_place.values, guided(Residual(False))["guided-backprop"].values
    )


def test_other_nonlinearities_are_counted_and_not_guided() -> None:
    activations = iter([nn.ReLU(), nn.SiLU(inplace=True)])
    made = guided(Convolutional(lambda: next(activations)))["guided-backprop"]
    assert (made.info["guided"], made.info["nonlinearities"]) == (1, 2)
    assert made.info["unguided"] == {"silu": 1}


@pytest.mark.parametrize(
    ("activation", "name"),
    [
        (nn.SiLU, "silu"),
        (nn.GELU, "gelu"),
        (nn.LeakyReLU, "leaky_relu"),
        (nn.Sigmoid, "sigmoid"),
        (nn.Tanh, "tanh"),
        (nn.Hardtanh, "hardtanh"),
        (nn.Hardswish, "hardswish"),
        (lambda: Called(torch.Tensor.sigmoid), "sigmoid"),
    ],
)
def test_a_network_without_relus_is_refused(activation: Callable[[], nn.Module], name: str) -> None:
    with pytest.raises(InputError, match=rf"no ReLU that can be guided \(it calls {name} 2x\)"):
        guided(Convolutional(activation))


def test_a_linear_network_is_refused() -> None:
    with pytest.raises(InputError, match="no nonlinearity was seen"):
        guided(Convolutional(nn.Identity))
