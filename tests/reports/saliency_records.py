"""Records of a saliency comparison and of class models with every part; names are hostile."""

from __future__ import annotations

import numpy as np
from PIL import Image

from ganeval.records import (
    ClassModelRecord,
    ClassScores,
    DrawnClass,
    DrawnPicture,
    Effect,
    Environment,
    Estimate,
    InputInfo,
    Kappa,
    Level,
    LookedInto,
    LookedPair,
    MapMethod,
    McNemar,
    MeasuredMap,
    MethodTrust,
    Notice,
    Registration,
    SaliencyRecord,
    ScoredSide,
    Shares,
    TrustCheck,
)

SCRIPT = "<script>alert(1)</script>"
METHODS = ("gradient", "grad-cam", "guided-backprop")
PAIRS = 8
SIDE = 48
REASON = "with random weights its maps stay as similar as they are"

Pictures = dict[tuple[str, str], Image.Image]


def _estimate(value: float, half: float = 0.05) -> Estimate:
    return Estimate(value=value, low=value - half, high=value + half, n={"pairs": PAIRS})


def _model() -> LookedInto:
    return LookedInto(
        name="efficientnet-lite0",
        sha256="ab" * 32,
        side=224,
        mean=[0.5] * 3,
        std=[0.5] * 3,
        interpolation="pillow-bicubic",
        outputs=1000,
        parameters=4_652_008,
        fit="resized to 224 x 224 px (bicubic, antialiased)",
    )


def _method(name: str) -> MapMethod:
    guided = name == "guided-backprop"
    return MapMethod(
        name=name,
        display={"gradient": "Gradient", "grad-cam": "Grad-CAM"}.get(name, "Guided backprop"),
        paper="1312.6034",
        signed=False,
        unit="logits per unit of the image",
        layer="bn2" if name == "grad-cam" else None,
        params={"n_samples": 32},
        guided=33 if guided else None,
        nonlinearities=33 if guided else None,
        scale=0.213,
        saturated=0.0101,
        warning="It largely ignores later weights." if guided else "",
    )


def _pair(place: int, *, compared: bool) -> LookedPair:
    key = SCRIPT if place == 0 else f"photos/{place:03d}"
    sides = ("before", "after") if compared else ("before",)
    scores = [
        ScoredSide(
            condition=side,
            target=340,
            target_name="zebra & co",
            logit=17.2 - 1.1 * (side == "after") - 0.3 * place,
            probability=0.91 - 0.4 * (side == "after"),
            rank=1 + (side == "after") * place,
            top=340,
            top_name="zebra",
            rms=0.06 if side == "after" else None,
        )
        for side in sides
    ]
    maps = []
    for method in METHODS:
        for side in sides:
            dead = place == 3 and method == "grad-cam" and side == "after"
            values = {"gini": 0.52, "effective_area": 0.4, "spread": 0.2}
            if side == "after":
                values["spearman"] = 0.3 + 0.05 * ((place * 3) % PAIRS)
            maps.append(
                MeasuredMap(
                    method=method,
                    condition=side,
                    picture=f"maps/{method}/{place}-{side}.png",
                    flag="no positive evidence" if dead else None,
                    values={} if dead else values,
                )
            )
    return LookedPair(
        key=key,
        before_key=f"{key}.png",
        after_key=f"{key}_fake.png" if compared else None,
        group=key,
        chosen=place < 6,
        scores=scores,
        maps=maps,
        differences={m: f"maps/{m}/{place}-difference.png" for m in METHODS} if compared else {},
        original={side: f"images/{place}-{side}.png" for side in sides},
    )


def _effect(panel: str, name: str, method: str | None, shift: float, change: str) -> Effect:
    against = name.partition("-")[2] or None
    return Effect(
        panel=panel,
        name=name,
        display={"logit": "Logit", "gini": "Gini", "spearman": "Spearman"}[name.partition("-")[0]],
        method=method,
        against=against,
        before=None if against else 17.2,
        after=None if against else 16.2,
        shift=_estimate(shift, abs(shift) / 3 + 0.004),
        p=0.004,
        p_holm=0.03,
        test="Wilcoxon signed-rank, exact",
        margin=0.03,
        detectable=0.4,
        change=change,
    )


def _comparison() -> dict[str, object]:
    effects = [
        _effect("score", "logit", None, -0.99, "fell"),
        _effect("score", "logit-noise", None, 3.9, "rose"),
        _effect("score", "logit-colour", None, 0.7, "undecided"),
    ]
    levels, kappas = [], []
    for place, method in enumerate(METHODS):
        effects.append(_effect("structure", "gini", method, 0.004, "unchanged"))
        effects.append(_effect("similarity", "spearman-noise", method, 0.1, "rose"))
        numbers = {"null": 0.2, "noise": 0.34, "colour": 0.63, "transfer": 0.45, "ceiling": 0.7}
        levels += [
            Level(method=method, measure="spearman", reference=name, mean=_estimate(mean, 0.03))
            for name, mean in numbers.items()
        ]
        kappas += [
            Kappa(method=method, measure="spearman", reference=name, kappa=_estimate(value))
            for name, value in (("transfer", 0.5 + place / 9), ("noise", 0.27), ("colour", 0.88))
        ]
    trust = [
        MethodTrust(
            method=method,
            trusted=method != "guided-backprop",
            reason=REASON if method == "guided-backprop" else "",
            checks=[
                TrustCheck(
                    method=method,
                    name="random_all",
                    display="all weights random",
                    value=_estimate(0.9 if method == "guided-backprop" else 0.1),
                    passed=method != "guided-backprop",
                ),
                TrustCheck(
                    method=method,
                    name="flip",
                    display="mirrored",
                    value=_estimate(0.9),
                    passed=None,
                ),
            ],
        )
        for method in METHODS
    ]
    return {
        "effects": effects,
        "levels": levels,
        "kappas": kappas,
        "trust": trust,
        "shares": [
            Shares(name="kept", display="Top class kept", share=_estimate(0.59, 0.12)),
        ],
        "mcnemar": McNemar(lost=5, gained=1, p=0.22),
        "rms": _estimate(0.061, 0.004),
        "registration": Registration(
            median_shift=0.1, largest_shift=2.4, weakest_peak=0.4, moved=1
        ),
        "unpaired": {"before": ["lonely.png"], "after": []},
    }


def saliency_record(*, compared: bool = True) -> SaliencyRecord:
    """Eight pairs and three methods, of which one is not to be read; or one set alone."""
    labels = ("photos", "monet") if compared else ("photos",)
    verdict = (
        "Score fell (logit -0.99 [-1.4, -0.6], less than noise of equal size, -4.9); concentration "
        "unchanged within .03; attention moved less than under equal noise (kappa .50 against .27) "
        "and more than under equal recolouring (.88); 8 pairs."
        if compared
        else "Maps of 8 images: Gini .52, effective area .40."
    )
    return SaliencyRecord(
        argv=["ganeval", "saliency", *labels],
        started="2026-11-25T04:00:00+00:00",
        seconds=125.0,
        verdict=verdict,
        compared=compared,
        target_rule="before" if compared else "own",
        params={"fit": "whole", "layer": None},
        inputs=[
            InputInfo(
                role=role, label=label, kind="folder", path=label, n=PAIRS, fingerprint="0f" * 32
            )
            for role, label in zip(("real", "fake"), labels, strict=False)
        ],
        model=_model(),
        methods=[_method(name) for name in METHODS],
        micro_batch=16,
        seed=0,
        pairs=[_pair(place, compared=compared) for place in range(PAIRS)],
        flags={"no positive evidence": 1},
        stages={"maps": 100.0, "controls": 25.0},
        warnings=[Notice(code="small", text="Few images were looked at.")],
        environment=Environment(ganeval="1.0", python="3.12"),
        **(_comparison() if compared else {}),  # type: ignore[arg-type]
    )


def saliency_pictures(record: SaliencyRecord) -> Pictures:
    """Every picture that the record names, as a page asks for it."""
    rng, found = np.random.default_rng(4), {}
    for pair in record.pairs:
        files = [*pair.original.values(), *pair.differences.values()]
        for file in [*files, *(one.picture for one in pair.maps if one.picture)]:
            coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
            found["run", file] = coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC)
    return found


def class_model_record(*, real: bool = True) -> ClassModelRecord:
    """Zebra at two lambdas beyond real images, and a class whose score is flat."""
    scores = ClassScores(q5=2.0, q50=11.0, q95=21.9, largest=30.2, n=40) if real else None
    classes = [
        DrawnClass(
            name=f"zebra {SCRIPT}",
            index=340,
            strength=strength,
            pictures=[
                DrawnPicture(
                    kind=kind,
                    file=f"zebra-{strength:g}{'' if kind == 'full' else '-matched'}.png",
                    step=200 if kind == "full" else 17,
                    score=407.3 if kind == "full" else 22.4,
                    probability=0.0 if kind == "full" else 0.98,
                    norm=88.0,
                    rms=0.22,
                    saturated=0.31,
                )
                for kind in (("full", "matched") if real else ("full",))
            ],
            curve=[2.0 * step for step in range(201)],
            restarts=3,
            spread=4.2,
            real=scores,
        )
        for strength in (0.0, 0.01)
    ]
    classes.append(
        DrawnClass(
            name="crane", index=134, strength=0.0, pictures=[], restarts=0, real=scores,
            flag="class score is flat",
        )
    )  # fmt: skip
    info = InputInfo(role="real", label="photos", kind="folder", path="photos", n=40)
    return ClassModelRecord(
        argv=["ganeval", "class-model", "--class", "zebra"],
        started="2026-11-25T04:00:00+00:00",
        seconds=61.0,
        verdict="zebra: the score of the picture is 407, beyond all 40 real images (largest 30.2).",
        params={"steps": 200, "lambda": "0,0.01"},
        model=_model(),
        input=info if real else None,
        classes=classes,
        warnings=[Notice(code="score_runs_away", text="2 of 3 pictures ran away.")],
        environment=Environment(ganeval="1.0", python="3.12"),
    )
