"""``ganeval train`` as one of several processes: the first prints, the others keep quiet."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ganeval.errors import ExitCode, ToldElsewhere
from ganeval.training import trainers

from .conftest import Outcome

Ganeval = Callable[..., Outcome]


class Planned:
    """A plan that wants no evaluation."""

    evaluation = None

    def describe(self) -> str:
        return "what will be done"


class Follower:
    """A trainer whose run another process has ended."""

    def plan(self, request: Any) -> Planned:
        return Planned()

    def run(self, plan: Planned, run_folder: Path, **more: Any) -> Any:
        raise ToldElsewhere(ExitCode.DIVERGED)


@pytest.mark.parametrize(("rank", "printed"), [("0", True), ("1", False)])
def test_the_first_process_prints(
    ganeval: Ganeval,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    rank: str,
    printed: bool,
) -> None:
    monkeypatch.setenv("RANK", rank)
    monkeypatch.setattr(trainers.TRAINERS, "get", lambda name: Follower)
    outcome = ganeval("train", "--out", tmp_path / "run")
    assert ("what will be done" in outcome.err) == printed
    assert (outcome.out, outcome.code) == ("", ExitCode.DIVERGED)
    assert "Error" not in outcome.err
    if not printed:
        assert outcome.err == ""
