"""Pictures of maps: one scale, no value hidden, names that differ."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.saliency.measuring import MapStacks
from ganeval.saliency.pictures import (
    MapScale,
    PictureFolder,
    file_names,
    sequential,
    shared_scale,
)


def stack(count: int = 6, side: int = 20) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, side, side)).astype(np.float32)


def test_the_scale_is_the_99th_percentile_of_the_maps_before() -> None:
    maps = stack()
    found = shared_scale(maps, [None] * 6)
    assert found.value == pytest.approx(np.quantile(np.abs(maps), 0.99))
    assert found.saturated == pytest.approx(0.01, abs=0.002)


def test_maps_that_are_left_out_do_not_count() -> None:
    maps = stack()
    maps[2] = np.nan
    flags = [None, None, "not_finite", None, None, None]
    assert shared_scale(maps, flags) == shared_scale(np.delete(maps, 2, axis=0), [None] * 5)
    assert shared_scale(maps, ["dead_target"] * 6) == MapScale(None, None)


def test_viridis_runs_from_zero_to_the_scale() -> None:
    drawn = sequential(np.array([[0.0, 1.0, 2.0, 5.0]]), 2.0)
    assert np.asarray(drawn).tolist() == [[0, 128, 255, 255]]
    colours = np.asarray(drawn.convert("RGB"))[0]
    assert colours[0].tolist() == [68, 1, 84]
    assert colours[2].tolist() == [253, 231, 37]


def test_signed_maps_and_differences_are_neutral_at_zero(tmp_path: Path) -> None:
    maps = np.zeros((1, 8, 8), np.float32)
    after = maps.copy()
    after[0, 0, 0], after[0, 0, 1] = 1.0, -1.0
    folder = PictureFolder(
        tmp_path,
        ["a"],
        {"integrated-gradients": MapStacks(maps, after)},
        {"integrated-gradients": MapScale(1.0, 0.0)},
        scale="shared",
        overlays=False,
        save_maps=False,
    )
    image = np.full((3, 8, 8), 0.5, np.float32)
    found = folder.write(0, {"before": image, "after": image})
    with Image.open(tmp_path / found.differences["integrated-gradients"]) as drawn:
        index = np.asarray(drawn)
    assert index[0, :3].tolist() == [254, 0, 127]


def test_names_of_files_differ_where_keys_do() -> None:
    names = file_names(["a/img 1", "b/img 1", "ümlaut", "x" * 90, "x" * 91])
    assert len(set(names)) == 5
    assert all(name.isascii() for name in names)
