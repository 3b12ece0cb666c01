"""The state of a run: bits that survive a file, and a run that goes on from it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from trainers.small_run import small_config, updates

from ganeval_cyclegan.streams import Streams
from ganeval_cyclegan.training_state import TrainingState, create_state

RUNS: list[dict[str, Any]] = [
    {"pool.strategy": "cyclegan"},
    {"pool.strategy": "ring-half", "pool.fill": "noise", "pool.dtype": "float16"},
    {"ema.decay": 0.9, "loss.labels": "soft-noisy", "loss.labels_per": "patch"},
    {"loss.gan": ["lsgan", "vanilla"], "loss.alternate": "update", "loss.gp": "dragan"},
    {"schedule.policy": "plateau", "run.precision": "fp16"},
]
OTHER_RUNS: list[dict[str, Any]] = [
    *({"pool.strategy": name} for name in ("none", "ring-half", "shrivastava")),
    {"augment.diffaug": "color,translation,cutout", "augment.diffaug_rate": 0.5},
    {"nets.G.dropout": "blocks", "nets.D.norm": "batch", "nets.G.norm": "batch"},
    {"optim.d_steps": 2, "optim.order": "simultaneous", "run.channels_last": True},
    {"schedule.policy": "plateau", "run.merged": True},
    {"run.precision": "bf16", "run.channels_last": True},
    {"run.precision": "fp16"},
]


def tensors(tree: Any, path: str = "") -> dict[str, Any]:
    """All leaves of a state by their path."""
    if isinstance(tree, dict):
        items = tree.items()
    elif isinstance(tree, list | tuple):
        items = enumerate(tree)  # type: ignore[assignment]
    else:
        return {path: tree}
    return {k: v for key, one in items for k, v in tensors(one, f"{path}/{key}").items()}


def same(a: Any, b: Any) -> bool:
    a, b = tensors(a), tensors(b)
    return a.keys() == b.keys() and all(
        torch.equal(a[key], b[key]) and a[key].dtype == b[key].dtype
        if isinstance(a[key], Tensor)
        else a[key] == b[key]
        for key in a
    )


@pytest.mark.parametrize(
    "changes",
    [*RUNS, *(pytest.param(one, marks=pytest.mark.slow) for one in OTHER_RUNS)],
    ids=str,
)
def test_a_run_goes_on_from_a_file_with_the_same_bits(
    changes: dict[str, Any], tmp_path: Path
) -> None:
    config = small_config(changes)
    streams = Streams(0)
    state, _ = updates(config, 4, n=2, dtype=torch.float32, streams=streams)
    state.epoch = 2
    state.plateau.step(0.3)
    torch.save({"state": state.state(), "streams": streams.state()}, tmp_path / "run.pt")

    saved = torch.load(tmp_path / "run.pt", weights_only=True)
    streams_again = Streams(0)
    again = create_state(config, streams_again, "cpu", 100)
    assert not same(again.state(), state.state())
    again.load(saved["state"])
    streams_again.load(saved["streams"])
    assert same(again.state(), state.state())

    told = [
        updates(config, 4, n=2, dtype=torch.float32, streams=own, state=one)[1]
        for own, one in ((streams, state), (streams_again, again))
    ]
    assert same(told[0], told[1])
    assert same(state.state(), again.state())
    assert same(streams.state(), streams_again.state())
    assert again.update == 8
    assert again.epoch == 2


def test_a_state_holds_nothing_but_plain_values_and_tensors() -> None:
    state, _ = updates(small_config({"ema.decay": 0.9}), 4, dtype=torch.float32)
    leaves = tensors(state.state())
    assert {type(leaf) for leaf in leaves.values()} <= {Tensor, int, float, bool, str, type(None)}
    assert len([leaf for leaf in leaves.values() if isinstance(leaf, Tensor)]) > 50


def test_the_first_weights_depend_on_the_seed_alone() -> None:
    def first(seed: int, changes: dict[str, Any]) -> TrainingState:
        return create_state(small_config(changes), Streams(seed), "cpu", 10)

    one, other = first(1, {}), first(1, {"loss.gan": "hinge", "augment.diffaug": "color"})
    assert same(one.nets.state(), other.nets.state())
    assert not same(one.nets.state(), first(2, {}).nets.state())


def test_rates_are_set_before_the_first_update() -> None:
    config = small_config({"schedule.policy": "jz2025", "schedule.constant": 0, "optim.lr_D": 1e-3})
    state = create_state(config, Streams(0), "cpu", 10)
    assert state.optimizer_G.param_groups[0]["lr"] == pytest.approx(2e-4 * 100 / 101, rel=1e-12)
    assert state.optimizer_D.param_groups[0]["lr"] == pytest.approx(1e-3 * 100 / 101, rel=1e-12)
