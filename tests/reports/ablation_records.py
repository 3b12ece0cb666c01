"""Records of ablations: a study with everything, one with three seeds, two folders of images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from PIL import Image

from ganeval.ablation.judged import Judged
from ganeval.ablation.judging import adjust, judge
from ganeval.records import (
    AblationRecord,
    Amendment,
    Anchor,
    ArmInfo,
    ArmMetric,
    ArmPicture,
    CellCurve,
    CellHistogram,
    CellInfo,
    CellMetric,
    Comparison,
    Cost,
    Direction,
    Environment,
    Estimate,
    FeatureSpec,
    InputInfo,
    InputRow,
    Interval,
    NoiseArm,
    Notice,
    Protocol,
    SeedDifference,
    Sensitivity,
    WeightsInfo,
)

HOSTILE: Final = "ring-half & <b>noise</b>"
VARIANTS: Final = ("no-buffer", HOSTILE, "pool.size=1000")
BASE: Final = "base"
AGAIN: Final = "base, other seeds"
UPDATES: Final = 100_000

# Name, display, unit, better, compare, mean of the base, sd over seeds.
_KINDS: Final = (
    ("kid", "KID (efficientnet-lite0)", "×10³", "lower", True, 5.1, 0.16),
    ("fd", "FD (efficientnet-lite0)", "", "lower", True, 63.4, 1.4),
    ("c2st", "C2ST AUC", "", "lower", True, 0.87, 0.02),
    ("cycle_l1", "cycle L1", "grey levels", "lower", True, 9.1, 0.4),
    ("edges", "correlation of edges", "", "higher", True, 0.71, 0.01),
    ("change_l1", "L1 of input and translation", "grey levels", "none", False, 31.0, 1.1),
)
_SHIFT: Final = {BASE: 0.0, "no-buffer": 0.42, HOSTILE: 0.06, "pool.size=1000": -0.09, AGAIN: 0.0}
_FLOORS: Final = (
    ("untrained generator", 48.0),
    ("inputs unchanged", 6.3),
    ("half of the reals", 0),
)


def study_record() -> AblationRecord:
    """Three variants, the base and the base again over 8 seeds; both directions; one divergence."""
    return _study(range(8), diverged=(("pool.size=1000", 5),), again=True)


def small_record() -> AblationRecord:
    """One variant over 3 seeds, without an A/A arm, curves or pictures: underpowered by design."""
    record = _study(range(3), variants=("no-buffer",), directions=("AtoB",))
    return record.model_copy(
        update={"curves": [], "rows": [], "histograms": [], "anchors": [], "amendments": []}
    )


def external_record() -> AblationRecord:
    """Two folders of images made elsewhere, one run each."""
    arms = [
        ArmInfo(name="theirs", kind="external", folder="results/theirs", not_stated=["seed"]),
        ArmInfo(
            name="ours",
            kind="external",
            folder="results/ours",
            stated={"updates": 266_800, "lambda_identity": 0.5},
            not_stated=["batch", "seed"],
        ),
    ]
    values = {"theirs": 6.1, "ours": 5.2}
    metrics = [
        CellMetric(
            arm=arm,
            seed=None,
            direction="AtoB",
            name="kid",
            display="KID (efficientnet-lite0)",
            unit="×10³",
            better="lower",
            estimate=_estimate(value, 0.2, fake=120, real=140),
        )
        for arm, value in values.items()
    ]
    comparison = Comparison(
        metric="kid",
        display="KID (efficientnet-lite0)",
        unit="×10³",
        better="lower",
        variant="ours",
        against="theirs",
        direction="AtoB",
        pairing="images",
        n=1,
        base_mean=6.1,
        variant_mean=5.2,
        mean=-0.9,
        family=1,
        intervals=[
            Interval(low=-1.3, high=-0.5, method="bootstrap", population="over images, these runs")
        ],
        kind="single_run",
        sentence="These two image sets differ by KID ×10³ −0.90 [−1.30, −0.50] (images resampled); "
        "one training run each, so this says nothing about the methods.",
        primary=True,
    )
    return AblationRecord(
        argv=["ganeval", "ablation-report", "--arm", "theirs=results/theirs"],
        started="2026-03-01T10:00:00+00:00",
        seconds=12.5,
        verdict=comparison.sentence,
        verdict_name="single_run",
        name="ours against theirs",
        base="theirs",
        protocol=_protocol(("AtoB",)).model_copy(update={"checkpoint": "", "budget": ""}),
        inputs=[_reals("AtoB")],
        arms=arms,
        cells=[
            CellInfo(arm=arm.name, seed=None, state="evaluated", fakes={"AtoB": 120}, removed=20)
            for arm in arms
        ],
        metrics=metrics,
        means=[
            ArmMetric(arm=one.arm, direction="AtoB", name="kid", mean=one.estimate)
            for one in metrics
        ],
        comparisons=[comparison],
        environment=_environment(),
    )


def ablation_pictures() -> dict[tuple[str, str], Image.Image]:
    """Every picture that `study_record` names, 16 × 16 pixels, by label and path."""
    rng = np.random.default_rng(5)
    paths = {path for row in study_record().rows for path in _paths(row)}
    return {
        ("run", path): Image.fromarray(rng.integers(0, 256, (16, 16, 3), dtype=np.uint8))
        for path in sorted(paths)
    }


def _study(
    seeds: Sequence[int],
    *,
    variants: Sequence[str] = VARIANTS,
    directions: Sequence[Direction] = ("AtoB", "BtoA"),
    diverged: Sequence[tuple[str, int]] = (),
    again: bool = False,
) -> AblationRecord:
    names = [BASE, *variants, *([AGAIN] if again else [])]
    runs = [(name, seed + (100 if name == AGAIN else 0)) for name in names for seed in seeds]
    ended = [one for one in runs if one not in diverged]
    metrics = [one for direction in directions for one in _metrics(ended, direction, floors=again)]
    comparisons = [
        one for direction in directions for one in _comparisons(metrics, variants, runs, direction)
    ]
    family = [one for one in comparisons if not one.exploratory]
    changing = [
        f"{one.variant} against {one.against}: with {other.name} the verdict is another: "
        f"{other.sentence}"
        for one in family
        for other in one.sensitivity
    ]
    return AblationRecord(
        argv=["ganeval", "ablation-report", "runs/buffer", "-o", "it's & <i>odd</i>.html"],
        started="2026-03-01T10:00:00+00:00",
        seconds=52.5,
        verdict=" ".join(one.sentence for one in family),
        verdict_name="difference" if again else "underpowered",
        name="buffer-horse2zebra",
        study="schema: 1\nname: buffer-horse2zebra\ntrainer: cyclegan\n",
        trainer="cyclegan",
        base=BASE,
        seeds=list(seeds),
        protocol=_protocol(directions),
        params={"lambda_identity": 0.5},
        inputs=[_reals(direction) for direction in directions],
        arms=[*_arms(variants, again), *(_floors() if again else [])],
        cells=[_cell(arm, seed, (arm, seed) in diverged) for arm, seed in runs],
        metrics=metrics,
        means=list(_means(metrics)),
        comparisons=comparisons,
        noise=[
            NoiseArm(
                metric="kid",
                direction=direction,
                n=len(seeds),
                band=0.18,
                sd=0.22,
                rejections=0.046,
                sound=True,
                differs=False,
            )
            for direction in directions
        ]
        if again
        else [],
        curves=[curve for run in runs for curve in _curves(*run, run in diverged)],
        rows=[row for direction in directions for row in _rows(names, direction)],
        histograms=[_histogram(name, seeds[0]) for name in names],
        anchors=_anchors(),
        amendments=[
            Amendment(
                time="2026-02-20T08:00:00+00:00", what="seeds", old="0-5", new="0-7", evaluated=30
            )
        ],
        changing=[*changing, "More seeds would show smaller differences."],
        commands=["ganeval ablate buffer.yaml --out runs/buffer", "ganeval ablation-report"],
        warnings=[
            Notice(
                code="changed_after_looking",
                text="seeds changed from 0-5 to 0-7 after 30 cells had been evaluated.",
            )
        ],
        environment=_environment(),
    )


def _arms(variants: Sequence[str], again: bool) -> list[ArmInfo]:
    changes = {
        "no-buffer": {"pool.strategy": "none"},
        HOSTILE: {"pool.strategy": "ring-half", "pool.fill": "noise"},
        "pool.size=1000": {"pool.size": 1000},
    }
    arms = [ArmInfo(name=BASE, kind="base", note="preset reference")]
    arms += [
        ArmInfo(
            name=name,
            kind="axis" if "=" in name else "variant",
            factor="the pool",
            changes=changes[name],
            failures=Estimate(
                value=0.125, low=0.003, high=0.527, n={"runs": 8}, method="Clopper-Pearson"
            )
            if name == "pool.size=1000"
            else None,
        )
        for name in variants
    ]
    return arms + ([ArmInfo(name=AGAIN, kind="same", factor="nothing")] if again else [])


def _floors() -> list[ArmInfo]:
    return [ArmInfo(name=name, kind="floor") for name, _ in _FLOORS]


def _cell(arm: str, seed: int, diverged: bool) -> CellInfo:
    return CellInfo(
        arm=arm,
        seed=seed,
        id="0123456789abcdef",
        folder=f"cells/{arm}/seed-{seed:04d}",
        state="diverged" if diverged else "evaluated",
        why="a loss was not finite at update 41,200" if diverged else "",
        update=41_200 if diverged else UPDATES,
        images_seen=UPDATES,
        fakes={} if diverged else {"AtoB": 120, "BtoA": 140},
        cost=Cost(
            device="NVIDIA H100 80GB HBM3",
            seconds=9_000.0 + 37 * seed,
            seconds_per_update=0.09,
            peak_memory=5_100_000_000,
            parameters={"G_A": 11_383_427, "D_A": 2_764_737},
            multiply_adds=4.6e11,
            bytes=120_000_000,
        ),
    )


def _metrics(
    runs: Sequence[tuple[str, int]], direction: Direction, *, floors: bool
) -> Iterator[CellMetric]:
    rng = np.random.default_rng(7 if direction == "AtoB" else 8)
    for arm, seed in runs:
        for name, display, unit, better, compare, mean, sd in _KINDS:
            shift = _SHIFT[arm] * (1 if name == "kid" else sd if better == "lower" else 0)
            value = mean + shift + sd * float(rng.normal())
            yield CellMetric(
                arm=arm, seed=seed, direction=direction, name=name, display=display, unit=unit,
                better=better, compare=compare,  # type: ignore[arg-type]
                estimate=_estimate(value, sd, fake=120, real=140),
            )  # fmt: skip
    for arm, value in _FLOORS if floors else ():
        yield CellMetric(
            arm=arm, seed=None, direction=direction, name="kid",
            display="KID (efficientnet-lite0)", unit="×10³", better="lower",
            estimate=_estimate(value, 0.2, fake=120, real=140),
        )  # fmt: skip


def _estimate(value: float, se: float, **n: int) -> Estimate:
    return Estimate(value=value, se=se, low=value - 2 * se, high=value + 2 * se, n=n)


def _means(metrics: Sequence[CellMetric]) -> Iterator[ArmMetric]:
    groups: dict[tuple[str, Direction, str], list[float]] = {}
    for one in metrics:
        value = one.estimate.value
        groups.setdefault((one.arm, one.direction, one.name), []).append(value or 0.0)
    for (arm, direction, name), values in groups.items():
        mean, n = float(np.mean(values)), len(values)
        sd = float(np.std(values, ddof=1)) if n > 1 else None
        half = 2.36 * (sd or 0.2) / n**0.5
        yield ArmMetric(
            arm=arm,
            direction=direction,
            name=name,
            mean=Estimate(
                value=mean, low=mean - half, high=mean + half, n={"seeds": n}, method="t interval"
            ),
            sd=sd,
        )


def _values(
    metrics: Sequence[CellMetric], arm: str, name: str, direction: Direction
) -> dict[int, float | None]:
    return {
        one.seed: one.estimate.value
        for one in metrics
        if (one.arm, one.name, one.direction) == (arm, name, direction) and one.seed is not None
    }


def _comparisons(
    metrics: Sequence[CellMetric],
    variants: Sequence[str],
    runs: Sequence[tuple[str, int]],
    direction: Direction,
) -> Iterator[Comparison]:
    for name, display, unit, better, compare, *_ in _KINDS:
        if not compare:
            continue
        declared = name == "kid" and direction == "AtoB"
        found = []
        for variant in variants:
            values = {seed: None for arm, seed in runs if arm == variant}
            again = list(_values(metrics, AGAIN, name, direction).values())
            found.append(
                judge(
                    {**values, **_values(metrics, variant, name, direction)},
                    _values(metrics, BASE, name, direction),
                    metric=name, better="lower" if better == "lower" else "higher",
                    family_size=len(variants) if declared else 1, aa=again or None,
                    variant=variant, against=BASE, label=f"{display} {unit}".strip(),
                    exploratory=not declared,
                )
            )  # fmt: skip
        judged = adjust(found) if declared else found
        yield from (
            _comparison(one, display, unit, better, direction, primary=name == "kid")
            for one in judged
        )


def _comparison(
    one: Judged, display: str, unit: str, better: str, direction: Direction, *, primary: bool
) -> Comparison:
    imputed = {seed for arm in one.diverged for seed in arm.seeds}
    intervals = [
        Interval(low=found.low, high=found.high, method=found.kind, population=found.population)
        for found in (one.interval, one.bootstrap)
        if found
    ]
    other = one.sensitivity
    return Comparison(
        metric=one.metric,
        display=display,
        unit=unit,
        better=better,  # type: ignore[arg-type]
        variant=one.variant,
        against=one.against,
        direction=direction,
        pairing="full",
        n=one.n,
        differences=[
            SeedDifference(seed=seed, value=value, imputed=seed in imputed)
            for seed, value in zip(one.seeds, one.diffs, strict=True)
        ],
        mean=one.mean,
        sd=one.sd,
        effect_size=one.dz,
        improvement=one.poi,
        p=one.p,
        smallest_p=one.smallest_p,
        p_holm=one.p_holm,
        family=0 if one.exploratory else one.family_size,
        test="sign flips of the differences, two-sided",
        intervals=intervals,
        band=one.noise.half_width if one.noise else None,
        detectable=one.mde if one.mde and np.isfinite(one.mde) else None,
        needed_seeds=one.needed_seeds,
        pairing_gain=one.pairing_gain,
        kind=one.kind,
        sentence=one.sentence,
        primary=primary,
        exploratory=one.exploratory,
        sensitivity=[
            Sensitivity(
                name="pairs with a diverged run left out", mean=other.mean, p=other.p,
                kind=other.kind, sentence=other.sentence, flips=other.kind != one.kind,
            )
        ]
        if other
        else [],
        notes=list(one.notes),
    )  # fmt: skip


def _curves(arm: str, seed: int, diverged: bool) -> Iterator[CellCurve]:
    rng = np.random.default_rng([seed, len(arm)])
    end = 41_200 if diverged else UPDATES
    updates = list(range(5_000, end + 1, 5_000))
    falling = 1e-3 * (
        5 + 20 * np.exp(-np.array(updates) / 15_000) + rng.normal(0, 0.4, len(updates))
    )
    yield CellCurve(
        arm=arm, seed=seed, name="kid", display="KID (efficientnet-lite0)", group="metrics",
        direction="AtoB", updates=updates, values=[float(one) for one in falling],
        diverged=diverged,
    )  # fmt: skip
    if not diverged:
        yield CellCurve(
            arm=arm, seed=seed, name="kid", display="KID (efficientnet-lite0)",
            group="evaluations", direction="AtoB", updates=[50_000, UPDATES],
            values=[6.5 + 0.1 * seed, 5 + 0.1 * seed],
        )  # fmt: skip
    updates = list(range(500, end + 1, 1_000))
    noisy = 0.25 + 0.1 * rng.normal(size=len(updates))
    for name, level in (("loss_G_A", None), ("accuracy_D_A", 0.5)):
        yield CellCurve(
            arm=arm, seed=seed, name=name, display=name.replace("_", " "),
            group="adversarial losses" if level is None else "discriminators", updates=updates,
            values=[float(one) + (level or 0) for one in noisy],
            smooth=[float(noisy[max(0, i - 9) : i + 1].mean()) + (level or 0)
                    for i in range(len(noisy))],
            window=10, diverged=diverged, threshold=level,
        )  # fmt: skip


def _rows(names: Sequence[str], direction: Direction) -> Iterator[InputRow]:
    plan = (("samples", "Chosen by chance", 4), ("structure", "Layout kept least", 2))
    for gallery, display, count in plan:
        for index in range(count):
            key = f"{gallery}-{index} <i>.png"
            yield InputRow(
                gallery=gallery,
                display=display,
                direction=direction,
                key=key,
                original=f"{direction}/original/{key}",
                pictures=[
                    _picture(name, seed, f"{direction}/{name}/{seed}/{key}", gallery, index)
                    for name in names
                    for seed in ((0, 1) if gallery == "samples" else (0,))
                ],
            )


def _picture(arm: str, seed: int, path: str, gallery: str, index: int) -> ArmPicture:
    own = gallery == "samples"
    return ArmPicture(
        arm=arm,
        seed=seed + (100 if arm == AGAIN else 0),
        translated=path,
        recovered=f"{path}.rec" if own else None,
        identity=f"{path}.idt" if own else None,
        value=None if own else 0.31 - 0.02 * index,
    )


def _paths(row: InputRow) -> Iterator[str]:
    yield row.original
    for one in row.pictures:
        yield from (path for path in (one.translated, one.recovered, one.identity) if path)


def _histogram(arm: str, seed: int) -> CellHistogram:
    return CellHistogram(
        arm=arm,
        seed=seed + (100 if arm == AGAIN else 0),
        discriminator="D_A",
        edges=[-1.0, 0.0, 0.5, 1.0, 2.0],
        real=[2, 20, 90, 28],
        fake=[60, 48, 10, 2],
        held_out=[5, 30, 20, 5],
        threshold=0.5,
    )


def _anchors() -> list[Anchor]:
    return [
        Anchor(
            id="mmgen-official/h2z", task="horse2zebra", direction="AtoB", method="CycleGAN",
            metric="fid", value=62.111, source="MMGeneration model zoo", status="read",
            comparable=True,
        ),
        Anchor(
            id="turbo/h2z", task="horse2zebra", direction="AtoB", method="CycleGAN",
            metric="fid", value=74.9, source="a paper recalled", status="check",
            comparable=False, mismatches=["extractor", "checkpoint rule unknown"],
        ),
        Anchor(
            id="spread/cut", task="horse2zebra", direction="AtoB", method="CUT", metric="fid",
            value=45.5, spread="61.7 to 68 by users", source="CUT, issue 65", status="spread",
            comparable=False, mismatches=["method"],
        ),
    ]  # fmt: skip


def _protocol(directions: Sequence[Direction]) -> Protocol:
    return Protocol(
        id="0f1e2d3c4b5a6978",
        primary="kid",
        directions=list(directions),
        checkpoint="last",
        split="test",
        suite=["kid", "fid", "c2st", "cycle"],
        absent={"saliency": "no model of class A was given"},
        features=[
            FeatureSpec(
                extractor="efficientnet-lite0", layer="1280", dimension=1280,
                weights_sha256="ab" * 32, resize="pillow-bicubic", size=224,
                normalisation="minus 127, over 128", decode="correct",
            )
        ],
        weights=[WeightsInfo(file="efficientnet-lite0.onnx", sha256="ab" * 32, verified=True)],
        real=140,
        stems=120,
        alpha=0.05,
        power=0.8,
        budget=f"{UPDATES:,} updates",
    )  # fmt: skip


def _reals(direction: Direction) -> InputInfo:
    return InputInfo(
        role="real",
        label=f"real {direction}",
        kind="folder",
        path=f"data/test{direction[-1]}",
        n=140 if direction == "AtoB" else 120,
        formats={"PNG": 140},
    )


def _environment() -> Environment:
    return Environment(
        ganeval="0.4.0", python="3.12.3", packages={"numpy": "2.3.1"}, platform="Linux"
    )
