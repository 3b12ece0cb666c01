"""What changes during a warm-up, and one update of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ganeval_cyclegan.discriminator_scores import accuracy
from ganeval_cyclegan.losses import fake_term, generator_term, real_term
from ganeval_cyclegan.penalties import gradient_penalty
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.warmup.config import WarmupConfig
from ganeval_cyclegan.warmup.networks import (
    WarmupDiscriminator,
    WarmupGenerator,
    build_optimizer,
    build_warmup,
)


@dataclass
class WarmupState:
    """Networks and optimisers.

    Attributes:
        generator: Makes images.
        discriminator: Judges them.
        optimizer_G: Of the generator.
        optimizer_D: Of the discriminator.
        update: Generator steps done.
    """

    generator: WarmupGenerator
    discriminator: WarmupDiscriminator
    optimizer_G: torch.optim.Optimizer
    optimizer_D: torch.optim.Optimizer
    update: int = 0

    def state(self) -> dict[str, Any]:
        """Returns what a checkpoint needs, of plain values and the live tensors."""
        return {
            "nets": {"G": self.generator.state_dict(), "D": self.discriminator.state_dict()},
            "optimizers": {"G": self.optimizer_G.state_dict(), "D": self.optimizer_D.state_dict()},
        }

    def load(self, state: dict[str, Any], update: int) -> None:
        """Takes up what `state` returned."""
        self.generator.load_state_dict(state["nets"]["G"])
        self.discriminator.load_state_dict(state["nets"]["D"])
        self.optimizer_G.load_state_dict(state["optimizers"]["G"])
        self.optimizer_D.load_state_dict(state["optimizers"]["D"])
        self.update = update


@dataclass(frozen=True)
class Step:
    """What one update measured.

    Attributes:
        losses: 0-d values by name: G_gan, D_real, D_fake, and D_penalty of wgan-gp.
        real: Scores ``[n, 1, 1, 1]`` of the last real batch, before the discriminator's step.
        fake: Scores of the images generated beside it.
    """

    losses: dict[str, Tensor]
    real: Tensor
    fake: Tensor


def create_state(
    config: WarmupConfig, height: int, width: int, streams: Streams, device: str
) -> WarmupState:
    """Builds networks and optimisers of a settled configuration."""
    generator, discriminator = build_warmup(config, height, width, streams)
    generator.to(device)
    discriminator.to(device)
    assert config.lr_G is not None  # settled
    assert config.lr_D is not None
    return WarmupState(
        generator,
        discriminator,
        build_optimizer(config, generator, config.lr_G),
        build_optimizer(config, discriminator, config.lr_D),
    )


def train_step(
    state: WarmupState, config: WarmupConfig, streams: Streams, draw: Callable[[], Tensor]
) -> Step:
    """Updates the discriminator ``d_steps`` times and the generator once.

    Args:
        state: Is changed.
        config: Settled.
        streams: Noise comes from ``z``, random points of the penalty from ``gp``.
        draw: Returns the next real batch, ``[n, 1, h, w]`` in -1..1, on the device.
    """
    for _ in range(config.d_steps or 1):
        real_images = draw()
        step = _discriminator_step(state, config, streams, real_images)
    images = state.generator(noise(streams, config, len(real_images), real_images.device))
    for parameter in state.discriminator.parameters():
        parameter.requires_grad_(False)
    loss = generator_term(config.gan, state.discriminator(images))
    state.optimizer_G.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    state.optimizer_G.step()
    for parameter in state.discriminator.parameters():
        parameter.requires_grad_(True)
    state.update += 1
    return Step({"G_gan": loss.detach(), **step.losses}, step.real, step.fake)


def noise(streams: Streams, config: WarmupConfig, n: int, device: torch.device) -> Tensor:
    """Draws ``[n, latent]`` from N(0, 1)."""
    drawn = torch.randn(n, config.latent, generator=streams.torch("z"))
    return drawn.to(device, non_blocking=True)


def right_calls(config: WarmupConfig, step: Step) -> dict[str, Tensor]:
    """Returns shares of images called rightly, 0-d, by the rule of the loss.

    ``d_acc_image_D_real`` and ``d_acc_image_D_fake`` are at the threshold; of a critic, which
    has none, at the middle of the two mean scores. A critic has ``d_auc_D_images`` too: the
    probability that a real image scores higher than a generated one.
    """
    found = accuracy(config.gan, step.real, step.fake)
    shares = {"d_acc_image_D_real": found.image_real, "d_acc_image_D_fake": found.image_fake}
    return shares if found.auc is None else shares | {"d_auc_D_images": found.auc}


def _discriminator_step(
    state: WarmupState, config: WarmupConfig, streams: Streams, real_images: Tensor
) -> Step:
    with torch.no_grad():
        fake_images = state.generator(noise(streams, config, len(real_images), real_images.device))
    real, fake = state.discriminator(real_images), state.discriminator(fake_images)
    losses = {"D_real": real_term(config.gan, real), "D_fake": fake_term(config.gan, fake)}
    if config.gan == "wgan-gp":
        losses["D_penalty"] = gradient_penalty(
            "wgan-gp",
            state.discriminator,
            real_images,
            fake_images,
            config.gp_weight,
            streams.torch("gp"),
        )
    state.optimizer_D.zero_grad(set_to_none=True)
    torch.autograd.backward(torch.stack(list(losses.values())).sum())
    state.optimizer_D.step()
    if config.clip is not None:
        with torch.no_grad():
            for parameter in state.discriminator.parameters():
                parameter.clamp_(-config.clip, config.clip)
    detached = {name: loss.detach() for name, loss in losses.items()}
    return Step(detached, real.detach(), fake.detach())
