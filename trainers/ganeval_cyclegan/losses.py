"""What generators and discriminators minimise, on maps of discriminator scores.

The loss of a discriminator is the sum of one term on real and one on generated images; all terms
are means over images and patches. Scores are raw outputs ``[n, heads, h, w]``; two heads belong to
d2gan alone.

Source: lsgan arXiv 1611.04076, vanilla 1406.2661, hinge 1705.02894, wgan 1701.07875, d2gan
1709.03831; which term follows which label as in junyanz/pytorch-CycleGAN-and-pix2pix.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional as F

from ganeval.errors import InputError
from ganeval_cyclegan.config import DualConfig, GanLoss, LossConfig, TrainConfig

Domain = Literal["A", "B"]

_POSITIVE = 1e-6  # keeps scores of d2gan away from 0, where their logarithm ends


def gan_loss(config: TrainConfig, domain: Domain, *, update: int, epoch: int) -> GanLoss:
    """Returns the loss that judges images of a domain in one update.

    Args:
        config: The run; ``dual.domains`` have d2gan, the others ``loss.gan``.
        domain: Whose images are judged.
        update: Updates done before this one; counts where losses take turns by update.
        epoch: From 1; counts where losses take turns by epoch.
    """
    if config.dual.domains in ("both", domain):
        return "d2gan"
    names = [config.loss.gan] if isinstance(config.loss.gan, str) else config.loss.gan
    turn = update if config.loss.alternate == "update" else epoch - 1
    return names[turn % len(names)]


def generator_term(
    name: GanLoss, scores: Tensor, *, saturating: bool = False, dual: DualConfig | None = None
) -> Tensor:
    """Returns the adversarial loss of a generator, a scalar.

    Args:
        name: Which loss.
        scores: Of generated images.
        saturating: vanilla only: the minimax form of Goodfellow et al., -mean softplus(score).
        dual: Weights of d2gan.
    """
    if name == "d2gan":
        first, second = dual_scores(scores)
        return -first.mean() + (dual or DualConfig()).beta * second.log().mean()
    if name == "lsgan":
        return (scores - 1).square().mean()
    if name == "vanilla":
        return -F.softplus(scores).mean() if saturating else F.softplus(-scores).mean()
    return -scores.mean()


def real_term(
    name: GanLoss,
    scores: Tensor,
    *,
    targets: Tensor | None = None,
    dual: DualConfig | None = None,
) -> Tensor:
    """Returns the loss of a discriminator on real images, a scalar before ``d_scale``.

    Args:
        name: Which loss.
        scores: Of real images.
        targets: Labels in 0..1 that broadcast against the scores, for lsgan and vanilla; None: 1.
        dual: Weights of d2gan.

    Raises:
        InputError: The loss has no labels.
    """
    if targets is not None:
        return _labelled(name, scores, targets)
    if name == "d2gan":
        first, second = dual_scores(scores)
        return -(dual or DualConfig()).alpha * first.log().mean() + second.mean()
    if name == "lsgan":
        return (scores - 1).square().mean()
    if name == "vanilla":
        return F.softplus(-scores).mean()
    if name == "hinge":
        return F.relu(1 - scores).mean()
    return -scores.mean()


def fake_term(
    name: GanLoss,
    scores: Tensor,
    *,
    targets: Tensor | None = None,
    dual: DualConfig | None = None,
) -> Tensor:
    """Returns the loss of a discriminator on generated images; arguments as of `real_term`.

    Labels that are not given are 0.
    """
    if targets is not None:
        return _labelled(name, scores, targets)
    if name == "d2gan":
        first, second = dual_scores(scores)
        return first.mean() - (dual or DualConfig()).beta * second.log().mean()
    if name == "lsgan":
        return scores.square().mean()
    if name == "vanilla":
        return F.softplus(scores).mean()
    if name == "hinge":
        return F.relu(1 + scores).mean()
    return scores.mean()


def dual_scores(scores: Tensor) -> tuple[Tensor, Tensor]:
    """Returns D1 and D2, each positive ``[n, 1, h, w]``, from both heads.

    D1 is high on real images, D2 on generated ones; at the optimum they are alpha and beta times
    the ratio of the two densities.

    Raises:
        InputError: The discriminator has one head.
    """
    if scores.shape[1] != 2:
        raise InputError(
            f"loss.gan d2gan needs discriminators with two heads, and this one has"
            f" {scores.shape[1]}",
            hint="Set dual.domains to the domains whose images it judges, or to both.",
        )
    positive = F.softplus(scores) + _POSITIVE
    return positive[:, :1], positive[:, 1:]


def soft_labels(
    kind: Literal["real", "fake"],
    scores: Tensor,
    per: Literal["image", "patch"],
    generator: torch.Generator,
) -> Tensor:
    """Draws noisy labels: uniform in 0.9..1 for real images, in 0..0.1 for generated ones.

    Args:
        kind: Of the images.
        scores: float ``[n, heads, h, w]``; gives shape, dtype and device.
        per: One label for an image or one for each of its patches.
        generator: On the CPU.

    Returns:
        ``[n, 1, 1, 1]`` or ``[n, 1, h, w]``.
    """
    n, _, height, width = scores.shape
    shape = (n, 1, 1, 1) if per == "image" else (n, 1, height, width)
    draws = torch.rand(shape, generator=generator).to(scores, non_blocking=True)
    return 0.9 + 0.1 * draws if kind == "real" else 0.1 * draws


def identity_weights(config: LossConfig) -> tuple[float, float]:
    """Returns the weights of the identity losses of G_A and G_B.

    G_A is shown images of B, so its weight goes with lambda_B.
    """
    relative = config.identity_mode == "relative"
    of_b = config.lambda_B if relative else 1.0
    of_a = config.lambda_A if relative else 1.0
    return config.lambda_identity * of_b, config.lambda_identity * of_a


def _labelled(name: GanLoss, scores: Tensor, targets: Tensor) -> Tensor:
    if name == "lsgan":
        return (scores - targets).square().mean()
    if name == "vanilla":
        # Binary cross-entropy of sigmoid(score), for any label.
        return (F.softplus(scores) - targets * scores).mean()
    raise InputError(
        f"loss.labels soft-noisy: the loss {name} has no labels to soften",
        hint="Set loss.labels to hard, or loss.gan to lsgan or vanilla.",
    )
