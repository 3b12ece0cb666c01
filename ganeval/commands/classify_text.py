"""A classifier test, and scores of a saved classifier, as a person reads them in a terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ganeval.commands.tables import print_table
from ganeval.commands.text import print_notices
from ganeval.images.failures import printable
from ganeval.records import (
    Accuracy,
    ApplyRecord,
    ClassifyRecord,
    Estimate,
    NullControl,
    PixelsName,
    Rung,
)
from ganeval_reports.numbers import MISSING, duration, percent

Files = Sequence[tuple[str, Path]]

_DEFENDED = {"match": "matched", "equalise": "equalised", "none": "defended"}
_WITH = {"real": "with reals", "fake": "with fakes", "both": "with both", "all": "in all"}
_WIDTH = 100
_NAMES = 13  # characters of the column of names


def print_test(record: ClassifyRecord, files: Files) -> None:
    """Prints verdict, evidence and files on stdout, warnings on stderr."""
    click.echo(record.verdict)
    if record.cause:
        click.echo(record.cause)
    for section in (_ladder, _controls, _leaks):
        section(record)
    click.echo("")
    for name, text in _facts(record):
        click.echo(_lines(name, text))
    _print_files(files)
    print_notices(record.warnings)


def print_scores(record: ApplyRecord, files: Files) -> None:
    """Prints what a saved classifier says of each set on stdout, warnings on stderr."""
    click.echo(record.verdict)
    click.echo("")
    rows = [
        (
            one.input.label,
            f"{len(one.scores):,}",
            f"{one.called_fake:,}",
            f"{one.mean_p_fake:.3f}",
            f"{one.mean_logit:.2f}",
            f"{one.overlap:,}",
        )
        for one in record.sets
    ]
    heads = ("set", "images", "called fake", "mean p(fake)", "mean logit", "trained on")
    print_table(heads, rows)
    _print_files(files)
    print_notices(record.warnings)


def _print_files(files: Files) -> None:
    click.echo("")
    for name, path in files:
        click.echo(f"{name:<{_NAMES}}{path}")


def _ladder(record: ClassifyRecord) -> None:
    """AUC of every rung on raw and on defended pixels, with p of the pixels the test rests on."""
    shown: list[PixelsName] = ["raw"]
    if any(rung.pixels == "defended" for rung in record.rungs):
        shown.append("defended")
    names = list(dict.fromkeys(rung.name for rung in record.rungs))
    heads = {"raw": "AUC raw [95 %]", "defended": f"AUC {_DEFENDED[record.defence.name]} [95 %]"}
    if shown == ["raw"]:
        heads["raw"] = "AUC [95 %]"
    rows = []
    for name in names:
        on = {pixels: record.rung(name, pixels) for pixels in shown}
        test = on.get(record.primary.pixels) or on["raw"]
        if test is None:
            continue
        aucs = [MISSING if (one := on[pixels]) is None else _auc(one.test) for pixels in shown]
        rows.append((test.display, *aucs, _p(record, test), _span(test), _remark(record, test)))
    if record.control.auc_raw.value is not None:
        both = {"raw": record.control.auc_raw, "defended": record.control.auc_defended}
        aucs = [_auc(both[pixels]) for pixels in shown]
        rows.append(("format alone", *aucs, "", "", "the same pictures in both formats"))
    _table(("rung", *(heads[pixels] for pixels in shown), "p", "further splits", ""), rows)


def _controls(record: ClassifyRecord) -> None:
    """Null controls: what was found where there is nothing."""
    rows = [
        (one.display, _auc_of_null(one), _band(one), "ALARM" if one.alarm else "")
        for one in record.nulls
    ]
    _table(("nothing to find in", "AUC", "expected", ""), rows)


def _leaks(record: ClassifyRecord) -> None:
    rows = [(one.display, f"{one.count:,}", one.action) for one in record.leaks if one.count]
    _table(("leakage", "count", "what was done"), rows, "count")


def _facts(record: ClassifyRecord) -> Iterator[tuple[str, str]]:
    """Yields what else is known of the test, by name."""
    for accuracy in record.accuracy:
        yield "accuracy", _accuracy(accuracy)
    if record.as_reported is not None:
        yield (
            "as reported",
            f"accuracy {_auc(record.as_reported.accuracy)}; {record.as_reported.protocol}",
        )
    yield "power", _power(record)
    yield (
        "images",
        " · ".join(
            f"{printable(one.label)} {'?' if one.n is None else f'{one.n:,}'} {one.role}"
            for one in record.inputs
        ),
    )
    groups = record.grouping.groups
    counts = ", ".join(f"{count:,} {_WITH.get(name, name)}" for name, count in groups.items())
    source = record.grouping.source
    yield "groups", f"{counts} (by {source})" if source != "none" else "every image its own"
    if record.split.method == "holdout":
        yield (
            "split",
            ", ".join(
                f"{part} {units.get('real', 0):,} + {units.get('fake', 0):,}"
                for part, units in record.split.units.items()
            )
            + " independent units, reals + fakes",
        )
    yield "formats", record.defence.text
    if record.network is not None:
        one = record.network
        yield (
            "CNN",
            f"{one.preset}: {one.parameters:,} weights, {len(one.epochs)} epochs, the best "
            f"{one.best_epoch}; {one.stopped}",
        )
    yield "time", duration(record.seconds)


def _accuracy(one: Accuracy) -> str:
    names = {"half": "p(fake) = 0.5", "validation": "the threshold of the validation part"}
    where = names.get(one.threshold, one.threshold)
    return (
        f"balanced {_auc(one.balanced)}, chance 0.50, at {where}: {_auc(one.fakes_caught)} of the "
        f"fakes caught, {_auc(one.reals_passed)} of the reals passed"
    )


def _power(record: ClassifyRecord) -> str:
    power = record.power
    if power.auc is None:
        return "so few units would show no AUC with certainty"
    accuracy = "" if power.accuracy is None else f" or an accuracy of {power.accuracy:.2f}"
    return (
        f"so many units show an AUC of {power.auc:.2f}{accuracy} with {percent(power.power)} power "
        f"at the level {power.alpha:g}"
    )


def _lines(name: str, text: str) -> str:
    """A named fact, folded under itself."""
    return textwrap.fill(
        text,
        _WIDTH,
        initial_indent=f"{name:<{_NAMES}}",
        subsequent_indent=" " * _NAMES,
        break_long_words=False,
        break_on_hyphens=False,
    )


def _auc(estimate: Estimate) -> str:
    if estimate.value is None:
        return MISSING
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def _auc_of_null(one: NullControl) -> str:
    return "not run" if one.auc.value is None else f"{one.auc.value:.2f}"


def _band(one: NullControl) -> str:
    if one.low is None or one.high is None:
        return one.auc.reason or MISSING
    return f"{one.low:.2f} to {one.high:.2f}"


def _p(record: ClassifyRecord, rung: Rung) -> str:
    """The p-value of the test for its rung, the adjusted one for the others."""
    p = rung.p if rung.name == record.primary.rung else rung.p_holm
    if p is None:
        return MISSING
    return "< 1e-300" if p < 1e-300 else f"{p:.2g}"


def _span(rung: Rung) -> str:
    """Lowest and highest AUC over further splits."""
    if not rung.seeds:
        return ""
    values = [one.auc for one in rung.seeds]
    return f"{min(values):.2f} to {max(values):.2f}"


def _remark(record: ClassifyRecord, rung: Rung) -> str:
    if rung.probe:
        return "looks at the format alone"
    best = rung.name == record.primary.rung
    return "the test" if best else rung.note


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], numbers: str = "") -> None:
    """Prints a table without the columns that are empty in every row; nothing without rows."""
    if not rows:
        return
    kept = [i for i, head in enumerate(columns) if any(row[i] for row in rows)]
    click.echo("")
    print_table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows], numbers)
