"""How a classifier test was made: formats, groups, split, leakage, network, time, choices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ganeval.records import ClassifyRecord, Leak
from ganeval_reports.classify_ladder import defended_name, interval_cell, value_cell
from ganeval_reports.numbers import (
    MISSING,
    duration,
    exact_p,
    fixed,
    percent,
    short_digest,
    written,
)
from ganeval_reports.parts import Fact, Facts, Table

_VALUES = 4
"""Values of a property that are named; the rest are gathered."""

_EXAMPLES = 5

_GROUPS = {"real": "with reals", "fake": "with fakes", "both": "with both", "all": "in all"}
_PARTS = ("train", "validation", "test")


def leakage_table(record: ClassifyRecord) -> Table | None:
    """Returns every kind of leakage that was looked for; None if none was."""
    if not record.leaks:
        return None
    rows = [
        (one.display, f"{one.count:,}", one.action or MISSING, _examples(one))
        for one in record.leaks
    ]
    return Table("Leakage looked for", ("Kind", "Found", "What was done", "Examples"), rows)


def formats_table(record: ClassifyRecord) -> Table:
    """Returns how the files were stored, property by property."""
    rows = [
        (
            one.name,
            _shares(one.real, one.name),
            _shares(one.fake, one.name),
            fixed(one.distance, 2),
            exact_p(one.p),
            "differs" if one.differs else "alike",
            "no" if one.metadata_only else "yes",
        )
        for one in record.audit.properties
    ]
    head = ("Property", "Reals", "Fakes", "Distance, 0 to 1", "p", "", "Touches pixels")
    return Table("How the files were stored", (*head[:5], "Outcome", head[6]), rows)


def format_facts(record: ClassifyRecord) -> list[Facts]:
    """Returns what the formats alone give away, and what was done about it."""
    control, defence = record.control, record.defence
    facts = []
    for name, estimate in (("AUC, raw", control.auc_raw), ("AUC, defended", control.auc_defended)):
        cell = interval_cell(estimate)
        facts.append(Fact(name, value_cell(estimate) + ("" if cell == MISSING else f" ({cell})")))
    origin = "declared by option" if control.declared else "read off the files"
    pipelines = ((control.real_pipeline, "Class 0"), (control.fake_pipeline, "Class 1"))
    facts += [Fact(name, f"{text}; {origin}") for text, name in pipelines if text]
    if control.images:
        facts.append(Fact("Images behind it", f"{control.images:,} reals, reduced by 2"))
    if control.note:
        facts.append(Fact("Not covered", control.note))
    how = "chosen automatically" if defence.chosen == "auto" else "chosen by option"
    return [
        Facts("Format-only control", facts),
        Facts(
            "Defence", [Fact("Name", f"{defence.name}, {how}"), Fact("What it does", defence.text)]
        ),
    ]


def grouping_facts(record: ClassifyRecord) -> list[Facts]:
    """Returns which images belong together, and how the parts were made."""
    grouping, split = record.grouping, record.split
    groups = [
        Fact("From", grouping.source),
        Fact("Images", _counts(grouping.images)),
        Fact("Groups", ", ".join(_groups(grouping.groups))),
        Fact("Largest group", f"{grouping.largest:,} images"),
        Fact("Pairs of equal name", f"{grouping.pairs.n_pairs:,}"),
    ]
    if grouping.pairs.text:
        p = "" if grouping.pairs.p is None else f" (p = {exact_p(grouping.pairs.p)})"
        groups.append(Fact("Pair check", f"{grouping.pairs.text}{p}"))
    groups.append(Fact("Digest", f"sha256 {short_digest(grouping.hash)}"))
    shares = " / ".join(percent(share) for share in split.shares)
    method = "one hold-out" if split.method == "holdout" else "cross-validation"
    parts = [
        Fact("Method", method),
        Fact("Shares of groups asked for", f"{shares} to train, validate, test"),
        Fact("Digest", f"sha256 {short_digest(split.hash)}"),
    ]
    if split.left_out:
        parts.append(Fact("Images of no part", f"{split.left_out:,}"))
    return [Facts("Groups", groups), Facts("Split", parts)]


def split_table(record: ClassifyRecord) -> Table:
    """Returns images and units of every part."""
    split = record.split
    parts = [part for part in _PARTS if part in split.images]
    parts += [part for part in split.images if part not in parts]
    rows = [
        (
            part,
            *(
                f"{numbers.get(part, {}).get(side, 0):,}"
                for numbers in (split.images, split.units)
                for side in ("real", "fake")
            ),
        )
        for part in parts
    ]
    head = ("Part", "Real images", "Fake images", "Real units", "Fake units")
    return Table("Parts by group", head, rows)


def groups_table(record: ClassifyRecord) -> Table | None:
    """Returns some groups of more than one image; None if there are none."""
    if not record.grouping.examples:
        return None
    rows = [
        (f"{number}", ", ".join(members))
        for number, members in enumerate(record.grouping.examples, start=1)
    ]
    return Table("Some groups of more than one image", ("Group", "Images"), rows)


def network_facts(record: ClassifyRecord) -> list[Facts]:
    """Returns what the network is and how it was trained; empty without one."""
    network = record.network
    if network is None:
        return []
    field = network.receptive_field
    form = [
        Fact("Preset", network.preset, code=True),
        Fact("Weights", f"{network.parameters:,}"),
        Fact("One patch sees", "the whole image" if field is None else f"{field} × {field} px"),
    ]
    training = [
        Fact("Pixels", "as stored" if network.pixels == "raw" else defended_name(record)),
        Fact("Crops", f"{network.crop} × {network.crop} px"),
        Fact("Images seen", f"{network.passes:,}, repeats counted"),
        Fact("Kept", f"epoch {network.best_epoch:,} of {len(network.epochs):,}"),
        Fact("Ended", network.stopped),
    ]
    return [Facts("Form", form), Facts("Training", training)]


def stages_table(record: ClassifyRecord) -> Table | None:
    """Returns where the time went; None if it was not taken."""
    if not record.stages:
        return None
    whole = max(record.seconds, sum(one.seconds for one in record.stages)) or 1.0
    rows = [
        (one.name, duration(one.seconds), f"{100 * one.seconds / whole:.0f}\u00a0%")
        for one in record.stages
    ]
    rows.append(("all", duration(record.seconds), ""))
    return Table("Time per stage", ("Stage", "Time", "Share"), rows)


def choices(params: Mapping[str, object]) -> Facts:
    """Returns every choice of a run, as typed text; those that were left open in one line."""
    made = [
        Fact(name, written(value), code=True) for name, value in params.items() if value is not None
    ]
    left = [name for name, value in params.items() if value is None]
    return Facts("Choices", made + ([Fact("Left open", ", ".join(left))] if left else []))


def _examples(leak: Leak) -> str:
    more = len(leak.examples) - _EXAMPLES
    rest = f" and {more:,} more" if more > 0 else ""
    return (", ".join(leak.examples[:_EXAMPLES]) + rest) or MISSING


def _shares(distribution: Mapping[str, float], name: str) -> str:
    """Prints a distribution: ``JPEG (98 %), PNG (2 %)``."""
    ranked = sorted(distribution.items(), key=lambda item: -item[1])
    shown = [f"{value} ({_percent(share)})" for value, share in ranked[:_VALUES]]
    if name == "size":
        shown = [text.replace("x", " × ") for text in shown]
    if rest := ranked[_VALUES:]:
        others = "1 other" if len(rest) == 1 else f"{len(rest):,} others"
        shown.append(f"{others} ({_percent(sum(share for _, share in rest))})")
    return ", ".join(shown) or MISSING


def _percent(share: float) -> str:
    return f"{100 * share:.3g}\u00a0%"


def _groups(numbers: Mapping[str, int]) -> Iterator[str]:
    for name, count in numbers.items():
        yield f"{count:,} {_GROUPS.get(name, name)}"


def _counts(numbers: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in numbers.items())


def leaks_found(record: ClassifyRecord) -> str:
    """Says in a sentence what the leakage box holds."""
    found = [one for one in record.leaks if one.count]
    alarms = [one.display for one in record.nulls if one.alarm]
    sentences = []
    if not record.leaks:
        sentences.append("Leakage was not looked for.")
    elif not found:
        sentences.append(f"None of {len(record.leaks)} kinds of leakage was found.")
    else:
        were = "was" if len(found) == 1 else "were"
        sentences.append(
            f"Of {len(record.leaks)} kinds of leakage looked for, {len(found)} {were} found; "
            "what was done stands beside it."
        )
    if alarms:
        sentences.append(f"Alarm of null controls: {', '.join(alarms)}.")
    elif record.nulls:
        sentences.append("No null control raises an alarm.")
    return " ".join(sentences)


def reasons(record: ClassifyRecord) -> Iterator[str]:
    """Yields, in sentences, how the formats of the two sets differ."""
    audit = record.audit
    if not audit.differs:
        yield "Nothing that touches pixels differs between the two sets."
    for text in (*audit.reasons, *audit.notes):
        yield f"{text[0].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
    if audit.resized:
        yield f"Resized: {audit.resized}" + ("" if audit.resized.endswith(".") else ".")
