"""Whole runs of a second: a handful of images of 16 pixels, networks of a few channels."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from ganeval.records import Estimate, TrainingRecord
from ganeval_cyclegan import loop
from ganeval_cyclegan.checkpoints import latest_checkpoint, read_checkpoint
from ganeval_cyclegan.metrics_log import read_metrics, without_clock
from ganeval_cyclegan.trainer import CycleGANTrainer

CHANGES = (
    "data.load_size=18",
    "data.crop_size=16",
    "nets.G.ngf=4",
    "nets.G.n_blocks=1",
    "nets.D.ndf=4",
    "nets.D.n_layers=1",
    "pool.size=3",
    "samples.count=1",
    "run.log_every=2",
    "run.device=cpu",
)


class Killed(BaseException):
    """Ends a run where it is, as a kill would: nothing is saved on the way out."""


def make_images(folder: Path, count: int = 8) -> tuple[str, str]:
    """Draws two domains, one dark, one light; returns their folders."""
    draws = np.random.default_rng(0)
    for domain, level in (("A", 40), ("B", 150)):
        place = folder / domain
        place.mkdir(parents=True, exist_ok=True)
        for i in range(count):
            pixels = level + draws.integers(0, 80, (20, 20, 3))
            Image.fromarray(pixels.astype(np.uint8)).save(place / f"{i}.png")
    return str(folder / "A"), str(folder / "B")


def closeness(_domain: str, real: Any, fake: Any) -> list[Any]:
    """A metric that anybody can compute: the difference of the mean levels."""
    value = abs(float(real.mean(dtype=np.float64)) - float(fake.mean(dtype=np.float64)))
    estimate = Estimate(value=value, se=1.0, low=value - 2, high=value + 2)
    return [("fid", "FD(levels)", "lower", estimate)]


def train(
    sources: tuple[str, ...],
    out: Path,
    *changes: str,
    updates: int | None = 20,
    evaluate: Callable[..., Any] | None = closeness,
    progress: Callable[[Mapping[str, Any]], None] = lambda event: None,
    resume: Any = "auto",
    **request: Any,
) -> TrainingRecord:
    """Runs the trainer in this process; changes are dotted keys over `CHANGES`."""
    trainer = CycleGANTrainer()
    asked = {"sources": sources, "out": out, "updates": updates, "resume": resume, **request}
    plan = trainer.plan({**asked, "changes": (*CHANGES, *changes)})
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(loop, "_TELL_EVERY", 0.0)  # every update is told, so that any can be hit
        return trainer.run(
            plan, out, evaluate=evaluate, progress=progress, resume=resume, argv=["x"]
        )


def kill_at(*moments: tuple[str, int]) -> Callable[[Mapping[str, Any]], None]:
    """A progress that kills at the first of some kinds of event from some update on."""

    def progress(event: Mapping[str, Any]) -> None:
        if any(event["kind"] == kind and event["update"] >= at for kind, at in moments):
            raise Killed

    return progress


def lines(run: Path) -> list[dict[str, Any]]:
    """What a run measured, without what the clock says."""
    return [without_clock(line) for line in read_metrics(run / "metrics.jsonl")]


def state(run: Path) -> dict[str, Any]:
    """The newest checkpoint, without what the clock and the machine say."""
    content = read_checkpoint(latest_checkpoint(run))
    for name in ("seconds", "peak", "notices"):
        del content["book"][name]
    del content["offset"]  # times take more or fewer digits
    return content


def assert_equal(a: Any, b: Any, where: str = "") -> None:
    """Compares two states bit by bit."""
    assert type(a) is type(b), where
    if isinstance(a, torch.Tensor):
        assert (a.dtype, a.shape) == (b.dtype, b.shape), where
        # As bytes, so that NaNs and signs of zero count too.
        assert a.numpy().tobytes() == b.numpy().tobytes(), where
    elif isinstance(a, Mapping):
        assert list(a) == list(b), where
        for key in a:
            assert_equal(a[key], b[key], f"{where}/{key}")
    elif isinstance(a, list | tuple):
        assert len(a) == len(b), where
        for i, (left, right) in enumerate(zip(a, b, strict=True)):
            assert_equal(left, right, f"{where}/{i}")
    else:
        assert a == b, where


def assert_same_run(a: Path, b: Path) -> None:
    """Two runs ended with equal bits, and have measured the same on the way."""
    assert_equal(state(a), state(b))
    left, right = lines(a), lines(b)
    assert [json.dumps(line) for line in left] == [json.dumps(line) for line in right]
    for file in sorted((a / "samples").rglob("*.png")):
        assert file.read_bytes() == (b / file.relative_to(a)).read_bytes(), file
