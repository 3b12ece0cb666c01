"""An ablation as tidy CSV tables: runs, means, comparisons, curves."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from ganeval.errors import GanevalError
from ganeval.records import AblationRecord, write_text

_FORMULA = ("=", "+", "-", "@", "\t", "\r")

_CELLS = (
    "arm", "kind", "seed", "direction", "metric", "name", "unit", "better", "value", "se", "low",
    "high", "level", "n_real", "n_fake", "reason", "state", "update", "device", "device_seconds",
    "cell",
)  # fmt: skip
_COMPARISONS = (
    "metric", "name", "unit", "better", "variant", "against", "direction", "pairing", "n",
    "base_mean", "variant_mean", "difference", "sd", "effect_size", "improvement", "low", "high",
    "level", "interval", "population", "p", "smallest_p", "p_holm", "family", "test", "band",
    "detectable", "needed_seeds", "pairing_gain", "primary", "exploratory", "verdict", "rule",
    "sentence",
)  # fmt: skip
_CURVES = (
    "arm", "seed", "group", "curve", "name", "direction", "update", "value", "moving_average",
    "window", "diverged",
)  # fmt: skip
_MEANS = (
    "arm", "direction", "metric", "name", "unit", "mean", "sd", "se", "low", "high", "level", "n",
    "method",
)  # fmt: skip


def csv_files(record: AblationRecord) -> dict[str, str]:
    """Returns the tables of a record as CSV, by file name.

    Every row is one number with what it belongs to; numbers are in full precision and in the unit
    that stands beside them, a cell that does not apply is empty. Text that a spreadsheet would take
    for a formula has an apostrophe before it.

    Returns:
        ``cells.csv``: a row per run and metric, and one per run without any. ``means.csv``: a row
        per arm and metric. ``comparisons.csv``: a row per comparison, and one per other rule.
        ``curves.csv``: a row per run, curve and update; left out where there are no curves.
    """
    files = {
        "cells.csv": _table(_CELLS, _cell_rows(record)),
        "means.csv": _table(_MEANS, _mean_rows(record)),
        "comparisons.csv": _table(_COMPARISONS, _comparison_rows(record)),
    }
    if record.curves:
        files["curves.csv"] = _table(_CURVES, _curve_rows(record))
    return files


def write_csv_tables(record: AblationRecord, folder: Path) -> list[Path]:
    """Writes the tables of `csv_files` into a folder, which is made if it is not there.

    Files of these names that are there already are replaced.

    Raises:
        GanevalError: The folder cannot be made or written to.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise GanevalError(f"{folder}: cannot be made a folder: {error.strerror}") from error
    written = []
    for name, text in csv_files(record).items():
        write_text(folder / name, text)
        written.append(folder / name)
    return written


def _table(columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows({column: _harmless(row.get(column)) for column in columns} for row in rows)
    return stream.getvalue()


def _harmless(cell: object) -> object:
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _cell_rows(record: AblationRecord) -> Iterator[dict[str, object]]:
    kind_of = {arm.name: arm.kind for arm in record.arms}
    runs = {(one.arm, one.seed): one for one in record.cells}
    told = set()
    for metric in record.metrics:
        run = runs.get((metric.arm, metric.seed))
        told.add((metric.arm, metric.seed))
        estimate = metric.estimate
        yield {
            "arm": metric.arm,
            "kind": kind_of.get(metric.arm),
            "seed": metric.seed,
            "direction": metric.direction,
            "metric": metric.name,
            "name": metric.display,
            "unit": metric.unit,
            "better": metric.better,
            **{key: getattr(estimate, key) for key in ("value", "se", "low", "high", "reason")},
            "level": estimate.level if estimate.low is not None else None,
            "n_real": estimate.n.get("real"),
            "n_fake": estimate.n.get("fake"),
            **(_run(record, metric.arm, metric.seed) if run else {}),
        }
    for arm, seed in runs:
        if (arm, seed) not in told:
            yield {"arm": arm, "kind": kind_of.get(arm), "seed": seed, **_run(record, arm, seed)}


def _run(record: AblationRecord, arm: str, seed: int | None) -> dict[str, object]:
    one = next(cell for cell in record.cells if (cell.arm, cell.seed) == (arm, seed))
    return {
        "state": one.state,
        "update": one.update,
        "device": one.cost.device,
        "device_seconds": one.cost.seconds,
        "cell": one.id,
    }


def _mean_rows(record: AblationRecord) -> Iterator[dict[str, object]]:
    named = {(one.direction, one.name): one for one in record.metrics}
    for one in record.means:
        kind, mean = named.get((one.direction, one.name)), one.mean
        yield {
            "arm": one.arm,
            "direction": one.direction,
            "metric": one.name,
            "name": kind.display if kind else "",
            "unit": kind.unit if kind else "",
            "mean": mean.value,
            "sd": one.sd,
            **{key: getattr(mean, key) for key in ("se", "low", "high", "method")},
            "level": mean.level if mean.low is not None else None,
            "n": mean.n.get("seeds", 1),
        }


def _comparison_rows(record: AblationRecord) -> Iterator[dict[str, object]]:
    for one in record.comparisons:
        row = one.model_dump()
        first = one.intervals[0] if one.intervals else None
        shown = {
            **{column: row[column] for column in _COMPARISONS if column in row},
            "name": one.display,
            "difference": one.mean,
            "verdict": one.kind,
        }
        if first:
            shown |= {
                "low": first.low, "high": first.high, "level": first.level,
                "interval": first.method, "population": first.population,
            }  # fmt: skip
        yield shown
        for other in one.sensitivity:
            yield {
                **{
                    key: shown[key]
                    for key in ("metric", "name", "unit", "better", "variant", "against",
                                "direction", "pairing", "primary", "exploratory")
                },
                "difference": other.mean,
                "p": other.p,
                "verdict": other.kind,
                "rule": other.name,
                "sentence": other.sentence,
            }  # fmt: skip


def _curve_rows(record: AblationRecord) -> Iterator[dict[str, object]]:
    for one in record.curves:
        smooth = one.smooth or [None] * len(one.updates)
        for update, value, average in zip(one.updates, one.values, smooth, strict=True):
            yield {
                "arm": one.arm,
                "seed": one.seed,
                "group": one.group,
                "curve": one.name,
                "name": one.display,
                "direction": one.direction,
                "update": update,
                "value": value,
                "moving_average": average,
                "window": one.window if one.smooth else None,
                "diverged": one.diverged,
            }
