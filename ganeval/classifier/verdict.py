"""The verdict of a classifier test: the first row of a fixed table whose condition holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ganeval.classifier.caveats import caveats
from ganeval.classifier.facts import MARGIN, Facts
from ganeval.classifier.wording import (
    cause_line,
    distinguishable,
    format_only,
    inconclusive,
    leakage,
    not_distinguishable,
    partly_format,
)
from ganeval.records import Notice, VerdictName

__all__ = ["CONDITIONS", "Decision", "Facts", "decide"]

MOST_VISIBLE: Final = 0.75
"""A test that would have seen only higher AUCs than this cannot say that nothing is there."""

CONDITIONS: Final[dict[str, frozenset[VerdictName]]] = {
    "distinguishable": frozenset({"distinguishable", "distinguishable_partly_format"}),
    "format": frozenset({"format"}),
    "leakage": frozenset({"leakage"}),
    "inconclusive": frozenset({"inconclusive"}),
}
"""What ``--fail-on`` may name, and the verdicts that it means."""


@dataclass(frozen=True)
class Decision:
    """What a classifier test says.

    Args:
        name: Row of the table of verdicts.
        sentence: The verdict, with its AUC, interval, units and p-value.
        cause: The lowest rung that does as well, in a sentence; empty if there is nothing to
            explain.
        warnings: What a careful reader should know, the gravest first.
    """

    name: VerdictName
    sentence: str
    cause: str
    warnings: Sequence[Notice]


def decide(facts: Facts) -> Decision:
    """Returns the verdict on a classifier test.

    The rows, of which the first that holds is taken: ``leakage`` (a score below chance, or a null
    control out of its band), ``format``, ``inconclusive``, ``not_distinguishable``,
    ``distinguishable_partly_format``, ``distinguishable``. Significance speaks of the pixels the
    test rests on, which are the defended ones wherever formats differ.
    """
    name = _name(facts)
    sentence = {
        "leakage": leakage,
        "format": format_only,
        "inconclusive": inconclusive,
        "not_distinguishable": not_distinguishable,
        "distinguishable_partly_format": partly_format,
        "distinguishable": distinguishable,
    }[name](facts)
    return Decision(name, sentence, cause_line(name, facts), caveats(name, facts))


def _name(facts: Facts) -> VerdictName:
    if facts.alarms or facts.below_chance:
        return "leakage"
    if _is_format(facts):
        return "format"
    if not facts.primary.significant:
        visible = facts.power.auc
        if visible is None or visible > MOST_VISIBLE:
            return "inconclusive"
        return "not_distinguishable"
    return "distinguishable_partly_format" if _is_partly_format(facts) else "distinguishable"


def _is_format(facts: Facts) -> bool:
    """Tells whether the format alone explains what was told apart on raw pixels."""
    if not facts.formats_differ or not facts.raw_significant:
        return False
    alone, remains = facts.control.auc_raw.value, facts.control.auc_defended.value
    if alone is None:  # not measured: only the defence can speak
        return not facts.primary.significant
    raw, defended = facts.auc_raw, facts.auc
    if raw is not None and alone < raw - MARGIN:
        return False
    if not facts.primary.significant or defended is None:
        return True
    return remains is not None and defended <= remains + MARGIN


def _is_partly_format(facts: Facts) -> bool:
    """Tells whether the defence took a part of the AUC and left more than the format leaves."""
    raw, defended = facts.auc_raw, facts.auc
    if not facts.formats_differ or raw is None or defended is None:
        return False
    remains = facts.control.auc_defended.value
    if remains is not None and defended <= remains + MARGIN:
        return False
    return raw - defended > MARGIN
