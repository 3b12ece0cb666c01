"""Studies whose numbers are given, without an image: what the analysis is tested on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import save_file

from ganeval.ablation.cell_result import CellResult
from ganeval.ablation.evidence import Declared, Evidence
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.environment import environment
from ganeval.records.ablation import ArmInfo, CellInfo, CellMetric
from ganeval.records.comparison import Better, Direction
from ganeval.records.model import Estimate

Values = Mapping[str, Mapping[int | None, float | None]]
PROTOCOL = ProtocolSettings()
_ENVIRONMENT = environment()


def number(
    arm: str,
    seed: int | None,
    name: str,
    value: float,
    *,
    direction: Direction = "AtoB",
    better: Better = "lower",
    **estimate: Any,
) -> CellMetric:
    """One number of one cell."""
    return CellMetric(
        arm=arm,
        seed=seed,
        direction=direction,
        name=name,
        display=name.upper(),
        better=better,
        estimate=Estimate(value=value, **estimate),
    )


def result(arm: str, seed: int | None, metrics: Sequence[CellMetric], **changes: Any) -> CellResult:
    """The result of one cell with these numbers."""
    given: dict[str, Any] = {
        "cell_id": f"{arm}-{seed}",
        "protocol_id": PROTOCOL.id,
        "arm": arm,
        "seed": seed,
        "fakes": {"AtoB": 120},
        "metrics": list(metrics),
        "environment": _ENVIRONMENT,
        "created": "2026-01-01T00:00:00+00:00",
    }
    return CellResult(**(given | changes))


def evidence(values: Values, base: str = "base", **changes: Any) -> Evidence:
    """A study of the KID; None where a run diverged, an arm called ``again`` is the base again."""
    results, cells = {}, []
    for arm, runs in values.items():
        for seed, value in runs.items():
            state = "diverged" if value is None else "evaluated"
            cells.append(CellInfo(arm=arm, seed=seed, state=state))
            if value is not None:
                results[arm, seed] = result(arm, seed, [number(arm, seed, "kid", value)])
    given: dict[str, Any] = {
        "name": "toy",
        "base": base,
        "arms": [ArmInfo(name=arm, kind=_kind(arm, base)) for arm in values],
        "cells": cells,
        "results": results,
        "folders": {},
        "declared": [Declared(arm, base) for arm in values if arm not in (base, "again")],
        "protocol": PROTOCOL,
        "seeds": [seed for seed in values[base] if seed is not None],
    }
    return Evidence(**(given | changes))


def write_features(folder: Path, fake: np.ndarray, real: np.ndarray) -> str:
    """Writes features as an evaluation does; returns the file's name."""
    folder.mkdir(parents=True, exist_ok=True)
    name = "features-AtoB.safetensors"
    arrays = {"fake": fake.astype(np.float32), "real": real.astype(np.float32)}
    save_file(arrays, folder / name)
    return name


def _kind(arm: str, base: str) -> str:
    return {base: "base", "again": "same"}.get(arm, "variant")
