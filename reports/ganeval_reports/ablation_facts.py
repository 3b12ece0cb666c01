"""How an ablation was made: arms, runs, costs, protocol, what changed after looking."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

from ganeval.records import (
    AblationRecord,
    ArmInfo,
    CellInfo,
    Cost,
    Direction,
    FeatureSpec,
)
from ganeval_reports.ablation_names import trained
from ganeval_reports.glossary import DIRECTIONS
from ganeval_reports.numbers import MISSING, percent, short_digest, significant, written
from ganeval_reports.parts import Fact, Facts, Table

_KINDS: Final = {
    "base": "base",
    "variant": "variant",
    "axis": "variant of an axis",
    "same": "base under other seeds (A/A)",
    "external": "images made elsewhere",
    "floor": "level to beat",
}


def arms_table(record: AblationRecord) -> Table:
    """Returns what each arm is and what it changes."""
    external = any(arm.kind == "external" for arm in record.arms)
    rows = []
    for arm in [*trained(record), *(arm for arm in record.arms if arm.kind == "floor")]:
        row = [arm.name, _KINDS[arm.kind], _changes(arm), _states(record, arm), _remarks(arm)]
        if external:
            row += [_pairs(arm.stated), ", ".join(arm.not_stated) or MISSING]
        rows.append(tuple(row))
    more = ("Stated", "Differences that cannot be checked") if external else ()
    head = ("Arm", "What it is", "Changes", "Runs", "Remarks", *more)
    return Table("The arms", head, rows)


def cells_table(record: AblationRecord) -> Table:
    """Returns every run: where it lies and how it ended."""
    rows = [
        (
            cell.arm,
            MISSING if cell.seed is None else f"{cell.seed}",
            cell.state + (f": {cell.why}" if cell.why else ""),
            MISSING if cell.update is None else f"{cell.update:,}",
            ", ".join(f"{n:,} {DIRECTIONS[one]}" for one, n in _fakes(cell)) or MISSING,
            f"{cell.removed:,}" if cell.removed else MISSING,
            f"{cell.attempts}",
            cell.folder or cell.id or MISSING,
        )
        for cell in record.cells
    ]
    head = ("Arm", "Seed", "State", "Updates", "Fakes", "Copies removed", "Attempts", "Folder")
    return Table(f"Every run ({len(rows):,})", head, rows)


def costs_table(record: AblationRecord) -> Table | None:
    """Returns what training took, arms as rows; None where nothing is known."""
    known = [
        (arm, [cell for cell in record.cells if cell.arm == arm.name]) for arm in trained(record)
    ]
    columns: list[tuple[str, list[str]]] = [
        (name, [show([cell.cost for cell in cells]) for _, cells in known]) for name, show in _COSTS
    ]
    if len({cell.cost.device for cell in record.cells if cell.cost.device}) > 1:
        columns.append(("Device", [_devices(cells) for _, cells in known]))
    columns.append(("Images seen", [_range([c.images_seen for c in cells]) for _, cells in known]))
    failures = [_failures(arm) for arm, _ in known]
    shown = [(name, cells) for name, cells in columns if any(cells)]
    if not shown:
        return None
    if any(failures):
        shown.append(("Diverged", [one or "none" for one in failures]))
    rows = [
        (arm.name, *(cells[place] or MISSING for _, cells in shown))
        for place, (arm, _) in enumerate(known)
    ]
    caption = "What training took: sum or range over the runs of an arm"
    return Table(caption, ("Arm", *(name for name, _ in shown)), rows)


def cost_remark(record: AblationRecord) -> str:
    """Says whether the costs of arms may be compared."""
    devices = {cell.cost.device for cell in record.cells if cell.cost.device}
    if len(devices) > 1:
        return "Runs were on different devices: times and memory cannot be compared."
    return f"All on {devices.pop()}." if devices else ""


def protocol_facts(record: AblationRecord) -> list[Facts]:
    """Returns everything that fixes the numbers."""
    protocol = record.protocol
    decided = [
        Fact("Decides", protocol.primary, code=True),
        Fact("Directions", ", ".join(DIRECTIONS[one] for one in protocol.directions)),
        Fact("Checkpoint", protocol.checkpoint or "as the images were given"),
        Fact("Level", f"{protocol.alpha:g}, two-sided"),
        Fact("Power", percent(protocol.power)),
        Fact(
            "Margin of equivalence",
            "none declared" if protocol.margin is None else f"±{protocol.margin:g}",
        ),
        Fact("Digest", protocol.id, code=True),
    ]
    images = [
        Fact("Split", protocol.split),
        Fact("Inputs in all arms", f"{protocol.stems:,}"),
        Fact("Real images", f"{protocol.real:,}, the larger of two directions")
        if len(protocol.directions) > 1
        else Fact("Real images", f"{protocol.real:,}"),
        Fact("Suite", ", ".join(protocol.suite) or MISSING),
    ]
    images += [Fact(f"Not made: {name}", why) for name, why in protocol.absent.items()]
    groups = [Facts("Decided in advance", decided), Facts("Evaluation", images)]
    groups += [
        Facts(f"Features of {one.extractor}", list(_features(one))) for one in protocol.features
    ]
    weights = [
        Fact(
            one.file,
            f"sha256 {short_digest(one.sha256)}, "
            + ("verified, the published file" if one.verified else "not the published file"),
        )
        for one in protocol.weights
    ]
    if weights:
        groups.append(Facts("Weights", weights))
    training = [
        Fact("Trainer", record.trainer, code=True),
        Fact("Budget", protocol.budget),
        Fact("Seeds", ", ".join(map(str, record.seeds))),
        Fact("Device", _devices(record.cells)),
        *(Fact(name, written(value), code=True) for name, value in record.params.items()),
    ]
    if training := [fact for fact in training if fact.text]:
        groups.append(Facts("Training", training))
    return groups


def amendments_table(record: AblationRecord) -> Table | None:
    """Returns what changed after the first run had begun; None if nothing did."""
    if not record.amendments:
        return None
    rows = [
        (one.what, one.old, one.new, f"{one.evaluated:,}", one.time) for one in record.amendments
    ]
    head = ("What", "From", "To", "Runs evaluated by then", "When")
    return Table("Changed after the first run had begun", head, rows)


def _features(spec: FeatureSpec) -> Iterator[Fact]:
    yield Fact("Layer", f"{spec.layer}, {spec.dimension:,} numbers")
    yield Fact("Resize", f"{spec.resize} to {spec.size} × {spec.size} px", code=True)
    yield Fact("Normalisation", spec.normalisation)
    yield Fact("Decoding", spec.decode)
    yield Fact("Arithmetic", spec.precision)


def _devices(cells: Sequence[CellInfo]) -> str:
    return ", ".join(dict.fromkeys(cell.cost.device for cell in cells if cell.cost.device))


def _changes(arm: ArmInfo) -> str:
    text = _pairs(arm.changes)
    return f"several factors changed: {text}" if arm.several else text


def _pairs(facts: Mapping[str, object]) -> str:
    return ", ".join(f"{key}: {written(value)}" for key, value in facts.items()) or MISSING


def _states(record: AblationRecord, arm: ArmInfo) -> str:
    states = [cell.state for cell in record.cells if cell.arm == arm.name]
    counted = {state: states.count(state) for state in dict.fromkeys(states)}
    return ", ".join(f"{count} {state}" for state, count in counted.items()) or MISSING


def _remarks(arm: ArmInfo) -> str:
    excluded = f"no verdict speaks of it: {arm.excluded}" if arm.excluded else ""
    return "; ".join(text for text in (excluded, arm.note, arm.folder) if text) or MISSING


def _fakes(cell: CellInfo) -> list[tuple[Direction, int]]:
    return [(one, cell.fakes[one]) for one in DIRECTIONS if one in cell.fakes]


def _failures(arm: ArmInfo) -> str:
    one = arm.failures
    if one is None or one.value is None:
        return ""
    text = percent(round(one.value, 3))
    if one.low is None or one.high is None:
        return text
    return f"{text} ({percent(round(one.low, 3))} to {percent(round(one.high, 3))})"


def _range(numbers: Sequence[float | None], scale: float = 1.0, digits: int = 3) -> str:
    known = [number * scale for number in numbers if number is not None]
    if not known:
        return ""
    low, high = (_size(number, digits) for number in (min(known), max(known)))
    return low if low == high else f"{low} to {high}"


def _size(number: float, digits: int) -> str:
    return f"{number:,.0f}" if number >= 100 else significant(number, digits)


def _hours(costs: Sequence[Cost]) -> str:
    known = [one.seconds for one in costs if one.seconds is not None]
    return f"{significant(sum(known) / 3600, 3)} h" if known else ""


def _with(unit: str, text: str) -> str:
    return f"{text} {unit}" if text else ""


_COSTS: Final[tuple[tuple[str, Callable[[Sequence[Cost]], str]], ...]] = (
    ("Device-hours, all runs", _hours),
    ("Per update", lambda costs: _with("s", _range([one.seconds_per_update for one in costs]))),
    ("Peak memory", lambda costs: _with("GB", _range([one.peak_memory for one in costs], 1e-9))),
    (
        "Multiply-adds per update",
        lambda costs: _with("G", _range([one.multiply_adds for one in costs], 1e-9)),
    ),
    (
        "Parameters",
        lambda costs: _with(
            "M", _range([sum(one.parameters.values()) or None for one in costs], 1e-6)
        ),
    ),
    ("On disk, per run", lambda costs: _with("MB", _range([one.bytes for one in costs], 1e-6))),
)
