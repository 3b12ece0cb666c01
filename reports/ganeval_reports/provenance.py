"""Where the numbers come from: protocol, inputs and environment of a record."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from ganeval.records import (
    FeatureRun,
    FeatureSpec,
    InputInfo,
    Metric,
    MetricsRecord,
    Record,
    WeightsInfo,
)
from ganeval_reports.numbers import MISSING, counts, duration, short_digest, written
from ganeval_reports.parts import Fact, Facts, Table

_TRAIN = "training"
"""What the set is called that near copies were looked for in."""

_SKIPPED = 50
"""Skipped images listed; the record holds all."""


def protocol(record: MetricsRecord) -> list[Facts]:
    """Returns every choice that fixes the numbers."""
    passes = _by_pass(record.features)
    groups = [
        Facts(
            "Features" if len(passes) == 1 else f"Features of {layers[0][0].extractor}",
            list(_feature_facts(layers)),
        )
        for layers in passes
    ]
    groups.append(Facts("Sample", list(_sample_facts(record))))
    return groups + _settings(record.metrics)


def inputs(record: MetricsRecord) -> Table:
    """Returns the sets as columns."""
    roles = [info.role for info in record.inputs]
    if record.train:
        return input_table([*record.inputs, record.train], [*roles, _TRAIN])
    return input_table(record.inputs, roles)


def input_table(sets: Sequence[InputInfo], roles: Sequence[str]) -> Table:
    """Returns sets as columns with what they are; properties that no set has are left out."""
    rows = []
    for name, show in (("Role", None), *_INPUT_ROWS):
        cells = [show(info) for info in sets] if show else list(roles)
        if any(cells):
            rows.append((name, *(cell or MISSING for cell in cells)))
    head = ("", *(info.label for info in sets))
    return Table("All sets as they were found", head, rows)


def skipped(record: MetricsRecord) -> Table | None:
    """Returns the images left out with the reason, None if there are none."""
    return skipped_table([*record.inputs, *([record.train] if record.train else [])])


def skipped_table(sets: Sequence[InputInfo]) -> Table | None:
    """Returns the images that were left out of these sets, None if there are none."""
    rows = [(info.label, item.key, item.reason) for info in sets for item in info.skipped]
    if not rows:
        return None
    shown = f", first {_SKIPPED}" if len(rows) > _SKIPPED else ""
    caption = f"Skipped images ({len(rows):,}{shown})"
    return Table(caption, ("Set", "Image", "Reason"), rows[:_SKIPPED])


def environment(record: Record) -> Facts:
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


def extraction(run: FeatureRun) -> Facts:
    """Returns which network gave features, and what ran it."""
    return Facts("Features", list(_feature_facts([(run.spec, [run])])))


def runs_by_spec(runs: Sequence[FeatureRun]) -> list[tuple[FeatureSpec, list[FeatureRun]]]:
    """Gathers the extractions of equal features, in the order of their first."""
    groups: list[tuple[FeatureSpec, list[FeatureRun]]] = []
    for run in runs:
        for spec, members in groups:
            if spec == run.spec:
                members.append(run)
                break
        else:
            groups.append((run.spec, [run]))
    return groups


_Layer = tuple[FeatureSpec, list[FeatureRun]]
"""One layer of a pass with the extractions of it."""


def _by_pass(runs: Sequence[FeatureRun]) -> list[list[_Layer]]:
    """Gathers layers that one pass of a network gives."""
    passes: dict[FeatureSpec, list[_Layer]] = {}
    for spec, members in runs_by_spec(runs):
        same = spec.model_copy(update={"layer": "", "dimension": 0})
        passes.setdefault(same, []).append((spec, members))
    return list(passes.values())


def _feature_facts(layers: Sequence[_Layer]) -> Iterator[Fact]:
    spec = layers[0][0]
    runs = [run for _, members in layers for run in members]
    yield Fact("Extractor", spec.extractor, code=True)
    numbers = [f"{one.layer}, {one.dimension:,} numbers per image" for one, _ in layers]
    yield Fact("Layer" if len(layers) == 1 else "Layers", "; ".join(numbers))
    yield Fact("Resize", f"{spec.resize}, to {spec.size} × {spec.size} px")
    yield Fact("Normalisation", spec.normalisation)
    yield Fact("Decoding", _DECODE.get(spec.decode, spec.decode))
    weights = dict.fromkeys(_weights(run.weights, spec) for run in runs)
    yield Fact("Weights", "; ".join(weights))
    yield Fact("Precision", spec.precision)
    yield Fact("Ran on", "; ".join(dict.fromkeys(_backend(run) for run in runs)))
    yield Fact("Feature cache", "; ".join(_cached(layers)))
    yield Fact("Extraction", duration(sum(run.seconds for run in runs)))


def _cached(layers: Sequence[_Layer]) -> list[str]:
    """Says how many images were in the cache, per layer where layers differ."""
    texts = {}
    for spec, runs in layers:
        hits = sum(run.cache_hits for run in runs)
        total = hits + sum(run.cache_misses for run in runs)
        texts[spec.layer] = f"{hits:,} of {total:,} images were in it"
    if len(set(texts.values())) == 1:
        return list(texts.values())[:1]
    return [f"{layer}: {text}" for layer, text in texts.items()]


def _settings(metrics: Sequence[Metric]) -> list[Facts]:
    """One group per different set of parameters, headed by the metrics that share it."""
    names = dict.fromkeys(metric.name for metric in metrics)
    shared: dict[tuple[tuple[str, str], ...], list[str]] = {}
    for name in names:
        group = [metric for metric in metrics if metric.name == name]
        facts = tuple((term, _of_all(group, term)) for term in group[0].params)
        if facts:
            shared.setdefault(facts, []).append(group[0].display)
    return [
        Facts(f"Settings of {', '.join(shown)}", [Fact(*both, code=True) for both in facts])
        for facts, shown in shared.items()
    ]


def _of_all(group: Sequence[Metric], term: str) -> str:
    """One parameter of a metric; per fake set where it differs."""
    values = {metric.fake: written(metric.params.get(term)) for metric in group}
    if len(set(values.values())) == 1:
        return next(iter(values.values()))
    return "; ".join(f"{label}: {value}" for label, value in values.items())


_DECODE = {
    "correct": "correct: depth, transparency and orientation are honoured",
    "peer": "peer: as other FID packages read files",
}


def _weights(weights: WeightsInfo | None, spec: FeatureSpec) -> str:
    if weights:
        state = "verified, the published file" if weights.verified else "not the published file"
        return f"{weights.file}, sha256 {short_digest(weights.sha256)}, {state}"
    if spec.weights_sha256:
        return f"sha256 {short_digest(spec.weights_sha256)}, file not recorded"
    return "none"


def _backend(run: FeatureRun) -> str:
    backend = run.backend
    if backend is None:
        return "nothing, all features came from the cache"
    threads = "" if backend.threads is None else f", {backend.threads} threads"
    # Said only when it is not the precision that was asked for.
    precision = "" if backend.precision == run.spec.precision else f", {backend.precision}"
    return f"{backend.name} {backend.version}, {backend.device}{precision}{threads}"


def _sample_facts(record: MetricsRecord) -> Iterator[Fact]:
    for info in record.inputs:
        yield Fact(f"Images, {info.role}", f"{_count(info)} ({info.label})")
    if record.train:
        yield Fact(f"Images, {_TRAIN}", f"{_count(record.train)} ({record.train.label})")
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


_INPUT_ROWS: tuple[tuple[str, Callable[[InputInfo], str]], ...] = (
    ("Path", lambda info: info.path),
    ("Kind", lambda info: info.kind),
    ("Images", _count),
    ("Independent groups", lambda info: "" if info.n_groups is None else f"{info.n_groups:,}"),
    ("Formats", lambda info: counts(info.formats)),
    ("Sizes", lambda info: counts(info.sizes).replace("x", " × ")),
    ("Colour modes", lambda info: counts(info.modes)),
    ("JPEG quality", lambda info: counts(info.jpeg_quality)),
    ("Chroma subsampling", lambda info: counts(info.chroma)),
    ("Special decoding", lambda info: counts(info.decoded)),
    ("Fingerprint", lambda info: short_digest(info.fingerprint)),
    ("Content fingerprint", lambda info: short_digest(info.content_fingerprint)),
    ("Skipped", lambda info: f"{len(info.skipped):,}" if info.skipped else ""),
    ("Ignored files", lambda info: counts(info.ignored)),
    ("Limit", lambda info: "" if info.limit is None else f"{info.limit:,}, seed {info.seed}"),
)
