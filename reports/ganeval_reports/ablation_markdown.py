"""An ablation as Markdown, for the notes of a repository."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from ganeval.records import AblationRecord, Comparison
from ganeval_reports.ablation_names import (
    decimals_of,
    interval_of,
    kinds,
    outcome,
    real_minus,
    scaled,
    signed,
    trained,
)
from ganeval_reports.ablation_tables import described, mean_text, spread_of
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.numbers import MISSING, exact_p, significant


def to_markdown(record: AblationRecord) -> str:
    """Returns verdicts, differences and metrics as GitHub-flavoured Markdown."""
    family = [one for one in record.comparisons if not one.exploratory]
    parts = [f"# {_markdown(record.name)}"]
    if len(family) < 2 or " ".join(one.sentence for one in family) != record.verdict:
        parts.append(f"**{_markdown(real_minus(record.verdict))}**")
    if len(family) > 1:
        parts.append("\n".join(f"- {_finding(one)}" for one in family))
    parts += ["## Differences", _markdown_table(*_difference_rows(record))]
    parts += [f"## Metrics, {spread_of(record)}", _markdown_table(*_metric_rows(record))]
    parts.append(_markdown(described(record)))
    if record.changing:
        parts += [
            "## What would change this conclusion",
            "\n".join(f"- {_markdown(real_minus(one))}" for one in record.changing),
        ]
    if record.warnings:
        parts += [
            "## Warnings",
            "\n".join(
                f"{place}. {_markdown(one.text)} `{one.code}`"
                for place, one in enumerate(record.warnings, start=1)
            ),
        ]
    commands = record.commands or [shlex.join(record.argv)]
    parts += ["## To make it again", "```\n" + "\n".join(commands) + "\n```"]
    return "\n\n".join(parts) + "\n"


def _finding(one: Comparison) -> str:
    of = f"{_markdown(one.variant)}** against {_markdown(one.against)}, {DIRECTIONS[one.direction]}"
    return f"**{of}: {_markdown(real_minus(one.sentence))}"


def _difference_rows(record: AblationRecord) -> tuple[list[str], list[list[str]]]:
    head = [
        "Metric", "Arm", "Against", "Difference", "Interval", "Observed", "Holm p", "A/A band",
        "Verdict",
    ]  # fmt: skip
    return head, [
        _difference_row(one)
        for one in record.comparisons
        if one.mean is not None and (one.primary or not one.exploratory)
    ]


def _difference_row(one: Comparison) -> list[str]:
    return [
        f"{scaled(one.display, one.unit)}, {DIRECTIONS[one.direction]}",
        one.variant,
        one.against,
        "" if one.mean is None else signed(one.mean, decimals_of(one)),
        interval_of(one),
        outcome(one),
        "" if one.p_holm is None else exact_p(one.p_holm),
        "" if one.band is None else f"±{significant(one.band, 2)}",
        "exploratory" if one.exploratory else one.kind.replace("_", " "),
    ]


def _metric_rows(record: AblationRecord) -> tuple[list[str], list[list[str]]]:
    arms = trained(record)
    found = {(one.arm, one.direction, one.name): one for one in record.means}
    rows = []
    for kind in kinds(record):
        cells = [
            " ± ".join(
                text
                for text in mean_text(found.get((arm.name, kind.direction, kind.name)), record)
                if text
            )
            for arm in arms
        ]
        if any(cells):
            name = f"{scaled(kind.display, kind.unit)}, {DIRECTIONS[kind.direction]}"
            rows.append([name, *(cell or MISSING for cell in cells)])
    return ["Metric", *(arm.name for arm in arms)], rows


def _markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join(
        f"| {' | '.join(cell if cell.startswith('---') else _markdown(cell) for cell in line)} |"
        for line in lines
    )


def _markdown(text: str) -> str:
    """Text in which nothing is taken for markup."""
    plain = " ".join(text.split())
    for letter in "\\`*_<>[]|":
        plain = plain.replace(letter, f"\\{letter}")
    return plain
