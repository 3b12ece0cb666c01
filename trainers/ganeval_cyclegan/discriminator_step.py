"""The discriminators' part of an update: the pools, losses, penalties and their gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from ganeval_cyclegan.batch import Batch
from ganeval_cyclegan.discriminator_scores import Accuracy, accuracy
from ganeval_cyclegan.generator_step import DIRECTIONS, Direction, Terms
from ganeval_cyclegan.losses import fake_term, real_term, soft_labels
from ganeval_cyclegan.passes import Passes
from ganeval_cyclegan.penalties import gradient_penalty
from ganeval_cyclegan.training_state import Domain


def discriminator_backward(passes: Passes, batch: Batch, fakes: dict[Domain, Tensor]) -> Terms:
    """Adds the gradients of the discriminators' losses, after asking the pools.

    Args:
        passes: The update.
        batch: Its real images.
        fakes: Generated images by their domain, clean of augmentation.

    Returns:
        For each discriminator X: ``D_X`` as minimised, ``D_X_real``, ``D_X_fake`` (and ``D_X_old``,
        ``D_X_gp``) before ``d_scale``, and the shares of right calls ``d_acc_X_real``,
        ``d_acc_X_fake``, ``d_acc_image_X_real``, ``d_acc_image_X_fake`` (and ``d_auc_X``).
    """
    terms: Terms = {}
    for way in DIRECTIONS:
        terms |= _one(passes, way, getattr(batch, way.target), fakes[way.target].detach())
    return terms


def _one(passes: Passes, way: Direction, real: Tensor, fake: Tensor) -> Terms:
    config, streams, domain = passes.config, passes.streams, way.target
    name, dual = passes.losses[domain], passes.config.dual
    answer = passes.state.pools[domain].query(
        fake, streams.python(f"pool.{domain}"), streams.torch(f"pool.{domain}")
    )
    shown = [
        passes.augment(real, "D", domain, "real"),
        passes.augment(answer.images, "D", domain, "fake"),
    ]
    if answer.old is not None:
        shown.append(passes.augment(answer.old, "D", domain, "old"))
    with passes.mixed():
        scores = passes.judge(way.judge, *shown)

    targets = [_labels(passes, k, one) for k, one in enumerate(scores)]
    parts = [real_term(name, scores[0], targets=targets[0], dual=dual)]
    for one, target in zip(scores[1:], targets[1:], strict=True):
        parts.append(fake_term(name, one, targets=target, dual=dual))
    fakes = _fakes(parts[1:], config.pool.fake_term)
    loss = config.loss.d_scale * (parts[0] + fakes)
    terms = dict(
        zip((f"{way.judge}_{kind}" for kind in ("real", "fake", "old")), parts, strict=False)
    )
    if config.loss.gp != "none":
        penalty = _penalty(passes, way, shown)
        loss = loss + penalty
        terms[f"{way.judge}_gp"] = penalty
    passes.backward(loss)
    terms[way.judge] = loss
    return terms | _accuracies(way, accuracy(name, scores[0], scores[1], dual))


def _fakes(parts: list[Tensor], together: str) -> Tensor:
    # Before anything was stored there is nothing old, and the current fakes stand alone.
    total = torch.stack(parts).sum()
    return total / len(parts) if together == "mean" else total


def _labels(passes: Passes, position: int, scores: Tensor) -> Tensor | None:
    loss = passes.config.loss
    if loss.labels == "hard":
        return None
    return soft_labels(
        "real" if position == 0 else "fake", scores, loss.labels_per, passes.streams.torch("labels")
    )


def _penalty(passes: Passes, way: Direction, shown: list[Tensor]) -> Tensor:
    loss = passes.config.loss
    assert loss.gp != "none"
    # Uncompiled and outside the scope of half precision: it is differentiated twice.
    return gradient_penalty(
        loss.gp,
        getattr(passes.state.nets, way.judge),
        shown[0],
        torch.cat(shown[1:]),
        loss.gp_weight,
        passes.streams.torch("gp"),
    )


def _accuracies(way: Direction, found: Accuracy) -> Terms:
    letter = way.judge.removeprefix("D_")
    shares = {
        f"d_acc_{letter}_real": found.real,
        f"d_acc_{letter}_fake": found.fake,
        f"d_acc_image_{letter}_real": found.image_real,
        f"d_acc_image_{letter}_fake": found.image_fake,
    }
    return shares if found.auc is None else shares | {f"d_auc_{letter}": found.auc}
