"""Whole comparisons with trained networks: the answers that must come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from saliency.digits_network import SIDE, TRAINED, digits, train
from saliency.saliency_toys import save_folder

from ganeval.records import Effect, SaliencyRecord
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.suite import compare

pytestmark = pytest.mark.slow
COUNT = 32


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("digits") / "digits.pth"
    assert train(path) > 0.94
    return path


def looked(folder: Path, weights: Path, after: np.ndarray, **chosen: Any) -> SaliencyRecord:
    """Compares 32 test digits with what became of them; float ``[32, 32, 32, 3]``."""
    images, labels = digits()
    rows = slice(TRAINED, TRAINED + COUNT)
    before = np.repeat(images[rows, ..., None], 3, axis=3)
    table = folder / "labels.csv"
    lines = [f"img{i:03d}.png,{label}" for i, label in enumerate(labels[rows])]
    table.write_text("\n".join(["path,label", *lines]))
    settings = SaliencySettings(
        model="saliency.digits_network:network",
        weights=weights,
        mean=(0.0,),
        std=(1.0,),
        side=SIDE,
        cache=False,
        target=f"label:{table}",
        **{"methods": ("gradient",), **chosen},
    )
    return compare(
        save_folder(folder / "before", levels(before)),
        save_folder(folder / "after", levels(after)),
        settings,
    )


def levels(images: np.ndarray) -> np.ndarray:
    return np.rint(255 * images).astype(np.uint8)


def grey() -> np.ndarray:
    images, _ = digits()
    return np.repeat(images[TRAINED : TRAINED + COUNT, ..., None], 3, axis=3)


def effect(record: SaliencyRecord, name: str, method: str | None = None) -> Effect:
    return next(
        one for one in record.effects if (one.name, one.method, one.against) == (name, method, None)
    )


def test_recolouring_lowers_the_score_and_leaves_the_concentration(
    weights: Path, tmp_path: Path
) -> None:
    """The fourth report in small: its maps looked poorer, and what fell was the score."""
    x = grey()
    after = x * np.array([0.9, 0.6, 0.3]) + (1 - x) * np.array([0.05, 0.1, 0.3])
    record = looked(tmp_path, weights, after, methods=("smoothgrad",))
    assert record.verdict.startswith("Score fell")
    assert "concentration unchanged within 0.03" in record.verdict
    assert effect(record, "logit").change == "fell"
    assert effect(record, "gini", "smoothgrad").change == "unchanged"


def test_noise_of_one_grey_level_moves_nothing(weights: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    x = grey()
    record = looked(tmp_path, weights, np.clip(x + rng.normal(0, 1 / 255, x.shape), 0, 1))
    assert not [one for one in record.effects if one.change in ("rose", "fell")]


def test_an_object_that_moved_by_8_px_shifts_the_maps(weights: Path, tmp_path: Path) -> None:
    after = np.zeros_like(grey())
    after[:, :, 8:] = grey()[:, :, :-8]
    record = looked(tmp_path, weights, after)
    shifts = [
        one.values["shift"]
        for pair in record.pairs
        for one in pair.maps
        if one.condition == "after"
    ]
    least = [
        one.values["shift"]
        for pair in record.pairs
        for one in pair.maps
        if one.condition == "ceiling"
    ]
    assert np.median(shifts) > 5 * np.median(least)
    assert "not_registered" in {one.code for one in record.warnings}


def test_the_bundled_network_looks_at_six_photographs(shared: Path, tmp_path: Path) -> None:
    folders = [shared / "data" / "horse2zebra" / name for name in ("horses", "fake-zebras")]
    record = compare(
        *folders, SaliencySettings(limit=6, methods=("gradient", "grad-cam"), cache=False)
    )
    assert len(record.pairs) == 6
    assert record.method("grad-cam").layer == "bn2"
    assert [one.trusted for one in record.trust] == [True, True]
    mean = {
        (one.method, one.reference): one.mean.value
        for one in record.levels
        if one.measure == "spearman"
    }
    for method in ("gradient", "grad-cam"):
        least, others = mean[method, "ceiling"], mean[method, "null"]
        assert least is not None
        assert others is not None
        assert least > others + 0.3
