"""Controls have the size asked for, and belong to their pair."""

from __future__ import annotations

import numpy as np
import pytest

from ganeval.saliency.controls import (
    ceiling_images,
    colour_images,
    derangements,
    noise_images,
    rms_change,
)

KEYS = [f"pair {i}" for i in range(5)]


def photos(count: int = 5, side: int = 24) -> np.ndarray:
    ramp = np.linspace(0, 1, side)
    rng = np.random.default_rng(3)
    found = rng.uniform(0, 0.5, (count, 3, side, side)) + 0.5 * ramp
    return found.astype(np.float32)


def test_the_size_of_a_change_is_its_root_mean_square() -> None:
    before = np.zeros((2, 3, 4, 4), np.float32)
    after = before.copy()
    after[0] = 0.25
    after[1, 0] = 1.0  # one channel of three
    assert rms_change(before, after) == pytest.approx([0.25, (1 / 3) ** 0.5])


@pytest.mark.parametrize("make", [noise_images, colour_images])
def test_controls_have_the_size_of_the_transfer_after_clipping(make) -> None:  # type: ignore[no-untyped-def]
    before = photos()
    wanted = np.array([0.0, 0.005, 0.06, 0.2, 0.4])
    made = make(before, wanted, KEYS, 0)
    assert made.met.all()
    assert made.images.dtype == np.float32
    assert made.images.min() >= 0
    assert made.images.max() <= 1
    assert rms_change(before, made.images) == pytest.approx(wanted, rel=0.01)


def test_a_size_that_black_and_white_leave_no_room_for_is_told() -> None:
    grey = np.full((1, 3, 8, 8), 0.5, np.float32)
    made = noise_images(grey, np.array([0.7]), ["a"], 0)  # no change of grey is above .5
    assert not made.met[0]
    assert rms_change(grey, made.images) == pytest.approx([0.5], abs=0.01)


def test_the_ceiling_is_noise_of_one_grey_level() -> None:
    grey = np.full((1, 3, 64, 64), 0.5, np.float32)
    # the SD of 12,288 draws is within 3 % of the true one but once in 10^5
    assert rms_change(grey, ceiling_images(grey, ["a"], 0).images) == pytest.approx(
        [1 / 255], rel=0.03
    )


def test_recolouring_keeps_the_structure() -> None:
    before = photos()
    after = colour_images(before, np.full(5, 0.02), KEYS, 0).images
    inside = (after > 0) & (after < 1)
    for i in range(5):
        for channel in range(3):
            keep = inside[i, channel]
            pair = before[i, channel][keep], after[i, channel][keep]
            assert abs(np.corrcoef(*pair)[0, 1]) > 0.9999


@pytest.mark.parametrize("name", ["ceiling", "noise", "colour"])
def test_a_pair_has_the_same_draw_in_any_company(name: str) -> None:
    before, rms = photos(), np.full(5, 0.1)

    def made(rows: list[int], seed: int = 0) -> np.ndarray:
        keys = [KEYS[i] for i in rows]
        if name == "ceiling":
            return ceiling_images(before[rows], keys, seed).images
        make = noise_images if name == "noise" else colour_images
        return make(before[rows], rms[rows], keys, seed).images

    together = made([0, 1, 2, 3, 4])
    assert np.array_equal(made([3])[0], together[3])
    assert np.array_equal(made([4, 2])[1], together[2])
    assert not np.array_equal(made([3], seed=1)[0], together[3])


@pytest.mark.parametrize("n", [2, 3, 17])
def test_no_image_is_its_own_other_image(n: int) -> None:
    found = derangements(n, 0)
    assert found.shape == (5, n)
    assert not (found == np.arange(n)).any()
    assert (np.sort(found, axis=1) == np.arange(n)).all()


def test_other_images_are_of_the_same_class_where_there_are_any() -> None:
    labels = np.array([0, 0, 1, 1, 1, 2, 3])  # two classes of one image
    found = derangements(7, 0, count=20, labels=labels)
    assert (labels[found[:, :5]] == labels[:5]).all()
    assert (found[:, 5:] == [6, 5]).all()
    alone = derangements(3, 0, count=20, labels=np.array([0, 0, 1]))
    assert not (alone == np.arange(3)).any()
    assert set(alone[:, 2]) == {0, 1}
