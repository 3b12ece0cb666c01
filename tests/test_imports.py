"""The direction of imports, and what start-up may not load."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LEAVES = {"errors", "paths", "environment", "registry", "database"}
BELOW = {
    "errors": set(),
    "paths": set(),
    "database": set(),
    "registry": {"errors"},
    "records": {"errors"},
    "environment": {"records"},
    "statistics": {"errors"},
    "images": {"statistics", "records"} | LEAVES,
    "features": {"images", "statistics", "records"} | LEAVES,
    "metrics": {"features", "images", "statistics", "records"} | LEAVES,
    "audit": {"metrics", "features", "images", "statistics", "records"} | LEAVES,
    "classifier": {"metrics", "features", "images", "statistics", "records"} | LEAVES,
    # Of the classifier only saved models, to look into them.
    "saliency": {"classifier", "metrics", "features", "images", "statistics", "records"} | LEAVES,
    "training": {"metrics", "features", "images", "statistics", "records"} | LEAVES,
    "ablation": {
        "classifier",
        "saliency",
        "training",
        "audit",
        "metrics",
        "features",
        "images",
        "statistics",
        "records",
    }
    | LEAVES,
    "cli": {"errors"},
    "commands": {
        "cli",
        "ablation",
        "audit",
        "training",
        "saliency",
        "classifier",
        "metrics",
        "features",
        "images",
        "statistics",
        "records",
        "reports",
        "cyclegan",
    }
    | LEAVES,
    "reports": {"records", "errors"},
    # Evaluation during training is handed in.
    "cyclegan": {"images", "records", "errors", "statistics", "environment"},
    "__main__": {"cli"},
    # For type checkers; at run time names are imported when they are used.
    "__init__": {"evaluation", "images", "metrics", "records"},
    "evaluation": {"metrics", "records", "errors"},
}
PACKAGES = {
    "reports": ROOT / "reports" / "ganeval_reports",
    "cyclegan": ROOT / "trainers" / "ganeval_cyclegan",
}
HEAVY = {"torch", "torchvision", "timm", "pandas", "sklearn", "scipy", "openvino", "matplotlib"}


def imported_rooms(file: Path) -> set[str]:
    """Rooms of ganeval that a file imports, wherever in the file."""
    rooms = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] in ("ganeval_reports", "ganeval_cyclegan"):
                rooms.add(parts[0].removeprefix("ganeval_"))
            elif parts[0] == "ganeval" and len(parts) > 1 and parts[1] != "__version__":
                rooms.add(parts[1])
    return rooms


def files_of(room: str) -> list[Path]:
    if room in PACKAGES:
        return sorted(PACKAGES[room].rglob("*.py"))
    folder = ROOT / "ganeval" / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


@pytest.mark.parametrize("room", BELOW)
def test_no_import_runs_against_an_arrow(room: str) -> None:
    for file in files_of(room):
        against = imported_rooms(file) - BELOW[room] - {room}
        assert not against, f"{file.relative_to(ROOT)} imports {against}"


def test_every_room_has_its_arrows() -> None:
    rooms = {p.stem if p.is_file() else p.name for p in (ROOT / "ganeval").iterdir()}
    assert rooms - {"__pycache__", "py"} <= set(BELOW)


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print(*sys.modules, file=sys.stderr)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {name.partition(".")[0] for name in done.stderr.split()}


@pytest.mark.parametrize(
    "command",
    [
        [],
        ["fid"],
        ["weights"],
        ["audit"],
        ["classify"],
        ["cache"],
        ["ls"],
        ["report"],
        ["train"],
        ["translate"],
        ["import-checkpoint"],
    ],
)
def test_help_loads_nothing_heavy(command: list[str]) -> None:
    code = f"from ganeval.cli import run; assert run({[*command, '--help']!r}) == 0"
    assert not modules_after(code) & HEAVY


@pytest.mark.parametrize("module", ["ganeval_cyclegan", "ganeval_cyclegan.config"])
def test_the_trainer_is_described_without_torch(module: str) -> None:
    assert not modules_after(f"import {module}") & (HEAVY | {"numpy", "PIL"})


def test_the_package_itself_loads_nothing_heavy() -> None:
    assert not modules_after("import ganeval") & (HEAVY | {"numpy", "PIL", "pydantic"})
