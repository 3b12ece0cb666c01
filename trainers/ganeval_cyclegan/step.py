"""One update of a CycleGAN: no files, no clock, no global random numbers.

Source: Zhu et al., arXiv 1703.10593, in the order of the published code; the other orders are
those of MMGeneration (D-then-G) and of the report dtu02514 (simultaneous).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.choices import numerics
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.discriminator_step import discriminator_backward
from ganeval_cyclegan.ema import follow
from ganeval_cyclegan.generator_step import (
    Terms,
    fakes_alone,
    generator_backward,
    generator_backward_in_parts,
    translate,
)
from ganeval_cyclegan.passes import Passes
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import Domain, TrainingState

Share = Callable[[Sequence[nn.Parameter]], None]
"""Makes gradients those of all processes together; called before each optimiser step."""


def update(
    state: TrainingState,
    batch: Batch,
    config: TrainConfig,
    streams: Streams,
    *,
    more: Callable[[], Batch] | None = None,
    share: Share | None = None,
) -> dict[str, Tensor]:
    """Does one update: one step of the generators' optimiser, ``d_steps`` of the discriminators'.

    Args:
        state: Is changed in place; its counter goes up by one.
        batch: Images of both domains, on any device.
        config: The run.
        streams: Of all draws.
        more: Draws the batches of further discriminator steps, where ``optim.d_steps`` is above 1.
        share: See `Share`; None: this process trains alone.

    Returns:
        0-d tensors on the device, so that nothing waits for them. Losses as minimised: ``G_A, G_B,
        cycle_A, cycle_B``, with their weights, ``idt_A, idt_B`` where they are on, and what
        `discriminator_backward` returns, of the last discriminator step.

    Raises:
        ValueError: ``more`` is missing.
    """
    if config.optim.d_steps > 1 and more is None:
        raise ValueError("optim.d_steps above 1 needs a source of further batches")
    state.nets.train()
    passes = Passes(state, config, streams)
    steps = _Steps(passes, share)
    with numerics(state.choices):
        for extra in range(1, config.optim.d_steps):
            assert more is not None
            _further_step(Passes(state, config, streams, extra), more(), share)
        batch = passes.received(batch)
        terms = _ORDERS[config.optim.order](passes, batch, steps)
        steps.end()
        for name, average in state.ema.items():
            follow(average, getattr(state.nets, name), config.ema.decay)
    state.update += 1
    return {name: term.detach() for name, term in terms.items()}


class _Steps:
    """Steps of the two optimisers within one update."""

    def __init__(self, passes: Passes, share: Share | None) -> None:
        self._state = passes.state
        self._share = share

    def generators(self) -> None:
        self._step(self._state.optimizer_G)

    def discriminators(self) -> None:
        self._step(self._state.optimizer_D)

    def end(self) -> None:
        if self._state.scaler is not None:
            self._state.scaler.update()

    def _step(self, optimizer: torch.optim.Optimizer) -> None:
        if self._share is not None:
            self._share([p for group in optimizer.param_groups for p in group["params"]])
        if self._state.scaler is None:
            optimizer.step()
        else:
            self._state.scaler.step(optimizer)


class _Order(Protocol):
    def __call__(self, passes: Passes, batch: Batch, steps: _Steps) -> Terms: ...


def _generators_first(passes: Passes, batch: Batch, steps: _Steps) -> Terms:
    passes.state.optimizer_G.zero_grad()
    terms, fakes = _generators(passes, batch)
    steps.generators()
    # The discriminators see what the generators made before their step.
    passes.state.optimizer_D.zero_grad()
    terms |= discriminator_backward(passes, batch, fakes)
    steps.discriminators()
    return terms


def _discriminators_first(passes: Passes, batch: Batch, steps: _Steps) -> Terms:
    made = None if passes.config.run.low_memory else translate(passes, batch)
    fakes = fakes_alone(passes, batch) if made is None else made.fake
    passes.state.optimizer_D.zero_grad()
    judged = discriminator_backward(passes, batch, fakes)
    steps.discriminators()
    passes.state.optimizer_G.zero_grad()
    if made is None:
        terms, _ = generator_backward_in_parts(passes, batch)
    else:
        terms = generator_backward(passes, batch, made)
    steps.generators()
    return terms | judged


def _simultaneous(passes: Passes, batch: Batch, steps: _Steps) -> Terms:
    passes.state.optimizer_G.zero_grad()
    passes.state.optimizer_D.zero_grad()
    terms, fakes = _generators(passes, batch)
    terms |= discriminator_backward(passes, batch, fakes)
    steps.discriminators()
    steps.generators()
    return terms


_ORDERS: dict[str, _Order] = {
    "G-then-D": _generators_first,
    "D-then-G": _discriminators_first,
    "simultaneous": _simultaneous,
}


def _generators(passes: Passes, batch: Batch) -> tuple[Terms, dict[Domain, Tensor]]:
    if passes.config.run.low_memory:
        return generator_backward_in_parts(passes, batch)
    made = translate(passes, batch)
    terms = generator_backward(passes, batch, made)
    return terms, {domain: fake.detach() for domain, fake in made.fake.items()}


def _further_step(passes: Passes, batch: Batch, share: Share | None) -> None:
    """One more step of the discriminators on a fresh batch and fresh translations."""
    batch = passes.received(batch)
    fakes = fakes_alone(passes, batch)
    passes.state.optimizer_D.zero_grad()
    discriminator_backward(passes, batch, fakes)
    steps = _Steps(passes, share)
    steps.discriminators()
    steps.end()
