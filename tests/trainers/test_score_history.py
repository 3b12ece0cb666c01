"""Moving averages, the best checkpoint, and what choosing it brings."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

from ganeval.records import Best, Estimate, Score
from ganeval_cyclegan.config import EvalConfig
from ganeval_cyclegan.optimism import expected_minimum, optimism
from ganeval_cyclegan.score_history import ScoreHistory, told


def fed(
    values: Sequence[float | None], se: float | None = 2.0, **config: Any
) -> tuple[ScoreHistory, list[Score], list[bool]]:
    """A history of one metric, its scores, and which of them were the best so far."""
    history = ScoreHistory(EvalConfig(**config))
    scores, beaten = [], []
    for number, value in enumerate(values, start=1):
        estimate = Estimate(value=value, se=None if value is None else se)
        measured = ("fid", "FID", "lower", estimate)
        scores.append(history.add("AtoB", "raw", measured, 10 * number, number))
        beaten.append(history.is_best(scores[-1]))
    return history, scores, beaten


def best(history: ScoreHistory) -> Best:
    found = history.best("checkpoints/u.pt")
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("count", "expected"), [(10, -1.54), (50, -2.25), (100, -2.51), (200, -2.75), (500, -3.04)]
)
def test_expected_minimum_has_its_known_values(count: int, expected: float) -> None:
    assert round(expected_minimum(count), 2) == expected


@pytest.mark.parametrize("count", [1, 2, 3, 7, 30, 1000])
def test_expected_minimum_is_that_of_another_integration(count: int) -> None:
    # E[min] = ∫ P(min > x) dx over x > 0, less ∫ P(min < x) dx over x < 0.
    above = integrate.quad(lambda x: stats.norm.sf(x) ** count, 0, 12)[0]
    below = integrate.quad(lambda x: 1 - stats.norm.sf(x) ** count, -12, 0, limit=200)[0]
    assert expected_minimum(count) == pytest.approx(above - below, abs=1e-7)


def test_expected_minimum_of_two_has_a_closed_form() -> None:
    assert expected_minimum(2) == pytest.approx(-1 / math.sqrt(math.pi), abs=1e-10)


def test_optimism_is_nothing_where_nothing_was_chosen_and_unknown_without_noise() -> None:
    assert optimism(1, 3.0) == pytest.approx(0, abs=1e-12)
    assert optimism(10, None) is None
    assert optimism(10, 3.0, window=9) == pytest.approx(1.5388, abs=1e-4)


def test_optimism_of_averages_is_an_upper_bound() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(4000, 60))
    averages = np.stack([values[:, i : i + 10].mean(axis=1) for i in range(51)], axis=1)
    simulated = -averages.min(axis=1).mean()
    bound = optimism(51, 1.0, window=10)
    assert bound is not None
    assert 0.3 * bound < simulated < bound


def test_moving_average_spans_what_there_is_at_the_start() -> None:
    _, scores, _ = fed([4.0, 2.0, 6.0, 8.0], moving_average=3)
    assert [one.smooth for one in scores] == [4.0, 3.0, 4.0, pytest.approx(16 / 3)]
    assert [one.window for one in scores] == [1, 2, 3, 3]


def test_moving_average_passes_over_what_has_no_value() -> None:
    _, scores, _ = fed([4.0, None, 2.0, None, None], moving_average=2)
    assert [one.smooth for one in scores] == [4.0, 4.0, 2.0, 2.0, None]


def test_series_of_other_networks_and_directions_do_not_mix() -> None:
    history = ScoreHistory(EvalConfig())
    measured = ("fid", "FID", "lower", Estimate(value=1.0))
    other = ("fid", "FID", "lower", Estimate(value=9.0))
    history.add("AtoB", "raw", measured, 1, 1)
    assert history.add("BtoA", "raw", other, 1, 1).smooth == 9.0
    assert history.add("AtoB", "ema", other, 1, 1).smooth == 9.0
    assert history.add("AtoB", "raw", other, 2, 2).smooth == 5.0


def test_best_is_the_lowest_value_and_tells_its_optimism() -> None:
    history, _, beaten = fed([50.0, 40.0, None, 45.0, 40.0, 39.0], save_best="fid")
    assert beaten == [True, True, False, False, False, True]
    found = best(history)
    assert (found.update, found.epoch, found.value, found.evaluations) == (60, 6, 39.0, 5)
    assert found.metric == "FID, AtoB"
    assert found.optimism == pytest.approx(2 * 1.16296, abs=1e-4)  # five normals: 1.16296
    assert found.split == "held-out"
    assert "would seem 2.3 better than it is" in told(found)


def test_best_by_moving_average_is_declared_as_such() -> None:
    values = [50.0, 30.0, 50.0, 41.0, 38.0]
    history, _, beaten = fed(values, save_best="fid_ma", moving_average=2)
    assert beaten == [True, True, False, False, True]
    found = best(history)
    assert (found.update, found.value) == (50, 39.5)
    assert found.metric == "FID, AtoB, mean of the last 2 values"
    assert found.optimism == pytest.approx(2 * 1.16296 / math.sqrt(2), abs=1e-4)


def test_best_on_test_images_is_branded() -> None:
    history, *_ = fed([50.0, 40.0], save_best="fid", on="test")
    assert best(history).split == "test"
    assert "test-peek" in told(best(history))


def test_nothing_is_chosen_unless_it_was_asked_for() -> None:
    history, _, beaten = fed([50.0, 40.0])
    assert not any(beaten)
    assert history.best("u.pt") is None
    other, _, beaten = fed([50.0], save_best="fid", best_direction="BtoA")
    assert not any(beaten)
    assert other.best("u.pt") is None


def test_averaged_weights_may_choose() -> None:
    history = ScoreHistory(EvalConfig(save_best="fid", best_network="ema"))
    measured = ("fid", "FID", "lower", Estimate(value=1.0))
    assert not history.is_best(history.add("AtoB", "raw", measured, 1, 1))
    assert history.is_best(history.add("AtoB", "ema", measured, 1, 1))
    assert best(history).metric == "FID, AtoB, moving average of the weights"
    assert best(history).optimism is None


def test_another_rule_begins_the_choice_anew() -> None:
    # Values of two metrics do not compare, and of what was before no checkpoint was kept for it.
    config: dict[str, Any] = {"save_best": "fid", "metrics": ("fid", "kid")}
    before, *_ = fed([50.0, 10.0], **config)
    for change in ({"save_best": "kid"}, {"save_best": "fid_ma"}, {"best_direction": "BtoA"}):
        other = ScoreHistory(EvalConfig(**config | change))
        other.load(before.state())
        assert len(other.scores) == 2
        assert other.best("u.pt") is None
    measured = ("fid", "FID", "lower", Estimate(value=70.0, se=1.0))
    other = ScoreHistory(EvalConfig(**config | {"best_direction": "BtoA"}))
    other.load(before.state())
    assert other.is_best(other.add("BtoA", "raw", measured, 30, 3))
    assert (best(other).update, best(other).evaluations) == (30, 1)
    same = ScoreHistory(EvalConfig(**config))
    same.load(before.state())
    assert not same.is_best(same.add("AtoB", "raw", measured, 30, 3))
    assert (best(same).value, best(same).evaluations) == (10.0, 3)
