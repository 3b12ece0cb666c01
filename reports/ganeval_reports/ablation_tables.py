"""The tables of an ablation: all metrics of all arms, differences, costs, arms and cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ganeval.records import AblationRecord, ArmMetric, CellMetric, Comparison
from ganeval_reports.ablation_names import (
    common_decimals,
    decimals_of,
    interval_of,
    kinds,
    outcome,
    scaled,
    signed,
    toward,
    trained,
)
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.numbers import MISSING, decimals_for, exact_p, fixed, significant, spread
from ganeval_reports.parts import Cell, Score, Scores, Table
from ganeval_reports.results import ARROWS

_BETTER: Final = {"lower": "lower is better", "higher": "higher is better", "none": "no direction"}
_IDENTITY: Final = "lambda_identity"


def metrics_table(record: AblationRecord) -> Scores:
    """Returns mean ± sd over seeds of every metric and arm, a family of rows per direction."""
    arms = trained(record)
    found = {(one.arm, one.direction, one.name): one for one in record.means}
    families: dict[str, list[Score]] = {}
    for kind in kinds(record):
        cells = [found.get((arm.name, kind.direction, kind.name)) for arm in arms]
        if any(cells):
            title = DIRECTIONS[kind.direction]
            families.setdefault(title, []).append(_score(record, kind, cells))
    return Scores(
        caption="Every metric of every arm",
        sets=[arm.name for arm in arms],
        more=(),
        families=list(families.items()),
        legend=list(_legend(record)),
    )


def spread_of(record: AblationRecord) -> str:
    """Says what stands before and behind the ± of a mean."""
    if record.verdict_name == "single_run":
        return "value ± standard error over images"
    return "mean ± standard deviation over seeds"


def mean_text(one: ArmMetric | None, record: AblationRecord) -> tuple[str, str]:
    """Returns mean and spread as printed; empty where there is none."""
    if one is None or one.mean.value is None:
        return "", ""
    size = one.mean.se if record.verdict_name == "single_run" else one.sd
    return fixed(one.mean.value, _decimals(one)), "" if size is None else spread(size)


def described(record: AblationRecord) -> str:
    """Returns what was measured on what, by how many runs, as a caption."""
    protocol = record.protocol
    counts = {
        arm.name: sum(cell.arm == arm.name and cell.state == "evaluated" for cell in record.cells)
        for arm in trained(record)
    }
    numbers = sorted(set(counts.values()))
    runs = f"n = {numbers[0]}" if len(numbers) == 1 else f"n = {numbers[0]} to {numbers[-1]}"
    if len(numbers) > 1:
        fewer = ", ".join(f"{name}: {n}" for name, n in counts.items() if n < numbers[-1])
        runs += f" ({fewer})"
    parts = [
        f"{record.name}: {spread_of(record)}, {runs} training run{'' if numbers == [1] else 's'}",
        f"{protocol.split} split, {protocol.stems:,} inputs, {protocol.real:,} real images",
    ]
    if protocol.budget:
        parts.append(f"budget {protocol.budget}")
    if protocol.checkpoint:
        parts.append(f"checkpoint {protocol.checkpoint}")
    parts += [f"features {one.extractor}, resize {one.resize}" for one in protocol.features]
    return f"{'; '.join(parts)}; protocol {protocol.id}."


def intervals_table(record: AblationRecord) -> Table:
    """Returns every mean with its spread, interval and number of runs."""
    displays = {(one.direction, one.name): one for one in kinds(record)}
    order = {key: place for place, key in enumerate(displays)}
    places = {arm.name: place for place, arm in enumerate(trained(record))}
    means = sorted(
        (one for one in record.means if (one.direction, one.name) in order),
        key=lambda one: (order[one.direction, one.name], places.get(one.arm, len(places))),
    )
    rows = []
    for one in means:
        kind = displays[one.direction, one.name]
        value, decimals = one.mean.value, _decimals(one)
        low, high = one.mean.low, one.mean.high
        rows.append(
            (
                f"{scaled(kind.display, kind.unit)}{toward(record, one.direction)}",
                one.arm,
                MISSING if value is None else fixed(value, decimals),
                MISSING if one.sd is None else spread(one.sd),
                MISSING
                if low is None or high is None
                else f"{fixed(low, decimals)} to {fixed(high, decimals)}",
                _counted(one),
                one.mean.reason or one.mean.method,
            )
        )
    head = ("Metric", "Arm", "Mean", "sd", "95\u00a0% interval", "n", "How")
    return Table("Every mean with its interval", head, rows)


def comparisons_table(caption: str, rows: Sequence[Comparison]) -> Table:
    """Returns differences with test, interval and effect sizes, one comparison per row."""
    head = (
        "Arm", "Against", "Mean difference", "Interval", "sd", "Effect size (mean / sd)",
        "Pairs better", "p", "Holm p", "Seeds", "Pairing", "Pairing gain", "A/A band", "Outcome",
    )  # fmt: skip
    return Table(caption, head, [_comparison(one) for one in rows])


def exploratory_table(record: AblationRecord) -> Table | None:
    """Returns the comparisons by other metrics; None if there are none."""
    rows = [
        (
            f"{scaled(one.display, one.unit)}{toward(record, one.direction)}",
            one.variant,
            _difference(one),
            interval_of(one) or MISSING,
            outcome(one) or MISSING,
            _share(one.improvement),
            f"{one.n:,}",
            _band(one),
        )
        for one in record.comparisons
        if one.metric != record.protocol.primary and one.mean is not None
    ]
    if not rows:
        return None
    head = (
        "Metric", "Arm", "Mean difference", "Interval", "Observed", "Pairs better", "Seeds",
        "A/A band",
    )  # fmt: skip
    return Table("Differences by other metrics, exploratory", head, rows)


def sensitivity_table(record: AblationRecord) -> Table | None:
    """Returns every comparison under another rule; None if there is none."""
    rows = [
        (
            f"{one.variant} against {one.against}",
            f"{scaled(one.display, one.unit)}{toward(record, one.direction)}",
            other.name,
            MISSING if other.mean is None else signed(other.mean, decimals_of(one)),
            MISSING if other.p is None else exact_p(other.p),
            other.kind.replace("_", " "),
            "yes" if other.flips else "no",
        )
        for one in record.comparisons
        for other in one.sensitivity
        if not one.exploratory
    ]
    if not rows:
        return None
    head = ("Comparison", "Metric", "Rule", "Mean difference", "p", "Verdict", "Another verdict")
    return Table("The same comparisons under other rules", head, rows)


def _score(record: AblationRecord, kind: CellMetric, cells: Sequence[ArmMetric | None]) -> Score:
    return Score(
        name=scaled(kind.display, kind.unit),
        arrow=ARROWS.get(kind.better, ""),
        direction=_BETTER[kind.better],
        part=False,
        cells=[_cell(one, record) for one in cells],
        note="decides" if kind.name == record.protocol.primary else "",
    )


def _cell(one: ArmMetric | None, record: AblationRecord) -> Cell:
    value, size = mean_text(one, record)
    return Cell(value or MISSING, size)


def _decimals(one: ArmMetric) -> int:
    """Two digits of the standard deviation, of a single run those of its standard error."""
    scale = one.sd or one.mean.se
    return decimals_for(scale, 2) if scale else common_decimals([one.mean.value])


def _legend(record: AblationRecord) -> list[str]:
    counts: dict[int, list[str]] = {}
    for arm in trained(record):
        runs = [cell for cell in record.cells if cell.arm == arm.name and cell.state == "evaluated"]
        counts.setdefault(len(runs), []).append(arm.name)
    told = "; ".join(
        f"{count} run{'' if count == 1 else 's'}: {', '.join(names)}"
        if len(counts) > 1
        else f"{count} run{'' if count == 1 else 's'} per arm"
        for count, names in counts.items()
    )
    what = spread_of(record)
    lines = [
        f"{what[0].upper()}{what[1:]}; {told}. Nothing is ranked here: the verdict above says what "
        "differs."
    ]
    if weights := _identity(record):
        lines.append(
            f"Identity loss λ: {weights}. FID and KID of a CycleGAN change with it, so compare "
            "only equal ones."
        )
    return lines


def _identity(record: AblationRecord) -> str:
    """The weight of the identity loss of each arm, as far as the record tells it."""
    own = next((v for k, v in record.params.items() if k.endswith(_IDENTITY)), None)
    found: dict[str, list[str]] = {}
    for arm in trained(record):
        facts = {**arm.stated, **arm.changes}
        value = next((v for k, v in facts.items() if k.endswith(_IDENTITY)), None)
        if value is None and arm.kind != "external":
            value = own
        text = "not stated" if value is None else f"{value}"
        found.setdefault(text, []).append(arm.name)
    if set(found) == {"not stated"}:
        return ""
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(f"{text} ({', '.join(names)})" for text, names in found.items())


def _counted(one: ArmMetric) -> str:
    return ", ".join(f"{count:,} {what}" for what, count in one.mean.n.items()) or MISSING


def _comparison(one: Comparison) -> tuple[str, ...]:
    return (
        one.variant,
        one.against,
        _difference(one),
        interval_of(one) or MISSING,
        MISSING if one.sd is None else spread(one.sd),
        MISSING if one.effect_size is None else signed(one.effect_size, 2),
        _share(one.improvement),
        MISSING if one.p is None else exact_p(one.p),
        MISSING if one.p_holm is None else exact_p(one.p_holm),
        f"{one.n:,}",
        {"full": "all streams", "data": "data", "none": "unpaired", "images": "images"}[
            one.pairing
        ],
        MISSING if one.pairing_gain is None else signed(one.pairing_gain, 2),
        _band(one),
        "exploratory" if one.exploratory else one.kind.replace("_", " "),
    )


def _difference(one: Comparison) -> str:
    return MISSING if one.mean is None else signed(one.mean, decimals_of(one))


def _share(value: float | None) -> str:
    return MISSING if value is None else f"{100 * value:.0f}\u00a0%"


def _band(one: Comparison) -> str:
    return MISSING if one.band is None else f"±{significant(one.band, 2)}"
