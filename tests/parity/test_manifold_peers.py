"""Precision, recall, density and coverage against prdc and torch-fidelity."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from prdc import compute_prdc
from torch_fidelity.metric_prc import calculate_precision_recall_full

from ganeval.metrics.manifold import PRESETS, Manifold, manifold

pytestmark = pytest.mark.peer

PAIRS = [
    "monet/paintings vs monet/photos",
    "monet/paintings vs monet/fake-resnet",
    "monet/paintings vs monet/fake-unet32",
    "monet/photos vs monet/fake-resnet",
    "horse2zebra/horses vs horse2zebra/fake-zebras",
]


def rows(n: int, d: int, seed: int) -> np.ndarray:
    """Non-negative, correlated features; all sets of one d share their correlations."""
    mixing = np.random.default_rng(d).normal(size=(d, d)) / np.sqrt(d)
    return np.abs(np.random.default_rng([seed, n, d]).normal(size=(n, d)) @ mixing)


def numbers(found: Manifold) -> dict[str, float]:
    return {name: getattr(found, name) for name in ("precision", "recall", "density", "coverage")}


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("sizes", [(150, 150), (90, 140)])
def test_equals_prdc(sizes: tuple[int, int], k: int) -> None:
    real, fake = rows(sizes[0], 20, 1), rows(sizes[1], 20, 2) * 1.1
    theirs = compute_prdc(real, fake, nearest_k=k)
    # The same counts; what is left is one division more or less.
    assert numbers(manifold(real, fake, k=k)) == pytest.approx(theirs, abs=1e-12)
    assert 0 < theirs["recall"] < 1


@pytest.mark.parametrize("name", ["torch-fidelity", "kynkaanniemi", "adm", "stylegan3"])
def test_equals_torch_fidelity_with_its_order_of_sets(name: str) -> None:
    preset = PRESETS[name]
    real, fake = rows(150, 20, 1), rows(120, 20, 2) * 1.1
    sides = torch.from_numpy(fake), torch.from_numpy(real)
    precision, recall = calculate_precision_recall_full(*sides, neighborhood=preset.k)
    found = manifold(real, fake, k=preset.k, inclusive=preset.inclusive)
    # The peer takes its means in float32, whose digits end at 6e-8.
    assert (found.precision, found.recall) == pytest.approx((precision, recall), abs=1e-7)
    assert found.precision != found.recall


def features_of(shared: Path, folder: str, layer: str) -> np.ndarray:
    name = f"features-{folder.replace('/', '-')}.npz"
    with np.load(shared / "reference" / name, allow_pickle=False) as archive:
        return np.asarray(archive[layer])


@pytest.mark.shared_data
@pytest.mark.parametrize("pair", PAIRS)
def test_figures_kept_from_prdc(shared: Path, pair: str) -> None:
    kept = json.loads((shared / "reference" / "peers.json").read_text("utf-8"))["pairs"][pair]
    sides = [features_of(shared, side, "pf2048") for side in pair.split(" vs ")]
    assert numbers(manifold(*sides)) == pytest.approx(kept["prdc_k5_pf2048"], abs=1e-12)


@pytest.mark.shared_data
def test_figures_of_paintings_against_photos(shared: Path) -> None:
    real, fake = (features_of(shared, f"monet/{x}", "pf2048") for x in ("paintings", "photos"))
    found = manifold(real, fake)
    assert numbers(found) == pytest.approx(
        {"precision": 0.36, "recall": 118 / 300, "density": 53 / 300, "coverage": 0.28}, abs=1e-12
    )


@pytest.mark.shared_data
@pytest.mark.parametrize("layer", ["pf768", "pf2048"])
def test_equals_prdc_on_real_features(shared: Path, layer: str) -> None:
    real, fake = (
        features_of(shared, f"monet/{x}", layer).astype(np.float64)
        for x in ("paintings", "fake-unet32")
    )
    theirs = compute_prdc(real, fake, nearest_k=5)
    assert numbers(manifold(real, fake)) == pytest.approx(theirs, abs=1e-12)
