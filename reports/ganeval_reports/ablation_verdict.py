"""What an ablation found: headline, a sentence per comparison, and what the design can show."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ganeval.records import AblationRecord, Comparison
from ganeval.records.comparison import VerdictKind
from ganeval_reports.ablation_names import arm_looks, real_minus, scaled, toward
from ganeval_reports.classify_verdict import Headline
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.numbers import exact_p, percent, significant, unbroken
from ganeval_reports.parts import Stat

HEADLINES: Final[dict[VerdictKind, Headline]] = {
    "invalid": Headline("No conclusion", "!", "caution"),
    "single_run": Headline(
        "One training run per arm: about these images, not about the methods", "?", "open"
    ),
    "underpowered": Headline("Underpowered by design", "?", "open"),
    "difference": Headline("A difference beyond chance", "≠", "found"),
    "equivalent": Headline("Equal within the declared margin", "≈", "nothing"),
    "undecided": Headline("Undecided", "?", "open"),
}

_SHORT: Final[dict[VerdictKind, str]] = {
    "invalid": "no conclusion",
    "single_run": "one run per arm",
    "underpowered": "underpowered",
    "difference": "difference",
    "equivalent": "equal",
    "undecided": "undecided",
}

_ALARMS: Final = ("noise_arm_differs", "test_unsound")
"""Warnings that stand above the verdict: they say that the test itself cannot be trusted."""


@dataclass(frozen=True)
class Finding:
    """One comparison of the family.

    Args:
        look: Classes of the mark of the variant.
        variant: Its name.
        against: What it is compared with.
        direction: In words; empty where there is only one.
        kind: Its verdict in a word or two.
        tone: Class of the colour of that.
        sentence: The verdict.
        notes: What must be known beside it.
    """

    look: str
    variant: str
    against: str
    direction: str
    kind: str
    tone: str
    sentence: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """The head of the page.

    Args:
        headline: The verdict in a few words.
        alarms: What makes it doubtful.
        text: The sentence to quote; empty where the findings say the same one by one.
        findings: The family.
        conditions: What holds for all of it.
    """

    headline: Headline
    alarms: list[str]
    text: str
    findings: list[Finding]
    conditions: list[str]


def verdict(record: AblationRecord) -> Verdict:
    """Returns what the study found."""
    family = _family(record)
    told = " ".join(one.sentence for one in family) == record.verdict and len(family) > 1
    return Verdict(
        HEADLINES[record.verdict_name],
        [one.text for one in record.warnings if one.code in _ALARMS],
        "" if told else _printed(record.verdict),
        [_finding(record, one) for one in family] if len(family) > 1 else [],
        [*_conditions(record), *(_notes(family[0]) if len(family) == 1 else [])],
    )


def design_stats(record: AblationRecord) -> Iterator[Stat]:
    """Yields what so many runs can show: seeds, smallest p, detectable difference, A/A band."""
    family = _family(record)
    if not family or record.verdict_name == "single_run":
        return
    first = family[0]
    yield _seeds(record, family)
    if first.smallest_p is not None:
        count = max(1, first.family)
        over = f", Holm over {count} comparisons" if count > 1 else ""
        notes = [
            f"two-sided, with {first.n} {_units(first)}",
            f"level {record.protocol.alpha:g}{over}",
        ]
        yield Stat("Smallest possible p", "", exact_p(first.smallest_p), "", notes, missing=False)
    name = scaled(first.display, first.unit)
    power = percent(record.protocol.power)
    if first.detectable is None:
        notes = [f"no difference would be found with {power} power, or the spread is not known"]
        yield Stat("Detectable difference", "", "none known", "", notes, missing=True)
    else:
        notes = [f"{name}, with {power} power{_of(record, first)}"]
        number = significant(first.detectable, 2)
        yield Stat("Detectable difference", "at least", number, "", notes, missing=False)
    if first.band is None:
        notes = ["no A/A arm: the noise floor of this study is unknown"]
        yield Stat("A/A band", "", "none", "", notes, missing=True)
    else:
        notes = [
            "95\u00a0% of the differences of equal settings under other seeds",
            f"{name}{_of(record, first)}",
        ]
        yield Stat("A/A band", "", f"±{significant(first.band, 2)}", "", notes, missing=False)


def about_arms(record: AblationRecord) -> str:
    """Says what external arms are and what cannot be checked of them; empty without any."""
    external = [arm for arm in record.arms if arm.kind == "external"]
    if not external:
        return ""
    named = ", ".join(arm.name for arm in external)
    text = f"Made elsewhere: {named}."
    if any(cell.seed is None for cell in record.cells):
        text += " Of a single run only the choice of images can be told; the spread over seeds is"
        text += " unknown."
    return text


def _family(record: AblationRecord) -> list[Comparison]:
    return [one for one in record.comparisons if not one.exploratory]


def _finding(record: AblationRecord, one: Comparison) -> Finding:
    looks = arm_looks(record)
    return Finding(
        looks[one.variant].css if one.variant in looks else "",
        one.variant,
        one.against,
        toward(record, one.direction).removeprefix(", "),
        _SHORT[one.kind],
        HEADLINES[one.kind].tone,
        _printed(one.sentence),
        tuple(_notes(one)),
    )


def _notes(one: Comparison) -> list[str]:
    found = [_printed(_sentence(text)) for text in one.notes]
    found += [_printed(f"{_sentence(other.name)} {other.sentence}") for other in one.sensitivity]
    return found


def _sentence(text: str) -> str:
    """A remark as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith((".", "!", "?")) else ".")


def _printed(text: str) -> str:
    return unbroken(real_minus(text))


def _seeds(record: AblationRecord, family: list[Comparison]) -> Stat:
    counts = sorted({one.n for one in family})
    value = f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"
    pairings = {one.pairing for one in family}
    how = {
        "full": "paired: equal seeds share data order, initial weights and all else",
        "data": "paired: equal seeds share the order of the data",
        "none": "unpaired: runs share nothing",
        "images": "pairs of images",
    }
    notes = [how[one] for one in ("full", "data", "none", "images") if one in pairings]
    needed = max((one.needed_seeds or 0 for one in family), default=0)
    if needed > counts[0]:
        notes.append(f"{needed} would be needed")
    return Stat("Training seeds", "per arm", value, "", notes, missing=False)


def _units(one: Comparison) -> str:
    return "runs per arm" if one.pairing == "none" else "pairs of runs"


def _of(record: AblationRecord, one: Comparison) -> str:
    return toward(record, one.direction)


def _conditions(record: AblationRecord) -> Iterator[str]:
    protocol = record.protocol
    states: dict[str, int] = {}
    for cell in record.cells:
        states[cell.state] = states.get(cell.state, 0) + 1
    told = ", ".join(f"{count} {state}" for state, count in states.items())
    parts = [f"{len(record.cells)} runs ({told})"]
    if protocol.budget:
        parts.append(f"budget {protocol.budget}")
    parts.append(f"{protocol.split} split, {protocol.stems:,} inputs")
    if protocol.checkpoint:
        parts.append(f"checkpoint {protocol.checkpoint}")
    parts.append(" and ".join(DIRECTIONS[one] for one in protocol.directions))
    yield f"{'; '.join(parts)}."
    for one in record.amendments:
        yield (
            f"{_sentence(one.what).rstrip('.')} changed from {one.old} to {one.new} when "
            f"{one.evaluated} cells had been evaluated."
        )
