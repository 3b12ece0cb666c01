"""The pixel model: units of the image, the network untouched, float32."""

from __future__ import annotations

import pytest
import torch
from saliency.toy_models import SIDE, Functional, Linear, Plain, images, plain_model, seeded
from torch import nn

from ganeval.errors import InputError
from ganeval.saliency.model import wrap_network

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def test_normalisation_is_inside_and_gradients_are_per_unit_of_the_image() -> None:
    network = seeded(Linear()).double()
    with wrap_network(network, side=SIDE, mean=MEAN, std=STD) as model:
        x = images(2).double().requires_grad_()
        logits = model.logits(x)
        logits[:, 1].sum().backward()  # type: ignore[no-untyped-call]
        mean, std = (torch.tensor(v, dtype=torch.float64).view(1, 3, 1, 1) for v in (MEAN, STD))
        weights = network.get_submodule("last").weight[1].view(3, SIDE, SIDE)
        torch.testing.assert_close(logits, network((x - mean) / std), rtol=1e-12, atol=1e-12)
        assert x.grad is not None
        # Float64: rounding of means on the scale 0..255 and back.
        torch.testing.assert_close(x.grad[0], weights.detach() / std[0], rtol=1e-12, atol=0)


def test_outputs_side_device_and_type_are_told() -> None:
    with plain_model(7) as model:
        assert (model.outputs, model.side, model.device.type) == (7, SIDE, "cpu")
        assert model.dtype == torch.float32
        assert model.classes is None
        assert model.class_name(3) == "3"
        assert model.facts.parameters == sum(p.numel() for p in model.network.parameters())


def test_while_open_the_network_is_in_evaluation_mode_and_afterwards_as_before() -> None:
    network = seeded(Plain()).train()
    network.get_submodule("stem").eval()
    network.get_submodule("head").requires_grad_(False)
    modes = [module.training for module in network.modules()]
    wanted = [weight.requires_grad for weight in network.parameters()]
    with wrap_network(network, side=SIDE) as model:
        assert not any(module.training for module in network.modules())
        assert not any(weight.requires_grad for weight in network.parameters())
        model.logits(images(3).requires_grad_()).sum().backward()  # type: ignore[no-untyped-call]
    assert [module.training for module in network.modules()] == modes
    assert [weight.requires_grad for weight in network.parameters()] == wanted
    assert all(weight.grad is None for weight in network.parameters())


def test_the_network_is_put_back_after_an_exception_too() -> None:
    network = seeded(Plain()).train()
    with pytest.raises(RuntimeError, match="mine"), wrap_network(network, side=SIDE):
        raise RuntimeError("mine")
    assert network.training
    with pytest.raises(InputError, match="class names"):
        wrap_network(network, side=SIDE, classes=["a"])
    assert network.training
    assert all(weight.requires_grad for weight in network.parameters())


def test_running_statistics_and_global_generators_stay_as_they_were() -> None:
    network = seeded(Plain()).train()
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    state = torch.random.get_rng_state()
    with wrap_network(network, side=SIDE) as model:
        model.logits(images(4))
    assert torch.equal(state, torch.random.get_rng_state())
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name]), name


def test_mixed_precision_of_the_caller_does_not_reach_the_network() -> None:
    with plain_model() as model, torch.no_grad():
        x = images(2)
        outside = model.logits(x)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            inside = model.logits(x)
        assert torch.equal(outside, inside)


def test_one_logit_per_image_is_a_detectors_only_column() -> None:
    one = Functional(lambda x: x.mean((1, 2, 3)))
    with wrap_network(one, side=SIDE, detector=True, classes=["fake"]) as model:
        assert model.outputs == 1
        assert model.logits(images(3)).shape == (3, 1)
    with pytest.raises(InputError, match=r"shape \(1,\) for 1 images"):
        wrap_network(one, side=SIDE)


@pytest.mark.parametrize(
    ("network", "reason"),
    [
        (Functional(lambda x: (x.mean((2, 3)), x)), "gives tuple, not one tensor"),
        (Functional(lambda x: x), r"shape \(1, 3, 16, 16\)"),
        (seeded(Linear(side=8)), "fails on images of 16 px"),
    ],
)
def test_what_gives_no_logits_is_refused(network: nn.Module, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        wrap_network(network, side=SIDE)


def test_log_probabilities_are_finite_where_a_probability_is_zero() -> None:
    from ganeval.saliency.model import ModelFacts, PixelModel, plain_preprocess

    certain = Functional(lambda x: torch.tensor([[1.0, 0.0]]).expand(len(x), 2))
    facts = ModelFacts("certain", "", plain_preprocess(SIDE, (0, 0, 0), (1, 1, 1)), 1)
    with PixelModel(certain, facts, probabilities=True) as model:
        logits = model.logits(images(1))
        assert logits[0, 0] == 0
        assert torch.isfinite(logits).all()
        assert logits[0, 1] < -80  # the logarithm of the smallest normal float32 is -87.3


@pytest.mark.gpu
def test_float32_stays_float32_on_a_gpu() -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a CUDA device")
    network = seeded(Plain())
    with wrap_network(network, side=SIDE) as model, torch.no_grad():
        on_cpu = model.logits(images(4))
    with wrap_network(network.cuda(), side=SIDE) as model, torch.no_grad():
        on_gpu = model.logits(images(4).cuda()).cpu()
    # TF32 keeps 10 bits of the mantissa, an error of about 5e-4; float32's sums differ by 1e-6.
    torch.testing.assert_close(on_gpu, on_cpu, rtol=2e-5, atol=2e-6)
