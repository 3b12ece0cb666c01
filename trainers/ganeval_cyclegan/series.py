"""Curves of a run for its record: from lines of ``metrics.jsonl`` to a few hundred points."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from ganeval.records import Series
from ganeval_cyclegan.tensorboard_log import scalars

_POINTS: Final = 300
_WINDOW: Final = 10
_CHANCE: Final = 0.5

# Beginning of a name: group of curves that share a plot, how its name goes on.
_GROUPS: Final = (
    ("G_", "Generators: adversarial loss"),
    ("cycle_", "Generators: cycle loss, weighted"),
    ("idt_", "Generators: identity loss, weighted"),
    ("D_", "Discriminators: loss"),
    ("d_acc/", "Discriminators: share of right calls, patches"),
    ("d_acc_image/", "Discriminators: share of right calls, images"),
    ("d_auc/", "Discriminators: area under the ROC curve"),
    ("lr_", "Learning rates"),
    ("gaps/", "Discriminators: mean score of training less held-out reals"),
)
_SMOOTHED: Final = ("G_", "cycle_", "idt_", "D_", "d_acc/", "d_acc_image/", "d_auc/")


def curves(lines: Sequence[Mapping[str, Any]], points: int = _POINTS) -> list[Series]:
    """Returns all curves of a run, thinned.

    Losses and accuracies come from the lines between updates, or from those of the epochs where a
    run is too short for them; the over-fit signal comes from the evaluations.

    Args:
        lines: Of ``metrics.jsonl``.
        points: At most so many per curve.
    """
    steps = [line for line in lines if line["kind"] == "step"]
    if not steps:
        steps = [line for line in lines if line["kind"] == "epoch"]
    evaluations = [line for line in lines if line["kind"] == "eval"]
    found = list(_curves(_columns(steps), points))
    found += _curves(
        _columns([{**_place(one), "gaps": one["gaps"]} for one in evaluations]), points
    )
    order = {group: place for place, (_, group) in enumerate(_GROUPS)}
    return sorted(found, key=lambda one: order[one.group])


def thinned(
    updates: Sequence[int], values: Sequence[float | None], points: int
) -> tuple[list[int], list[float | None]]:
    """Returns means of neighbours, so that at most so many points are left.

    A point stands at the last update of those it is the mean of; where none of them is finite, it
    is None.
    """
    size = -(-len(updates) // points) if updates else 1
    at = [updates[min(i + size, len(updates)) - 1] for i in range(0, len(updates), size)]
    means = [_mean(values[i : i + size]) for i in range(0, len(values), size)]
    return at, means


def trailing(values: Sequence[float | None], window: int) -> list[float | None]:
    """Returns the mean of the last ``window`` values at every point, of fewer at the start."""
    return [_mean(values[max(0, i + 1 - window) : i + 1]) for i in range(len(values))]


def _columns(
    lines: Iterable[Mapping[str, Any]],
) -> dict[str, tuple[list[int], list[float | None]]]:
    """Values by name; null where a loss was not finite."""
    columns: dict[str, tuple[list[int], list[float | None]]] = {}
    for line in lines:
        named: dict[str, float | None] = dict(scalars(line))
        named |= {key: None for key, value in line.items() if value is None}
        for name, value in named.items():
            updates, values = columns.setdefault(name, ([], []))
            updates.append(line["update"])
            values.append(value)
    return columns


def _curves(
    columns: Mapping[str, tuple[list[int], list[float | None]]], points: int
) -> Iterator[Series]:
    for name, (updates, values) in columns.items():
        group = next((group for start, group in _GROUPS if name.startswith(start)), None)
        if group is None:
            continue
        at, means = thinned(updates, values, points)
        smooth = name.startswith(_SMOOTHED) and len(at) >= 2 * _WINDOW
        yield Series(
            name=name,
            display=name.rpartition("/")[2] if name.startswith("gaps/") else name.replace("/", " "),
            group=group,
            updates=at,
            values=means,
            smooth=trailing(means, _WINDOW) if smooth else [],
            window=_WINDOW if smooth else 1,
            threshold=_CHANCE if name.startswith(("d_acc", "d_auc")) else None,
        )


def _place(line: Mapping[str, Any]) -> dict[str, Any]:
    return {key: line[key] for key in ("kind", "update", "epoch")}


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return math.fsum(known) / len(known) if known else None
