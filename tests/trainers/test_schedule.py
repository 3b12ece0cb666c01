"""Learning rates: the printed tables of both conventions, and torch's own schedulers."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from trainers.small_run import small_config, small_state

from ganeval.errors import InputError
from ganeval_cyclegan.config import ScheduleConfig
from ganeval_cyclegan.schedule import Plateau, factor
from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import set_rates

EXACT = 1e-12
RATE = 2e-4


def at(
    config: ScheduleConfig, *, update: int = 0, epoch: int = 1, planned: int | None = 100
) -> float:
    return factor(config, update=update, epoch=epoch, planned_updates=planned)


def torch_optimiser() -> torch.optim.Optimizer:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)


@pytest.mark.parametrize(
    ("policy", "rates"),
    [
        # Epochs 99, 100, 101, 150, 199, 200 of 100 + 100: numerators over 101.
        ("jz2020", [101, 100, 99, 50, 1, 0]),
        ("jz2025", [101, 101, 100, 51, 2, 1]),
    ],
)
def test_linear_decay_has_the_tables_of_both_conventions(policy: Any, rates: list[int]) -> None:
    config = ScheduleConfig(policy=policy)
    for epoch, rate in zip([99, 100, 101, 150, 199, 200], rates, strict=True):
        found = RATE * at(config, epoch=epoch)
        assert found == pytest.approx(RATE * rate / 101, rel=EXACT, abs=0)


@pytest.mark.parametrize(
    ("policy", "printed"),
    [
        ("jz2020", [2.000e-4, 1.980e-4, 1.960e-4, 9.901e-5, 1.980e-6, 0]),
        ("jz2025", [2.000e-4, 2.000e-4, 1.980e-4, 1.010e-4, 3.960e-6, 1.980e-6]),
    ],
)
def test_rates_are_those_that_were_published(policy: Any, printed: list[float]) -> None:
    config = ScheduleConfig(policy=policy)
    for epoch, rate in zip([99, 100, 101, 150, 199, 200], printed, strict=True):
        assert f"{RATE * at(config, epoch=epoch):.3e}" == f"{rate:.3e}"


def test_epochs_beyond_the_schedule_have_no_negative_rate() -> None:
    assert at(ScheduleConfig(policy="jz2025"), epoch=250) == 0


def test_updates_decay_over_the_second_half_of_the_run() -> None:
    config = ScheduleConfig(policy="updates")
    found = [at(config, update=u, planned=200) for u in (0, 99, 100, 101, 150, 199)]
    assert found == pytest.approx([1, 1, 1, 0.99, 0.5, 0.01], rel=EXACT)
    odd = [at(config, update=u, planned=5) for u in range(5)]
    assert odd == pytest.approx([1, 1, 1, 0.8, 0.4], rel=EXACT)
    late = ScheduleConfig(policy="updates", start=190)
    assert at(late, update=195, planned=200) == pytest.approx(0.5, rel=EXACT)


def test_cosine_is_that_of_torch() -> None:
    optimiser = torch_optimiser()
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=40)
    for update in range(40):
        found = at(ScheduleConfig(policy="cosine"), update=update, planned=40)
        # torch multiplies step by step, so its rounding adds up.
        assert found == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-9, abs=1e-12)
        optimiser.step()
        scheduler.step()


def test_step_is_that_of_torch() -> None:
    optimiser = torch_optimiser()
    scheduler = torch.optim.lr_scheduler.StepLR(optimiser, step_size=50, gamma=0.1)
    for epoch in range(1, 170):
        found = at(ScheduleConfig(policy="step"), epoch=epoch)
        assert found == pytest.approx(optimiser.param_groups[0]["lr"], rel=EXACT)
        optimiser.step()
        scheduler.step()


def test_plateau_is_that_of_torch() -> None:
    optimiser = torch_optimiser()
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(
        optimiser, factor=0.2, threshold=0.01, patience=5
    )
    plateau = Plateau()
    generator = torch.Generator().manual_seed(0)
    for epoch in range(80):
        value = 1 / (1 + min(epoch, 20)) + 0.02 * float(torch.rand((), generator=generator))
        scheduler.step(value)
        plateau.step(value)
        # torch leaves a rate as it is where the change would be below 1e-8.
        assert plateau.factor == pytest.approx(optimiser.param_groups[0]["lr"], rel=EXACT, abs=1e-8)
    assert plateau.factor < 1e-3
    again = Plateau()
    again.load(plateau.state())
    assert again == plateau


@pytest.mark.parametrize("policy", ["updates", "cosine"])
def test_a_run_without_planned_end_cannot_decay_towards_it(policy: Any) -> None:
    config = ScheduleConfig(policy=policy, constant=2, decay=3)
    with pytest.raises(InputError, match="needs to know the number of updates"):
        at(config, planned=None)
    # The epochs of the schedule stand for it where their length is known.
    half = factor(config, update=75, epoch=1, planned_updates=None, updates_per_epoch=20)
    assert 0 < half < 1


def test_both_optimisers_get_rates_of_their_own() -> None:
    config = small_config({"optim.lr_D": 4e-4, "schedule.policy": "updates"})
    state = small_state_of(config)
    state.update = 75
    assert set_rates(state, config, planned_updates=100) == pytest.approx((1e-4, 2e-4))
    assert state.optimizer_G.param_groups[0]["lr"] == pytest.approx(1e-4)
    assert state.optimizer_D.param_groups[0]["lr"] == pytest.approx(2e-4)


def test_a_plateau_lowers_both_rates() -> None:
    config = small_config({"schedule.policy": "plateau"})
    state = small_state_of(config)
    for _ in range(7):
        state.plateau.step(1.0)
    assert set_rates(state, config, planned_updates=None) == pytest.approx((4e-5, 4e-5))


def small_state_of(config: Any) -> Any:
    return small_state(config.model_copy(update={"schedule": ScheduleConfig()}), Streams(0))
