"""Networks are converted once, told apart, and refused where the conversion changes them."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganeval.errors import GanevalError
from ganeval.features.extractor import NetworkExtractor
from ganeval.features.openvino_core import core
from ganeval.features.openvino_network import network_model
from ganeval.features.preprocess import Preprocess
from ganeval.features.weights import WeightsFile

pytest.importorskip("openvino")


class Mean(nn.Module):
    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        mean = x.mean((2, 3))
        return mean, 2 * mean


class Branching(nn.Module):
    """Zeros, with which it is traced, take the other branch."""

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
        mean = x.mean((2, 3))
        return (mean if bool((x == 0).all()) else -mean), 2 * mean


class Toy(NetworkExtractor):
    name = "toy"
    default_layer = "a"
    resize_modes = ("none",)
    default_resize = "none"
    size = 8

    def __init__(self, make: Callable[[], nn.Module], layers: tuple[str, ...] = ("a", "b")) -> None:
        self.make = make
        self.layers = dict.fromkeys(layers, 3)

    def preprocess(self, resize: str) -> Preprocess:
        return Preprocess("bilinear", 8, (0.0,) * 3, (1.0,) * 3)

    def network(self, weights: WeightsFile) -> nn.Module:
        return self.make().eval()


@pytest.fixture
def weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WeightsFile:
    monkeypatch.setenv("GANEVAL_CACHE", str(tmp_path / "cache"))
    return WeightsFile(tmp_path / "toy.pth", "0" * 64, verified=False)


def names(model: object) -> list[str]:
    return [output.get_any_name() for output in model.outputs]  # type: ignore[attr-defined]


def test_a_network_is_converted_once(weights: WeightsFile, tmp_path: Path) -> None:
    calls = []

    def make() -> nn.Module:
        calls.append(1)
        return Mean()

    for _ in range(2):
        assert names(network_model(Toy(make), weights)) == ["a", "b"]
    assert len(calls) == 1
    (kept,) = os.listdir(tmp_path / "cache" / "networks")
    assert (tmp_path / "cache" / "networks" / kept / "network.xml").is_file()


def test_a_kept_network_of_other_layers_is_not_taken(weights: WeightsFile) -> None:
    network_model(Toy(Mean), weights)

    class Three(Mean):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, ...]:
            return *super().forward(x), 3 * x.mean((2, 3))

    model = network_model(Toy(Three, ("a", "b", "c")), weights)
    assert names(model) == ["a", "b", "c"]


def test_a_network_that_the_conversion_changes_is_refused_and_not_kept(
    weights: WeightsFile, tmp_path: Path
) -> None:
    for _ in range(2):
        with pytest.raises(GanevalError, match="converted is another one") as error:
            network_model(Toy(Branching), weights)
        assert "--backend torch" in str(error.value.hint)
    assert not (tmp_path / "cache" / "networks").exists()


def test_the_conversion_keeps_the_numbers(weights: WeightsFile) -> None:

    model = network_model(Toy(Mean), weights)
    x = np.random.default_rng(0).standard_normal((5, 3, 8, 8)).astype(np.float32)
    results = core().compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})(x)
    np.testing.assert_allclose(results["b"], 2 * x.mean((2, 3)), atol=1e-6)
