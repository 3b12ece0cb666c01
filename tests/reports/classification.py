"""Records of a classifier test with every part they may have; names are hostile on purpose."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from reports.classification_evidence import (
    bandstop,
    curves,
    drawn_pictures,
    galleries,
    slices,
    spectrum_bands,
    spectrum_peaks,
)
from reports.classification_rungs import (
    FAKE,
    REAL,
    RUN,
    SCRIPT,
    SIDE,
    accuracy,
    auc,
    feature_run,
    format_audit,
    grouping,
    leaks,
    network,
    null_controls,
    rungs,
)

from ganeval.records import (
    AppliedSet,
    ApplyRecord,
    AsReported,
    Calibration,
    CalibrationBin,
    ClassifyRecord,
    DefenceInfo,
    Environment,
    Estimate,
    FormatAudit,
    FormatControl,
    InputInfo,
    Notice,
    Power,
    Primary,
    ScoredImage,
    Skipped,
    SplitInfo,
    Stage,
)


def classify_record() -> ClassifyRecord:
    """JPEG reals against PNG fakes: distinguishable, in part by format; everything there is."""
    return ClassifyRecord(
        argv=["ganeval", "classify", "data/paintings", "it's & <i>odd</i>", "--out", "c 1"],
        started="2026-03-01T10:00:00+00:00",
        seconds=238.4,
        verdict=(
            "Distinguishable, partly by format: raw AUC 1.00, matched .81 [.75, .86], p = 3e-12."
        ),
        verdict_name="distinguishable_partly_format",
        cause="Features of a <network> do as well (.79) as six convolutions (.81).",
        question="arrival",
        alpha=0.05,
        params={"seed": 0, "crop": 128, "preset": "default", "size": None, "cache": True},
        inputs=[_input("real"), _input("fake")],
        features=feature_run(),
        audit=format_audit(),
        control=FormatControl(
            auc_raw=auc(0.99, 0.005),
            auc_defended=auc(0.52),
            real_pipeline="JPEG with the tables of a randomly drawn real, 4:2:0",
            fake_pipeline="lossless, as it is",
            images=300,
            note="resampling history and double compression, unless declared",
        ),
        defence=DefenceInfo(
            name="match",
            chosen="auto",
            text="every fake passes the pipeline of the reals; exact, since fakes are lossless",
        ),
        grouping=grouping(),
        leaks=leaks(),
        split=SplitInfo(
            method="holdout",
            shares=[0.6, 0.15, 0.25],
            images={
                part: {"real": n, "fake": n}
                for part, n in (("train", 216), ("validation", 54), ("test", 90))
            },
            units={
                part: {"real": n, "fake": n}
                for part, n in (("train", 210), ("validation", 54), ("test", 90))
            },
            hash="ab12" * 16,
            left_out=3,
        ),
        rungs=rungs(),
        best_rung="cnn",
        primary=Primary(
            rung="cnn",
            pixels="defended",
            design="unpaired",
            statistic="U",
            value=6561.5,
            p=3.2e-12,
            method="Mann-Whitney, normal approximation with ties",
            m=90,
            n=90,
            dropped={"of a group with both classes": 2},
            significant=True,
        ),
        accuracy=[
            accuracy("half", 0.0, 0.73),
            accuracy("validation", 0.31, 0.75),
        ],
        calibration=Calibration(
            temperature=1.37,
            brier=0.171,
            log_loss=0.512,
            ece=auc(0.061, 0.02, method="bootstrap over groups"),
            bins=[
                CalibrationBin(predicted=(i + 0.5) / 10, observed=min(0.08 + i / 10, 1.0), n=18)
                for i in range(10)
            ],
        ),
        power=Power(auc=0.606, accuracy=0.6, null_se=0.0431, method="Hanley and McNeil"),
        nulls=null_controls(),
        network=network(),
        as_reported=AsReported(
            accuracy=auc(0.9167, 0.0146, n={"images": 360}, method="Wilson"),
            protocol="two-way 80/20 split; stopped by the images that are scored",
            caution=["validation images are the test images", "fakes of <training> images"],
        ),
        galleries=galleries(),
        pictures=drawn_pictures(),
        curves=curves(),
        spectrum=spectrum_bands(),
        peaks=spectrum_peaks(),
        bandstop=bandstop(),
        slices=slices(),
        digests={REAL: {"a": "0" * 64}, FAKE: {"b": "1" * 64}},
        stages=[
            Stage(name=name, seconds=seconds)
            for name, seconds in (
                ("open and decode", 4.2), ("features", 31.0), ("ladder", 22.5), ("network", 170.0),
            )
        ],
        warnings=[
            Notice(code="format", text="The files differ: reals <JPEG>, fakes PNG."),
            Notice(code="null_alarm", text="A null control raised an alarm."),
        ],
        environment=Environment(ganeval="0.1.0", python="3.11.9", packages={"torch": "2.11"}),
    )  # fmt: skip


def bare_record() -> ClassifyRecord:
    """Nine groups of one format: cross-validation of two rungs, no network, no pictures."""
    full = classify_record()
    rungs = [
        one.model_copy(
            update={
                "test": Estimate(value=one.test.value, reason="no interval in cross-validation"),
                "seeds": [],
                "corrected": None,
            }
        )
        for one in full.rungs
        if one.pixels == "raw" and one.name in ("colour", "features")
    ]
    return full.model_copy(
        update={
            "verdict": "Too few to say: AUC .58, 9 + 9 groups; only AUC >= .85 would be seen.",
            "verdict_name": "inconclusive",
            "cause": "",
            "rungs": rungs,
            "best_rung": "features",
            "primary": full.primary.model_copy(
                update={"rung": "features", "pixels": "raw", "p": 0.31, "significant": False,
                        "m": 9, "n": 9, "dropped": {}}
            ),
            "split": full.split.model_copy(update={"method": "cross-validation", "left_out": 0}),
            "audit": FormatAudit(properties=full.audit.properties[-1:], differs=False),
            "defence": DefenceInfo(name="none", chosen="auto", text="formats are alike"),
            "control": FormatControl(
                auc_raw=Estimate(value=None, reason="formats are alike"),
                auc_defended=Estimate(value=None, reason="formats are alike"),
            ),
            "power": Power(auc=None, accuracy=None, null_se=0.15),
            "features": None, "params": {}, "leaks": [], "accuracy": [], "calibration": None,
            "nulls": [], "network": None, "as_reported": None, "galleries": [], "pictures": [],
            "curves": [], "spectrum": [], "peaks": [], "bandstop": [], "slices": [],
            "digests": {}, "stages": [], "warnings": [],
        }
    )  # fmt: skip


def classify_pictures(record: ClassifyRecord) -> dict[tuple[str, str], Image.Image]:
    """Every image that the record names, and every picture in its folder."""
    rng = np.random.default_rng(6)
    wanted = [(one.label, one.key) for gallery in record.galleries for one in gallery.images]
    wanted += [(RUN, one.map) for gallery in record.galleries for one in gallery.images if one.map]
    wanted += [(RUN, one.file) for one in record.pictures]
    return {one: _blurred(rng) for one in dict.fromkeys(wanted)}


def apply_record() -> ApplyRecord:
    """Two new folders, scored."""
    return ApplyRecord(
        argv=["ganeval", "classify", "--apply", "c 1/model", "new & <b>old</b>"],
        started="2026-03-02T10:00:00+00:00",
        seconds=7.5,
        verdict="30 of 40 images of 'new' are called fake. Scores, no test.",
        model="c 1/model",
        model_sha256="c0ffee00" * 8,
        rung="cnn",
        sets=[_applied("new & <b>old</b>", 40, 1.5), _applied("photos", 7, -1.0, overlap=2)],
        warnings=[Notice(code="other_format", text="Files are <PNG>, those of training JPEG.")],
        environment=Environment(ganeval="0.1.0", python="3.11.9"),
    )


def _blurred(rng: np.random.Generator) -> Image.Image:
    coarse = rng.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    return Image.fromarray(coarse).resize((SIDE, SIDE), Image.Resampling.BICUBIC)


def _input(role: str) -> InputInfo:
    return InputInfo(
        role=role,  # type: ignore[arg-type]
        label=REAL if role == "real" else FAKE,
        kind="folder",
        path="data/paintings" if role == "real" else "it's & <i>odd</i>",
        n=360,
        n_groups=354,
        fingerprint="0123456789abcdef" * 4,
        formats={"JPEG" if role == "real" else "PNG": 360},
        sizes={"256x256": 360},
        skipped=[] if role == "real" else [Skipped(key="<u>broken</u>.png", reason="truncated")],
    )


def _applied(label: str, n: int, mean: float, overlap: int = 0) -> AppliedSet:
    logits = [mean + 2 * math.sin(1.7 * i) for i in range(n)]
    scores = [
        ScoredImage(
            label=label,
            key=SCRIPT if i == 0 else f"{i:03d}.png",
            logit=logit,
            p_fake=1 / (1 + math.exp(-logit)),
        )
        for i, logit in enumerate(logits)
    ]
    return AppliedSet(
        input=InputInfo(
            role="fake", label=label, kind="folder", path=f"data/{label}", n=n, sizes={"96x96": n}
        ),
        mean_logit=sum(logits) / n,
        mean_p_fake=sum(one.p_fake for one in scores) / n,
        called_fake=sum(logit > 0 for logit in logits),
        overlap=overlap,
        scores=scores,
    )
