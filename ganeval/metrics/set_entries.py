"""Metrics of neighbourhoods, copies, classes and projections as entries of the record."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ganeval.metrics.catalogue import CATALOGUE, FAMILIES
from ganeval.metrics.copies import find_copies
from ganeval.metrics.distance_entries import measure_distance
from ganeval.metrics.inception_score import PRESETS as SCORE_PRESETS
from ganeval.metrics.inception_score import inception_score, inception_score_jackknife
from ganeval.metrics.jackknifed import Blocks, Jackknifed
from ganeval.metrics.manifold import PRESETS, ManifoldPreset, coverage_null, manifold_null
from ganeval.metrics.manifold_jackknife import manifold_jackknife
from ganeval.metrics.measured import Measured, Provenance, block_estimate, parts_of
from ganeval.metrics.memorisation import (
    THRESHOLD,
    authenticity_jackknife,
    memorisation_jackknife,
    mifid,
)
from ganeval.metrics.parts import Parts, UnitParts
from ganeval.metrics.requests import Request
from ganeval.metrics.rows import Rows
from ganeval.metrics.samples import Sample
from ganeval.metrics.settings import Settings
from ganeval.metrics.sides import Side
from ganeval.metrics.sliced import mind_jackknife
from ganeval.records import Estimate, Metric, Param

_LISTED_COPIES = 50  # of one fake set, in the record
_SHARES = frozenset(("precision", "recall", "coverage", "authenticity"))
_SCORE_PRESET = "torch-fidelity"
_MANY = 1000  # reals from which one split into halves does


def measure_manifold(
    request: Request, real: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """Precision, recall, density and coverage, all or one of them."""
    one, other = real.of(request.need), fake.of(request.need)
    preset = PRESETS[request.choice or "prdc"]
    results = manifold_jackknife(
        one.rows(request.name),
        other.rows(request.name),
        real.blocks(),
        fake.blocks(),
        k=preset.k,
        inclusive=preset.inclusive,
    )
    n, m = len(one.keys), len(other.keys)
    halves = _null_of_halves(real.side, one.rows(request.name), preset, settings.seed)
    nulls = {"density": 1.0, "coverage": coverage_null(n, m, preset.k)}
    names = FAMILIES.get(request.name, (request.name,))
    metrics, parts = [], {}
    for name in names:
        info, key = CATALOGUE[name], name + request.suffix
        parts[key] = parts_of(results[name], real, fake)
        metrics.append(
            Metric(
                name=key,
                display=name + (f" ({request.choice})" if request.choice else ""),
                fake=other.label,
                estimate=block_estimate(
                    parts[key],
                    real,
                    fake,
                    low=0.0,
                    high=np.inf if info.high is None else info.high,
                    share=name in _SHARES,
                    method=f"reach up to the {preset.k}-th nearest neighbour; the SE errs wide",
                ),
                direction=info.direction,
                null_expected=nulls.get(name),
                params={
                    "preset": request.choice or "prdc",
                    "k": preset.k,
                    "inequality": "<=" if preset.inclusive else "<",
                    "extractor": request.need.extractor,
                    "layer": request.need.layer,
                    **halves.get(name, {}),
                },
                bias="depends on both numbers of images; compare at equal n only",
            )
        )
    return Measured(metrics, parts)


def _null_of_halves(
    side: Side, rows: Rows, preset: ManifoldPreset, seed: int
) -> dict[str, dict[str, Param]]:
    """Precision and recall between halves of the reals, where they are large enough for k."""
    if len(rows) < 2 * (preset.k + 1):
        return {}
    null = manifold_null(
        rows,
        k=preset.k,
        inclusive=preset.inclusive,
        seed=seed,
        splits=5 if len(rows) <= _MANY else 1,  # one is steady enough, and not cheap
        digests=side.digests,
    )
    name = f"between two halves of the reals, {null.n} each"
    return {"precision": {name: null.precision}, "recall": {name: null.recall}}


def measure_score(
    request: Request, real: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """The Inception Score of the fakes."""
    other = fake.of(request.need)
    preset = request.choice or _SCORE_PRESET
    logits, blocks = _in_order(other.rows("IS"), fake.blocks(), other.keys)
    score = inception_score(logits, preset=preset)
    result = inception_score_jackknife(logits, blocks, preset=preset)
    key = "is" + request.suffix
    parts = parts_of(result, real, fake)
    metric = Metric(
        name=key,
        display="IS" + (f" ({request.choice})" if request.choice else ""),
        fake=other.label,
        estimate=block_estimate(
            parts,
            real,
            fake,
            low=1.0,
            high=float(logits.shape[1]),
            method=f"mean over {score.splits} splits, as {preset}",
        ),
        direction="higher",
        params={
            "preset": preset,
            "splits": score.splits,
            "images per split": score.per_split,
            "spread over splits": score.spread,
            "convention": SCORE_PRESETS[preset].note,
        },
        bias="biased downwards at few images per split; knows nothing of the reals",
    )
    return Measured([metric], {key: parts})


def measure_mind(
    request: Request, real: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """The sliced Wasserstein distance of the features."""
    one, other = real.of(request.need), fake.of(request.need)
    # A larger set is thinned out by position: partners in two fake sets get the same.
    rows, blocks = _in_order(other.rows("MIND"), fake.blocks(), fake.draw_digests)
    result = mind_jackknife(one.rows("MIND"), rows, real.blocks(), blocks, seed=settings.seed)
    parts = parts_of(result.jackknifed, real, fake, result.mind.by_direction)
    metric = Metric(
        name="mind",
        display="MIND",
        fake=other.label,
        estimate=block_estimate(
            parts,
            real,
            fake,
            low=0.0,
            method=f"3d × mean over {result.directions} random directions, seed {settings.seed}",
        ),
        direction="lower",
        params={"directions": result.directions, "seed": settings.seed},
        bias="biased upwards at few images; compare at equal n only",
    )
    return Measured([metric], {"mind": parts})


def measure_authenticity(
    request: Request, train: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """The share of fakes that are no nearer to a training image than its nearest neighbour is."""
    one, other = train.of(request.need), fake.of(request.need)
    result = authenticity_jackknife(
        one.rows("authenticity"), other.rows("authenticity"), train.blocks(), fake.blocks()
    )
    return _simple(
        "authenticity", result, train, fake, "1 - share of fakes nearer than a neighbour"
    )


def measure_memorisation(
    request: Request, train: Sample, fake: Sample, made: Provenance, settings: Settings
) -> Measured:
    """The mean cosine distance of fakes to the nearest training image, and the near copies."""
    one, other = train.of(request.need), fake.of(request.need)
    rows = one.rows("memorisation distance"), other.rows("memorisation distance")
    result = memorisation_jackknife(*rows, train.blocks(), fake.blocks())
    measured = _simple(
        "memorisation",
        result,
        train,
        fake,
        "mean over fakes of the least cosine distance to a real",
    )
    copies = find_copies(one, other, (train.signatures, fake.signatures))
    (metric,) = measured.metrics
    metric = metric.model_copy(update={"params": metric.params | {"near copies": len(copies)}})
    return Measured([metric], measured.parts, copies=copies[:_LISTED_COPIES])


def measure_mifid(
    request: Request,
    real: Sample,
    train: Sample,
    fake: Sample,
    made: Provenance,
    settings: Settings,
) -> Measured:
    """MiFID and the memorisation distance behind its penalty."""
    distance = measure_distance(request, real, fake, made, settings, floored=False)
    told = measure_memorisation(request, train, fake, made, settings)
    (fid,), (memory,) = distance.metrics, told.metrics
    value, m = fid.estimate.value, memory.estimate.value
    if value is None or m is None:
        return told
    penalised = mifid(value, m)
    scale = penalised / value if value else 1.0
    jumps = _may_jump(memory.estimate)
    scaled = _scaled(fid.estimate, scale)
    metric = Metric(
        name="mifid",
        display=fid.display.replace("FID", "MiFID") if fid.display == "FID" else f"Mi{fid.display}",
        fake=fid.fake,
        estimate=_across_the_jump(scaled, fid.estimate, memory.estimate) if jumps else scaled,
        direction="lower",
        params={
            "orientation": "original: mean over fakes of the least distance to a real",
            "memorisation distance": m,
            "threshold": THRESHOLD,
            "penalty": 1 / scale,
            **{k: v for k, v in fid.params.items() if k in ("extractor", "layer", "resize")},
        },
        bias=f"{fid.bias}; jumps tenfold where the memorisation distance crosses 0.1",
    )
    parts = dict(told.parts)
    if "mifid" in distance.parts and not jumps:  # a jump is no small effect of single images
        parts["mifid"] = _scaled_parts(distance.parts["mifid"], scale)
    return Measured([metric, memory], parts, copies=told.copies)


def _simple(name: str, result: Jackknifed, real: Sample, fake: Sample, method: str) -> Measured:
    info, parts = CATALOGUE[name], parts_of(result, real, fake)
    metric = Metric(
        name=name,
        display=info.display,
        fake=fake.side.label,
        estimate=block_estimate(
            parts,
            real,
            fake,
            low=-np.inf if info.low is None else info.low,
            high=np.inf if info.high is None else info.high,
            share=name in _SHARES,
            method=method,
        ),
        direction=info.direction,
        params=_reference(real),
        bias="depends on the number of reals",
    )
    return Measured([metric], {name: parts})


def _in_order(rows: Rows, blocks: Blocks, names: Sequence[str]) -> tuple[Rows, Blocks]:
    """Rows in the order of their names, and the blocks of rows that follow them."""
    order = np.array(sorted(range(len(names)), key=names.__getitem__), dtype=np.int64)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    return rows[order], [np.sort(place[block]) for block in blocks]


def _reference(train: Sample) -> dict[str, Param]:
    return {"copies are looked for in": train.side.info.path}


def _scaled(estimate: Estimate, scale: float) -> Estimate:
    numbers = {
        name: None if value is None else value * scale
        for name, value in (
            ("value", estimate.value),
            ("se", estimate.se),
            ("low", estimate.low),
            ("high", estimate.high),
        )
    }
    method = f"{estimate.method}; divided by the penalty, which the SE takes as fixed"
    return estimate.model_copy(update={**numbers, "method": method})


def _may_jump(memory: Estimate) -> bool:
    """Tells whether the interval of the memorisation distance holds the threshold."""
    return (
        memory.low is not None and memory.high is not None and memory.low < THRESHOLD <= memory.high
    )


def _across_the_jump(penalised: Estimate, fid: Estimate, memory: Estimate) -> Estimate:
    """MiFID where the penalty may apply or not: its interval reaches from one to the other."""
    if fid.low is None or fid.high is None or memory.low is None:
        return penalised
    told = f"the interval of the memorisation distance holds {THRESHOLD}, where MiFID jumps tenfold"
    if memory.low <= 0:
        nothing = dict.fromkeys(("se", "low", "high"))
        return penalised.model_copy(update={**nothing, "covers": "", "reason": told})
    reach = {"low": fid.low, "high": fid.high / memory.low}
    method = f"{penalised.method}; {told}: from the distance itself to the largest penalty"
    return penalised.model_copy(update={**reach, "method": method})


def _scaled_parts(parts: Parts, scale: float) -> Parts:
    real, fake = (
        None if side is None else UnitParts(side.effects * scale, side.held)
        for side in (parts.real, parts.fake)
    )
    return Parts(parts.value * scale, real, fake)
