"""What gives fakes away, as a classifier test records it: galleries, pictures, curves, parts."""

from __future__ import annotations

import math
from collections.abc import Sequence

from reports.classification_rungs import FAKE, ODD_KEYS, REAL, SHOWN, auc

from ganeval.records import (
    BandStop,
    Curve,
    Estimate,
    Picture,
    ScoredGallery,
    ScoredImage,
    Slice,
    SpectrumBand,
    SpectrumPeak,
)


def galleries() -> list[ScoredGallery]:
    kinds: Sequence[tuple[str, str, str, float]] = (
        ("caught", "Most surely caught", FAKE, 4.0),
        ("convincing", "Most convincing fakes", FAKE, -2.0),
        ("mistaken", "Reals taken for fakes", REAL, 1.5),
    )
    return [
        ScoredGallery(
            name=name,  # type: ignore[arg-type]
            display=display,
            images=[
                ScoredImage(
                    label=label,
                    key=ODD_KEYS[i] if i < len(ODD_KEYS) else f"{name}-{i}.png",
                    logit=logit - 0.3 * i,
                    p_fake=1 / (1 + math.exp(0.3 * i - logit)),
                    map=f"maps/{name}-{i}.png",
                )
                for i in range(SHOWN)
            ],
        )
        for name, display, label, logit in kinds
    ]


def drawn_pictures() -> list[Picture]:
    return [
        _picture("map-scale", "Colours of all score maps", 1.23),
        _picture("mean-map-real", "Mean over reals", 1.23),
        _picture("mean-map-fake", "Mean over fakes", 1.23),
        _picture("spectrum-difference", "Fakes less reals", 2.0),
        _picture("most-real", "Most real, exaggerated", None),
        _picture("most-fake", "Most fake, exaggerated", None),
        _picture("most-real-matched", "Just real enough", None),
        _picture("most-fake-matched", "Just fake enough", None),
        _picture("saliency", "Saliency <of> the logit", 0.1),
    ]


def _picture(name: str, display: str, scale: float | None) -> Picture:
    return Picture(
        name=name,
        file=f"pictures/{name}.png",
        display=display,
        caption=f"<b>{display}</b>: blue is real, red is fake.",
        scale=scale,
    )


def curves() -> list[Curve]:
    x = [i / 64 for i in range(33)]
    y = [0.4 * math.sin(i / 4) for i in range(33)]
    border = [float(i) for i in range(0, 64, 4)]
    return [
        Curve(
            name="spectrum-difference", display="Power of fakes less reals",
            x_label="Frequency, cycles per pixel", y_label="ln power, fakes less reals",
            x=x, y=y, low=[value - 0.1 for value in y], high=[value + 0.1 for value in y],
        ),
        *(
            Curve(
                name=f"border-profile-{side}",
                display=f"Mean patch score of the {side}s by distance to the border",
                x_label="pixels to the nearest border", y_label="mean patch score",
                x=border, y=[level + 0.01 * i for i in border],
            )
            for side, level in (("real", -1.0), ("fake", 0.8))
        ),
    ]  # fmt: skip


def spectrum_bands() -> list[SpectrumBand]:
    return [
        SpectrumBand(
            low=i / 32,
            high=(i + 1) / 32,
            auc=auc(0.5 + 0.3 * math.sin(i / 5) ** 3),
            p=10.0 ** -(1 + i / 3),
            p_holm=min(1.0, 16 * 10.0 ** -(1 + i / 3)),
        )
        for i in range(16)
    ]


def spectrum_peaks() -> list[SpectrumPeak]:
    return [
        SpectrumPeak(frequency=f"{a}/8 {b}/8", real=0.2, fake=0.3 + a, auc=auc(0.5 + 0.05 * a))
        for a in range(5)
        for b in range(3)
        if a or b
    ]


def bandstop() -> list[BandStop]:
    rows = (
        ("none", "Nothing taken away", 0.81), ("blur-1", "Blur, sigma 1 px", 0.66),
        ("blur-4", "Blur, sigma 4 px", 0.52), ("high-pass", "High-pass", 0.74),
        ("grey", "Grey", 0.8), ("colour", "Colour matched", 0.79),
        ("jpeg", "JPEG, quality 75", 0.7),
        ("half", "Half size and back", 0.58), ("tiles", "Tiles of 32 px shuffled", 0.77),
    )  # fmt: skip
    return [BandStop(name=name, display=display, auc=auc(value)) for name, display, value in rows]


def slices() -> list[Slice]:
    return [
        Slice(by="brightness", name=f"{name} third", auc=auc(value), p=0.001, p_holm=0.003)
        for name, value in (("dark", 0.84), ("middle", 0.8), ("bright", 0.77))
    ] + [Slice(by="size", name="256 × 256", auc=Estimate(value=None, reason="all images"))]
