"""Ways to compute an update that must not change it: merged, in parts, without idle passes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from trainers.small_run import difference, gradients, small_batch, small_config, small_state

from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.nets.reflection import make_padding_deterministic
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState

EXACT = 1e-12  # float64, relative: the same sums in another order


def one_update(
    config: TrainConfig, prepare: Any = None, n: int = 1
) -> tuple[TrainingState, dict[str, Tensor], dict[str, Tensor]]:
    """State, losses and the gradients that each step was made with, from the same start."""
    streams = Streams(0)
    state = small_state(config, streams)
    if prepare is not None:
        prepare(state)
    found: dict[str, Tensor] = {}

    def look(parameters: Any) -> None:
        mine = {id(p) for p in parameters}
        for name, gradient in gradients(state).items():
            network, _, key = name.partition(".")
            if id(getattr(state.nets, network).get_parameter(key)) in mine:
                found[name] = gradient

    told = update(
        state,
        small_batch(0, n),
        config,
        streams,
        more=lambda: small_batch(99, n),
        share=look,
    )
    return state, told, found


def assert_equal(changes: dict[str, Any], way: dict[str, Any], prepare: Any = None) -> None:
    _, plain_losses, plain = one_update(small_config(changes), n=2)
    _, losses, found = one_update(small_config({**changes, **way}), prepare, n=2)
    for name, value in plain_losses.items():
        assert float(losses[name]) == pytest.approx(float(value), rel=EXACT, abs=1e-15), name
    assert difference(plain, found) < EXACT


VARIANTS: list[dict[str, Any]] = [
    {},
    {"optim.order": "D-then-G"},
    {"optim.order": "simultaneous"},
    {"optim.order": "simultaneous", "optim.leak": True},
    {"augment.diffaug": "color,translation,cutout"},
    {"pool.strategy": "ring-half", "pool.fill": "noise"},
    {"loss.gan": "wgan-gp", "loss.gp": "wgan-gp"},
    {"dual.domains": "B"},
    {"loss.lambda_identity": 0},
]


@pytest.mark.parametrize("changes", VARIANTS)
@pytest.mark.parametrize("way", [{"run.merged": True}, {"run.low_memory": True}])
def test_merged_calls_and_parts_give_the_same_update(
    changes: dict[str, Any], way: dict[str, Any]
) -> None:
    assert_equal(changes, way)


@pytest.mark.parametrize("order", ["G-then-D", "D-then-G", "simultaneous"])
def test_dropout_draws_the_same_whatever_the_order_of_calls(order: str) -> None:
    assert_equal({"nets.G.dropout": "blocks", "optim.order": order}, {"run.low_memory": True})


def test_deterministic_padding_gives_the_same_update() -> None:
    def prepare(state: TrainingState) -> None:
        for _, network in state.nets.items():
            make_padding_deterministic(network)

    assert_equal({}, {}, prepare)


def test_channels_last_gives_the_same_update() -> None:
    assert_equal({}, {"run.channels_last": True})
    state, _, _ = one_update(small_config({"run.channels_last": True}))
    weight = state.nets.D_A.get_parameter("model.0.weight")
    assert weight.is_contiguous(memory_format=torch.channels_last)


class Counted(nn.Module):
    """Counts the calls of a network and the images in them."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.batches: list[int] = []

    def forward(self, images: Tensor) -> Tensor:
        self.batches.append(len(images))
        scores: Tensor = self.network(images)
        return scores


def calls(changes: dict[str, Any]) -> tuple[int, int]:
    """Calls of generators and of discriminators in one update."""
    counters: dict[str, Counted] = {}

    def prepare(state: TrainingState) -> None:
        for name in state.calls:
            counters[name] = Counted(getattr(state.nets, name))
            state.calls[name] = counters[name]

    one_update(small_config(changes), prepare)
    found = {name: len(counter.batches) for name, counter in counters.items()}
    return found["G_A"] + found["G_B"], found["D_A"] + found["D_B"]


def test_no_more_passes_than_needed() -> None:
    assert calls({}) == (6, 6)
    assert calls({"loss.lambda_identity": 0}) == (4, 6)
    assert calls({"run.merged": True}) == (4, 4)
    assert calls({"run.merged": "auto"})[1] in (4, 6)
    assert calls({"optim.order": "D-then-G", "run.low_memory": True}) == (8, 6)
    assert calls({"optim.d_steps": 3}) == (6 + 2 * 2, 6 + 2 * 4)


def test_batch_norm_and_dropout_are_never_merged_by_themselves() -> None:
    assert calls({"run.merged": "auto", "nets.D.norm": "batch"})[1] == 6
    assert calls({"run.merged": "auto", "nets.G.dropout": "blocks"})[0] == 6


@pytest.mark.parametrize("low_memory", [False, True])
def test_generators_without_identity_loss_have_the_gradient_of_the_rest(low_memory: bool) -> None:
    # Weight 0 is no pass; a weight that vanishes is a pass that adds nothing.
    off = small_config({"loss.lambda_identity": 0, "run.low_memory": low_memory})
    vanishing = small_config({"loss.lambda_identity": 1e-300})
    plain, found = one_update(vanishing)[2], one_update(off)[2]
    assert difference(plain, found) < EXACT
