"""A record of an evaluation: three fake sets, fifteen metrics, differences, peers, near copies.

Labels are hostile: markup, what LaTeX takes for commands, and a name longer than a line.
"""

from __future__ import annotations

from itertools import combinations

from ganeval.records import (
    Copy,
    Difference,
    Estimate,
    FeatureRun,
    Floor,
    Metric,
    MetricsRecord,
    PeerNumber,
    Test,
    excess_of,
)

N = 60
FAKES = ("fake & <b>unet</b>", "100%_of #resnet", "a label of a folder far too deep " * 4)
TRAIN = "training <i>images</i>"

# Name, name to print, direction, standard error, a value per fake set.
_METRICS = (
    ("fid", "FD(inception:0a1b2c3d)", "lower", 1.84, (62.318, 66.877, 64.538)),
    ("sfid", "sFD(inception:0a1b2c3d)", "lower", 2.41, (141.72, 139.05, 140.88)),
    ("fid:768", "FD(inception:0a1b2c3d, 768)", "lower", 0.021, (0.83151, 0.85042, 0.85832)),
    ("fd:dinov2-vits14", "FD(dinov2-vits14)", "lower", 12.3, (811.7, 842.9, 838.4)),
    ("kid", "KID", "lower", 0.00131, (0.02704, 0.03255, 0.02855)),
    ("is", "IS", "higher", 0.21, (4.213, 4.498, 4.871)),
    ("precision", "precision", "higher", 0.041, (0.517, 0.433, 0.360)),
    ("recall", "recall", "higher", 0.038, (0.283, 0.310, 0.393)),
    ("density", "density", "higher", 0.052, (0.412, 0.308, 0.177)),
    ("coverage", "coverage", "higher", 0.034, (0.467, 0.380, 0.280)),
    ("mifid", "MiFD(inception:0a1b2c3d)", "lower", 1.84, (62.318, 66.877, 64.538)),
    ("memorisation", "memorisation distance", "higher", 0.0021, (0.1829, 0.1911, 0.2033)),
    ("authenticity", "authenticity", "higher", 0.031, (0.842, 0.873, 0.911)),
    ("mind", "MIND", "lower", 1.72, (58.31, 61.92, 60.04)),
    ("fid_infinity", "FD∞", "lower", 0.0, (None, None, None)),
)
_EXCESSES = {
    "fid": (18.42, 23.29, 20.97),
    "sfid": (31.8, 29.4, 30.9),
    "fid:768": (0.512, 0.533, 0.561),
    "fd:dinov2-vits14": (402.0, 441.0, 436.0),
}
_NULLS = {"kid": 0.0, "density": 1.0, "coverage": 0.9695, "fid_infinity": 0.0}
_UNRANKED = {
    **dict.fromkeys(
        ("fid", "sfid", "mifid", "fd:dinov2-vits14"),
        "fewer images than features: the excess ranks, this does not",
    ),
    **dict.fromkeys(
        ("is", "memorisation", "authenticity"), "tells something else than which set is closer"
    ),
}


def evaluation_of(record: MetricsRecord) -> MetricsRecord:
    """Makes an evaluation of the inputs, features and images of a simpler record."""
    fakes = [record.input("fake").model_copy(update={"label": label}) for label in FAKES]
    train = record.input("real").model_copy(update={"label": TRAIN, "path": "data/train"})
    metrics = [_metric(line, index) for line in _METRICS for index in range(len(FAKES))]
    (gallery,) = record.galleries
    few = {"farthest": [], "nearest": gallery.nearest[:3], "raising": gallery.raising[:3]}
    few |= {"real_sample": gallery.real_sample[:4], "fake_sample": gallery.fake_sample[:4]}
    return record.model_copy(
        update={
            "command": "evaluate",
            "argv": ["ganeval", "evaluate", "real", *FAKES, "--metrics", "all"],
            "verdict": f"{FAKES[0]} is closer to the reals than every other set.",
            "inputs": [record.input("real"), *fakes],
            "train": train,
            "features": _features(record.features),
            "metrics": metrics,
            "differences": _differences(metrics),
            "peers": list(_peers()),
            "copies": _copies(gallery.fake_sample, gallery.real_sample),
            "galleries": [
                gallery.model_copy(update={"fake_label": label, **few}) for label in FAKES
            ],
        }
    )


def _metric(line: tuple, index: int) -> Metric:  # type: ignore[type-arg]
    name, display, direction, se, values = line
    params = {"extractor": "inception-2015", "seed": 0}
    if name in ("precision", "recall", "density", "coverage"):
        params = {"preset": "prdc", "k": 5, "inequality": "<"}
    if name == "mifid":
        params["penalty"] = (0.0829, 0.0911, 1.0)[index]  # type: ignore[assignment]
    return Metric(
        name=name,
        display=display,
        fake=FAKES[index],
        direction=direction,
        estimate=_estimate(values[index], se, {"real": N, "fake": N}),
        null_expected=_NULLS.get(name),
        floor=_floor(_EXCESSES[name][index]) if name in _EXCESSES else None,
        test=Test(null="one distribution", p=0.001, method="999") if name == "kid" else None,
        params=params,
        bias="compare at equal n only",
    )


def _estimate(value: float | None, se: float, n: dict[str, int]) -> Estimate:
    if value is None:
        return Estimate(value=None, n=n, reason="needs at least 4,096 images a side")
    covers = "the expected value at this n"
    ends = {"low": value - 2 * se, "high": value + 2 * se}
    return Estimate(value=value, se=se, n=n, **ends, method="influence", covers=covers)  # type: ignore[arg-type]


def _floor(excess: float) -> Floor:
    floor = 2.4 * excess
    return Floor(
        half_size=N // 2,
        splits=5,
        cross=floor + excess,
        floor_real=floor,
        floor_fake=floor,
        excess=_estimate(excess, excess / 25, {"real": N, "fake": N}),
    )


def _features(runs: list[FeatureRun]) -> list[FeatureRun]:
    """Two layers of one pass, and another network."""
    spatial = {"layer": "sfid", "dimension": 2023}
    dino = {"extractor": "dinov2-vits14", "layer": "cls", "dimension": 384, "size": 224}
    specs = [{}, spatial, dino]
    return [
        run.model_copy(update={"spec": run.spec.model_copy(update=changes)})
        for changes in specs
        for run in runs
    ]


def _differences(metrics: list[Metric]) -> list[Difference]:
    """All pairs; the first set wins where a metric may rank and the difference exceeds 3 SE."""
    found = []
    names = dict.fromkeys(metric.name for metric in metrics)
    for name in names:
        group = [metric for metric in metrics if metric.name == name]
        if group[0].estimate.value is None:
            continue
        for one, other in combinations(group, 2):
            found.append(_difference(name, one, other, one.estimate, other.estimate))
        if group[0].floor:
            for one, other in combinations(group, 2):
                assert one.floor
                assert other.floor
                excesses = one.floor.excess, other.floor.excess
                found.append(_difference(excess_of(name), one, other, *excesses))
    return found


def _difference(name: str, a: Metric, b: Metric, x: Estimate, y: Estimate) -> Difference:
    assert x.value is not None
    assert y.value is not None
    assert x.se
    delta, se = x.value - y.value, x.se / 2
    told = abs(delta) > 3 * se
    lower = a.direction == "lower" or name != a.name
    better = (a.fake if (delta < 0) == lower else b.fake) if told else None
    return Difference(
        metric=name,
        display=a.display if name == a.name else f"{a.display}, excess over floor",
        a=a.fake,
        b=b.fake,
        estimate=_estimate(delta, se, {a.fake: N, b.fake: N}),
        p=0.0004 if told else 0.31,
        p_holm=0.0012 if told else 0.62,
        better=None if name in _UNRANKED else better,
        paired=FAKES[2] not in (a.fake, b.fake),
        n_pairs=N if FAKES[2] not in (a.fake, b.fake) else 0,
        note=_UNRANKED.get(name, ""),
    )


def _peers() -> list[PeerNumber]:
    rows = (
        ("pytorch-fid 0.3.0", "FID", "pytorch-fid", (62.31805, 66.87673, 64.53823), None, ""),
        ("clean-fid 0.1.35", "FID", "clean", (61.9, 66.381, 64.1766), None, "legacy <modes> too"),
        ("torch-fidelity 0.4.0", "KID", "tf1", (None, None, None), None, "refuses, N < 1000"),
        ("torchmetrics 1.9.0", "KID", "torchmetrics", (-0.027, 0.0326, 0.0288), 0.0019, ""),
    )
    return [
        PeerNumber(
            tool=tool, metric=metric, fake=label, value=value, spread=spread, resize=mode, note=note
        )
        for tool, metric, mode, values, spread, note in rows
        for label, value in zip(FAKES, values, strict=True)
    ]


def _copies(fakes: list[str], trained: list[str]) -> list[Copy]:
    kinds = (("bytes", 0.0), ("pixels", None), ("dhash", 1), ("features", 0.01234))
    found = [
        Copy(fake_label=FAKES[0], fake=fake, real=real, kind=kind, distance=distance)  # type: ignore[arg-type]
        for fake, real, (kind, distance) in zip(fakes[:4], trained[:4], kinds, strict=True)
    ]
    more = [
        Copy(fake_label=FAKES[1], fake=fake, real=real, kind="features", distance=0.02)
        for fake, real in zip(fakes[:2], trained[:2], strict=True)
    ]
    return found + more
