"""Classic augmentation of training images."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from trainers.made_images import folder, pixels, tiny_config

from ganeval_cyclegan.augment.classic import Draw, augmented, draw
from ganeval_cyclegan.config import ClassicConfig
from ganeval_cyclegan.data import open_data
from ganeval_cyclegan.pixels import luma
from ganeval_cyclegan.streams import Streams

NEVER = dict.fromkeys(("rotate", "hflip", "vflip", "translate", "scale", "crop"), 0.0)
ALWAYS = dict.fromkeys(NEVER, 1.0)


def ramp(height: int = 60, width: int = 80) -> np.ndarray:
    """Red grows to the right by 3 a pixel, green downwards."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, :, 0] = 3 * np.arange(width)[None]
    image[:, :, 1] = 3 * np.arange(height)[:, None]
    return image


def inside(image: np.ndarray, margin: int = 12) -> np.ndarray:
    return image[margin:-margin, margin:-margin].astype(float)


def test_no_draw_changes_no_pixel() -> None:
    image = pixels(0)
    assert np.array_equal(augmented(image, Draw()), image)
    assert draw(ClassicConfig(**NEVER), random.Random(0)) == Draw()


def test_flips_are_exact() -> None:
    image = ramp()
    assert np.array_equal(augmented(image, Draw(hflip=True)), image[:, ::-1])
    assert np.array_equal(augmented(image, Draw(vflip=True)), image[::-1])


def test_a_shift_moves_right_and_down() -> None:
    """By a whole number of pixels, so the filter changes nothing inside."""
    image = ramp()
    moved = augmented(image, Draw(shift=(4 / 80, 6 / 60)))
    assert np.array_equal(moved[6:, 4:], image[:-6, :-4])
    # What comes in mirrors the border: row 5 shows row 1.
    assert np.array_equal(moved[5, 4:], image[1, :-4])


def test_a_zoom_enlarges_about_the_middle() -> None:
    image = ramp()
    larger = inside(augmented(image, Draw(zoom=1.1)))
    x = np.arange(80)[12:-12] + 0.5
    # Rounding to 8 bits and Pillow's fixed-point weights: one level.
    assert np.abs(larger[0, :, 0] - 3 * ((x - 40) / 1.1 + 40 - 0.5)).max() <= 1.0


def test_a_crop_shows_a_part_in_its_place() -> None:
    image = ramp()
    corner = inside(augmented(image, Draw(crop=0.8, place=(0.0, 1.0))))
    x, y = np.arange(80)[12:-12] + 0.5, np.arange(60)[12:-12] + 0.5
    assert np.abs(corner[0, :, 0] - 3 * (0.8 * x - 0.5)).max() <= 1.0
    assert np.abs(corner[:, 0, 1] - 3 * (12 + 0.8 * y - 0.5)).max() <= 1.0


def test_a_rotation_turns_about_the_middle_against_the_clock() -> None:
    image = ramp(81, 81)
    turned = inside(augmented(image, Draw(angle=10.0)), 16)
    y, x = np.mgrid[16:65, 16:65] - 40.0
    cosine, sine = np.cos(np.radians(10)), np.sin(np.radians(10))
    # Rows grow downwards: what is now at (x, y) was at the point turned the other way.
    was_x, was_y = cosine * x - sine * y + 40, sine * x + cosine * y + 40
    # Two filters, each rounding to 8 bits.
    assert np.abs(turned[:, :, 0] - 3 * was_x).max() <= 1.6
    assert np.abs(turned[:, :, 1] - 3 * was_y).max() <= 1.6


@pytest.mark.parametrize(("height", "width"), [(40, 40), (30, 120), (120, 30)])
@pytest.mark.parametrize("channels", [1, 3])
def test_what_comes_in_is_never_empty(height: int, width: int, channels: int) -> None:
    """A white image stays white whatever is drawn: no corner is filled with black."""
    image = np.full((height, width, channels), 255, np.uint8)
    for seed in range(60):
        what = draw(ClassicConfig(**ALWAYS), random.Random(seed))
        result = augmented(image, what)
        assert result.shape == image.shape
        assert result.min() == 255


def test_draws_stay_in_their_ranges_and_fill_them() -> None:
    found = [draw(ClassicConfig(**ALWAYS), random.Random(seed)) for seed in range(2000)]
    for values, low, high in (
        ([one.angle for one in found], -15, 15),
        ([one.shift[0] for one in found], -0.1, 0.1),
        ([one.shift[1] for one in found], -0.1, 0.1),
        ([one.zoom for one in found], 0.9, 1.1),
        ([one.crop for one in found], 0.8, 1.0),
    ):
        assert low <= min(values) < low + 0.01 * (high - low)
        assert high - 0.01 * (high - low) < max(values) <= high


def test_each_operation_has_its_own_probability() -> None:
    chances = {"rotate": 0.2, "hflip": 0.7, "translate": 0.5, "scale": 0.1, "crop": 0.9}
    config = ClassicConfig(**{**NEVER, **chances})
    n = 4000
    found = [draw(config, random.Random(seed)) for seed in range(n)]
    shares = {
        "rotate": sum(one.angle != 0 for one in found) / n,
        "hflip": sum(one.hflip for one in found) / n,
        "vflip": sum(one.vflip for one in found) / n,
        "translate": sum(one.shift != (0, 0) for one in found) / n,
        "scale": sum(one.zoom != 1 for one in found) / n,
        "crop": sum(one.crop != 1 for one in found) / n,
    }
    for name, share in shares.items():
        chance = {**NEVER, **chances}[name]
        # Four standard errors of a share of 4000.
        assert abs(share - chance) <= 4 * (chance * (1 - chance) / n) ** 0.5


def test_switching_one_operation_off_leaves_the_others() -> None:
    for seed in range(20):
        all_on = draw(ClassicConfig(**ALWAYS), random.Random(seed))
        without = draw(ClassicConfig(**{**ALWAYS, "rotate": 0.0}), random.Random(seed))
        assert without == Draw(**{**vars(all_on), "angle": 0.0})


# In the data


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data")
    folder(path / "trainA", 5)
    folder(path / "trainB", 5, first=100)
    return path


QUIET = ("eval.every=0", "data.A.eval_fraction=0", "data.B.eval_fraction=0")


def test_only_the_domains_asked_for_are_augmented(root: Path) -> None:
    plain = open_data(tiny_config(*QUIET), root)
    changed = open_data(
        tiny_config(*QUIET, "augment.classic.domains=B", "augment.classic.rotate=1"), root
    )
    for update in range(5):
        one, other = plain.batch(Streams(0), update), changed.batch(Streams(0), update)
        assert one.A.equal(other.A)
        assert not one.B.equal(other.B)


def test_static_copies_are_the_same_every_time(root: Path) -> None:
    changes = ("augment.classic.mode=static", "augment.classic.copies=3", "data.pairing=serial")
    fixed = ("data.load_size=32", "data.flip=0")
    data = open_data(tiny_config(*QUIET, *changes, *fixed), root)
    assert data.updates_per_epoch == 5 * (1 + 3)
    first = [data.batch(Streams(0), u).A for u in range(20)]
    again = [data.batch(Streams(0), 20 + u).A for u in range(20)]
    assert all(a.equal(b) for a, b in zip(first, again, strict=True))
    assert all(
        first[i].equal(data.train_A.test_batch([i])) for i in range(5)
    )  # the images themselves come first
    assert not any(first[i].equal(first[i + 5]) for i in range(5))
    assert not any(first[i + 5].equal(first[i + 10]) for i in range(5))
    assert data.drawn(20)["A"].seen == 5


def test_grey_copies_double_a_domain(root: Path) -> None:
    changes = ("augment.grayscale_copies=true", "data.pairing=serial")
    data = open_data(tiny_config(*QUIET, *changes, "data.load_size=32", "data.flip=0"), root)
    assert data.updates_per_epoch == 10
    image = data.train_A.test_image(2)
    grey = np.asarray(Image.fromarray(image).convert("L"))
    assert np.array_equal(luma(image)[:, :, 0], grey)
    shown = (data.batch(Streams(0), 7).A[0] * 127.5 + 127.5).round().numpy().astype(np.uint8)
    assert np.array_equal(shown, np.stack([grey] * 3))


def test_grey_copies_are_augmented_like_images(root: Path) -> None:
    changes = (
        "augment.grayscale_copies=true",
        "augment.classic.mode=static",
        "data.drop_last=true",
    )
    data = open_data(tiny_config(*QUIET, *changes, "augment.classic.copies=2"), root)
    assert data.updates_per_epoch == 5 * 2 * 3
