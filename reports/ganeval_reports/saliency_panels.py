"""The four panels of a saliency comparison: score, structure, similarity, trust."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ganeval.records import Effect, Estimate, SaliencyRecord, Shares
from ganeval_reports.axes import BETWEEN
from ganeval_reports.interval_plot import Row, interval_plot
from ganeval_reports.numbers import MISSING, exact_p, fixed, percent
from ganeval_reports.parts import Note, Plot, Stat, Table
from ganeval_reports.similarity_plot import COLOUR, NOISE, Mean, SimilarityRow, similarity_plot

_LOG_RATIO: Final = "log ratio"
_UNDER: Final[Mapping[str, str]] = {
    "before": "before",
    "after": "after the transfer",
    "ceiling": "under a change of one grey level",
    "noise": "under noise of equal size",
    "colour": "under recolouring of equal size",
}

REFERENCES = {
    "transfer": "after the transfer",
    "null": "unrelated image (null)",
    "ceiling": "one grey level (ceiling)",
    "noise": "noise of equal size",
    "colour": "recolouring of equal size",
    "reseed": "another seed",
}

_MEASURES = {"spearman": "Spearman", "ssim": "SSIM", "iou10": "IoU of the top 10 %", "sim": "SIM"}

_READ = [
    Note("Circle", "map after the transfer"),
    Note("Triangle", "noise of equal size"),
    Note("Plus", "recolouring of equal size"),
    Note(
        "Band",
        "from the null (maps of unrelated images) to the ceiling (a change of one grey level)",
    ),
    Note("κ", "place of the transfer within the band: 0 is unrelated, 1 the least change"),
]


def interval_text(estimate: Estimate, decimals: int = 3) -> str:
    """Prints value and interval, or why there is none."""
    if estimate.value is None:
        return estimate.reason or "no value"
    text = _signed(estimate.value, decimals)
    if estimate.low is None or estimate.high is None:
        return text
    return f"{text} [{_signed(estimate.low, decimals)}, {_signed(estimate.high, decimals)}]"


def panel_stats(record: SaliencyRecord) -> Iterator[Stat]:
    """Yields the shares of a comparison, and the size of the change."""
    for one in record.shares:
        value = one.share.value
        low, high = one.share.low, one.share.high
        notes = []
        if low is not None and high is not None:
            span = f"{100 * low:.0f} to {100 * high:.0f} %"
            notes = [f"{percent(one.share.level)} interval {span}"]
        name = f"{one.display} {_UNDER[one.condition]}" if _many(record, one) else one.display
        if value is None:
            yield Stat(name, "", MISSING, "", [one.share.reason or "no value"], True)
        else:
            yield Stat(name, "", f"{100 * value:.0f} %", "", notes, False)
    if record.rms is not None and record.rms.value is not None:
        notes = ["root mean square change of a pair, white = 1"]
        yield Stat("Size of the transfer", "", fixed(record.rms.value, 3), "", notes, False)


def _many(record: SaliencyRecord, one: Shares) -> bool:
    """Whether a share stands there under several conditions."""
    return sum(other.name == one.name for other in record.shares) > 1


def effect_plots(record: SaliencyRecord, panel: str) -> list[Plot]:
    """Returns a plot per measure of a panel, its methods and controls below each other."""
    names: dict[str, list[Effect]] = {}
    for one in record.effects:
        if one.panel == panel:
            names.setdefault(_base(one), []).append(one)
    return [_effect_plot(record, panel, name, group) for name, group in names.items()]


def similarity_plots(record: SaliencyRecord) -> list[Plot]:
    """Returns a plot per measure of similarity: values with null, ceiling and controls."""
    measures = list(dict.fromkeys(one.measure for one in record.levels))
    return [_similarity(record, measure) for measure in measures]


def trust_table(record: SaliencyRecord) -> Table | None:
    """Returns every check of every method; None if none were made."""
    rows = [
        (
            f"{_method(record, one.method)}: {check.display}",
            interval_text(check.value, 2),
            {True: "passed", False: "failed", None: "told, not judged"}[check.passed],
            check.note or MISSING,
        )
        for one in record.trust
        for check in one.checks
    ]
    if not rows:
        return None
    return Table("Checks per method", ("Check", "Value", "Outcome", "Note"), rows)


def distrusted(record: SaliencyRecord) -> list[Note]:
    """Returns the methods that are not to be read, with the reason."""
    return [
        Note(_method(record, one.method), one.reason or "a check failed")
        for one in record.trust
        if one.trusted is False
    ]


def mcnemar_text(record: SaliencyRecord) -> str:
    """Says how right answers changed; empty where labels are not known."""
    found = record.mcnemar
    if found is None:
        return ""
    return (
        f"{found.lost:,} images were right before and wrong after, {found.gained:,} the reverse "
        f"(exact McNemar test, p = {exact_p(found.p)})."
    )


def _effect_plot(record: SaliencyRecord, panel: str, name: str, group: Sequence[Effect]) -> Plot:
    rows = [
        Row(
            _short(record, one),
            _read_off(record, one),
            None if _greyed(record, one) else one.shift.value,
            one.shift.low,
            one.shift.high,
        )
        for one in group
    ]
    title = group[0].display.partition(",")[0]
    similar = panel == "similarity"
    axis = f"{title} after the transfer, less under the control" if similar else ""
    title = f"{title} beside the controls" if similar else title
    drawable = any(row.value is not None for row in rows)
    prefix = f"{panel}-{name}"
    drawing = interval_plot(rows, axis=axis or _axis(title, group[0]), prefix=prefix, name=prefix)
    table = Table(
        f"{title} in numbers",
        ("Compared", "Before", "After", "Shift", "p (Holm)", "None within", "Detectable", "Change"),
        [
            (
                _label(record, one),
                _number(one.before),
                _number(one.after),
                interval_text(one.shift),
                MISSING if one.p_holm is None else exact_p(one.p_holm),
                f"± {one.margin:.3g}",
                _number(one.detectable),
                one.change,
            )
            for one in group
        ],
    )
    tests = dict.fromkeys(one.test for one in group if one.test)
    methods = [Note("Test", text) for text in tests]
    methods.append(Note("Holm", f"over all {len(record.effects):,} tests of the run"))
    meaning = [Note("Line", "Hodges-Lehmann shift with its bootstrap interval over groups")]
    return Plot(title, [drawing] if drawable else [], table, meaning, methods)


def _similarity(record: SaliencyRecord, measure: str) -> Plot:
    levels = [one for one in record.levels if one.measure == measure]
    methods = list(dict.fromkeys(one.method for one in levels))
    trust = {one.method: one for one in record.trust}
    rows = []
    for method in methods:
        found = {one.reference: one.mean for one in levels if one.method == method}
        judged = trust.get(method)
        trusted = judged is None or judged.trusted is not False
        text = _kappas(record, method, measure) if trusted else "not to be read, see below"
        means = [
            Mean(name, mean.value, mean.low, mean.high, look)
            for name, look in (("noise", NOISE), ("colour", COLOUR), ("transfer", BETWEEN))
            if (mean := found.get(name)) is not None and mean.value is not None  # type: ignore[call-overload]
        ]
        null, ceiling = (
            found[name].value if name in found else None for name in ("null", "ceiling")
        )
        rows.append(SimilarityRow(_method(record, method), text, null, ceiling, means, trusted))
    name = _MEASURES.get(measure, measure)
    drawn = [row for row in rows if row.means]
    drawing = similarity_plot(rows, axis=f"{name} to the map before", prefix=f"levels-{measure}")
    table = Table(
        f"{name} in numbers",
        ("Method", "Compared with", "Mean", "Interval"),
        [
            (
                _method(record, one.method),
                REFERENCES[one.reference],
                MISSING if one.mean.value is None else fixed(one.mean.value, 3),
                _interval(one.mean, 3) or MISSING,
            )
            for one in levels
        ],
    )
    kappas = [
        Note(
            f"κ, {_method(record, one.method)}, {REFERENCES[one.reference]}",
            interval_text(one.kappa, 2),
        )
        for one in record.kappas
        if one.measure == measure
    ]
    return Plot(f"{name} of maps", [drawing] if drawn else [], table, _READ, kappas)


def _kappas(record: SaliencyRecord, method: str, measure: str) -> str:
    found = {
        one.reference: one.kappa
        for one in record.kappas
        if (one.method, one.measure) == (method, measure)
    }
    transfer = found.get("transfer")
    if transfer is None:
        return ""
    if transfer.value is None:
        return transfer.reason or "κ withheld"
    parts = [f"κ {fixed(transfer.value, 2)}"]
    for name in ("noise", "colour"):
        one = found.get(name)
        if one is not None and one.value is not None:
            parts.append(f"{name} {fixed(one.value, 2)}")
    return " · ".join(parts)


def _short(record: SaliencyRecord, one: Effect) -> str:
    method = _method(record, one.method) if one.method else ""
    if one.against:
        return f"{method}, less {one.against}" if method else f"less that under {one.against}"
    return method or "all images"


def _greyed(record: SaliencyRecord, one: Effect) -> bool:
    """Whether a similarity is not to be read, since its maps do not depend on the model."""
    return one.panel == "similarity" and any(
        judged.method == one.method and judged.trusted is False for judged in record.trust
    )


def _read_off(record: SaliencyRecord, one: Effect) -> str:
    if _greyed(record, one):
        return "not to be read"
    return f"{_bare(one.shift)} · {one.change}"


def _bare(estimate: Estimate) -> str:
    if estimate.value is None:
        return estimate.reason or "no value"
    if estimate.unit == _LOG_RATIO:
        return f"×{math.exp(estimate.value):.2f}"
    return _signed(estimate.value, 3)


def _axis(title: str, one: Effect) -> str:
    if one.shift.unit == _LOG_RATIO:
        return f"logarithm of {title} after / before; −0.69 is half, 0.69 twice"
    return f"{title}, after less before"


def _label(record: SaliencyRecord, one: Effect) -> str:
    method = _method(record, one.method) if one.method else "all images"
    return f"{method}, less {REFERENCES[one.against]}" if one.against else method


def _method(record: SaliencyRecord, name: str) -> str:
    return next((one.display for one in record.methods if one.name == name), name)


def _base(one: Effect) -> str:
    end = f"-{one.against}" if one.against else ""
    return one.name.removesuffix(end)


def _interval(estimate: Estimate, decimals: int) -> str:
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{fixed(estimate.low, decimals)} to {fixed(estimate.high, decimals)}"


def _number(value: float | None) -> str:
    return MISSING if value is None else fixed(value, 3)


def _signed(value: float, decimals: int) -> str:
    return ("+" if value > 0 else "") + fixed(value, decimals)
