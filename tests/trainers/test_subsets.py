"""Choosing few images out of many."""

from __future__ import annotations

import random
from functools import partial
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from trainers.made_images import folder, tiny_config

from ganeval.errors import InputError, MissingFileError
from ganeval.metrics.kernel import kid
from ganeval_cyclegan.data import Data, open_data
from ganeval_cyclegan.pixels import luma
from ganeval_cyclegan.subsets import (
    SubsetDistance,
    farthest_points,
    genetic_subset,
    listed_subset,
    random_subset,
)


def features(m: int = 80, d: int = 12, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(m, d)).astype(np.float32)


def test_random_subsets_nest_and_follow_content() -> None:
    digests = [f"{i:03d}" for i in range(50)]

    def rank(digest: str) -> int:
        return random.Random(digest).getrandbits(64)

    small, large = random_subset(digests, 5, rank), random_subset(digests, 20, rank)
    assert set(small) < set(large)
    assert small == sorted(small)
    turned = random_subset(digests[::-1], 5, rank)
    assert {digests[i] for i in small} == {digests[::-1][i] for i in turned}


def test_a_list_names_images(tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("# chosen by eye\nc.png\n\na.png\n")
    assert listed_subset(file, ["a.png", "b.png", "c.png"], "key") == [0, 2]
    file.write_text("a.pg\n")
    with pytest.raises(InputError, match=r"key .*no image 'a\.pg'; did you mean a\.png\?"):
        listed_subset(file, ["a.png", "b.png"], "key")
    file.write_text("# nothing\n")
    with pytest.raises(InputError, match="names no image"):
        listed_subset(file, ["a.png"], "key")
    with pytest.raises(MissingFileError):
        listed_subset(tmp_path / "none", ["a.png"], "key")


def test_farthest_points_are_found_one_by_one() -> None:
    """On a line 0, 1, 4, 10 the choices after the start are known."""
    line = np.array([[0.0], [1.0], [4.0], [10.0]])
    for seed in range(8):
        start = random.Random(seed).randrange(4)
        expected = {0: {0, 3, 2}, 1: {1, 3, 2}, 2: {2, 3, 0}, 3: {3, 0, 2}}[start]
        assert set(farthest_points(line, 3, random.Random(seed))) == expected


def test_farthest_points_take_equal_images_last() -> None:
    same = np.zeros((5, 3))
    assert farthest_points(same, 4, random.Random(0)) == sorted(
        set(farthest_points(same, 4, random.Random(0)))
    )
    assert len(farthest_points(same, 5, random.Random(1))) == 5


def test_farthest_points_lie_farther_apart_than_random_ones() -> None:
    rows = features()

    def nearest(subset: list[int]) -> float:
        gaps = np.linalg.norm(rows[subset][:, None] - rows[subset][None], axis=2)
        return float((gaps + np.eye(len(subset)) * 1e9).min())

    chosen = nearest(farthest_points(rows, 10, random.Random(0)))
    drawn = [nearest(sorted(random.Random(s).sample(range(80), 10))) for s in range(50)]
    assert chosen > max(drawn)


def test_the_distance_of_a_subset_is_the_kid() -> None:
    """Against the metric, whose sides the whole set and the subset are."""
    rows = features(m=600)  # more than one block
    distance = SubsetDistance(rows)
    for n in (2, 9, 100):
        subset = sorted(random.Random(n).sample(range(600), n))
        expected = kid(rows, rows[subset], permutations=0).estimate.value
        # Both are float64 with sums of up to 360,000 kernel values of order 1.
        assert distance(subset) == pytest.approx(expected, abs=1e-9)


def test_the_genetic_search_beats_as_many_random_subsets() -> None:
    rows = features()
    distance = SubsetDistance(rows)
    found = genetic_subset(rows, 10, random.Random(3), generations=40)
    rng = random.Random(4)
    best = min(distance(rng.sample(range(80), 10)) for _ in range(48 * 41))
    assert len(set(found)) == 10
    assert distance(found) < best
    assert genetic_subset(rows, 10, random.Random(3), generations=40) == found


def test_longer_searches_are_never_worse() -> None:
    rows, distance = features(), SubsetDistance(features())
    values = [
        distance(genetic_subset(rows, 8, random.Random(0), generations=g)) for g in (0, 5, 20)
    ]
    assert all(a >= b for a, b in pairwise(values))


# In the data


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    folder(path / "trainA", 20)
    folder(path / "trainB", 5, first=100)
    return path


def embed(images: np.ndarray) -> np.ndarray:
    """Mean colours of the quarters of an image."""
    parts = images.reshape(len(images), 2, 16, 2, 16, 3).mean(axis=(2, 4))
    return parts.reshape(len(images), -1)


def opened(
    root: Path, *changes: str, run_folder: Path | None = None, features: bool = True
) -> Data:
    return open_data(
        tiny_config("data.A.eval_fraction=0", "data.B.eval_fraction=0", "eval.every=0", *changes),
        root,
        run_folder=run_folder,
        embed=embed if features else None,
    )


@pytest.mark.parametrize("method", ["random", "farthest-point", "genetic"])
def test_every_method_chooses_that_many_by_its_seed(
    root: Path, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = partial(genetic_subset, generations=8)
    monkeypatch.setattr("ganeval_cyclegan.data.choosing.genetic_subset", quick)
    changes = (f"data.A.subset.method={method}", "data.A.subset.n=6")
    keys = opened(root, *changes).train_A.keys
    assert len(keys) == 6
    assert keys == sorted(keys)
    assert opened(root, *changes).train_A.keys == keys
    assert opened(root, *changes, "data.A.subset.seed=0", "seed=9").train_A.keys == keys
    others = {tuple(opened(root, *changes, f"seed={s}").train_A.keys) for s in range(1, 5)}
    assert others != {tuple(keys)}


def test_methods_that_look_at_images_need_an_extractor(root: Path) -> None:
    changes = ("data.A.subset.method=genetic", "data.A.subset.n=6")
    with pytest.raises(InputError, match="genetic needs features"):
        opened(root, *changes, features=False)


def test_a_run_that_goes_on_keeps_its_choice(root: Path, tmp_path: Path) -> None:
    changes = ("data.A.subset.method=farthest-point", "data.A.subset.n=6")
    first = opened(root, *changes)
    first.write_subsets(tmp_path)
    (tmp_path / "state.json").touch()  # what makes the folder that of a run
    again = opened(root, *changes, run_folder=tmp_path, features=False)
    assert again.train_A.keys == first.train_A.keys


def test_dark_images_are_left_out(root: Path) -> None:
    everything = opened(root).train_A
    means = [luma(everything.image(i)).mean() for i in range(20)]
    least = sorted(means)[7] - 1e-6
    kept = opened(root, f"data.A.subset.min_luminance={least}").train_A
    assert kept.keys == [
        key for key, mean in zip(everything.keys, means, strict=True) if mean >= least
    ]
    with pytest.raises(InputError, match=r"data\.A\.subset\.min_luminance 255 leaves no image"):
        opened(root, "data.A.subset.min_luminance=255")


def test_a_list_and_a_number_choose_among_the_listed(root: Path, tmp_path: Path) -> None:
    file = tmp_path / "list.txt"
    file.write_text("".join(f"{i:03d}.png\n" for i in range(0, 20, 2)))
    changes = ("data.A.subset.method=list", f"data.A.subset.file={file}")
    listed = opened(root, *changes).train_A.keys
    assert listed == [f"{i:03d}.png" for i in range(0, 20, 2)]
    few = opened(root, *changes, "data.A.subset.n=3").train_A.keys
    assert len(few) == 3
    assert set(few) < set(listed)
