"""Random weights last as long as the block."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from saliency.toy_models import images, plain_model

from ganeval.errors import InputError
from ganeval.saliency.explain import explain
from ganeval.saliency.model import PixelModel
from ganeval.saliency.randomised import randomised


def bits(model: PixelModel) -> dict[str, bytes]:
    return {name: t.numpy().tobytes() for name, t in model.network.state_dict().items()}


@pytest.mark.parametrize("which", ["last", "all"])
def test_weights_are_as_before_bit_for_bit_also_after_an_exception(which: str) -> None:
    with plain_model() as model:
        former, state = bits(model), torch.get_rng_state()

        def fail_inside() -> None:
            with randomised(model, which, 0, 0):  # type: ignore[arg-type]
                assert bits(model) != former
                raise KeyError

        with pytest.raises(KeyError):
            fail_inside()
        assert bits(model) == former
        assert torch.equal(torch.get_rng_state(), state)
        assert not any(module._forward_hooks for module in model.network.modules())
        assert not any(weight.requires_grad for weight in model.network.parameters())


def test_last_is_the_layer_called_last_and_nothing_else() -> None:
    with plain_model() as model:
        former = bits(model)
        with randomised(model, "last", 0, 0):
            changed = {name for name, value in bits(model).items() if value != former[name]}
    assert changed == {"head.weight", "head.bias"}


def test_draws_differ_and_can_be_repeated() -> None:
    with plain_model() as model:
        found = []
        for seed, draw in ((0, 0), (0, 0), (0, 1), (1, 0)):
            with randomised(model, "all", seed, draw):
                found.append(bits(model))
    assert found[0] == found[1]
    assert found[0]["head.weight"] != found[2]["head.weight"]
    assert found[0]["head.weight"] != found[3]["head.weight"]


def test_a_random_network_has_maps() -> None:
    with plain_model() as model, randomised(model, "all", 0, 0) as random:
        maps = explain(random, images(3), ["gradient"], [0, 1, 2], keys=["a", "b", "c"])
        assert (np.abs(maps["gradient"].values).sum(axis=(1, 2)) > 0).all()
        logits = random.logits(images(8))
    assert 0.01 < float(logits.std()) < 10


def test_a_program_that_cannot_be_looked_into_is_refused() -> None:
    with plain_model() as model:
        model.scripted = True
        with pytest.raises(InputError, match="TorchScript"), randomised(model, "all", 0, 0):
            pass
