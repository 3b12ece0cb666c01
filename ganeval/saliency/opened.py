"""A network as its source gives it, before it is wrapped."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from ganeval.features.preprocess import Preprocess


@dataclass(frozen=True)
class Opened:
    """One network with what its source says of it.

    Args:
        network: Takes normalised images and returns logits.
        digest: sha256 of its weights.
        preprocess: How its publisher prepares images.
        classes: Names of its outputs; None: not known.
        outputs: Outputs in the file; 0: its source does not tell.
        published_outputs: Outputs of the published weights; 0: there are none.
        detector: It tells real from fake.
        scripted: It is a TorchScript program.
        notices: What a user should know of it.
    """

    network: nn.Module
    digest: str
    preprocess: Preprocess
    classes: tuple[str, ...] | None = None
    outputs: int = 0
    published_outputs: int = 0
    detector: bool = False
    scripted: bool = False
    notices: tuple[str, ...] = ()
