"""A saliency record as a person reads it in a terminal."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from ganeval.commands.tables import print_table
from ganeval.commands.text import print_notices
from ganeval.images.failures import printable
from ganeval.records import Effect, Estimate, Kappa, Level, SaliencyRecord, Shares
from ganeval_reports.numbers import MISSING, duration, significant

Files = Sequence[tuple[str, Path]]

_WIDTH = 100
_NAMES = 13  # characters of the column of names
_REFERENCES = ("null", "noise", "colour", "transfer", "reseed", "ceiling")
_HEADS = {
    "null": "other images",
    "noise": "equal noise",
    "colour": "equal recolouring",
    "transfer": "transfer",
    "reseed": "other draws",
    "ceiling": "1/255",
}
_SHOWN_LEVELS = ("spearman",)
_PANELS = {
    "score": "Score",
    "structure": "Concentration and place",
    "localisation": "On the object",
    "similarity": "Similarity of the map before to that after",
}


def print_saliency(record: SaliencyRecord, files: Files) -> None:
    """Prints verdict, panels and files on stdout, warnings on stderr."""
    click.echo(textwrap.fill(record.verdict, _WIDTH, break_long_words=False))
    for panel, title in _PANELS.items():
        _effects(title, [one for one in record.effects if one.panel == panel])
    _similarity(record)
    _trust(record)
    click.echo("")
    for name, text in _facts(record):
        click.echo(_lines(name, text))
    for name, path in files:
        click.echo(f"{name:<{_NAMES}}{path}")
    print_notices(record.warnings)


def _effects(title: str, effects: Sequence[Effect]) -> None:
    """One panel of tested differences."""
    if not effects:
        return
    rows = [
        (
            one.display.partition(", less")[0],
            one.method or "",
            _HEADS[one.against] if one.against else "",
            _number(one.before),
            _number(one.after),
            _ratio(one.shift) if one.name == "grad_l1" else _interval(one.shift),
            MISSING if one.p_holm is None else _p(one.p_holm),
            one.change,
        )
        for one in effects
    ]
    columns = ("", "maps", "less that under", "before", "after", "shift [95 %]", "p (Holm)", "")
    _table(title, columns, rows)


def _similarity(record: SaliencyRecord) -> None:
    """Mean rank correlation to the maps before, from unrelated images to the least change."""
    kappas = {(one.method, one.measure, one.reference): one for one in record.kappas}
    levels: dict[tuple[str, str], dict[str, Level]] = {}
    for one in record.levels:
        if one.measure in _SHOWN_LEVELS:
            levels.setdefault((one.method, one.measure), {})[one.reference] = one
    shown = [name for name in _REFERENCES if any(name in found for found in levels.values())]
    trusted = {one.method: one.trusted for one in record.trust}
    rows = []
    for (method, measure), found in levels.items():
        cells = [_number(found[name].mean.value) if name in found else "" for name in shown]
        kappa = [
            _kappa(kappas.get((method, measure, name))) for name in ("transfer", "noise", "colour")
        ]
        remark = "not to be read, see trust" if trusted.get(method) is False else ""
        rows.append((method, *cells, *kappa, remark))
    heads = ("maps", *(_HEADS[name] for name in shown), "kappa", "of noise", "of recolouring", "")
    _table("Rank correlation of the maps before to those of", heads, rows)


def _trust(record: SaliencyRecord) -> None:
    rows = []
    for one in record.trust:
        checks = {check.name: _number(check.value.value) for check in one.checks}
        rows.append(
            (
                one.method,
                {True: "yes", False: "NO", None: "not known"}[one.trusted],
                checks.get("random_last", ""),
                checks.get("random_all", ""),
                checks.get("reseed", ""),
                checks.get("flip", ""),
                one.reason,
            )
        )
    heads = (
        "maps",
        "of the model",
        "last layer random",
        "all layers random",
        "other draws",
        "mirrored",
        "",
    )
    _table("Trust: does the map depend on the model?", heads, rows)


def _facts(record: SaliencyRecord) -> Iterator[tuple[str, str]]:
    """Yields what else is known, by name."""
    for display in dict.fromkeys(one.display for one in record.shares):
        told = [one for one in record.shares if one.display == display]
        parts = [f"{_share(one.share)}{_under(one, alone=len(told) == 1)}" for one in told]
        yield "answers", f"{display}: {', '.join(parts)}"
    if record.mcnemar is not None:
        one = record.mcnemar
        yield (
            "accuracy",
            f"right before and wrong after {one.lost}, the reverse {one.gained}, {_p_text(one.p)} "
            "(McNemar)",
        )
    if record.rms is not None and record.rms.value is not None:
        yield "change", f"RMS {record.rms.value:.3f} a pair on average, white = 1"
    if record.registration is not None:
        one_ = record.registration
        yield (
            "registration",
            f"shift {one_.median_shift:.1f} px (median), {one_.largest_shift:.1f} px (largest), "
            f"{one_.moved} pairs moved or without a clear shift",
        )
    model = record.model
    yield (
        "model",
        f"{printable(model.name)}, {model.outputs:,} outputs, {model.parameters:,} weights, "
        f"{model.side} px on {model.device}; images {model.fit}",
    )
    layers = ", ".join(f"{one.display} at {one.layer}" for one in record.methods if one.layer)
    if layers:
        yield "layer", layers
    guided = [one for one in record.methods if one.guided is not None]
    for method in guided:
        yield "guided", f"{method.guided} of {method.nonlinearities} nonlinearities"
    yield "target", _target(record)
    yield (
        "images",
        " · ".join(
            f"{printable(info.label)} {'?' if info.n is None else f'{info.n:,}'}"
            for info in record.inputs
        ),
    )
    family = sum(one.p is not None for one in record.effects)
    if family:
        yield "tests", f"Wilcoxon signed-rank; Holm over all {family} of this run"
    yield "time", duration(record.seconds)


def _target(record: SaliencyRecord) -> str:
    rules = {
        "before": "the top class of the image before, for both",
        "own": "the top class of each image: before and after may have different ones",
        "mean": "the top class of the mean probability of both",
        "contrast": "fake against real",
    }
    return rules.get(record.target_rule, record.target_rule)


def _under(one: Shares, *, alone: bool) -> str:
    """Of what a share is, where there are several."""
    heads = {"after": "after the transfer", "before": "before"}
    return "" if alone else f" {heads.get(one.condition) or 'under ' + _HEADS[one.condition]}"


def _share(estimate: Estimate) -> str:
    """A share in whole percent."""
    if estimate.value is None:
        return MISSING
    text = f"{100 * estimate.value:.0f} %"
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{100 * estimate.low:.0f}, {100 * estimate.high:.0f}]"


def _ratio(estimate: Estimate) -> str:
    """A ratio, whose logarithm was tested."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if value is None or low is None or high is None:
        return _interval(estimate)
    return f"×{math.exp(value):.2f} [{math.exp(low):.2f}, {math.exp(high):.2f}]"


def _interval(estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.reason or MISSING
    value = f"{_signed(estimate.value)}"
    if estimate.low is None or estimate.high is None:
        return value
    return f"{value} [{_signed(estimate.low)}, {_signed(estimate.high)}]"


def _kappa(one: Kappa | None) -> str:
    if one is None:
        return ""
    return MISSING if one.kappa.value is None else f"{one.kappa.value:.2f}"


def _number(value: float | None) -> str:
    return "" if value is None else significant(value, 3)


def _signed(value: float) -> str:
    text = significant(value, 2)
    return text if value < 0 or value == 0 else f"+{text}"


def _p(value: float) -> str:
    return f"{value:.2g}"


def _p_text(value: float) -> str:
    return f"p = {value:.2g}"


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


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Prints a titled table without the columns that are empty in every row."""
    if not rows:
        return
    kept = [i for i in range(len(columns)) if any(row[i] for row in rows)]
    click.echo(f"\n{title}")
    print_table([columns[i] for i in kept], [[row[i] for i in kept] for row in rows])
