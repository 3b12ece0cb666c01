"""The numbers of a classifier test: rungs, null controls, formats, groups, leakage, network."""

from __future__ import annotations

import math

from ganeval.records import (
    Accuracy,
    Epoch,
    Estimate,
    FeatureRun,
    FeatureSpec,
    FormatAudit,
    FormatProperty,
    Grouping,
    Leak,
    NetworkInfo,
    NullControl,
    PairCheck,
    Rung,
    SeedScore,
)

REAL = "paintings <b>of</b> Monet"
FAKE = "fakes & 'co' \"quoted\""
SCRIPT = "<script>alert(7)</script>.png"
ODD_KEYS = (SCRIPT, '"><img src=x onerror=alert(8)>.png', "日本語/ünïcode 🎨.png")
RUN = "run"
SIDE = 96
SHOWN = 4
N = {"fake": 90, "real": 90}

_RUNGS = (
    ("colour", "Colour histogram", 54, 0.88, 0.71),
    ("spectrum", "Spectrum", 88, 0.97, 0.74),
    ("features", "Features of efficientnet-lite0, logistic", 1280, 0.985, 0.79),
    ("knn", "Features, nearest neighbours", 1280, 0.91, 0.70),
    ("cnn", "Network of six convolutions", None, 0.997, 0.81),
)
_PROBES = (
    ("metadata", "File metadata", 12, 1.0),
    ("bytes", "Bytes per pixel", 1, 0.93),
    ("compression", "Traces of compression", 111, 0.99),
)


def auc(value: float, se: float = 0.03, **more: object) -> Estimate:
    ends = {"low": max(value - 2 * se, 0.0), "high": min(value + 2 * se, 1.0)}
    how = {"method": "DeLong, interval on the logit scale", "n": N}
    return Estimate(value=value, se=se, **{**ends, **how, **more})  # type: ignore[arg-type]


def rungs() -> list[Rung]:
    found = []
    for name, display, dimension, raw, defended in _RUNGS:
        for pixels, value in (("raw", raw), ("defended", defended)):
            seeds = [SeedScore(seed=i, auc=min(value + 0.01 * (i - 2), 1.0)) for i in range(1, 5)]
            found.append(
                Rung(
                    name=name,  # type: ignore[arg-type]
                    display=display,
                    pixels=pixels,  # type: ignore[arg-type]
                    probe=False,
                    dimension=dimension,
                    validation=value - 0.01,
                    test=auc(value, 0.03 if value < 0.95 else 0.002),
                    p=3.2e-12 if name == "cnn" else 1e-5,
                    p_holm=None if name == "cnn" and pixels == "defended" else 4e-5,
                    p_below=0.999,
                    method="Mann-Whitney",
                    seeds=seeds if name != "cnn" else [],
                    corrected=auc(value, method="Nadeau and Bengio") if name != "cnn" else None,
                    seconds=3.3,
                    note="<kept> from the cache" if name == "features" else "",
                )
            )
    for name, display, dimension, value in _PROBES:
        found.append(
            Rung(
                name=name,  # type: ignore[arg-type]
                display=display,
                pixels="raw",
                probe=True,
                dimension=dimension,
                validation=value,
                test=auc(value, 0.004),
                p=1e-20,
                p_holm=3e-20,
            )
        )
    return found


def null_controls() -> list[NullControl]:
    kinds = (
        ("shuffled", "Shuffled labels", 0.501, (0.47, 0.53), False),
        ("real-real", "Real against real, random halves", 0.53, (0.39, 0.61), False),
        ("neighbours-real", "Neighbours among the reals", 0.49, (0.45, 0.55), False),
        ("neighbours-fake", "Neighbours among the fakes", 0.63, (0.45, 0.55), True),
    )
    found = [
        NullControl(
            name=name,  # type: ignore[arg-type]
            display=display,
            rung="features",
            auc=auc(value, 0.01),
            runs=[value + 0.02 * math.sin(3 * i) for i in range(1 if name == "real-real" else 20)],
            low=low,
            high=high,
            p=1e-4 if alarm else 0.6,
            p_holm=4e-4 if alarm else 1.0,
            alarm=alarm,
            remedy="declare groups with --groups <file>" if alarm else "",
        )
        for name, display, value, (low, high), alarm in kinds
    ]
    return found


def accuracy(threshold: str, logit: float, value: float) -> Accuracy:
    return Accuracy(
        threshold=threshold,
        logit=logit,
        balanced=auc(value, 0.033, method="Wilson", n={"units": 180}),
        fakes_caught=auc(value + 0.02, 0.045, n={"fake": 90}),
        reals_passed=auc(value - 0.02, 0.045, n={"real": 90}),
        total_variation=0.31,
    )


def format_audit() -> FormatAudit:
    whole = {"256x256": 1.0}
    return FormatAudit(
        properties=[
            FormatProperty(
                name="container", real={"JPEG": 1.0}, fake={"PNG": 1.0}, distance=1.0, p=1e-4,
                differs=True, metadata_only=True,
            ),
            FormatProperty(
                name="quantisation table", real={f"quality {q}": 0.2 for q in range(90, 95)},
                fake={"<none>": 1.0}, distance=1.0, p=1e-4, differs=True, metadata_only=False,
            ),
            FormatProperty(
                name="size", real=whole, fake=whole, distance=0.0, p=1.0, differs=False,
                metadata_only=False,
            ),
        ],
        differs=True,
        reasons=["reals are JPEG of quality 90 to 94, fakes PNG"],
        resized="256 × 256 px by antialiased bicubic",
    )  # fmt: skip


def grouping() -> Grouping:
    return Grouping(
        source="stem and picture",
        images={"real": 360, "fake": 360},
        groups={"real": 354, "fake": 354, "both": 3, "all": 705},
        largest=4,
        examples=[[f"{REAL}: a", f"{FAKE}: {SCRIPT}"], [f"{REAL}: b", f"{REAL}: b (2)"]],
        hash="beef" * 16,
        pairs=PairCheck(n_pairs=12, confirmed=False, p=0.41, text="only equal names"),
    )


def leaks() -> list[Leak]:
    kinds = (
        ("identical", "Identical pixels in both sets", 2, "dropped from both"),
        ("near", "Near-duplicates across the sets", 0, ""),
        ("source_in_real", "Fakes whose source is among the reals", 0, ""),
        ("generator_train", "Fakes of images the generator was trained on", 7, "a slice of theirs"),
    )
    return [
        Leak(
            kind=kind,
            display=display,
            count=count,
            action=action,
            examples=[SCRIPT, *(f"fake-{i}.png" for i in range(1, count))] if count else [],
        )
        for kind, display, count, action in kinds
    ]


def feature_run() -> FeatureRun:
    spec = FeatureSpec(
        extractor="efficientnet-lite0",
        layer="pooled",
        dimension=1280,
        resize="bicubic",
        size=224,
        normalisation="x/127 - 1",
        decode="correct",
        weights_sha256=None,
    )
    return FeatureRun(spec=spec, weights=None, backend=None, cache_hits=720)


def network() -> NetworkInfo:
    epochs = [
        Epoch(
            epoch=i,
            train_loss=0.7 * math.exp(-i / 9),
            validation_loss=0.55 + 0.15 * math.exp(-i / 4) + 0.004 * max(i - 8, 0),
            validation_auc=0.82 - 0.3 * math.exp(-i / 3),
            learning_rate=1e-3,
        )
        for i in range(1, 17)
    ]
    return NetworkInfo(
        preset="default", pixels="defended", parameters=288_033, receptive_field=32, crop=128,
        epochs=epochs, best_epoch=8, passes=6_912, stopped="no better loss for 8 epochs",
    )  # fmt: skip
