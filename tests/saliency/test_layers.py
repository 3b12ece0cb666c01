"""Which layers Grad-CAM can weigh, and which it takes."""

from __future__ import annotations

import pytest
import torch
from saliency.toy_models import SIDE, Functional, Linear, plain_model, seeded
from torch import nn

from ganeval.errors import InputError
from ganeval.saliency.layers import auto_layer, candidate_layers, module_at
from ganeval.saliency.model import wrap_network


def test_layers_go_by_the_outermost_module_that_returns_the_tensor() -> None:
    with plain_model() as model:
        found = [str(layer) for layer in candidate_layers(model)]
    # In place, the ReLU returns the batch norm's tensor, and the sequence returns the ReLU's;
    # dropout, which does nothing in evaluation, is passed over.
    assert found == [
        "stem.0 (6 x 16 x 16)",
        "stem (6 x 16 x 16)",
        "block (8 x 16 x 16)",
        "head (5 x 16 x 16)",
    ]


def test_class_score_maps_are_not_taken() -> None:
    with plain_model() as model:
        assert auto_layer(model) == "block"


def test_a_module_called_twice_has_no_one_map() -> None:
    class Shared(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Conv2d(3, 4, 3), nn.Conv2d(4, 4, 3)
            self.relu = nn.ReLU()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.relu(self.second(self.relu(self.first(x)))).mean((2, 3))[:, :2]

    with wrap_network(Shared(), side=SIDE) as model:
        assert auto_layer(model) == "second"
        with pytest.raises(InputError, match="does not return one set of feature maps"):
            module_at(model, "relu")


def test_no_hook_stays_after_looking_nor_after_a_failure() -> None:
    with plain_model() as model:
        candidate_layers(model)
        assert not any(module._forward_hooks for module in model.network.modules())
        model.network.head = nn.Linear(1, 1)
        with pytest.raises(InputError):
            candidate_layers(model)
        assert not any(module._forward_hooks for module in model.network.modules())


def test_a_path_gives_its_module_and_a_wrong_one_the_candidates() -> None:
    with plain_model() as model:
        assert module_at(model, "block.0") is model.network.get_submodule("block.0")
        with pytest.raises(InputError, match="did you mean block") as caught:
            module_at(model, "blockx")
        assert "head (5 x 16 x 16)" in str(caught.value)
        with pytest.raises(InputError, match="no layer 'xyzzy'"):
            module_at(model, "xyzzy")
        with pytest.raises(InputError, match="no layer ''"):
            module_at(model, "")


def test_networks_without_maps_and_programs_are_refused() -> None:
    with (
        wrap_network(seeded(Linear()), side=SIDE) as model,
        pytest.raises(InputError, match="no layer of feature maps"),
    ):
        auto_layer(model)
    with plain_model() as model:
        model.scripted = True
        with pytest.raises(InputError, match="TorchScript"):
            candidate_layers(model)


def test_maps_of_one_cell_do_not_count() -> None:
    class Pooled(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(3, 4, 3)
            self.pool = nn.AdaptiveAvgPool2d(1)
            self.last = nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.last(self.pool(self.conv(x)).flatten(1))
            return found

    with wrap_network(Pooled(), side=SIDE) as model:
        assert [layer.path for layer in candidate_layers(model)] == ["conv"]


def test_the_detectors_layer_ends_in_its_last_relu() -> None:
    from ganeval.classifier.network_form import NetworkForm

    network = NetworkForm("default").initialised(0, torch.device("cpu"))
    with wrap_network(network, side=32, detector=True) as model:
        path = auto_layer(model)
        assert path == "body"
        seen: list[torch.Tensor] = []
        module_at(model, path).register_forward_hook(lambda _, __, made: seen.append(made))
        model.logits(torch.rand(1, 3, 32, 32))
    assert seen[0].shape[1] == 128
    assert float(seen[0].min()) == 0


def test_a_network_of_functions_has_no_layers() -> None:
    with wrap_network(Functional(lambda x: x.mean((2, 3))), side=SIDE) as model:
        assert candidate_layers(model) == []


@pytest.mark.parametrize("name", ["resnet18", "squeezenet1_1"])
def test_the_layers_of_torchvisions_networks(name: str) -> None:
    from torchvision import models

    network = models.get_model(name, weights=None)
    with wrap_network(network, side=64) as model:
        assert auto_layer(model) == {"resnet18": "layer4", "squeezenet1_1": "features"}[name]
