"""How often a discriminator is right, by the rule that belongs to its loss.

Each loss has its own score above which an image counts as real: the middle of its two labels, or
the sign. Critics (wgan) have none; for them the area under the ROC curve is told, and the share of
right calls at the middle of the two mean scores, which is calibrated on the same images.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ganeval_cyclegan.config import DualConfig, GanLoss
from ganeval_cyclegan.losses import dual_scores


@dataclass(frozen=True)
class Accuracy:
    """Shares of right calls, 0-d tensors in 0..1 on the device of the scores.

    Attributes:
        real: Of patches of real images.
        fake: Of patches of generated images.
        image_real: Of real images, by the mean of their patches.
        image_fake: Of generated images.
        auc: Probability that a patch of a real image scores higher than one of a generated image,
            ties counted half; None where the loss has a threshold.
    """

    real: Tensor
    fake: Tensor
    image_real: Tensor
    image_fake: Tensor
    auc: Tensor | None = None


def threshold(name: GanLoss, dual: DualConfig | None = None) -> float | None:
    """Returns the score above which an image is called real; None for critics."""
    if name == "lsgan":
        return 0.5
    if name == "d2gan":
        return (dual or DualConfig()).alpha
    return None if name in ("wgan", "wgan-gp") else 0.0


def judged(name: GanLoss, outputs: Tensor) -> Tensor:
    """Returns the scores ``[n, 1, h, w]`` that the threshold is for: outputs, or D1 of d2gan."""
    return dual_scores(outputs)[0] if name == "d2gan" else outputs


@torch.no_grad()
def accuracy(name: GanLoss, real: Tensor, fake: Tensor, dual: DualConfig | None = None) -> Accuracy:
    """Returns how often real and generated images are told apart.

    Args:
        name: The loss that the discriminator was trained with.
        real: Its outputs ``[n, heads, h, w]`` on real images.
        fake: Its outputs ``[m, heads, h, w]`` on generated images.
        dual: Weights of d2gan.
    """
    real, fake = judged(name, real), judged(name, fake)
    images = real.mean((1, 2, 3)), fake.mean((1, 2, 3))
    level = threshold(name, dual)
    middle = (real.mean() + fake.mean()) / 2 if level is None else level
    return Accuracy(
        real=_share(real > middle),
        fake=_share(fake <= middle),
        image_real=_share(images[0] > middle),
        image_fake=_share(images[1] <= middle),
        auc=_auc(real.flatten(), fake.flatten()) if level is None else None,
    )


def _share(right: Tensor) -> Tensor:
    return right.float().mean()


def _auc(real: Tensor, fake: Tensor) -> Tensor:
    ordered = real.sort().values
    below = torch.searchsorted(ordered, fake)
    not_above = torch.searchsorted(ordered, fake, right=True)
    return 1 - (below + not_above).float().mean() / (2 * len(real))
