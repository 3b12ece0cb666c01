"""Each change takes away what it says, and the table shows who leaned on it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from ganeval.classifier.why.band_stop import band_stop, blurred
from ganeval.classifier.why.held_out import hold_out

NAMES = [
    "unchanged", "blur-1", "blur-2", "blur-4", "high-pass", "grey",
    "colour-moments", "jpeg-75", "half-size", "tiles",
]  # fmt: skip


def table(made, score, **options):
    held_out = hold_out(made.examples, made.split, np.zeros(len(made.examples)))
    rows = band_stop(held_out, score, **options)
    return {row.name: row.auc for row in rows}


def test_the_filter_is_scipys() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (40, 52, 3), dtype=np.uint8)
    for sigma in (1, 2, 4):
        expected = gaussian_filter(pixels.astype(np.float32), (sigma, sigma, 0))
        np.testing.assert_allclose(blurred(pixels, sigma), expected, atol=1e-3)  # float32


def test_who_looks_at_fine_texture_loses_it_to_any_blur(make, planted, steep) -> None:
    made = make(reals=24, fakes=24, change=planted(8, 8, size=48, amplitude=20))
    auc = table(made, steep.logits)
    assert list(auc) == NAMES
    assert auc["unchanged"].value == 1
    for kept in ("high-pass", "grey", "tiles", "colour-moments"):
        assert auc[kept].value > 0.95, kept
    # Period 2 is the finest there is: nothing of it passes sigma 2, or half the size. What is
    # left is chance: 0.5 ± 4 of the null's standard errors, 0.083 for 24 + 24.
    for gone in ("blur-2", "blur-4", "half-size"):
        assert abs(auc[gone].value - 0.5) < 0.33, gone
    assert auc["unchanged"].n == {"real": 24, "fake": 24}


def test_who_looks_at_colour_loses_it_to_grey(make) -> None:
    def redder(pixels, rng):
        return np.clip(pixels.astype(int) + [30, 0, 0], 0, 255).astype(np.uint8)

    def redness(images):
        return np.array([image[..., 0].mean() - image[..., 2].mean() for image in images])

    made = make(reals=20, fakes=20, change=redder)
    auc = table(made, redness)
    assert auc["grey"].value == 0.5
    # All channel means are equal but for rounding.
    assert abs(auc["colour-moments"].value - 0.5) < 0.4
    for kept in ("unchanged", "blur-4", "tiles", "jpeg-75", "half-size", "high-pass"):
        assert auc[kept].value == 1, kept


def test_shuffled_tiles_keep_every_pixel_and_nothing_else(make) -> None:
    seen = []

    def remember(images):
        seen.append([np.array(image) for image in images])
        return np.zeros(len(images))

    made = make(reals=4, fakes=4, side=70)
    table(made, remember)
    for before, after in zip(seen[0], seen[-1], strict=True):
        np.testing.assert_array_equal(before[64:], after[64:])  # what is no whole tile stays
        tiles = [
            sorted(
                image[top : top + 32, left : left + 32].tobytes()
                for top in (0, 32)
                for left in (0, 32)
            )
            for image in (before, after)
        ]
        assert tiles[0] == tiles[1]
    moved = [not np.array_equal(*pair) for pair in zip(seen[0], seen[-1], strict=True)]
    assert sum(moved) >= 5  # 1 of 24 permutations changes nothing


def test_pooled_colour_is_reached(make) -> None:
    seen = []

    def remember(images):
        seen.append([np.array(image) for image in images])
        return np.zeros(len(images))

    made = make(reals=5, fakes=5)
    table(made, remember)
    before, after = seen[0], seen[NAMES.index("colour-moments")]
    pooled = np.mean([image.mean(axis=(0, 1)) for image in before], axis=0)
    for image in after:  # clipping at 0 and 255 and rounding move means by less than a level
        np.testing.assert_allclose(image.mean(axis=(0, 1)), pooled, atol=1)


def test_the_window_and_the_number_of_images_are_kept(make) -> None:
    sizes = []

    def remember(images):
        sizes.append({image.shape for image in images})
        return np.arange(float(len(images)))

    groups = [f"pair {i % 30}" for i in range(60)]
    made = make(reals=30, fakes=30, side=72, groups=groups)
    auc = table(made, remember, window=40, most=10)
    assert all(size == {(40, 40, 3)} for size in sizes)
    assert "tiles" not in auc  # one tile of 32 px fits
    assert auc["unchanged"].n == {"real": 10, "fake": 10}


def test_shuffling_does_not_depend_on_the_other_images(make) -> None:
    def one_image(rows):
        made = make(reals=4, fakes=4)
        seen = []

        def remember(images):
            seen.append([np.array(image) for image in images])
            return np.zeros(len(images))

        held_out = hold_out(made.examples.take(np.array(rows)), split_of(rows), np.zeros(len(rows)))
        band_stop(held_out, remember)
        return seen[-1][rows.index(2)]

    def split_of(rows):
        return type(make(reals=1, fakes=1).split)(np.full(len(rows), 2, np.int8), "hash")

    np.testing.assert_array_equal(
        one_image([0, 1, 2, 3, 4, 5, 6, 7]), one_image([1, 2, 3, 5, 6, 7])
    )


@pytest.mark.parametrize("kind", ["list", "slice"])
def test_scorers_may_take_the_images_as_they_like(make, steep, kind) -> None:
    def score(images):
        taken = list(images) if kind == "list" else images[:]
        assert images[-1].shape == taken[-1].shape
        return steep.logits(taken)

    made = make(reals=6, fakes=6)
    direct = table(made, steep.logits)
    assert table(made, score) == direct
