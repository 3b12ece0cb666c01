"""Crops of scikit-learn's two photographs, stored in one format and another."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_sample_images
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ganeval.classifier.examples import Examples
from ganeval.classifier.opening import Opened, open_examples
from ganeval.classifier.probes import compression_matrix
from ganeval.classifier.settings import ClassifySettings
from ganeval.images.decoding import Pixels

SETTINGS = ClassifySettings(cache=False)


@cache
def crops(count: int, side: int = 64, seed: int = 0) -> tuple[Pixels, ...]:
    """Squares from random places of both photographs; where they overlap, they differ."""
    rng = np.random.default_rng(seed)
    photographs = load_sample_images().images
    found = []
    for number in range(count):
        whole = photographs[number % 2]
        top, left = (int(rng.integers(length - side)) for length in whole.shape[:2])
        found.append(np.ascontiguousarray(whole[top : top + side, left : left + side]))
    return tuple(found)


def written(folder: Path, pixels: Sequence[Pixels], suffix: str, **options: object) -> Path:
    """Writes images to files of one kind."""
    folder.mkdir(parents=True)
    for number, one in enumerate(pixels):
        image = Image.fromarray(one)
        mode = options.get("mode")
        if isinstance(mode, str):
            image = image.convert(mode)
        kept = {name: value for name, value in options.items() if name != "mode"}
        image.save(folder / f"{number:04d}.{suffix}", **kept)
    return folder


def opened(real: Path, fake: Path) -> Opened:
    return open_examples(real, fake, SETTINGS)


def stored(
    root: Path,
    real: Sequence[Pixels],
    real_kind: dict[str, object],
    fake: Sequence[Pixels],
    fake_kind: dict[str, object],
) -> Examples:
    """Writes both sets, and opens them."""
    first = written(root / "real", real, **real_kind)  # type: ignore[arg-type]
    second = written(root / "fake", fake, **fake_kind)  # type: ignore[arg-type]
    return opened(first, second).examples


def texture(pixels: Sequence[Pixels], period: int, amplitude: float) -> list[Pixels]:
    """Adds waves across and down, multiplied, of the same phase in every image."""
    height, width, _ = pixels[0].shape
    down, across = (np.cos(2 * np.pi * np.arange(length) / period) for length in (height, width))
    wave = amplitude * np.outer(down, across)[:, :, None]
    return [np.clip(np.rint(one + wave), 0, 255).astype(np.uint8) for one in pixels]


def probe_auc(pixels: Sequence[Pixels], labels: Sequence[int]) -> float:
    """AUC of scikit-learn's logistic regression on marks of compression, by 5 folds."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=2000))
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    matrix = compression_matrix(pixels).astype(np.float64)
    scores = cross_val_predict(model, matrix, labels, cv=folds, method="decision_function")
    return float(roc_auc_score(labels, scores))
