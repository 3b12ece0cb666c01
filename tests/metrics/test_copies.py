"""Fakes that are copies of training images, by the strongest likeness they have."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.images import ImageSet
from ganeval.metrics.settings import Settings
from ganeval.metrics.suite import compare_sets
from ganeval.records import Copy


def picture(seed: int) -> Image.Image:
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 6, 3), dtype=np.uint8))
    return coarse.resize((48, 48), Image.Resampling.BICUBIC)


def fill(folder: Path, seeds: range) -> Path:
    folder.mkdir()
    for seed in seeds:
        picture(seed).save(folder / f"{seed}.png")
    return folder


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Copy]:
    folder = tmp_path_factory.mktemp("copies")
    real, fake = fill(folder / "real", range(12)), fill(folder / "fake", range(50, 60))
    train = fill(folder / "train", range(20, 40))
    shutil.copy(train / "20.png", fake / "same-file.png")
    Image.open(train / "21.png").save(fake / "same-pixels.bmp")
    Image.open(train / "22.png").save(fake / "recompressed.jpg", quality=60)
    shutil.copy(real / "0.png", fake / "of-the-reals.png")
    settings = Settings(extractor="random-projection", cache=False)
    record = compare_sets(real, [fake], "mifid", settings, train=train).record
    assert record.train is not None
    assert record.train.n == 20
    return {copy.fake: copy for copy in record.copies}


def test_kinds_are_told_apart(copies: dict[str, Copy]) -> None:
    found = {name: (copy.kind, copy.real) for name, copy in copies.items()}
    assert found["same-file.png"] == ("bytes", "20.png")
    assert found["same-pixels.bmp"] == ("pixels", "21.png")
    assert found["recompressed.jpg"] == ("dhash", "22.png")


def test_copies_are_looked_for_in_the_training_images(copies: dict[str, Copy]) -> None:
    assert "of-the-reals.png" not in copies
    assert list(copies)[:2] == ["same-file.png", "same-pixels.bmp"]


def test_every_image_is_decoded_once_and_never_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sets = [fill(tmp_path / name, range(s, s + 8)) for name, s in (("r", 0), ("a", 20), ("b", 40))]
    decoded: list[str] = []
    original = ImageSet.decode

    def counted(images: ImageSet, i: int) -> np.ndarray:
        decoded.append(images.keys[i])
        return original(images, i)

    monkeypatch.setattr(ImageSet, "decode", counted)
    settings = Settings(extractor="random-projection")
    for expected in (24, 24):  # the second run finds everything in the cache
        record = compare_sets(sets[0], sets[1:], "all", settings).record
        assert len(decoded) == expected
    assert {run.spec.extractor for run in record.features} == {"random-projection"}
