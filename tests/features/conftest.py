"""A feature cache whose rows tell which image they belong to, and pictures to extract from."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from ganeval.features.cache import FeatureCache
from ganeval.records import FeatureSpec

D = 8
SPEC = FeatureSpec(
    extractor="inception-2015",
    layer="2048",
    dimension=D,
    weights_sha256="a" * 64,
    resize="pytorch-fid",
    size=299,
    normalisation="(X-127.5)/127.5",
    decode="correct",
    precision="f32",
)


def digests_of(*numbers: int) -> list[str]:
    return [hashlib.sha256(str(number).encode()).hexdigest() for number in numbers]


def rows_of(*numbers: int, dimension: int = D) -> NDArray[np.float32]:
    """A row depends on its number alone, so that a row given to another image is noticed."""
    rows = [np.random.default_rng(number).standard_normal(dimension) for number in numbers]
    return np.array(rows, dtype=np.float32).reshape(len(numbers), dimension)


def fill(cache: FeatureCache, *numbers: int, spec: FeatureSpec = SPEC, backend: str = "b") -> None:
    cache.store(spec, digests_of(*numbers), rows_of(*numbers, dimension=spec.dimension), backend)


def found(cache: FeatureCache, *numbers: int, spec: FeatureSpec = SPEC) -> list[bool]:
    """Which rows are there; those that are must be the right ones, the others 0."""
    hits, rows = cache.lookup(spec, digests_of(*numbers), "b")
    assert rows.dtype == np.float32
    np.testing.assert_array_equal(rows, rows_of(*numbers) * hits[:, None])
    answer: list[bool] = hits.tolist()
    return answer


def shard_files(cache: FeatureCache) -> list[Path]:
    return sorted(cache.folder.glob("*.safetensors"))


@pytest.fixture
def cache() -> FeatureCache:
    return FeatureCache.open()


def damage_truncate(path: Path) -> None:
    os.truncate(path, path.stat().st_size - 5)


def damage_flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def damage_remove(path: Path) -> None:
    path.unlink()


DAMAGES = [damage_truncate, damage_flip, damage_remove]


def make_pictures(folder: Path, count: int) -> Path:
    """Makes a folder of small pictures, 8x8, all different."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(count):
        Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    return folder
