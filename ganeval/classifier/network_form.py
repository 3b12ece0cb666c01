"""The two forms of the network: what each takes and how each learns."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import torch
from PIL import Image
from torch import nn

from ganeval.classifier.augment import Augmentation
from ganeval.classifier.network import RECEPTIVE_FIELD, PatchNetwork, Pool, initialise
from ganeval.classifier.report_network import REPORT_SIDE, ReportNetwork
from ganeval.classifier.settings import ClassifySettings
from ganeval.images.decoding import Pixels

LARGEST: Final = 512
"""Longest side that is scored whole; of larger images the centre is, pixels."""

FormName = Literal["default", "cmpe258"]


@dataclass(frozen=True)
class NetworkForm:
    """A network with everything that fixes its scores but the weights.

    Args:
        name: ``default`` or ``cmpe258``.
        pool: How patch scores become one; the report's network has no patches.
        side: Side to which images are brought, pixels; None: they stay as they are.
    """

    name: FormName
    pool: Pool = "mean"
    side: int | None = None

    def __post_init__(self) -> None:
        if (self.side is None) != (self.name == "default") or (self.side or 8) % 8:
            raise ValueError(f"the form {self.name} cannot have side {self.side}")

    @property
    def augmentation(self) -> Augmentation:
        """What training does to images unless the user says otherwise."""
        return "default" if self.name == "default" else "report"

    @property
    def receptive_field(self) -> int | None:
        """Side of what a patch score depends on, pixels; None: the network scores images whole."""
        return RECEPTIVE_FIELD if self.name == "default" else None

    @property
    def batch(self) -> int:
        """Images per step of training."""
        return 32 if self.name == "default" else 64

    @property
    def halves_rate(self) -> bool:
        """The learning rate falls when the validation loss does not."""
        return self.name == "default"

    @property
    def ends_when_told_apart(self) -> bool:
        """Training ends once the validation images are told apart; the report's went on."""
        return self.name == "default"

    def network(self) -> nn.Module:
        """Builds the network on torch's meta device: shapes, no values, no random draw."""
        with torch.device("meta"):
            if self.name == "default":
                return PatchNetwork(self.pool)
            return ReportNetwork(self.side or REPORT_SIDE)

    def initialised(self, seed: int, device: torch.device) -> nn.Module:
        """Builds the network with the random weights of a seed, in channels-last order."""
        network = self.network().to_empty(device=device)
        initialise(network, seed)
        return network.to(memory_format=torch.channels_last)

    def optimiser(self, weights: Iterable[nn.Parameter]) -> torch.optim.Optimizer:
        """AdamW for the default form; Adam with Keras' epsilon for the report's."""
        if self.name == "default":
            return torch.optim.AdamW(weights, lr=1e-3, weight_decay=1e-4)
        return torch.optim.Adam(weights, lr=1e-3, betas=(0.9, 0.999), eps=1e-7)

    def training_view(self, pixels: Pixels) -> Pixels:
        """Returns the image that augmentation starts from.

        The report's loader resized by nearest neighbour, the default of Keras.
        """
        if self.side is None or pixels.shape[:2] == (self.side, self.side):
            return pixels
        image = Image.fromarray(pixels).resize((self.side, self.side), Image.Resampling.NEAREST)
        return np.asarray(image)

    def view(self, pixels: Pixels) -> Pixels:
        """Returns what of an image is scored: all of it, or its centre of 512 px."""
        if self.side is not None:
            return self.training_view(pixels)
        top, left = scored_corner(pixels.shape[0], pixels.shape[1])
        return pixels[top : top + LARGEST, left : left + LARGEST]

    def scaled(self, batch: torch.Tensor) -> torch.Tensor:
        """Turns 0..255 into what the network takes: -1..1, or 0..1 for the report's."""
        return batch / 127.5 - 1 if self.name == "default" else batch / 255


def scored_corner(height: int, width: int) -> tuple[int, int]:
    """Returns top and left of what the default form scores of an image."""
    return max(0, height - LARGEST) // 2, max(0, width - LARGEST) // 2


def form_of(settings: ClassifySettings) -> NetworkForm:
    """Returns the form that a preset stands for."""
    if settings.preset == "cmpe258":
        return NetworkForm("cmpe258", side=REPORT_SIDE)
    return NetworkForm("default", settings.pool)
