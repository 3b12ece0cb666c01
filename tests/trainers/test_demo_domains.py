"""Domains made by code and the accuracy of their mapping."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.errors import InputError
from ganeval_cyclegan.data import open_data
from ganeval_cyclegan.demo_domains import (
    DEMOS,
    SIDE,
    STRIPE,
    mapping_accuracy,
    picture,
    scene_of,
    write_demo,
)
from ganeval_cyclegan.resolve import resolve

NAMES = list(DEMOS)


def loaded(folder: Path) -> np.ndarray:
    return np.stack([np.asarray(Image.open(file)) for file in sorted(folder.iterdir())])


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo")
    for name in NAMES:
        write_demo(name, path / name, train=12, test=8)
    return path


@pytest.mark.parametrize("name", NAMES)
def test_a_demo_is_a_layout_that_training_opens(made: Path, name: str) -> None:
    data = open_data(resolve(preset="demo").config, made / name)
    assert len(data.train_A) + len(data.held_A) == 12
    assert data.held_A.image(0).shape == (SIDE, SIDE, 3)


@pytest.mark.parametrize("name", NAMES)
def test_test_images_have_their_counterparts(made: Path, name: str) -> None:
    """Backgrounds are equal, objects differ, in every pair of equal names."""
    for test, truth in (("testA", "truthB"), ("testB", "truthA")):
        one, other = loaded(made / name / test).astype(int), loaded(made / name / truth)
        objects = (np.abs(one - one[:, :1, :1]) > 16).any(axis=-1)
        assert np.array_equal(one[~objects], other[~objects]) or (
            np.abs(one[~objects] - other[~objects]).mean() < 1
        )
        assert np.abs(one[objects] - other[objects]).max(axis=-1).mean() > 64


@pytest.mark.parametrize("name", NAMES)
def test_scenes_of_both_domains_and_splits_are_different_ones(made: Path, name: str) -> None:
    folders = ("trainA", "trainB", "testA", "testB")
    seen = [one.tobytes() for folder in folders for one in loaded(made / name / folder)]
    assert len(set(seen)) == len(seen)
    counterparts = {one.tobytes() for one in loaded(made / name / "truthA")}
    assert not counterparts & set(seen)


@pytest.mark.parametrize("name", NAMES)
def test_a_perfect_translation_scores_one_and_an_untranslated_one_next_to_nothing(
    made: Path, name: str
) -> None:
    for test, truth in (("testA", "truthB"), ("testB", "truthA")):
        one, other = loaded(made / name / test), loaded(made / name / truth)
        perfect, identity = mapping_accuracy(other, other), mapping_accuracy(one, other)
        assert (perfect.value, perfect.ground) == (1, 1)
        assert perfect.per_image == (1,) * 8
        # Pixels at edges are mixtures, near enough to count as right now and then.
        assert identity.value < 0.05
        assert identity.ground > 0.95


def test_stripes_may_lie_anywhere() -> None:
    demo, rng = DEMOS["stripes"], random.Random(0)
    truth = np.stack([picture(demo, scene_of(demo, rng), "B") for _ in range(6)])
    objects = (np.abs(truth.astype(int) - truth[:, :1, :1]) > 16).any(axis=-1)
    inverted = truth.copy()
    dark, light = truth[objects].min(), truth[objects].max()
    inverted[objects] = np.where(truth[objects] < 128, light, dark)
    assert mapping_accuracy(inverted, truth).value > 0.8
    blurred = truth.copy()
    blurred[objects] = 128
    assert mapping_accuracy(blurred, truth).value < 0.05


def test_a_wrong_colour_of_some_objects_counts_by_their_pixels() -> None:
    demo = DEMOS["shapes"]
    truth = np.stack([picture(demo, scene_of(demo, random.Random(s)), "B") for s in range(20)])
    swapped = truth[..., [2, 1, 0]]
    assert mapping_accuracy(swapped, truth).value < 0.3
    half = np.concatenate([truth[:10], swapped[10:]])
    accuracy = mapping_accuracy(half, truth)
    assert accuracy.per_image[:10] == (1,) * 10
    assert accuracy.value == pytest.approx(np.mean(accuracy.per_image))


def test_shapes_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(InputError, match="do not belong together"):
        mapping_accuracy(np.zeros((2, 8, 8, 3), np.uint8), np.zeros((3, 8, 8, 3), np.uint8))


@pytest.mark.parametrize("name", NAMES)
def test_objects_do_not_touch_each_other_or_the_border(name: str) -> None:
    for seed in range(50):
        scene = scene_of(DEMOS[name], random.Random(seed))
        assert 1 <= len(scene.things) <= 3
        border = picture(DEMOS[name], scene, "A").astype(int)
        border[1:-1, 1:-1] = border[0, 0]
        assert (border == border[0, 0]).all()
        for i, one in enumerate(scene.things):
            for other in scene.things[i + 1 :]:
                gap = np.hypot(one.x - other.x, one.y - other.y) - one.radius - other.radius
                assert gap > 3


def test_stripes_have_their_period() -> None:
    demo = DEMOS["stripes"]
    scene = scene_of(demo, random.Random(1))
    thing = max(scene.things, key=lambda one: one.radius * one.squeeze)
    row = picture(demo, scene, "B")[round(thing.y), :, 0]
    centre = round(thing.x)
    part = row[centre - 4 : centre + 4]
    assert np.array_equal(part[:STRIPE], part[STRIPE:])
    assert (part < 64).sum() == (part > 192).sum() == 4


def test_a_demo_is_the_same_under_the_same_seed(tmp_path: Path, made: Path) -> None:
    again = write_demo("shapes", tmp_path / "again", train=12, test=8)
    for file in sorted((made / "shapes").rglob("*.png")):
        assert file.read_bytes() == (again / file.relative_to(made / "shapes")).read_bytes()
    other = write_demo("shapes", tmp_path / "other", seed=1, train=1, test=1)
    assert (other / "trainA" / "0000.png").read_bytes() != (
        again / "trainA" / "0000.png"
    ).read_bytes()


def test_an_unknown_demo_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no demo 'stripe'; did you mean stripes"):
        write_demo("stripe", tmp_path)


def test_every_colour_lies_nearest_to_its_own_counterpart() -> None:
    kinds = DEMOS["shapes"].kinds
    paint = {d: np.array([DEMOS["shapes"].paint(k, d)[0] for k in kinds]) for d in ("A", "B")}
    distance = np.linalg.norm(paint["A"][:, None] - paint["B"][None], axis=2)
    assert (distance.argmin(axis=0) == range(3)).all()
    assert (distance.argmin(axis=1) == range(3)).all()
    # Beyond the tolerance of the accuracy, in some channel.
    assert (np.abs(paint["A"] - paint["B"]).max(axis=1) > 64 + 16).all()
