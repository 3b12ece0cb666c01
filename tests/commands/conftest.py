"""A command line to call, and small folders to call it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.cli import run


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str


@pytest.fixture
def ganeval(capsys: pytest.CaptureFixture[str]) -> Callable[..., Outcome]:
    """Runs one command line in this process; a traceback of a user's mistake fails the test."""

    def call(*args: str | Path) -> Outcome:
        capsys.readouterr()
        code = run([str(arg) for arg in args])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return Outcome(code, captured.out, captured.err)

    return call


def make_folder(folder: Path, count: int, *, seed: int, blur: bool = False) -> Path:
    """Fills a folder with smooth random pictures of 40x40 px."""
    rng = np.random.default_rng(seed)
    folder.mkdir(parents=True)
    for i in range(count):
        coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
        picture = Image.fromarray(coarse).resize((40, 40), Image.Resampling.BICUBIC)
        if blur:
            picture = picture.resize((3, 3), Image.Resampling.BOX).resize((40, 40))
        picture.save(folder / f"{i:03d}.png")
    return folder


@pytest.fixture
def real(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "real", 30, seed=1)


@pytest.fixture
def fake(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "fake", 30, seed=2, blur=True)
