"""Studies that tests write and read."""

from __future__ import annotations

from pathlib import Path

PLAIN = """\
schema: 1
name: made-up
base: {preset: tiny}
budget: {updates: 100}
seeds: [0, 1, 2]
variants:
  no-buffer: {pool.strategy: none}
"""


def written(folder: Path, text: str = PLAIN) -> Path:
    """Writes a study file and returns its path."""
    path = folder / "study.yaml"
    path.write_text(text, "utf-8")
    return path


def changed(old: str, new: str) -> str:
    """Returns the plain study with one part replaced."""
    assert old in PLAIN
    return PLAIN.replace(old, new)
