"""A record of a training run with every part it may have; names are hostile on purpose."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image

from ganeval.records import (
    Best,
    Checkpoint,
    Direction,
    Environment,
    Estimate,
    InputInfo,
    Notice,
    Score,
    ScoreHistogram,
    Series,
    Sheet,
    SheetRow,
    TrainedDomain,
    TrainingRecord,
)

DOMAINS = ("photos <b>of</b> horses", "zebras & 'co'")
KEY = "<script>alert(9)</script>.png"
DIRECTIONS: tuple[Direction, ...] = ("AtoB", "BtoA")
EPOCHS = (0, 1, 4, 8, 12)
ROWS = 3
PER_EPOCH = 100
_STAGES = ("translated", "recovered", "identity")


def training_record() -> TrainingRecord:
    """Twelve epochs of a hundred updates, seen from all sides."""
    return TrainingRecord(
        argv=["ganeval", "train", "a", "b", "--out", "run 1"],
        started="2026-03-01T10:00:00+00:00",
        seconds=912.0,
        verdict="Trained on 90 images of A and 80 of B for 1,200 updates.",
        trainer="cyclegan",
        preset="tiny",
        seed=3,
        status="finished",
        updates=1200,
        planned_updates=1200,
        epochs=12.0,
        resumed=2,
        config={"optim": {"batch": 1, "betas": [0.5, 0.999]}, "ema": {"decay": 0.99}, "x": None},
        config_sha256="c0ffee" * 10 + "0000",
        changed={"nets.G.ngf": 8, "augment.diffaug": "color,<i>translation</i>"},
        assumptions=["the window of the moving average is not stated"],
        domains=[_domain("A", 90), _domain("B", 80)],
        series=_series(),
        scores=[*_scores("fid", 70.0), *_scores("kid", 0.05), *_scores("cycle_l1", 30.0)],
        best=Best(
            update=800,
            epoch=8,
            metric="fid_ma",
            value=41.234,
            evaluations=12,
            optimism=2.5,
            split="test",
            checkpoint="checkpoints/best.pt",
        ),
        sheets=[_sheet(epoch) for epoch in EPOCHS],
        histograms=[
            _histogram(name, epoch * PER_EPOCH) for name in ("D_A", "D_B") for epoch in EPOCHS[1:]
        ],
        checkpoints=[
            Checkpoint(path="checkpoints/last.pt", update=1200, sha256="ab" * 32, bytes=4_200_000)
        ],
        networks={"G_A": 50947, "D_A": 11193},
        seconds_per_update=0.1234,
        peak_memory=1_230_000_000,
        device="cpu, 2 threads",
        warnings=[Notice(code="test_peek", text="The best was chosen on <test> images.")],
        environment=Environment(ganeval="0.1.0", python="3.11.9", packages={"torch": "2.11"}),
    )


def training_pictures(record: TrainingRecord) -> dict[str, Image.Image]:
    """Every file of the sheets by its path, 32 × 32 pixels."""
    rng = np.random.default_rng(5)
    paths = [
        path
        for sheet in record.sheets
        for row in sheet.rows
        for path in (row.original, row.translated, row.recovered, row.identity)
        if path is not None
    ]
    return {
        path: Image.fromarray(rng.integers(0, 256, (32, 32, 3), dtype=np.uint8))
        for path in dict.fromkeys(paths)
    }


def _domain(name: str, n: int) -> TrainedDomain:
    label = DOMAINS[name == "B"]
    info = InputInfo(role="real", label=label, kind="folder", path=f"data/{name}", n=n + 10)
    return TrainedDomain(name=name, input=info, trained_on=n, held_out=10, seen=n - 1)  # type: ignore[arg-type]


def _series() -> list[Series]:
    updates = [20 * i for i in range(1, 61)]
    found = []
    for group, names, level in (
        ("Generators: adversarial loss", ("G_A", "G_B"), None),
        ("Generators: cycle loss, weighted", ("cycle_A", "cycle_B"), None),
        ("Discriminators: share of right calls", ("A real", "A fake", "B real", "B fake"), 0.5),
    ):
        for shift, name in enumerate(names):
            values: list[float | None] = [
                0.5 + 0.3 * math.sin(i / 3 + shift) + 0.05 * shift for i in range(len(updates))
            ]
            values[7] = None
            smooth = [values[i] if i == 7 else 0.5 + 0.05 * shift for i in range(len(updates))]
            found.append(
                Series(
                    name=name,
                    display=name,
                    group=group,
                    updates=updates,
                    values=values,
                    smooth=smooth,
                    window=10,
                    threshold=level,
                )
            )
    return found


def _scores(name: str, start: float) -> list[Score]:
    display = {"fid": "FD(efficientnet-lite0)", "kid": "KID", "cycle_l1": "cycle L1"}[name]
    found = []
    for direction in DIRECTIONS:
        for network in ("raw", "ema"):
            for epoch in range(1, 13):
                value = start / math.sqrt(epoch) * (1.2 if direction == "BtoA" else 1)
                if network == "ema":
                    value *= 0.8
                estimate = Estimate(
                    value=value, se=value / 10, low=value * 0.8, high=value * 1.2, n={"real": 10}
                )
                if (name, epoch) == ("fid", 3):
                    estimate = Estimate(value=None, reason="too few images")
                found.append(
                    Score(
                        update=epoch * PER_EPOCH,
                        epoch=epoch,
                        direction=direction,
                        network=network,  # type: ignore[arg-type]
                        name=name,
                        display=display,
                        better="lower",
                        estimate=estimate,
                        smooth=value * 1.05,
                        window=10,
                    )
                )
    return found


def _sheet(epoch: int) -> Sheet:
    folder = f"samples/e{epoch:04d}"
    rows = [
        SheetRow(
            direction=direction,
            key=KEY if row == 0 else f"image {row} of {direction}.png",
            original=f"samples/originals/{direction}-{row}.png",
            cycle_l1=40.0 / (1 + epoch),
            **{stage: f"{folder}/{direction}-{row}-{stage}.png" for stage in _STAGES},
        )
        for direction in DIRECTIONS
        for row in range(ROWS)
    ]
    return Sheet(update=epoch * PER_EPOCH, epoch=epoch, grid=f"{folder}.png", rows=rows)


def _histogram(name: str, update: int) -> ScoreHistogram:
    edges = [i / 10 for i in range(-5, 16)]
    real = [max(0, 12 - abs(i - 13)) for i in range(20)]
    fake = [max(0, 12 - abs(i - 6)) for i in range(20)]
    return ScoreHistogram(
        update=update,
        discriminator=name,
        edges=edges,
        real=real,
        fake=fake,
        held_out=[n // 2 for n in real],
        threshold=0.5,
        accuracy=0.83,
        overlap=0.4,
    )
