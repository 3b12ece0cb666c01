"""Neither part of an update touches the networks of the other, unless it is told to leak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from trainers.small_run import difference, gradients, small_batch, small_config, small_state

from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.generator_step import generator_backward, translate
from ganeval_cyclegan.passes import Passes
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState


def weights(state: TrainingState, letter: str) -> dict[str, Tensor]:
    return {
        f"{name}.{key}": value.clone()
        for name, network in state.nets.items()
        if name.startswith(letter)
        for key, value in network.state_dict().items()
    }


def equal(a: dict[str, Tensor], b: dict[str, Tensor]) -> bool:
    return all(torch.equal(a[key], b[key]) for key in a)


class Watch:
    """Looks at weights and gradients right before each optimiser step."""

    def __init__(self, state: TrainingState) -> None:
        self.state = state
        self.seen: list[tuple[str, dict[str, Tensor], dict[str, Tensor], dict[str, Tensor]]] = []

    def __call__(self, parameters: Sequence[nn.Parameter]) -> None:
        mine = {id(p) for p in self.state.nets.parameters_of("G_A", "G_B")}
        whose = "G" if {id(p) for p in parameters} == mine else "D"
        looks = weights(self.state, "G"), weights(self.state, "D"), gradients(self.state)
        self.seen.append((whose, *looks))


def watched(changes: dict[str, Any]) -> tuple[TrainingState, Watch, Batch]:
    config, streams = small_config(changes), Streams(0)
    state = small_state(config, streams)
    watch, batch = Watch(state), small_batch(0)
    update(state, batch, config, streams, share=watch)
    return state, watch, batch


def discriminator_loss_alone(batch: Batch, changes: dict[str, Any]) -> dict[str, Tensor]:
    """Gradients of the discriminators' loss, with the first weights and nothing else around."""
    nets = small_state(small_config(changes), Streams(0)).nets
    with torch.no_grad():
        fake_b, fake_a = nets.G_A(batch.A), nets.G_B(batch.B)
    found = {}
    for name, network, real, fake in (
        ("D_A", nets.D_A, batch.B, fake_b),
        ("D_B", nets.D_B, batch.A, fake_a),
    ):
        on_real, on_fake = network(real), network(fake)
        loss = 0.5 * (
            F.mse_loss(on_real, torch.ones_like(on_real))
            + F.mse_loss(on_fake, torch.zeros_like(on_fake))
        )
        named = dict(network.named_parameters())
        for key, gradient in zip(
            named, torch.autograd.grad(loss, list(named.values())), strict=True
        ):
            found[f"{name}.{key}"] = gradient
    return found


def of_discriminators(found: dict[str, Tensor], like: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key: found[key] for key in like if key in found}


ORDERS = [
    {"optim.order": "G-then-D"},
    {"optim.order": "D-then-G"},
    {"optim.order": "simultaneous"},
    {"optim.order": "G-then-D", "run.low_memory": True},
    {"optim.order": "D-then-G", "run.low_memory": True},
    {"optim.order": "simultaneous", "run.low_memory": True},
]


@pytest.mark.parametrize("changes", ORDERS)
def test_each_step_moves_its_own_networks_alone(changes: dict[str, Any]) -> None:
    before = small_state(small_config(changes), Streams(0))
    state, watch, _ = watched(changes)
    moments = [
        ({"G": weights(before, "G"), "D": weights(before, "D")}),
        *({"G": look[1], "D": look[2]} for look in watch.seen),
        {"G": weights(state, "G"), "D": weights(state, "D")},
    ]
    expected = ["G", "D"] if changes["optim.order"] == "G-then-D" else ["D", "G"]
    assert [look[0] for look in watch.seen] == expected
    # Nothing moves before the first step, and between two looks only the network just stepped.
    assert equal(moments[0]["G"], moments[1]["G"])
    assert equal(moments[0]["D"], moments[1]["D"])
    for stepped, (earlier, later) in zip(expected, [moments[1:3], moments[2:4]], strict=True):
        other = "D" if stepped == "G" else "G"
        assert not equal(earlier[stepped], later[stepped])
        assert equal(earlier[other], later[other])


@pytest.mark.parametrize("changes", ORDERS)
def test_discriminators_follow_the_gradient_of_their_own_loss(changes: dict[str, Any]) -> None:
    _, watch, batch = watched(changes)
    alone = discriminator_loss_alone(batch, changes)
    found = next(look[3] for look in watch.seen if look[0] == "D")
    found = of_discriminators(found, alone)
    alone = of_discriminators(alone, found)
    assert len(found) > 4
    assert difference(alone, found) < 1e-12


@pytest.mark.parametrize("leak", [False, True])
@pytest.mark.parametrize("low_memory", [False, True])
def test_generators_follow_the_gradient_of_their_own_loss(leak: bool, low_memory: bool) -> None:
    # That of the order G-then-D is held to the published algorithm in test_step.
    changes = {"optim.order": "simultaneous", "run.low_memory": low_memory, "optim.leak": leak}
    found = {}
    for one in ({}, changes):
        _, watch, _ = watched(one)
        seen = next(look[3] for look in watch.seen if look[0] == "G")
        found[len(one)] = {key: value for key, value in seen.items() if key.startswith("G_")}
    assert difference(found[0], found[3]) < 1e-12


@pytest.mark.parametrize("low_memory", [False, True])
def test_a_leak_adds_the_generators_gradient_to_the_discriminators(low_memory: bool) -> None:
    changes = {"optim.order": "simultaneous", "run.low_memory": low_memory}
    _, watch, batch = watched({**changes, "optim.leak": True})
    alone = discriminator_loss_alone(batch, changes)
    found = of_discriminators(watch.seen[0][3], alone)
    assert difference(of_discriminators(alone, found), found) > 0.01
    # What was added is the gradient of the adversarial loss of the generators.
    nets = small_state(small_config(changes), Streams(0)).nets
    with torch.no_grad():
        fake = nets.G_A(batch.A)
    scores = nets.D_A(fake)
    F.mse_loss(scores, torch.ones_like(scores)).backward()
    leaked = nets.D_A.get_parameter("model.0.weight").grad
    assert leaked is not None
    added = found["D_A.model.0.weight"] - alone["D_A.model.0.weight"]
    assert torch.allclose(added, leaked, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize("leak", [False, True])
def test_a_step_of_the_generators_alone_leaves_no_gradient_on_discriminators(leak: bool) -> None:
    config = small_config({"optim.order": "simultaneous", "optim.leak": leak})
    state, streams = small_state(config, Streams(0)), Streams(0)
    passes, batch = Passes(state, config, streams), small_batch(0)
    generator_backward(passes, batch, translate(passes, batch))
    touched = any(p.grad is not None for p in state.nets.parameters_of("D_A", "D_B"))
    assert touched is leak
    assert all(p.requires_grad for p in state.nets.parameters_of("D_A", "D_B"))


def test_generators_see_the_updated_discriminators_where_those_go_first() -> None:
    losses = {}
    for order in ("G-then-D", "D-then-G", "simultaneous"):
        config = small_config({"optim.order": order, "optim.lr_D": 0.1})
        told = update(small_state(config, Streams(0)), small_batch(0), config, Streams(0))
        losses[order] = float(told["G_A"]), float(told["D_A"])
    assert losses["G-then-D"] == losses["simultaneous"]
    assert losses["D-then-G"][1] == losses["G-then-D"][1]
    assert abs(losses["D-then-G"][0] - losses["G-then-D"][0]) > 1e-3
