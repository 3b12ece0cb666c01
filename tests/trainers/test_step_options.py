"""Every option of an update runs, does what it says, and leaves the draws of the others alone."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from trainers.small_run import small_batch, small_config, small_state, updates

from ganeval_cyclegan.augment.diffaug import DiffAugment
from ganeval_cyclegan.passes import Passes, diffaug_rate
from ganeval_cyclegan.step import update
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState

OPTIONS: list[dict[str, Any]] = [
    *({"loss.gan": name} for name in ("lsgan", "vanilla", "hinge", "wgan")),
    {"loss.gan": "wgan-gp", "loss.gp": "wgan-gp"},
    {"loss.gan": "vanilla", "loss.saturating": True},
    {"loss.gan": "d2gan", "dual.domains": "both"},
    {"loss.gan": "vanilla", "dual.domains": "A"},
    {"loss.gan": ["lsgan", "hinge", "vanilla"], "loss.alternate": "update"},
    *({"loss.gp": kind, "optim.d_steps": 2} for kind in ("wgan-gp", "dragan", "r1")),
    *({"loss.labels": "soft-noisy", "loss.labels_per": per} for per in ("image", "patch")),
    {"loss.gan": "vanilla", "loss.labels": "soft-noisy"},
    *({"optim.order": order} for order in ("G-then-D", "D-then-G", "simultaneous")),
    {"optim.order": "simultaneous", "optim.leak": True},
    *({"optim.d_steps": steps} for steps in (2, 5)),
    *({"pool.strategy": name} for name in ("none", "cyclegan", "ring-half", "shrivastava")),
    {"pool.strategy": "ring-half", "pool.fill": "noise", "pool.store": "first"},
    {"pool.strategy": "ring-half", "loss.gp": "wgan-gp", "run.merged": True},
    {"pool.dtype": "float16"},
    {"augment.diffaug": "color,translation,cutout"},
    {"augment.diffaug": "color", "augment.diffaug_p": 0.5, "augment.diffaug_rate": 0.5},
    {"ema.decay": 0.999},
    {"nets.G.norm": "batch", "nets.D.norm": "batch", "run.merged": "auto"},
    {"nets.G.dropout": "blocks", "run.low_memory": True, "optim.order": "D-then-G"},
    {"run.channels_last": True, "run.merged": True},
    {"run.deterministic": True},
    {"run.precision": "bf16", "run.channels_last": True},
    {"run.precision": "fp16", "optim.d_steps": 2, "optim.order": "simultaneous"},
    {"loss.lambda_identity": 0, "loss.w_A": 0, "loss.d_scale": 1},
]


@pytest.mark.slow
@pytest.mark.parametrize("changes", OPTIONS, ids=str)
def test_every_option_trains_with_finite_losses(changes: dict[str, Any]) -> None:
    config = small_config(changes)
    state, told = updates(config, 3, n=2, dtype=torch.float32)
    assert state.update == 3
    for name, value in told[-1].items():
        assert value.shape == ()
        assert not value.requires_grad
        assert math.isfinite(float(value)), name
    for network, module in state.nets.items():
        for key, value in module.state_dict().items():
            assert torch.isfinite(value).all(), f"{network}.{key}"
            assert value.dtype in (torch.float32, torch.int64)


# Every kind of draw and of order once; the others are slow.
DRAWING: list[dict[str, Any]] = [
    {"loss.gan": "wgan-gp", "loss.gp": "wgan-gp"},
    {"loss.gan": "vanilla", "loss.labels": "soft-noisy"},
    {"optim.order": "simultaneous", "optim.leak": True},
    {"optim.d_steps": 2},
    {"pool.strategy": "ring-half", "pool.fill": "noise", "pool.store": "first"},
    {"pool.strategy": "shrivastava"},
    {"augment.diffaug": "color,translation,cutout"},
    {"nets.G.dropout": "blocks", "run.low_memory": True, "optim.order": "D-then-G"},
    {"run.precision": "bf16", "run.channels_last": True},
]
assert all(one in OPTIONS for one in DRAWING)


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param(one, marks=[] if one in DRAWING else [pytest.mark.slow])
        for one in OPTIONS
        if not set(one) <= {"run.merged", "run.channels_last"}
    ],
    ids=str,
)
def test_an_update_is_the_same_bits_every_time(changes: dict[str, Any]) -> None:
    config = small_config(changes)
    one, other = (updates(config, 3, n=2, dtype=torch.float32)[0] for _ in range(2))
    for (_, mine), (_, yours) in zip(one.nets.items(), other.nets.items(), strict=True):
        for a, b in zip(mine.state_dict().values(), yours.state_dict().values(), strict=True):
            assert torch.equal(a, b)


def test_further_discriminator_steps_draw_batches_of_their_own() -> None:
    config, drawn = small_config({"optim.d_steps": 4}), []
    state, streams = small_state(config, Streams(0)), Streams(0)
    generators = state.nets.G_A.get_parameter("model.1.weight").clone()

    def more() -> Any:
        drawn.append(state.nets.G_A.get_parameter("model.1.weight").clone())
        return small_batch(100 + len(drawn))

    steps = []
    update(state, small_batch(0), config, streams, more=more, share=steps.append)
    assert len(drawn) == 3
    assert all(torch.equal(generators, one) for one in drawn)
    assert len(steps) == 3 + 2
    with pytest.raises(ValueError, match="further batches"):
        update(state, small_batch(0), config, streams)


def test_an_option_does_not_shift_the_draws_of_the_pools() -> None:
    def pool_draws(changes: dict[str, Any]) -> Any:
        streams = Streams(0)
        updates(small_config(changes), 6, streams=streams)
        return streams.python("pool.A").getstate(), streams.python("pool.B").getstate()

    plain = pool_draws({})
    for changes in (
        {"augment.diffaug": "color,translation,cutout"},
        {"augment.diffaug": "color", "augment.diffaug_p": 0.3, "augment.diffaug_rate": 0.3},
        {"loss.labels": "soft-noisy"},
        {"loss.gp": "wgan-gp"},
        {"nets.G.dropout": "blocks"},
        {"ema.decay": 0.9},
    ):
        assert pool_draws(changes) == plain, changes


class Marked(DiffAugment):
    """Augmentation that leaves a mark no image has by itself."""

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        return images + 10.0


class Spy(nn.Module):
    """Remembers the largest value of each batch that a network is shown."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network
        self.seen: list[float] = []

    def forward(self, images: Tensor) -> Tensor:
        self.seen.append(float(images.detach().max()))
        scores: Tensor = self.network(images)
        return scores


@pytest.mark.parametrize("order", ["G-then-D", "D-then-G", "simultaneous"])
@pytest.mark.parametrize("strategy", ["cyclegan", "ring-half"])
def test_discriminators_alone_see_augmented_images(
    order: str, strategy: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes = {"augment.diffaug": "color", "optim.order": order, "pool.strategy": strategy}
    config, streams = small_config(changes), Streams(0)
    state = small_state(config, streams)
    monkeypatch.setattr("ganeval_cyclegan.passes.DiffAugment", Marked)
    spies = {name: Spy(getattr(state.nets, name)) for name in state.calls}
    state.calls = dict(spies)
    for number in range(5):
        update(state, small_batch(number), config, streams)
    for name in ("D_A", "D_B"):
        assert min(spies[name].seen) > 8
    for name in ("G_A", "G_B"):
        assert max(spies[name].seen) <= 1
    for pool in state.pools.values():
        assert all(float(slot.max()) <= 1 for slot in pool.state()["slots"])
        assert len(pool) == 2


def test_real_fake_and_generator_draws_of_augmentation_are_independent() -> None:
    config = small_config({"augment.diffaug": "color", "pool.strategy": "ring-half"})
    streams = Streams(0)
    updates(config, 2, streams=streams)
    names = sorted(n for n in streams.state()["torch"] if n.startswith("diffaug"))
    expected = [f"diffaug.D.{d}.{kind}" for d in "AB" for kind in ("fake", "old", "real")]
    assert names == [*expected, "diffaug.G.A.fake", "diffaug.G.B.fake"]


def augmented(state: TrainingState, config: Any, streams: Streams) -> list[bool]:
    passes, image = Passes(state, config, streams), torch.ones(1, 3, 8, 8)
    kinds = [("D", "real"), ("D", "fake"), ("G", "fake")]
    return [not torch.equal(passes.augment(image, step, "B", kind), image) for step, kind in kinds]  # type: ignore[arg-type]


def test_one_decision_per_update_is_for_all_that_a_discriminator_sees() -> None:
    config = small_config({"augment.diffaug": "color", "augment.diffaug_rate": 0.3})
    state, streams = small_state(config, Streams(0)), Streams(0)
    decisions = []
    for state.update in range(1000):
        all_three = augmented(state, config, streams)
        assert len(set(all_three)) == 1
        decisions.append(all_three[0])
    # Binomial: a standard error is 1.45 points.
    assert sum(decisions) / 1000 == pytest.approx(0.3, abs=0.05)


def test_the_rate_follows_its_schedule() -> None:
    config = small_config(
        {
            "augment.diffaug": "color",
            "augment.diffaug_rate": 0.0,
            "augment.diffaug_schedule": [[10, 0.5], [20, 1.0]],
        }
    )
    assert [diffaug_rate(config, u) for u in (0, 9, 10, 19, 20, 99)] == [0, 0, 0.5, 0.5, 1, 1]
    state, streams = small_state(config, Streams(0)), Streams(0)
    state.update = 5
    assert augmented(state, config, streams) == [False] * 3
    state.update = 25
    assert augmented(state, config, streams) == [True] * 3


def test_dual_discriminators_are_those_of_the_dual_domain() -> None:
    _, told = updates(small_config({"dual.domains": "B", "loss.gan": "wgan"}), 1)
    # D_A judges images of B: D1 has a threshold; the critic D_B has an area under the curve.
    assert "d_auc_A" not in told[0]
    assert 0 <= float(told[0]["d_auc_B"]) <= 1


def test_penalties_are_told_and_not_scaled() -> None:
    for scale in (0.5, 1.0):
        _, (told,) = updates(small_config({"loss.gp": "r1", "loss.d_scale": scale}), 1)
        parts = scale * (told["D_A_real"] + told["D_A_fake"]) + told["D_A_gp"]
        assert float(told["D_A"]) == pytest.approx(float(parts), rel=1e-12)
        assert float(told["D_A_gp"]) > 0


def test_domains_of_different_shape_train_without_identity() -> None:
    changes = {
        "data.A.channels": 1,
        "data.A.size": 28,
        "data.B.channels": 3,
        "data.B.size": 32,
        "data.adapter": "net-padding",
        "loss.lambda_identity": 0,
        "run.merged": True,
    }
    config, streams = small_config(changes), Streams(0)
    state = small_state(config, streams, torch.float32)
    generator = torch.Generator().manual_seed(0)
    a = torch.rand(2, 1, 28, 28, generator=generator)
    b = torch.rand(2, 3, 32, 32, generator=generator)
    batch = type(small_batch(0))(a, b)
    for _ in range(3):
        told = update(state, batch, config, streams)
    assert all(math.isfinite(float(value)) for value in told.values())
    assert state.pools["A"].state()["slots"][0].shape == (1, 28, 28)
    assert state.pools["B"].state()["slots"][0].shape == (3, 32, 32)
