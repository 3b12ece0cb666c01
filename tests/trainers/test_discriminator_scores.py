"""Accuracy of discriminators, by the threshold of their loss."""

from __future__ import annotations

import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch import Tensor

from ganeval_cyclegan.config import DualConfig
from ganeval_cyclegan.discriminator_scores import accuracy, judged, threshold


def patches(*values: float) -> Tensor:
    """One image per value, of two equal patches."""
    return torch.tensor(values, dtype=torch.float32).reshape(-1, 1, 1, 1).expand(-1, 1, 1, 2)


def test_least_squares_are_told_apart_in_the_middle_of_the_labels() -> None:
    # A report used 0, which is right for the logarithmic loss: there 0.2 counts as real.
    real, fake = patches(0.7), patches(0.2)
    assert float(accuracy("lsgan", real, fake).fake) == 1
    assert float(accuracy("vanilla", real, fake).fake) == 0
    assert float(accuracy("lsgan", real, fake).real) == 1


def test_each_loss_has_its_threshold() -> None:
    found = {name: threshold(name) for name in ("lsgan", "vanilla", "hinge", "wgan", "wgan-gp")}
    assert found == {"lsgan": 0.5, "vanilla": 0.0, "hinge": 0.0, "wgan": None, "wgan-gp": None}
    assert threshold("d2gan", DualConfig(alpha=0.3)) == 0.3


def test_an_image_is_judged_by_the_mean_of_its_patches() -> None:
    real = torch.tensor([[0.6, 0.6, 0.6, -3.0]]).reshape(1, 1, 2, 2)
    found = accuracy("lsgan", real, real)
    assert float(found.real) == 0.75
    assert float(found.image_real) == 0
    assert float(found.fake) == 0.25
    assert float(found.image_fake) == 1


def test_critics_are_told_by_the_area_under_the_curve() -> None:
    generator = torch.Generator().manual_seed(0)
    # Whole numbers, so that there are ties.
    real = torch.randint(0, 12, (3, 1, 4, 4), generator=generator).float()
    fake = torch.randint(-3, 9, (2, 1, 4, 4), generator=generator).float()
    found = accuracy("wgan", real, fake)
    labels = [1] * real.numel() + [0] * fake.numel()
    scores = torch.cat([real.flatten(), fake.flatten()])
    assert found.auc is not None
    assert float(found.auc) == pytest.approx(roc_auc_score(labels, scores.numpy()), rel=1e-6)


def test_critics_are_called_at_the_middle_of_both_means() -> None:
    found = accuracy("wgan-gp", patches(10, 20, 30), patches(14, 16, 18))  # middle 18
    assert float(found.real) == pytest.approx(2 / 3)
    assert float(found.fake) == 1
    assert accuracy("hinge", patches(1.0), patches(1.0)).auc is None


def test_two_heads_are_judged_by_the_first() -> None:
    outputs = torch.tensor([[2.0, -9.0], [-9.0, 2.0]]).reshape(2, 2, 1, 1)
    assert judged("d2gan", outputs).shape == (2, 1, 1, 1)
    found = accuracy("d2gan", outputs[:1], outputs[1:])
    assert (float(found.real), float(found.fake)) == (1, 1)
    swapped = accuracy("d2gan", outputs[1:], outputs[:1])
    assert (float(swapped.real), float(swapped.fake)) == (0, 0)
