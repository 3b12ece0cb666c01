"""Where the numbers come from: protocol, inputs and environment of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ganeval.records import FeatureRun, FeatureSpec, InputInfo, MetricsRecord, WeightsInfo
from ganeval_reports.numbers import MISSING, counts, duration
from ganeval_reports.parts import Fact, Facts, Table

_DIGITS = 12
"""Hex digits shown of a digest; the record holds all."""

_SKIPPED = 50
"""Skipped images listed; the record holds all."""


def protocol(record: MetricsRecord) -> list[Facts]:
    """Returns every choice that fixes the numbers."""
    groups = [
        Facts("Features", list(_feature_facts(spec, runs)))
        for spec, runs in _runs_by_spec(record.features)
    ]
    groups.append(Facts("Sample", list(_sample_facts(record))))
    for metric in record.metrics:
        heading = f"Settings of {metric.display}"
        facts = [Fact(name, _written(value), code=True) for name, value in metric.params.items()]
        settings = Facts(heading, facts)
        if facts and settings not in groups:  # several fakes usually share them
            groups.append(settings)
    return groups


def inputs(record: MetricsRecord) -> Table:
    """Returns the sets as columns; properties that no set has are left out."""
    rows = []
    for name, show in _INPUT_ROWS:
        cells = [show(info) for info in record.inputs]
        if any(cells):
            rows.append((name, *(cell or MISSING for cell in cells)))
    head = ("", *(info.label for info in record.inputs))
    return Table("Both sets as they were found", head, rows)


def skipped(record: MetricsRecord) -> Table | None:
    """Returns the images left out with the reason, None if there are none."""
    rows = [(info.label, item.key, item.reason) for info in record.inputs for item in info.skipped]
    if not rows:
        return None
    shown = f", first {_SKIPPED}" if len(rows) > _SKIPPED else ""
    caption = f"Skipped images ({len(rows):,}{shown})"
    return Table(caption, ("Set", "Image", "Reason"), rows[:_SKIPPED])


def environment(record: MetricsRecord) -> Facts:
    """Returns versions and hardware."""
    found = record.environment
    facts = [
        Fact("ganeval", found.ganeval),
        Fact("Python", found.python),
        *(Fact(name, version) for name, version in found.packages.items()),
        Fact("Platform", found.platform),
        Fact("Processor", found.processor),
        Fact("Wall time", duration(record.seconds)),
    ]
    return Facts("", [fact for fact in facts if fact.text])


def _runs_by_spec(runs: Sequence[FeatureRun]) -> list[tuple[FeatureSpec, list[FeatureRun]]]:
    groups: list[tuple[FeatureSpec, list[FeatureRun]]] = []
    for run in runs:
        for spec, members in groups:
            if spec == run.spec:
                members.append(run)
                break
        else:
            groups.append((run.spec, [run]))
    return groups


def _feature_facts(spec: FeatureSpec, runs: Sequence[FeatureRun]) -> Iterator[Fact]:
    yield Fact("Extractor", spec.extractor, code=True)
    yield Fact("Layer", f"{spec.layer}, {spec.dimension:,} numbers per image")
    yield Fact("Resize", f"{spec.resize}, to {spec.size} × {spec.size} px")
    yield Fact("Normalisation", spec.normalisation)
    yield Fact("Decoding", _DECODE.get(spec.decode, spec.decode))
    weights = dict.fromkeys(_weights(run.weights, spec) for run in runs)
    yield Fact("Weights", "; ".join(weights))
    yield Fact("Precision", spec.precision)
    yield Fact("Ran on", "; ".join(dict.fromkeys(_backend(run) for run in runs)))
    hits, misses = (sum(counted) for counted in zip(*map(_cache_counts, runs), strict=True))
    yield Fact("Feature cache", f"{hits:,} of {hits + misses:,} images were in it")
    yield Fact("Extraction", duration(sum(run.seconds for run in runs)))


_DECODE = {
    "correct": "correct: depth, transparency and orientation are honoured",
    "peer": "peer: as other FID packages read files",
}


def _weights(weights: WeightsInfo | None, spec: FeatureSpec) -> str:
    if weights:
        state = "verified, the published file" if weights.verified else "not the published file"
        return f"{weights.file}, sha256 {weights.sha256[:_DIGITS]}, {state}"
    if spec.weights_sha256:
        return f"sha256 {spec.weights_sha256[:_DIGITS]}, file not recorded"
    return "none"


def _backend(run: FeatureRun) -> str:
    backend = run.backend
    if backend is None:
        return "nothing, all features came from the cache"
    threads = "" if backend.threads is None else f", {backend.threads} threads"
    # Said only when it is not the precision that was asked for.
    precision = "" if backend.precision == run.spec.precision else f", {backend.precision}"
    return f"{backend.name} {backend.version}, {backend.device}{precision}{threads}"


def _cache_counts(run: FeatureRun) -> tuple[int, int]:
    return run.cache_hits, run.cache_misses


def _sample_facts(record: MetricsRecord) -> Iterator[Fact]:
    for info in record.inputs:
        yield Fact(f"Images, {info.role}", f"{_count(info)} ({info.label})")
    seeds = dict.fromkeys(str(info.seed) for info in record.inputs)
    yield Fact("Seed", ", ".join(seeds))
    floors = [metric.floor for metric in record.metrics if metric.floor]
    splits = (
        f"{floor.splits} random splits into halves of {floor.half_size:,}" for floor in floors
    )
    for text in dict.fromkeys(splits):
        yield Fact("Floor", text)


def _count(info: InputInfo) -> str:
    return "unknown" if info.n is None else f"{info.n:,}"


def _written(value: str | int | float | bool | None) -> str:
    if value is None:
        return "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def _short(digest: str | None) -> str:
    return digest[:_DIGITS] if digest else ""


_INPUT_ROWS: tuple[tuple[str, Callable[[InputInfo], str]], ...] = (
    ("Role", lambda info: info.role),
    ("Path", lambda info: info.path),
    ("Kind", lambda info: info.kind),
    ("Images", _count),
    ("Independent groups", lambda info: "" if info.n_groups is None else f"{info.n_groups:,}"),
    ("Formats", lambda info: counts(info.formats)),
    ("Sizes", lambda info: counts(info.sizes).replace("x", " × ")),
    ("Colour modes", lambda info: counts(info.modes)),
    ("Special decoding", lambda info: counts(info.decoded)),
    ("Fingerprint", lambda info: _short(info.fingerprint)),
    ("Content fingerprint", lambda info: _short(info.content_fingerprint)),
    ("Skipped", lambda info: f"{len(info.skipped):,}" if info.skipped else ""),
    ("Ignored files", lambda info: counts(info.ignored)),
    ("Limit", lambda info: "" if info.limit is None else f"{info.limit:,}, seed {info.seed}"),
)
