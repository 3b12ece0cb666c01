"""Adversarial losses against torch's own, closed forms and the optimum of d2gan."""

from __future__ import annotations

from typing import Literal

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F
from trainers.small_run import small_config

from ganeval.errors import InputError
from ganeval_cyclegan.config import DualConfig, LossConfig, TrainConfig
from ganeval_cyclegan.losses import (
    dual_scores,
    fake_term,
    gan_loss,
    generator_term,
    identity_weights,
    real_term,
    soft_labels,
)

EXACT = 1e-12  # float64: two orders of the same few operations


@pytest.fixture
def scores() -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return 4 * torch.randn(2, 1, 5, 5, generator=generator, dtype=torch.float64)


def test_vanilla_is_binary_cross_entropy(scores: Tensor) -> None:
    ones, zeros = torch.ones_like(scores), torch.zeros_like(scores)
    cross_entropy = F.binary_cross_entropy_with_logits
    for ours in (real_term("vanilla", scores), generator_term("vanilla", scores)):
        assert float(ours) == pytest.approx(float(cross_entropy(scores, ones)), rel=EXACT)
    ours = fake_term("vanilla", scores)
    assert float(ours) == pytest.approx(float(cross_entropy(scores, zeros)), rel=EXACT)


@pytest.mark.parametrize("shape", [(2, 1, 1, 1), (2, 1, 5, 5)])
def test_labels_between_0_and_1_are_those_of_the_full_loss(
    scores: Tensor, shape: tuple[int, ...]
) -> None:
    targets = torch.rand(shape, generator=torch.Generator().manual_seed(2)).double()
    wide = targets.expand_as(scores)
    for term in (real_term, fake_term):
        vanilla = term("vanilla", scores, targets=targets)
        expected = F.binary_cross_entropy_with_logits(scores, wide)
        assert float(vanilla) == pytest.approx(float(expected), rel=EXACT)
        squares = term("lsgan", scores, targets=targets)
        assert float(squares) == pytest.approx(float(F.mse_loss(scores, wide)), rel=EXACT)


def test_saturating_vanilla_is_the_logarithm_of_the_probability_of_fake(scores: Tensor) -> None:
    ours = generator_term("vanilla", scores, saturating=True)
    assert float(ours) == pytest.approx(
        float(torch.log(1 - torch.sigmoid(scores)).mean()), rel=1e-10
    )


def test_least_squares_are_those_of_torch(scores: Tensor) -> None:
    ones, zeros = torch.ones_like(scores), torch.zeros_like(scores)
    for term, target in ((real_term, ones), (generator_term, ones), (fake_term, zeros)):
        expected = F.mse_loss(scores, target)
        assert float(term("lsgan", scores)) == pytest.approx(float(expected), rel=EXACT)


def test_hinge_and_critic_on_numbers_one_can_add_up() -> None:
    scores = torch.tensor([-2.0, 0.0, 0.5, 3.0]).reshape(4, 1, 1, 1)
    assert float(real_term("hinge", scores)) == pytest.approx((3 + 1 + 0.5 + 0) / 4)
    assert float(fake_term("hinge", scores)) == pytest.approx((0 + 1 + 1.5 + 4) / 4)
    assert float(generator_term("hinge", scores)) == pytest.approx(-1.5 / 4)
    for name in ("wgan", "wgan-gp"):
        assert float(real_term(name, scores)) == pytest.approx(-1.5 / 4)
        assert float(fake_term(name, scores)) == pytest.approx(1.5 / 4)
        assert float(generator_term(name, scores)) == pytest.approx(-1.5 / 4)


def test_d2gan_has_its_optimum_at_the_ratios_of_the_densities() -> None:
    # One point where real images have density p and generated ones q.
    p, q, dual = 0.3, 0.7, DualConfig(alpha=0.2, beta=0.1)
    best = torch.tensor([dual.alpha * p / q, dual.beta * q / p], dtype=torch.float64) - 1e-6
    raw = torch.log(torch.expm1(best)).reshape(1, 2, 1, 1).requires_grad_()  # softplus undone
    loss = p * real_term("d2gan", raw, dual=dual) + q * fake_term("d2gan", raw, dual=dual)
    (gradient,) = torch.autograd.grad(loss, raw)
    assert gradient.abs().max() < 1e-12
    first, second = dual_scores(raw.detach())
    assert float(first) == pytest.approx(0.2 * 3 / 7)
    assert float(second) == pytest.approx(0.1 * 7 / 3)


def test_d2gan_generators_play_against_both_heads() -> None:
    raw = torch.tensor([[0.3, -1.0], [2.0, 0.1]], dtype=torch.float64).reshape(2, 2, 1, 1)
    positive = F.softplus(raw) + 1e-6
    expected = -positive[:, 0].mean() + 0.1 * positive[:, 1].log().mean()
    assert float(generator_term("d2gan", raw, dual=DualConfig())) == pytest.approx(float(expected))
    # The discriminators maximise what the generators minimise.
    assert float(fake_term("d2gan", raw, dual=DualConfig())) == pytest.approx(-float(expected))


def test_d2gan_is_refused_with_one_head(scores: Tensor) -> None:
    with pytest.raises(InputError, match="two heads, and this one has 1"):
        real_term("d2gan", scores)


@pytest.mark.parametrize("name", ["hinge", "wgan", "wgan-gp", "d2gan"])
@pytest.mark.parametrize("term", [real_term, fake_term])
def test_losses_without_labels_refuse_them(name: str, term: object, scores: Tensor) -> None:
    with pytest.raises(InputError, match="no labels to soften"):
        term(name, scores, targets=scores)  # type: ignore[operator]


@pytest.mark.parametrize(("per", "shape"), [("image", (300, 1, 1, 1)), ("patch", (300, 1, 4, 5))])
def test_soft_labels_fill_their_ranges(
    per: Literal["image", "patch"], shape: tuple[int, ...]
) -> None:
    scores = torch.zeros(300, 1, 4, 5)
    generator = torch.Generator().manual_seed(3)
    for kind, low in (("real", 0.9), ("fake", 0.0)):
        labels = soft_labels(kind, scores, per, generator)  # type: ignore[arg-type]
        assert labels.shape == shape
        assert low <= float(labels.min()) < low + 0.01
        assert low + 0.09 < float(labels.max()) <= low + 0.1


def test_identity_losses_are_weighted_by_the_domain_they_show() -> None:
    changes = {"lambda_A": 7, "lambda_B": 11, "lambda_identity": 0.5}
    assert identity_weights(LossConfig(**changes)) == (5.5, 3.5)
    absolute = LossConfig(**changes, identity_mode="absolute")
    assert identity_weights(absolute) == (0.5, 0.5)
    assert identity_weights(LossConfig()) == (5.0, 5.0)


def test_losses_take_turns() -> None:
    def turns(config: TrainConfig) -> list[str]:
        moments = [(0, 1), (1, 1), (2, 2), (3, 3)]  # updates done, epoch
        return [gan_loss(config, "A", update=u, epoch=e) for u, e in moments]

    by_epoch = small_config({"loss.gan": ["lsgan", "hinge"]})
    assert turns(by_epoch) == ["lsgan", "lsgan", "hinge", "lsgan"]
    by_update = small_config({"loss.gan": ["lsgan", "hinge"], "loss.alternate": "update"})
    assert turns(by_update) == ["lsgan", "hinge", "lsgan", "hinge"]


def test_dual_domains_have_a_loss_of_their_own() -> None:
    config = small_config({"dual.domains": "B", "loss.gan": "vanilla"})
    assert gan_loss(config, "B", update=0, epoch=1) == "d2gan"
    assert gan_loss(config, "A", update=0, epoch=1) == "vanilla"
