"""Copies of every kind are found, each pair once; what only looks plain is none."""

from __future__ import annotations

import io
import itertools
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from PIL import Image

from ganeval.images import open_image_set
from ganeval.images.duplicates import (
    Comparison,
    Signature,
    clusters,
    difference_hash,
    hash_of_thumbnail,
    near_hashes,
)


def picture(seed: int, side: int = 72) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    return np.asarray(Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC))


def signature(name: str, dhash: int | None, pixels: str | None = None) -> Signature:
    return Signature(digest=name, pixels=pixels or name, dhash=dhash)


def distance(a: np.ndarray, b: np.ndarray) -> int:
    first, second = difference_hash(a), difference_hash(b)
    assert first is not None
    assert second is not None
    return (first ^ second).bit_count()


class TestDifferenceHash:
    def test_bits_are_the_comparisons_row_by_row(self) -> None:
        cells = np.zeros((8, 9), np.uint8)
        cells[0] = [0, 10, 5, 20, 15, 30, 25, 40, 35]
        cells[7] = np.arange(9)
        assert hash_of_thumbnail(cells) == 0b10101010 << 56 | 0b11111111
        # The box average of cells of 8 x 8 pixels is exactly the cell.
        large = np.repeat(np.kron(cells, np.ones((8, 8), np.uint8))[..., None], 3, axis=2)
        assert difference_hash(large) == hash_of_thumbnail(cells)

    def test_compression_size_and_colour_leave_it_near(self) -> None:
        pixels = picture(1, 144)
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, "JPEG", quality=40)
        assert distance(pixels, np.asarray(Image.open(stream))) <= 2
        half = np.asarray(Image.fromarray(pixels).resize((72, 72), Image.Resampling.LANCZOS))
        assert distance(pixels, half) <= 2
        assert distance(pixels, (pixels * 0.7 + 40).astype(np.uint8)) <= 2

    def test_other_pictures_are_far(self) -> None:
        pairs = itertools.combinations([picture(seed) for seed in range(12)], 2)
        assert min(distance(a, b) for a, b in pairs) > 10

    def test_small_and_flat_pictures_have_none(self) -> None:
        assert difference_hash(picture(1)[:31]) is None
        assert difference_hash(np.zeros((64, 64, 3), np.uint8)) is None
        lone = np.zeros((90, 90, 3), np.uint8)
        lone[:11] = picture(1, 90)[:11]  # one row of eight: 8 steps at most
        assert difference_hash(lone) is None


class TestNearHashes:
    def test_all_pairs_within_reach_and_no_other(self) -> None:
        rng = np.random.default_rng(2)
        base = rng.integers(0, 2**64, 40, dtype=np.uint64)
        flips = np.array(
            [sum(1 << int(b) for b in rng.choice(64, k, replace=False)) for k in range(9)], object
        )
        hashes = np.array([int(h) ^ int(f) for h in base[:12] for f in flips], np.uint64)
        found = {(int(i), int(j)): int(bits) for i, j, bits in near_hashes(hashes)}
        expected = {
            (i, j): bits
            for i, j in itertools.combinations(range(len(hashes)), 2)
            if (bits := (int(hashes[i]) ^ int(hashes[j])).bit_count()) <= 4
        }
        assert found == expected
        assert expected

    def test_between_two_lists(self) -> None:
        first, second = np.array([0, 255], np.uint64), np.array([1, 2**63, 31], np.uint64)
        assert near_hashes(first, second).tolist() == [[0, 0, 1], [0, 1, 1], [1, 2, 3]]

    @pytest.mark.slow
    def test_ten_thousand_against_ten_thousand_take_seconds(self) -> None:
        rng = np.random.default_rng(3)
        hashes = rng.integers(0, 2**64, 10_000, dtype=np.uint64)
        started = time.process_time()
        assert len(near_hashes(hashes, hashes)) == 10_000
        assert time.process_time() - started < 30  # a double loop in Python takes minutes


class TestComparison:
    FIRST: ClassVar = [
        signature("a", 0),
        signature("a", 0),  # the same file
        signature("b", 0, pixels="a"),  # another file of the same pixels
        signature("c", 0b1111),  # near
        signature("d", 1 << 40 | 0b11111),  # near c by 2, far from a by 6
        signature("e", None),
        signature("e2", None),
    ]

    def test_each_pair_comes_once_with_its_strongest_kind(self) -> None:
        found = [(m.a, m.b, m.kind, m.distance) for m in Comparison(self.FIRST).matches()]
        assert found == [
            (0, 1, "bytes", 0),
            (0, 2, "pixels", 0),
            (1, 2, "pixels", 0),
            (0, 3, "dhash", 4),
            (1, 3, "dhash", 4),
            (2, 3, "dhash", 4),
            (3, 4, "dhash", 2),
        ]

    def test_clusters_join_what_is_linked_by_others(self) -> None:
        assert clusters(7, Comparison(self.FIRST).links()) == [[0, 1, 2, 3, 4]]
        assert clusters(5, [(3, 1), (4, 2), (1, 0)]) == [[0, 1, 3], [2, 4]]
        assert clusters(3, []) == []

    def test_kinds_name_each_image_that_has_a_match(self) -> None:
        assert Comparison(self.FIRST).kinds() == {
            0: "bytes",
            1: "bytes",
            2: "pixels",
            3: "dhash",
            4: "dhash",
        }

    def test_two_sets_are_compared_with_each_other_only(self) -> None:
        second = [signature("x", 1), signature("a", 0), signature("y", ~0 & 2**64 - 1)]
        pairs = [(m.a, m.b, m.kind) for m in Comparison(self.FIRST, second).matches()]
        assert pairs[:3] == [(0, 1, "bytes"), (1, 1, "bytes"), (2, 1, "pixels")]
        assert set(pairs[3:]) == {(i, 0, "dhash") for i in range(4)} | {(3, 1, "dhash")}
        assert len(pairs) == len(set(pairs))
        assert Comparison(self.FIRST, second).kinds() == {1: "bytes", 0: "dhash"}

    def test_many_copies_of_one_image_are_clustered_at_once(self) -> None:
        many = [signature("a", 5)] * 20_000
        assert [len(group) for group in clusters(len(many), Comparison(many).links())] == [20_000]
        first = next(Comparison(many).matches())
        assert (first.a, first.b, first.kind) == (0, 1, "bytes")


def test_groups_by_dhash_join_copies(tmp_path: Path) -> None:
    Image.fromarray(picture(1)).save(tmp_path / "a.png")
    Image.fromarray(picture(1)).save(tmp_path / "b.jpg", quality=85)
    Image.fromarray(picture(2)).save(tmp_path / "c.png")
    Image.fromarray(picture(1, 20)).save(tmp_path / "tiny-1.png")
    (tmp_path / "tiny-2.png").write_bytes((tmp_path / "tiny-1.png").read_bytes())
    broken = (tmp_path / "a.png").read_bytes()[:-200]
    (tmp_path / "z.png").write_bytes(broken)
    images = open_image_set(tmp_path, groups="dhash")
    assert images.groups == ["a.png", "a.png", "c.png", "tiny-1.png", "tiny-1.png", "z.png"]
    assert open_image_set(tmp_path, groups="none").groups == images.keys
