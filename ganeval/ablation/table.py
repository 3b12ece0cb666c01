"""Values of arms from a table anybody made: arm, seed, metric, value."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final

from ganeval.ablation.cell_result import CellResult
from ganeval.ablation.evidence import Declared, Evidence
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.environment import environment
from ganeval.errors import InputError, unknown_name
from ganeval.metrics.catalogue import CATALOGUE
from ganeval.records.ablation import ArmInfo, CellInfo, CellMetric
from ganeval.records.comparison import Better
from ganeval.records.model import Estimate

_COLUMNS: Final = ("arm", "seed", "metric", "value")
_HIGHER: Final = frozenset(
    {"accuracy", "psnr", "ssim", "cycle_psnr", "edges", "digits", "reals_met"}
)
_DIVERGED: Final = frozenset({"", "nan", "diverged"})

Values = Mapping[tuple[str, int], Mapping[str, float | None]]


def evidence_of_table(
    path: Path,
    protocol: ProtocolSettings,
    *,
    base: str | None = None,
    primary: str | None = None,
    higher_is_better: bool = False,
) -> Evidence:
    """Reads a table of values per seed.

    An empty value, ``nan`` or ``diverged`` says that the run diverged.

    Args:
        path: CSV file with the columns arm, seed, metric, value; further ones are passed over.
        protocol: Level, power and margin.
        base: Arm that others are compared with; None: ``base`` if there is one, else the first.
        primary: Metric that decides; None: the first.
        higher_is_better: Of metrics that are not known by name.

    Raises:
        InputError: It cannot be read, lacks a column, or contradicts itself.
    """
    table, metrics = read_values(path)
    arms = list(dict.fromkeys(arm for arm, _ in table))
    chosen = base or ("base" if "base" in arms else arms[0])
    if chosen not in arms:
        raise unknown_name("--base: arm", chosen, arms)
    decides = primary or metrics[0]
    if decides not in metrics:
        raise unknown_name("--primary: metric", decides, metrics)
    settings = replace(protocol, primary=decides, suite=tuple(metrics), directions=("AtoB",))
    results: dict[tuple[str, int | None], CellResult] = {}
    cells = []
    for (arm, seed), values in table.items():
        diverged = values.get(decides, 0.0) is None
        cells.append(CellInfo(arm=arm, seed=seed, state="diverged" if diverged else "evaluated"))
        if not diverged:
            numbers = [
                _number(arm, seed, name, value, higher_is_better)
                for name, value in values.items()
                if value is not None
            ]
            results[arm, seed] = _result(arm, seed, settings, numbers)
    return Evidence(
        name=path.stem,
        base=chosen,
        arms=[ArmInfo(name=arm, kind="base" if arm == chosen else "variant") for arm in arms],
        cells=cells,
        results=results,
        folders={},
        declared=[Declared(arm, chosen) for arm in arms if arm != chosen],
        protocol=settings,
        seeds=sorted({seed for _, seed in table}),
        budget="as the table's author says",
    )


def read_values(path: Path) -> tuple[Values, list[str]]:
    """Reads the table; returns the values by arm and seed, and the metrics in their order.

    Raises:
        InputError: See `evidence_of_table`.
    """
    found: dict[tuple[str, int], dict[str, float | None]] = {}
    metrics: dict[str, None] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file, skipinitialspace=True)
            missing = [name for name in _COLUMNS if name not in (rows.fieldnames or ())]
            if missing:
                raise InputError(
                    f"--table {path}: the first row does not name the columns {', '.join(missing)}",
                    hint="Start the file with the line: arm,seed,metric,value",
                )
            for row in rows:
                where = f"--table {path}: line {rows.line_num}"
                arm, metric = (row["arm"] or "").strip(), (row["metric"] or "").strip()
                if not arm or not metric:
                    raise InputError(f"{where}: names no arm or no metric")
                values = found.setdefault((arm, _seed(row["seed"], where)), {})
                if metric in values:
                    raise InputError(f"{where}: {arm} has two values of {metric} under one seed")
                values[metric] = _value(row["value"], where)
                metrics[metric] = None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"--table {path}: cannot be read as a table: {reason}") from error
    if len({arm for arm, _ in found}) < 2:
        raise InputError(f"--table {path}: holds fewer than two arms, so nothing is compared")
    return found, list(metrics)


def _seed(text: str | None, where: str) -> int:
    try:
        return int(text or "")
    except ValueError as error:
        raise InputError(f"{where}: seed: {text!r} is not a whole number") from error


def _value(text: str | None, where: str) -> float | None:
    if (text or "").strip().lower() in _DIVERGED:
        return None
    try:
        value = float(text or "")
    except ValueError as error:
        raise InputError(
            f"{where}: value: {text!r} is not a number; leave it empty if the run diverged"
        ) from error
    if not math.isfinite(value):
        raise InputError(f"{where}: value: {text!r} is not finite")
    return value


def _number(arm: str, seed: int, name: str, value: float, higher: bool) -> CellMetric:
    return CellMetric(
        arm=arm,
        seed=seed,
        direction="AtoB",
        name=name,
        display=name,
        better=_better(name, higher),
        estimate=Estimate(value=value, reason="of a table, without a standard error"),
    )


def _better(name: str, higher: bool) -> Better:
    base = name.partition(":")[0].partition(".")[0].lower()
    if base in CATALOGUE:
        return CATALOGUE[base].direction
    return "higher" if higher or base in _HIGHER else "lower"


def _result(
    arm: str, seed: int, protocol: ProtocolSettings, numbers: list[CellMetric]
) -> CellResult:
    return CellResult(
        cell_id="",
        protocol_id=protocol.id,
        arm=arm,
        seed=seed,
        fakes={},
        metrics=numbers,
        environment=environment(),
        created="",
    )
