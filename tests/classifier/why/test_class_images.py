"""Gradient ascent against a closed form, and on a network that learnt a colour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn

from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.why.class_images import ascend, class_images
from ganeval.classifier.why.held_out import hold_out


class Linear(nn.Module):
    """Logit w·x of the picture."""

    def __init__(self, weights: torch.Tensor) -> None:
        super().__init__()
        self.weights = nn.Parameter(weights)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return (x * self.weights).flatten(1).sum(1)


@dataclass
class Fitted:
    form: NetworkForm
    network: nn.Module


def test_the_ascent_of_a_linear_score_ends_at_its_closed_form() -> None:
    # In units of 0..1 the gradient is 2 w, as the form takes 0..1 to -1..1; S - λ||I||² is highest
    # at I = w/λ, here within ±0.4 so that nothing is cut off.
    rng = np.random.default_rng(0)
    weights = torch.from_numpy(rng.uniform(-0.4, 0.4, (3, 16, 16)).astype(np.float32)) * 1e-2
    fitted = Fitted(NetworkForm("default"), Linear(weights))
    step = 0.005
    real, fake = ascend(fitted, (1e9, 1e9), side=16, steps=200, step_size=step, penalty=1e-2)
    best = (weights / 1e-2).permute(1, 2, 0).numpy()
    change = fake.last.picture - 0.5
    norm = np.linalg.norm(best)
    assert np.vdot(change, best) / (np.linalg.norm(change) * norm) > 0.999
    assert np.linalg.norm(change - best) <= step * np.sqrt(change.size) * 1.01  # within a step
    np.testing.assert_allclose(real.last.picture - 0.5, -change, atol=2.1 * step)
    assert fake.matched is real.matched is None
    assert len(fake.scores) == 201


def test_the_matched_picture_is_the_first_that_reaches_the_score() -> None:
    fitted = Fitted(NetworkForm("default"), Linear(torch.ones(3, 8, 8)))
    _, fake = ascend(fitted, (0.0, 20.0), side=8, steps=30)
    assert fake.matched.score >= 20
    assert fake.scores[fake.matched.step] == fake.matched.score
    assert max(fake.scores[: fake.matched.step]) < 20
    assert fake.last.picture.max() <= 1
    assert fake.last.score == fake.scores[-1] == pytest.approx(fake.last.picture.sum() * 2 - 192)


def test_the_network_and_the_global_generators_stay_as_they_are() -> None:
    network = Linear(torch.ones(3, 8, 8)).train()
    before = torch.get_rng_state()
    ascend(Fitted(NetworkForm("default"), network), (0.0, 0.0), side=8, steps=3)
    assert network.training
    assert network.weights.requires_grad
    assert network.weights.grad is None
    assert torch.equal(before, torch.get_rng_state())


def test_equal_seeds_draw_equal_pictures() -> None:
    form = NetworkForm("default")
    fitted = Fitted(form, form.initialised(0, torch.device("cpu")).eval())
    first, again = (ascend(fitted, (0.0, 0.0), side=32, steps=3, seed=1)[1] for _ in range(2))
    other = ascend(fitted, (0.0, 0.0), side=32, steps=3, seed=2)[1]
    np.testing.assert_array_equal(first.last.picture, again.last.picture)
    assert not np.array_equal(first.last.picture, other.last.picture)


def test_most_fake_has_the_colour_that_fakes_have(make, tmp_path) -> None:
    red = torch.zeros(3, 32, 32)
    red[0], red[2] = 1e-3, -1e-3
    fitted = Fitted(NetworkForm("default"), Linear(red))
    made = make(reals=10, fakes=10, side=32)
    scores = np.where(made.labels == 1, 0.5, -0.5) + np.linspace(-0.1, 0.1, 20)
    held_out = hold_out(made.examples, made.split, scores)
    pictures = {one.name: one for one in class_images(fitted, held_out, scores, tmp_path)}
    assert list(pictures) == ["most-real", "most-real-matched", "most-fake", "most-fake-matched"]
    from PIL import Image

    for name, sign in (("most-real", -1), ("most-fake", 1)):
        pixels = np.asarray(Image.open(tmp_path / pictures[name].file)).astype(int)
        assert pixels.shape == (256, 256, 3)
        assert sign * (pixels[..., 0] - pixels[..., 2]).mean() > 50
    assert pictures["most-fake"].display == "Most fake, exaggerated"
    assert "no typical fake image" in pictures["most-fake"].caption
    assert "95 % of the fake test images have a logit below 0.59" in pictures["most-fake"].caption


def test_a_score_that_was_not_reached_is_said_so(make, tmp_path) -> None:
    fitted = Fitted(NetworkForm("default"), Linear(torch.full((3, 32, 32), 1e-6)))
    made = make(reals=10, fakes=10, side=32)
    scores = np.where(made.labels == 1, 5.0, -5.0)
    held_out = hold_out(made.examples, made.split, scores)
    pictures = {one.name: one for one in class_images(fitted, held_out, scores, tmp_path)}
    assert list(pictures) == ["most-real", "most-fake"]
    assert pictures["most-fake"].display == "Most fake"
    assert "No picture on the way was as clear" in pictures["most-fake"].caption
