"""The table of what each image does."""

from __future__ import annotations

import csv
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.per_image import COLUMNS, image_table
from ganeval.metrics.settings import Settings
from ganeval.metrics.suite import Comparison, compare_sets


def pictures(folder: Path, count: int, seed: int) -> Path:
    rng = np.random.default_rng(seed)
    folder.mkdir()
    for i in range(count):
        coarse = rng.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        Image.fromarray(coarse).resize((32, 24)).save(folder / f"{i:02}.png")
    return folder


@pytest.fixture(scope="module")
def comparison(tmp_path_factory: pytest.TempPathFactory) -> Comparison:
    folder = tmp_path_factory.mktemp("sets")
    real, fake = pictures(folder / "real", 12, 0), pictures(folder / "fake", 10, 1)
    shutil.copy(real / "03.png", fake / "copied.png")
    shutil.copy(fake / "05.png", fake / "06.png")
    settings = Settings(extractor="random-projection", cache=False, per_image=True)
    return compare_sets(real, [fake], "fid", settings)


def test_every_image_of_both_sets_has_a_row(comparison: Comparison) -> None:
    rows = comparison.per_image
    assert [(r["set"], r["role"]) for r in rows] == [("fake", "fake")] * 11 + [
        ("real", "real")
    ] * 12
    assert all(r["width"] == 32 and r["height"] == 24 and r["format"] == "PNG" for r in rows)


def test_a_copied_real_is_found_at_distance_0(comparison: Comparison) -> None:
    (row,) = [r for r in comparison.per_image if r["key"] == "copied.png"]
    assert (row["nearest_key"], row["nearest_distance"]) == ("03.png", 0.0)
    assert row["nearest_cosine"] == pytest.approx(1.0, abs=1e-12)
    assert row["authentic"] == "no"
    assert row["inside"] == "yes"


def test_a_copy_within_a_set_names_the_first(comparison: Comparison) -> None:
    named = {r["key"]: r["duplicate_of"] for r in comparison.per_image if r["role"] == "fake"}
    assert {k: v for k, v in named.items() if v} in ({"06.png": "05.png"}, {"05.png": "06.png"})


def test_removing_the_worst_fake_lowers_the_distance_most(comparison: Comparison) -> None:
    fakes = [r for r in comparison.per_image if r["role"] == "fake"]
    told = [float(str(r["fid_if_removed"])) for r in fakes]
    rng = np.random.default_rng(2)
    real, fake = rng.normal(size=(80, 4)), rng.normal(size=(60, 4))
    fake[7] += 9
    left_out = [frechet_distance(real, np.delete(fake, i, axis=0)) for i in range(60)]
    assert np.argmin(left_out) == 7  # what the column approximates, on rows made for it
    assert len(set(told)) == len(told) - 1  # the two copies do the same
    assert sum(float(str(r["influence"])) for r in fakes) == pytest.approx(0.0, abs=1e-6)


def test_csv_holds_the_columns_and_empty_cells(comparison: Comparison) -> None:
    rows = list(csv.DictReader(io.StringIO(image_table(comparison.per_image))))
    assert tuple(rows[0]) == COLUMNS
    reals = [r for r in rows if r["role"] == "real"]
    assert {r["realism"] for r in reals} == {""}
    assert {r["inside"] for r in reals} <= {"yes", "no"}
