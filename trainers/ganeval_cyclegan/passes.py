"""Calls of the four networks in one update: precision, layout, dropout, augmentation."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Literal

import torch
from torch import Tensor, nn

from ganeval_cyclegan.augment.diffaug import DiffAugment
from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.config import GanLoss, TrainConfig
from ganeval_cyclegan.losses import gan_loss
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import Domain, TrainingState

GeneratorName = Literal["G_A", "G_B"]
DiscriminatorName = Literal["D_A", "D_B"]


class Passes:
    """What the parts of one update share.

    Args:
        state: Networks and pools.
        config: The run.
        streams: Of all draws.
        extra: Number of the further discriminator step that this is, 0 for the update itself.
    """

    def __init__(
        self, state: TrainingState, config: TrainConfig, streams: Streams, extra: int = 0
    ) -> None:
        self.state = state
        self.config = config
        self.streams = streams
        self.extra = extra
        counted = {"update": state.update, "epoch": state.epoch}
        self.losses: dict[Domain, GanLoss] = {
            "A": gan_loss(config, "A", **counted),
            "B": gan_loss(config, "B", **counted),
        }
        augment = config.augment
        self._diffaug = DiffAugment.parse(augment.diffaug, augment.diffaug_p)
        self._augmented = {domain: self._is_augmented(domain) for domain in self.losses}

    def received(self, batch: Batch) -> Batch:
        """Returns a batch on the device and in the layout of the networks."""
        choices = self.state.choices
        layout = torch.channels_last if choices.channels_last else torch.contiguous_format
        return batch.to(choices.device, non_blocking=True, memory_format=layout)

    def mixed(self) -> AbstractContextManager[object]:
        """A scope in which convolutions run in half precision, where that was chosen.

        One scope around many calls casts each weight once.
        """
        half = self.state.choices.half
        if half is None:
            return nullcontext()
        return torch.autocast(self.state.choices.device.type, dtype=half)

    def generate(self, name: GeneratorName, images: Tensor, use: str) -> Tensor:
        """Translates ``[n, c, h, w]``; ``use`` tells the calls of one generator apart."""
        with self._dropout(name, use):
            return _full(self.state.calls[name](images))

    def judge(self, name: DiscriminatorName, *images: Tensor) -> list[Tensor]:
        """Returns the scores of each of several batches, in one call where that is exact."""
        call = self.state.calls[name]
        same = all(one.shape[1:] == images[0].shape[1:] for one in images)
        if len(images) > 1 and same and self.state.choices.merged_discriminators:
            scores = _full(call(self._laid_out(torch.cat(images))))
            return list(torch.split(scores, [len(one) for one in images]))
        return [_full(call(self._laid_out(one))) for one in images]

    def augment(self, images: Tensor, step: Literal["G", "D"], domain: Domain, kind: str) -> Tensor:
        """Returns what a discriminator is shown of images of a domain, real, fake or old."""
        if not self._augmented[domain]:
            return images
        return self._diffaug(images, self.streams.torch(f"diffaug.{step}.{domain}.{kind}"))

    def backward(self, loss: Tensor) -> None:
        """Adds the gradients of a loss to those of the parameters."""
        scaler = self.state.scaler
        torch.autograd.backward(loss if scaler is None else scaler.scale(loss))

    @contextmanager
    def frozen_discriminators(self) -> Iterator[None]:
        """A scope in which no gradient of a discriminator is computed, unless they are to leak."""
        networks: list[nn.Module] = [self.state.nets.D_A, self.state.nets.D_B]
        if self.config.optim.leak:
            networks = []
        for network in networks:
            network.requires_grad_(False)
        try:
            yield
        finally:
            for network in networks:
                network.requires_grad_(True)

    def _is_augmented(self, domain: Domain) -> bool:
        if not self._diffaug.operations:
            return False
        rate = diffaug_rate(self.config, self.state.update)
        if rate >= 1:
            return True
        # Counted by update: one decision for all that a discriminator is shown in it, in every
        # process.
        key = self.streams.key(f"diffaug.rate.{domain}", self.state.update, shared=True)
        return random.Random(key).random() < rate

    def _laid_out(self, images: Tensor) -> Tensor:
        if self.state.choices.channels_last:
            return images.contiguous(memory_format=torch.channels_last)
        return images

    def _dropout(self, name: str, use: str) -> AbstractContextManager[object]:
        if self.config.nets.G.dropout == "none":
            return nullcontext()
        # Counted, so that the order of the calls cannot change what is dropped.
        key = self.streams.key("dropout", self.state.update, self.extra, name, use)
        return _seeded(key, self.state.choices.device)


def diffaug_rate(config: TrainConfig, update: int) -> float:
    """Returns the share of updates that augment at that point of the run."""
    rate = config.augment.diffaug_rate
    for start, later in config.augment.diffaug_schedule:
        if update >= start:
            rate = later
    return rate


@contextmanager
def _seeded(seed: int, device: torch.device) -> Iterator[None]:
    """A scope with torch's own generators, which dropout draws from, seeded; then as before."""
    cuda = device.type == "cuda"
    with torch.random.fork_rng([device] if cuda else []):
        torch.default_generator.manual_seed(seed)
        if cuda:
            with torch.cuda.device(device):
                torch.cuda.manual_seed(seed)
        yield


def _full(outputs: Tensor) -> Tensor:
    return outputs.float() if outputs.dtype in (torch.bfloat16, torch.float16) else outputs
