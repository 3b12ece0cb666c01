"""Studies of the stub trainer, and engines that run them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import yaml
from ablation.stub_cell import evaluate
from PIL import Image

from ganeval.ablation.cell_run import run_cell
from ganeval.ablation.engine import Engine, Outcome, StudyCell
from ganeval.ablation.launch import DebugLauncher, EndedCell, LocalLauncher, Running
from ganeval.ablation.preparing import plan_cells, prepare
from ganeval.ablation.study import load_study
from ganeval.ablation.study_folder import StudyFolder

HERE = Path(__file__).parent
PYTHON = sys.executable


def write_images(folder: Path, count: int = 4) -> None:
    for name in ("trainA", "trainB", "testA", "testB"):
        (folder / name).mkdir(parents=True)
        for i in range(count):
            rng = np.random.default_rng([sum(name.encode()), i])
            pixels = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{i:02d}.png")


def study_file(folder: Path, **changed: Any) -> Path:
    """Writes a study of two arms and three seeds, with its images, and returns its path."""
    if not (folder / "images").exists():
        write_images(folder / "images")
    program = f"{PYTHON} {HERE / 'stub_trainer.py'}"
    trainer = {
        "name": "stub",
        "version": "1",
        "command": f"{program} train --data {{data}} --name {{cell}} --seed {{seed}}"
        " --updates {updates} {overrides}",
        "translate": f"{program} translate --data {{data}} --out {{out}}",
        "overrides": {
            "level": "--level {value}",
            "pause": "--pause {value}",
            "crash": "--crash-at {value}",
            "diverge": "--diverge-at {value}",
            "text": "--note {value}",
        },
        "outputs": {"AtoB": "*_fake_B.png"},
        "resume": "--resume",
    }
    content: dict[str, Any] = {
        "schema": 1,
        "name": "stubs",
        "trainer": {**trainer, **changed.pop("trainer", {})},
        "data": {
            "A": "images/trainA",
            "B": "images/trainB",
            "test": {"A": "images/testA", "B": "images/testB"},
        },
        "budget": {"updates": 3},
        "seeds": [0, 1, 2],
        "variants": {"high": {"level": 2}},
        "protocol": {"suite": ["kid"], "primary": "kid"},
        **changed,
    }
    path = folder / "study.yaml"
    path.write_text(yaml.safe_dump(content, sort_keys=False))
    return path


def stub_words(folder: Path) -> list[str]:
    return [PYTHON, str(HERE / "stub_cell.py"), str(folder)]


def cells_for(file: Path, out: Path, **asked: Any) -> tuple[StudyFolder, list[StudyCell]]:
    folder = StudyFolder(out)
    with folder.owned():
        return folder, prepare(folder, plan_cells(load_study(file), **asked))[0]


class InlineLauncher(DebugLauncher):
    """Cells in this process, evaluated as stubs: faster than processes."""

    def start(self, folders: Sequence[Path]) -> list[Running]:
        return [EndedCell(folder, run_cell(folder, evaluate)) for folder in folders]


def run_study(
    file: Path,
    out: Path,
    *,
    jobs: int = 0,
    delays: tuple[float, ...] = (0.0, 0.0),
    retry_failed: bool = False,
    observer: Any = None,
) -> Outcome:
    folder = StudyFolder(out)
    with folder.owned():
        cells, _ = prepare(folder, plan_cells(load_study(file)))
        folder.forget_stop()
        return Engine(
            folder,
            cells,
            LocalLauncher(jobs=jobs, words=stub_words) if jobs else InlineLauncher(),
            observer,
            delays=delays,
            retry_failed=retry_failed,
        ).run()


def results(out: Path) -> dict[str, str]:
    """Every result by its cell, apart from where it lies."""
    return {
        str(path.relative_to(out).parts[1:3]): path.read_text()
        for path in sorted(out.glob("cells/*/*/eval/*/result.json"))
    }
