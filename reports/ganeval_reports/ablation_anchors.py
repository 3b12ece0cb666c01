"""Published numbers beside an ablation: comparable only where the protocols are known and equal."""

from __future__ import annotations

from typing import Final

from ganeval.records import AblationRecord, Anchor
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.numbers import MISSING
from ganeval_reports.parts import Note, Table

_STATUS: Final = {
    "read": "read in its source",
    "check": "recalled: check the paper before printing it",
    "spread": "values that users met on one nominal protocol",
}


def anchors_table(record: AblationRecord) -> Table | None:
    """Returns the published numbers, comparable ones first; None if there are none.

    Within each kind the order is that of the record: nothing is ranked across rows.
    """
    if not record.anchors:
        return None
    ordered = sorted(record.anchors, key=lambda one: not one.comparable)
    head = (
        "Published", "Method", "Task", "Metric", "Value", "May be compared", "Source", "State",
        "Note",
    )  # fmt: skip
    return Table("Published numbers", head, [_row(one) for one in ordered])


def anchor_notes(record: AblationRecord) -> list[Note]:
    """Returns how to read the table."""
    if not record.anchors:
        return []
    comparable = sum(one.comparable for one in record.anchors)
    notes = [
        Note(
            "May be compared",
            f"{comparable} of {len(record.anchors)}: task, direction, split, numbers of images, "
            "extractor, resize, checkpoint rule and identity loss are all known and equal.",
        )
    ]
    if any("horse2zebra" in one.task or one.task == "h2z" for one in record.anchors):
        notes.append(
            Note(
                "Two families",
                "FID of horse to zebra by CycleGAN is 62 to 65 with an identity loss of 0.5 and 72 "
                "to 77 without; KID of the same task differs four-fold between toolkits.",
            )
        )
    return notes


def _row(one: Anchor) -> tuple[str, ...]:
    toward = f", {DIRECTIONS[one.direction]}" if one.direction in DIRECTIONS else ""
    why = ", ".join(one.mismatches)
    spread = f" ({one.spread})" if one.spread else ""
    return (
        one.id,
        one.method,
        f"{one.task}{toward}",
        one.metric,
        f"{one.value:g}".replace("-", "−") + spread,
        "yes" if one.comparable else f"no: {why or 'not all of its protocol is known'}",
        one.source,
        _STATUS[one.status],
        one.note or MISSING,
    )
