"""docs/python.md is true: its blocks are run, from top to bottom, as a reader would run them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from ganeval.records import Estimate, MetricsRecord

PAGE = Path(__file__).resolve().parents[1] / "docs" / "python.md"
IMAGES = 24


def blocks() -> Iterator[tuple[int, str]]:
    """Every Python block with the line it starts at."""
    text = PAGE.read_text("utf-8")
    for found in re.finditer(r"^```python\n(.*?)^```", text, re.S | re.M):
        yield text.count("\n", 0, found.start(1)), found[1]


def make_folder(folder: Path, seed: int, high: int) -> None:
    folder.mkdir()
    rng = np.random.default_rng(seed)
    for i in range(IMAGES):
        pixels = rng.integers(0, high, (32, 32, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:03d}.png")


@pytest.fixture
def page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> dict[str, Any]:
    """The names that the page leaves behind, and what it printed."""
    monkeypatch.chdir(tmp_path)
    for name, seed, high in (("real", 1, 256), ("fake", 2, 200), ("other", 3, 250)):
        make_folder(tmp_path / name, seed, high)
    names: dict[str, Any] = {"__name__": "page"}
    for line, code in blocks():
        # Line numbers of a traceback are those of the page.
        exec(compile("\n" * line + code, str(PAGE), "exec"), names)
    names["printed"] = capsys.readouterr().out
    return names


def test_the_page_runs_and_its_numbers_are_estimates(page: dict[str, Any], tmp_path: Path) -> None:
    assert isinstance(page["fid"], Estimate)
    assert page["fid"].se is not None
    assert isinstance(page["record"], MetricsRecord)
    saved = MetricsRecord.model_validate_json((tmp_path / "evaluation.json").read_text("utf-8"))
    assert {metric.fake for metric in saved.metrics} == {"fake", "other"}
    assert "<html" in (tmp_path / "evaluation.html").read_text("utf-8")
    assert "n_below_d" in page["printed"]
    assert "FD(unknown network)" in page["printed"]
    assert "--range -1,1" in page["printed"]  # the error at the end tells the fix


def test_merging_gives_what_one_object_has(page: dict[str, Any]) -> None:
    lines = page["printed"].splitlines()
    before = next(line for line in lines if line.endswith("{'real': 40, 'fake': 48}"))
    assert before.split(" ")[0] in lines  # printed again by the merged one
