"""The verdict of a classifier test: its headline, its sign, and the numbers that carry it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ganeval.records import (
    Accuracy,
    ClassifyRecord,
    Estimate,
    Rung,
    VerdictName,
)
from ganeval_reports.classify_ladder import auc_number, counted, defended_name, interval
from ganeval_reports.numbers import exact_p, fixed, percent
from ganeval_reports.parts import Fact, Facts, Stat, Table


@dataclass(frozen=True)
class Headline:
    """A verdict in a few words.

    Args:
        text: The words.
        sign: Stands before them; says the same again without words or colour.
        tone: Class of its colour: found, nothing, open or caution.
    """

    text: str
    sign: str
    tone: str


HEADLINES: Final[dict[VerdictName, Headline]] = {
    "distinguishable": Headline("Distinguishable", "≠", "found"),
    "distinguishable_partly_format": Headline(
        "Distinguishable, in part by the file format", "≠", "found"
    ),
    "not_distinguishable": Headline("Not distinguishable by this test", "≈", "nothing"),
    "inconclusive": Headline("Too few images to say", "?", "open"),
    "format": Headline("The file format tells them apart, not the content", "!", "caution"),
    "leakage": Headline("No verdict: leakage suspected", "!", "caution"),
}

_THRESHOLDS = {"half": "at p = 0.5", "validation": "at the best threshold of the validation part"}
_DESIGNS = {
    "paired": "paired: every fake is compared with its own real",
    "unpaired": "unpaired: fakes and reals are independent",
    "mixed": "mixed: some fakes have their own real, some have not",
}
_QUESTIONS = {
    "arrival": "Have the fakes arrived? Fakes against reals of the same domain",
    "change": "What has changed? Fakes against the images they were made from",
}


def stats(record: ClassifyRecord) -> Iterator[Stat]:
    """Yields the leading numbers: AUC, p, accuracy, and what could have been seen."""
    primary = record.primary
    rung = record.rung(primary.rung, primary.pixels)
    yield _auc(record, rung)
    yield Stat(
        "p",
        "one-sided",
        exact_p(primary.p),
        "",
        [
            "null: fakes score no higher than reals",
            primary.method,
            f"{'below' if primary.significant else 'not below'} {record.alpha:g}, the level",
        ],
        missing=False,
    )
    if record.accuracy:
        yield _accuracy(record.accuracy[0])
    power = record.power
    share = percent(power.power)
    notes = [f"would have been seen in {share} of such tests, at {power.alpha:g} one-sided"]
    if power.accuracy is not None:
        notes.append(f"or an accuracy of {fixed(power.accuracy, 2)}")
    if power.auc is None:
        missing = [f"no AUC below 1 is seen with {share} power"]
        yield Stat("Visible AUC", "", "none", "", missing, missing=True)
    else:
        yield Stat("Visible AUC", "at least", auc_number(power.auc), "", notes, missing=False)


def primary_facts(record: ClassifyRecord) -> list[Facts]:
    """Returns how the one test that carries the verdict was made."""
    primary = record.primary
    rung = record.rung(primary.rung, primary.pixels)
    pixels = "as stored" if primary.pixels == "raw" else defended_name(record)
    facts = [
        Fact("Question", _QUESTIONS[record.question]),
        Fact("Rung", rung.display if rung else primary.rung),
        Fact("Pixels", pixels),
        Fact("Design", _DESIGNS[primary.design]),
        Fact("Units", f"{primary.m:,} fake, {primary.n:,} real: a group's images of one class"),
        Fact("Statistic", f"{primary.statistic} = {primary.value:.6g}"),
        Fact("p", f"{exact_p(primary.p)}, one-sided; {primary.method}"),
        Fact("Level", f"{record.alpha:g}"),
    ]
    dropped = ", ".join(f"{count:,} {why}" for why, count in primary.dropped.items() if count)
    if dropped:
        facts.append(Fact("Units left out", dropped))
    if rung is not None and rung.p_below is not None:
        facts.append(
            Fact(
                "Below chance",
                f"p = {exact_p(rung.p_below)} of so low an AUC; below 0.01 it is an alarm",
            )
        )
    power = record.power
    seen = "none below 1" if power.auc is None else f"AUC of {auc_number(power.auc)} or more"
    if power.accuracy is not None:
        seen += f", accuracy of {fixed(power.accuracy, 2)} or more"
    shown = [
        Fact(f"Seen with {percent(power.power)} power", f"{seen}, at {power.alpha:g} one-sided"),
        Fact("Standard error without a difference", fixed(power.null_se, 3)),
    ]
    if power.method:
        shown.append(Fact("Computed by", power.method))
    return [Facts("The test", facts), Facts("What this many images can show", shown)]


def scored_by(record: ClassifyRecord) -> str:
    """Says whose scores images have, and whose their patch scores are, if these are others."""
    primary = record.primary
    rung = record.rung(primary.rung, primary.pixels)
    name = rung.display if rung else primary.rung
    pixels = "" if primary.pixels == "raw" else f" on {defended_name(record)} pixels"
    text = f"Scores are those of the rung that the verdict rests on: {name}{pixels}."
    network = record.network
    mapped = any(one.map for gallery in record.galleries for one in gallery.images)
    if network is None or primary.rung == "cnn" or not mapped:
        return text
    own = record.rung("cnn", network.pixels)
    reached = "" if own is None or own.test.value is None else f", AUC {auc_number(own.test.value)}"
    return f"{text} Patch scores are the network's{reached}: they may disagree."


def accuracy_table(record: ClassifyRecord) -> Table | None:
    """Returns right answers at each threshold; None if none were counted."""
    if not record.accuracy:
        return None
    rows = [
        (
            _THRESHOLDS.get(one.threshold, one.threshold),
            _rate(one.balanced),
            _rate(one.fakes_caught),
            _rate(one.reals_passed),
            f"at least {fixed(one.total_variation, 2)}",
            fixed(one.logit, 3),
        )
        for one in record.accuracy
    ]
    head = (
        "Threshold", "Balanced accuracy", "Fakes caught", "Reals passed", "Total variation",
        "Logit from",
    )  # fmt: skip
    return Table("Accuracy; chance is 0.5", head, rows)


def reported_stats(record: ClassifyRecord) -> list[Stat]:
    """Returns the accuracy of the founding protocol and the honest one; empty without it."""
    reported = record.as_reported
    if reported is None:
        return []
    found = [_accuracy_stat("As reported", reported.accuracy, [reported.protocol])]
    if record.accuracy:
        one = record.accuracy[0]
        about = [f"on images that chose nothing, {_THRESHOLDS.get(one.threshold, one.threshold)}"]
        found.append(_accuracy_stat("Held out", one.balanced, about))
    return found


def _auc(record: ClassifyRecord, rung: Rung | None) -> Stat:
    notes = []
    value = None if rung is None else rung.test.value
    text = "no value" if value is None else auc_number(value)
    decimals = len(text.partition(".")[2]) if value is not None else 2
    if rung is not None and (found := interval(rung.test, decimals)):
        notes.append(f"{percent(rung.test.level)} interval {found}")
    if rung is not None and rung.test.reason:
        notes.append(rung.test.reason)
    held = "held out" if record.split.method == "holdout" else "in cross-validation"
    notes.append(f"{record.primary.m:,} + {record.primary.n:,} units {held} (fake + real)")
    pixels = "" if record.primary.pixels == "raw" else f", {defended_name(record)} pixels"
    notes.append(f"{rung.display if rung else record.primary.rung}{pixels}")
    return Stat("AUC", "0.5 is chance", text, "", notes, missing=value is None)


def _accuracy(one: Accuracy) -> Stat:
    return _accuracy_stat(
        "Accuracy",
        one.balanced,
        [f"balanced, {_THRESHOLDS.get(one.threshold, one.threshold)}"],
    )


def _accuracy_stat(name: str, estimate: Estimate, about: list[str]) -> Stat:
    notes = [f"{percent(estimate.level)} interval {found}"] if (found := interval(estimate)) else []
    notes += [estimate.reason] if estimate.reason else []
    notes += [counted(estimate.n)] if estimate.n else []
    value = estimate.value
    text = "no value" if value is None else fixed(value, 2)
    return Stat(name, "0.5 is chance", text, "", [*notes, *about], missing=value is None)


def _rate(estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.reason or "no value"
    found = interval(estimate)
    return f"{fixed(estimate.value, 2)} ({found})" if found else fixed(estimate.value, 2)
