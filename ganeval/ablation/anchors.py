"""Published numbers, each with its protocol, and whether ours may stand beside them.

A number is comparable where task, direction, split, sizes, extractor, resize mode, checkpoint rule
and identity weight are all known and equal. Numbers of status ``check`` were recalled and not read
again: check the paper before printing one. Those of status ``spread`` are what users met with on
one nominal protocol.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final, Literal, cast

from ganeval.records.ablation import Anchor

Row = dict[str, str]
_Status = Literal["read", "check", "spread"]

FIELDS: Final = (
    "task",
    "direction",
    "reference_split",
    "n_fake",
    "n_real",
    "extractor",
    "resize",
    "checkpoint_rule",
    "lambda_identity",
)
"""What must be known of both numbers, and equal."""

READING_AID: Final = (
    "Published horse to zebra distances fall in two families: 62 to 65 with an identity weight of "
    "0.5, 72 to 77 without. KID of one task differs four-fold between toolkits. No FID of CycleGAN "
    "on monet2photo or apple2orange was found in a primary source."
)
CHECK: Final = "recalled: check the paper before printing it"

_NAMES: Final = {
    "reference_split": "split of the reals",
    "n_fake": "number of fakes",
    "n_real": "number of reals",
    "resize": "resize mode",
    "checkpoint_rule": "checkpoint rule",
    "lambda_identity": "identity weight",
}


@cache
def anchor_rows() -> tuple[Row, ...]:
    """Returns every row of the table, as text by column."""
    with files("ganeval.ablation").joinpath("anchors.csv").open(encoding="utf-8") as file:
        return tuple(csv.DictReader(file))


def anchors_for(task: str, ours: Mapping[str, str]) -> list[Anchor]:
    """Returns the published numbers of a task, comparable ones first.

    Args:
        task: Its name, for example horse2zebra; nothing is listed for others.
        ours: Values of `FIELDS` of our number, as text; missing ones are unknown.
    """
    found = [_anchor(row, {"task": task, **ours}) for row in anchor_rows() if row["task"] == task]
    return sorted(found, key=lambda one: not one.comparable)


def mismatches(row: Row, ours: Mapping[str, str]) -> list[str]:
    """Returns what differs or is unknown, in words; empty: the two are comparable.

    Args:
        row: A published number.
        ours: Values of `FIELDS`.
    """
    found = []
    for field in FIELDS:
        name = _NAMES.get(field, field)
        theirs, own = row[field], ours.get(field, "")
        if not theirs:
            found.append(f"{name}: theirs is unknown")
        elif not own:
            found.append(f"{name}: ours is unknown (theirs {theirs})")
        elif theirs != own:
            found.append(f"{name}: {theirs} there, {own} here")
    return found


def _anchor(row: Row, ours: Mapping[str, str]) -> Anchor:
    differing = mismatches(row, ours)
    if row["status"] == "spread":
        differing = ["what users measured, of no one protocol"]
    note = "; ".join(part for part in (row["note"], _doubt(row)) if part)
    return Anchor(
        id=row["id"],
        task=row["task"],
        direction=row["direction"],
        method=row["method"],
        metric=row["metric"] if row["scale"] == "1" else f"{row['metric']} {_scale(row)}",
        value=float(row["value"]),
        spread=row["spread"],
        source=row["source"],
        status=cast(_Status, row["status"]),
        comparable=not differing,
        mismatches=differing,
        note=note,
    )


def _scale(row: Row) -> str:
    return row["scale"].replace("x", "×")


def _doubt(row: Row) -> str:
    return CHECK if row["status"] == "check" else ""
