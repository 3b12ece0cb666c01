"""The same inputs through all arms: some chosen by chance, and those that went wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from ganeval.ablation.cell_result import CellResult
from ganeval.ablation.evidence import Evidence
from ganeval.ablation.suite.structure import NAME as STRUCTURE
from ganeval.records.ablation import ArmPicture, InputRow
from ganeval.records.comparison import Direction

SAMPLES: Final = 8
FAILURES: Final = 4

# Gallery, heading, metric, whether large values are looked for.
_KINDS: Final = (
    ("structure", "Layout kept least", STRUCTURE, True),
    ("cycle", "Recovered worst", "cycle_l1", True),
    ("unchanged", "Changed least", "change_l1", False),
    ("caught", "Most surely recognised as fake", "c2st_logit", True),
)


def input_rows(evidence: Evidence) -> list[InputRow]:
    """Returns inputs with what every arm made of them.

    Samples are the first by the digest of their stem, so that nobody picks them. Failures are those
    that are worst in the mean over all arms: the same inputs for every arm.
    """
    rows: list[InputRow] = []
    for direction in evidence.protocol.directions:
        shown = _shown(evidence, direction)
        stems = _common(list(shown.values()), direction)
        if not stems:
            continue
        chosen = sorted(sorted(stems, key=_by_chance)[:SAMPLES])
        rows += [_row("samples", "Chosen by chance", direction, stem, shown) for stem in chosen]
        for name, display, metric, large in _KINDS:
            worst = _worst(list(shown.values()), direction, metric, stems, large=large)
            rows += [
                _row(name, display, direction, stem, shown, metric) for stem in worst[:FAILURES]
            ]
    return rows


def _shown(evidence: Evidence, direction: Direction) -> dict[str, CellResult]:
    """One result per arm: the lowest seed that has pictures."""
    found: dict[str, CellResult] = {}
    for arm in evidence.arms:
        if arm.kind == "floor":
            continue
        seeds = sorted(
            (seed for name, seed in evidence.results if name == arm.name),
            key=lambda seed: (seed is None, seed),
        )
        for seed in seeds:
            result = evidence.results[arm.name, seed]
            if result.pictures.get(direction):
                found[arm.name] = result
                break
    return found


def _common(results: Sequence[CellResult], direction: Direction) -> list[str]:
    if not results:
        return []
    sets = [set(result.pictures[direction]) for result in results]
    return sorted(set.intersection(*sets))


def _by_chance(stem: str) -> bytes:
    return hashlib.sha256(f"samples:{stem}".encode("utf-8", "surrogateescape")).digest()


def _worst(
    results: Sequence[CellResult],
    direction: Direction,
    metric: str,
    stems: Sequence[str],
    *,
    large: bool,
) -> list[str]:
    """Stems by their mean value over all arms, the worst first; only those that all have."""
    tables = [result.per_image.get(direction, {}).get(metric, {}) for result in results]
    known = [stem for stem in stems if all(stem in table for table in tables)]

    def total(stem: str) -> float:
        return sum(table[stem] for table in tables)

    return sorted(known, key=total, reverse=large)


def _row(
    gallery: str,
    display: str,
    direction: Direction,
    stem: str,
    shown: dict[str, CellResult],
    metric: str | None = None,
) -> InputRow:
    pictures = []
    original = ""
    for arm, result in shown.items():
        files = result.pictures[direction][stem]
        original = original or files.get("original", "")
        values = result.per_image.get(direction, {}).get(metric or "", {})
        pictures.append(
            ArmPicture(
                arm=arm,
                seed=result.seed,
                translated=files["translated"],
                recovered=files.get("recovered"),
                identity=files.get("identity"),
                value=values.get(stem),
            )
        )
    return InputRow(
        gallery=gallery,
        display=display,
        direction=direction,
        key=stem,
        original=original,
        pictures=pictures,
    )
