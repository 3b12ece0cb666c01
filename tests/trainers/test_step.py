"""One update against the published algorithm, written down a second time, and in parts."""

from __future__ import annotations

import random
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from trainers.small_run import (
    difference,
    felt_parameters,
    gradients,
    small_batch,
    small_config,
    small_state,
)

from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState, state_of

EXACT = 1e-12  # float64, relative: the same sums in another order


class PlainCycleGAN:
    """Section 4.1 of the published algorithm, step by step, with torch's plain Adam."""

    def __init__(self, nets: Networks, streams: Streams, pool_size: int) -> None:
        self.nets = nets
        self.adam_G = self._adam(nets.G_A, nets.G_B)
        self.adam_D = self._adam(nets.D_A, nets.D_B)
        self.pools: dict[str, list[Tensor]] = {"A": [], "B": []}
        self.size = pool_size
        self.draws = {domain: streams.python(f"pool.{domain}") for domain in "AB"}
        self.grads: dict[str, Tensor] = {}

    def update(self, a: Tensor, b: Tensor) -> dict[str, float]:
        G_A, G_B, D_A, D_B = self.nets.G_A, self.nets.G_B, self.nets.D_A, self.nets.D_B
        fake_b = G_A(a)
        rec_a = G_B(fake_b)
        fake_a = G_B(b)
        rec_b = G_A(fake_a)
        loss = {
            "idt_A": F.l1_loss(G_A(b), b) * 10 * 0.5,
            "idt_B": F.l1_loss(G_B(a), a) * 10 * 0.5,
            "G_A": self.squares(D_A(fake_b), 1),
            "G_B": self.squares(D_B(fake_a), 1),
            "cycle_A": F.l1_loss(rec_a, a) * 10,
            "cycle_B": F.l1_loss(rec_b, b) * 10,
        }
        self.step(self.adam_G, sum(loss.values(), torch.zeros(())), "G_A", "G_B")
        judged: dict[str, Tensor] = {}
        for D, letter, real, fake in ((D_A, "A", b, fake_b), (D_B, "B", a, fake_a)):
            old = self.query("B" if letter == "A" else "A", fake.detach())
            judged[f"D_{letter}_real"] = self.squares(D(real), 1)
            judged[f"D_{letter}_fake"] = self.squares(D(old), 0)
            judged[f"D_{letter}"] = (judged[f"D_{letter}_real"] + judged[f"D_{letter}_fake"]) / 2
        self.step(self.adam_D, judged["D_A"] + judged["D_B"], "D_A", "D_B")
        return {name: float(value.detach()) for name, value in (loss | judged).items()}

    def query(self, domain: str, image: Tensor) -> Tensor:
        pool, draws = self.pools[domain], self.draws[domain]
        if len(pool) < self.size:
            pool.append(image)
            return image
        if draws.uniform(0, 1) > 0.5:
            slot = draws.randint(0, self.size - 1)
            old, pool[slot] = pool[slot], image
            return old
        return image

    def step(self, adam: torch.optim.Optimizer, loss: Tensor, *names: str) -> None:
        parameters = [
            (f"{name}.{key}", value)
            for name in names
            for key, value in getattr(self.nets, name).named_parameters()
        ]
        found = torch.autograd.grad(loss, [value for _, value in parameters])
        felt = {
            f"{name}.{key}"
            for name in names
            for key, _ in felt_parameters(getattr(self.nets, name))
        }
        for (key, value), gradient in zip(parameters, found, strict=True):
            value.grad = gradient
            if key in felt:
                self.grads[key] = gradient
        adam.step()

    @staticmethod
    def squares(scores: Tensor, target: float) -> Tensor:
        return F.mse_loss(scores, torch.full_like(scores, target))

    @staticmethod
    def _adam(*networks: nn.Module) -> torch.optim.Adam:
        parameters = [p for network in networks for p in network.parameters()]
        return torch.optim.Adam(parameters, 2e-4, (0.5, 0.999), fused=False, foreach=False)


@pytest.mark.parametrize("way", [{}, {"run.merged": True}, {"run.low_memory": True}])
def test_an_update_is_that_of_the_published_algorithm(way: dict[str, Any]) -> None:
    config, streams = small_config(way), Streams(0)
    state = small_state(config, streams)
    plain = PlainCycleGAN(small_state(config, Streams(0)).nets, Streams(0), config.pool.size)
    for number in range(8):  # the pool of 2 is full after two of them
        batch = small_batch(number)
        told = update(state, batch, config, streams)
        expected = plain.update(batch.A, batch.B)
        # Adam divides by root mean squares, so that rounding grows from update to update.
        tolerance = EXACT if number == 0 else 1e-9
        for name, value in expected.items():
            assert float(told[name]) == pytest.approx(value, rel=tolerance), (number, name)
        assert difference(plain.grads, gradients(state)) < (EXACT if number == 0 else 1e-7)
    assert streams.python("pool.A").getstate() == plain.draws["A"].getstate()
    assert streams.python("pool.A").getstate() != Streams(0).python("pool.A").getstate()


class Constant(nn.Module):
    """A discriminator that gives every image one score."""

    def __init__(self, score: float) -> None:
        super().__init__()
        self.score = nn.Parameter(torch.tensor(score, dtype=torch.float64))

    def forward(self, images: Tensor) -> Tensor:
        return self.score.expand(len(images), 1, 2, 2) + 0 * images.mean()


class Scaled(nn.Module):
    """A generator that multiplies; 1 is the identity."""

    def __init__(self, factor: float = 1.0) -> None:
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor, dtype=torch.float64))

    def forward(self, images: Tensor) -> Tensor:
        return self.factor * images


def stub_state(config: Any, c: float, factors: tuple[float, float] = (1.0, 1.0)) -> TrainingState:
    nets = Networks(Scaled(factors[0]), Scaled(factors[1]), Constant(c), Constant(c))
    return state_of(nets, config)


@pytest.mark.parametrize("c", [0.0, 0.3, 2.0])
def test_losses_of_identities_before_a_constant_judge(c: float) -> None:
    config = small_config()
    told = update(stub_state(config, c), small_batch(0), config, Streams(0))
    for name in ("cycle_A", "cycle_B", "idt_A", "idt_B"):
        assert float(told[name]) == 0
    for letter in "AB":
        assert float(told[f"G_{letter}"]) == pytest.approx((c - 1) ** 2, rel=EXACT)
        assert float(told[f"D_{letter}"]) == pytest.approx(0.5 * ((c - 1) ** 2 + c**2), rel=EXACT)


def test_each_weight_belongs_to_its_term() -> None:
    # Both generators double: translations of a are 2a, recovered images 4a.
    changes = {"loss.lambda_A": 3, "loss.lambda_B": 7, "loss.w_A": 1.5, "loss.w_B": 2}
    batch = small_batch(0)
    a, b = float(batch.A.abs().mean()), float(batch.B.abs().mean())

    def told(more: dict[str, Any] | None = None) -> dict[str, float]:
        config = small_config({**changes, **(more or {})})
        state = stub_state(config, 0.0, (2.0, 2.0))
        return {k: float(v) for k, v in update(state, batch, config, Streams(0)).items()}

    found = told()
    expected = {
        "cycle_A": 3 * 3 * a,
        "cycle_B": 7 * 3 * b,
        "idt_A": 7 * 0.5 * b,  # G_A is shown images of B
        "idt_B": 3 * 0.5 * a,
        "G_A": 1.5,
        "G_B": 2.0,
    }
    assert {name: found[name] for name in expected} == pytest.approx(expected, rel=EXACT)
    swapped = told({"loss.lambda_A": 7, "loss.lambda_B": 3})
    assert swapped["idt_A"] == pytest.approx(3 * 0.5 * b, rel=EXACT)
    absolute = told({"loss.identity_mode": "absolute"})
    assert absolute["idt_A"] == pytest.approx(0.5 * b, rel=EXACT)
    assert "idt_A" not in told({"loss.lambda_identity": 0})


def test_the_scale_is_of_the_discriminators_loss_without_its_parts() -> None:
    config = small_config({"loss.d_scale": 1})
    told = update(stub_state(config, 0.3), small_batch(0), config, Streams(0))
    assert float(told["D_A_real"]) == pytest.approx(0.49, rel=EXACT)
    assert float(told["D_A_fake"]) == pytest.approx(0.09, rel=EXACT)
    assert float(told["D_A"]) == pytest.approx(0.58, rel=EXACT)


@pytest.mark.parametrize(("term", "weight"), [("sum", 1.0), ("mean", 0.5)])
def test_old_images_count_as_much_as_the_fake_term_says(term: str, weight: float) -> None:
    config = small_config({"pool.strategy": "ring-half", "pool.fake_term": term})
    state, streams = stub_state(config, 0.3), Streams(0)
    first = update(state, small_batch(0), config, streams)
    assert "D_A_old" not in first
    # Nothing old was there yet: the current fakes stand for all.
    assert float(first["D_A"]) == pytest.approx(0.5 * (0.7**2 + 0.3**2), rel=EXACT)
    c = float(state.nets.D_A.get_parameter("score").detach())
    told = update(state, small_batch(1), config, streams)
    assert float(told["D_A_old"]) == pytest.approx(c**2, rel=EXACT)
    expected = 0.5 * ((c - 1) ** 2 + weight * (c**2 + c**2))
    assert float(told["D_A"]) == pytest.approx(expected, rel=EXACT)


def test_accuracies_follow_from_the_scores() -> None:
    config = small_config()
    told = update(stub_state(config, 0.7), small_batch(0), config, Streams(0))
    for level in ("d_acc", "d_acc_image"):
        assert float(told[f"{level}_A_real"]) == 1
        assert float(told[f"{level}_A_fake"]) == 0


def test_updates_are_counted_and_nothing_global_is_drawn_or_seeded() -> None:
    config = small_config({"nets.G.dropout": "blocks", "augment.diffaug": "color"})
    state, streams = small_state(config, Streams(0)), Streams(0)
    before = torch.get_rng_state(), random.getstate()
    for number in range(3):
        update(state, small_batch(number), config, streams)
    assert torch.equal(torch.get_rng_state(), before[0])
    assert random.getstate() == before[1]
    assert state.update == 3
