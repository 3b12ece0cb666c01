"""Batches: balanced, complete, and fixed by seed and content alone."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from classifier.textured import examples_of

from ganeval.classifier.examples import Examples
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.training_batches import Schedule, TrainingBatches


def flat(reals: int, fakes: int) -> Examples:
    """Images of one grey level each, by which a view tells where it comes from."""
    levels = np.arange(reals + fakes, dtype=np.uint8)
    images = [np.full((32, 32, 3), level, np.uint8) for level in levels]
    return examples_of(images[:reals], images[reals:])


def batches(examples: Examples, seed: int = 0, **choices: object) -> TrainingBatches:
    rows = np.arange(len(examples))
    arguments = {"augmentation": "default", "crop": 32, "seed": seed, **choices}
    return TrainingBatches(examples, rows, NetworkForm("default"), **arguments)  # type: ignore[arg-type]


def levels(one: TrainingBatches, epoch: int) -> list[list[int]]:
    return [images[:, 0, 0, 0].round().int().tolist() for images, _ in one.epoch(epoch)]


@pytest.mark.parametrize(
    ("images", "steps", "epochs"),
    [
        (360, 11, 30),  # the usual case: 30 passes over the training images
        (20, 1, 30),
        (3000, 94, 14),  # 45,000 passes are 14 epochs of 3,008
        (9000, 281, 5),
        (100_000, 281, 5),  # an epoch is a part of the images, so that 5 of them fit
    ],
)
def test_the_schedule_keeps_the_limits(images: int, steps: int, epochs: int) -> None:
    schedule = Schedule(images, 32)
    assert (schedule.steps, schedule.epochs) == (steps, epochs)
    assert schedule.epochs * schedule.passes <= 45_000


def test_every_image_is_seen_as_often_as_the_others_of_its_class() -> None:
    one = batches(flat(64, 64))
    assert one.schedule.steps == 4
    seen = Counter(level for epoch in (1, 2, 3) for batch in levels(one, epoch) for level in batch)
    assert seen == dict.fromkeys(range(128), 3)
    for images, labels in one.epoch(1):
        assert labels.tolist() == [0] * 16 + [1] * 16
        assert (images[:, 0, 0, 0] >= 64).tolist() == [False] * 16 + [True] * 16


def test_the_smaller_class_returns_more_often() -> None:
    one = batches(flat(90, 6))
    assert one.schedule.steps == 3
    seen = Counter(level for epoch in (1, 2) for batch in levels(one, epoch) for level in batch)
    assert sum(seen[level] for level in range(90)) == 96
    assert {seen[level] for level in range(90, 96)} == {16}


def test_order_and_views_depend_on_seed_and_epoch() -> None:
    one = batches(flat(40, 40))
    assert levels(one, 2) == levels(one, 2)
    assert levels(one, 1) != levels(one, 2)
    assert levels(one, 1) != levels(batches(flat(40, 40), seed=1), 1)


def test_names_and_places_of_images_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 256, (40, 32, 32, 3), dtype=np.uint8))
    straight = examples_of(images[:20], images[20:])
    turned = examples_of(images[:20][::-1], images[20:][::-1])
    for (a, _), (b, _) in zip(batches(straight).epoch(3), batches(turned).epoch(3), strict=True):
        assert torch.equal(a, b)


def test_an_image_seen_twice_in_an_epoch_has_two_views() -> None:
    rng = np.random.default_rng(0)
    images = list(rng.integers(0, 256, (31, 32, 32, 3), dtype=np.uint8))
    one = batches(examples_of(images[:30], images[30:]), augmentation="report")
    (views, labels), *_ = one.epoch(1)
    fakes = views[labels == 1]
    assert len({fake.numpy().tobytes() for fake in fakes}) == len(fakes)


def test_batches_are_channels_last_in_the_range_of_pixels() -> None:
    one = batches(flat(20, 20), crop=48)
    assert one.side == 32
    images, _ = next(one.epoch(1))
    assert images.shape == (32, 3, 32, 32)
    assert images.dtype == torch.float32
    assert images.is_contiguous(memory_format=torch.channels_last)
    report = NetworkForm("cmpe258", side=16)
    rows = np.arange(40)
    one = TrainingBatches(flat(20, 20), rows, report, "report", 32, 0)
    images, _ = next(one.epoch(1))
    assert images.shape == (64, 3, 16, 16)
    assert one.side == 16
