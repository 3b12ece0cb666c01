"""Which defence is chosen, what it does to pixels, and what its draws depend on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from classifier.stored_sets import SETTINGS, crops, opened, stored, written

from ganeval.classifier.defence import Defence, Equaliser, choose_defence
from ganeval.classifier.examples import Examples
from ganeval.classifier.formats import audit_formats
from ganeval.errors import InputError
from ganeval.images.decoding import Pixels

PNG = {"suffix": "png"}
Q90 = {"suffix": "jpg", "quality": 90}
Q75 = {"suffix": "jpg", "quality": 75}
GREY = {"suffix": "png", "mode": "L"}
COUNT = 10


def chosen(examples: Examples, **settings: Any) -> Defence:
    return choose_defence(examples, audit_formats(examples, None, 0), replace(SETTINGS, **settings))


def sets(root: Path, real: dict[str, object], fake: dict[str, object]) -> Examples:
    pictures = crops(2 * COUNT)
    return stored(root, pictures[:COUNT], real, pictures[COUNT:], fake)


def equal(first: Sequence[Pixels], second: Sequence[Pixels]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))


class TestChoice:
    @pytest.mark.parametrize(
        ("real", "fake", "name"),
        [
            (PNG, PNG, "none"),
            (Q90, Q90, "none"),
            (PNG, {"suffix": "bmp"}, "none"),
            (Q90, PNG, "match"),
            (PNG, Q90, "match"),
            (Q90, Q75, "equalise"),
            (Q90, {**Q90, "subsampling": "4:4:4"}, "equalise"),
            ({"suffix": "webp", "quality": 80}, PNG, "equalise"),
            (GREY, PNG, "none"),  # compared in grey from the start
            ({**Q90, "mode": "L"}, PNG, "match"),
        ],
    )
    def test_auto_takes_the_exact_way_where_there_is_one(
        self, tmp_path: Path, real: dict[str, object], fake: dict[str, object], name: str
    ) -> None:
        defence = chosen(sets(tmp_path, real, fake))
        assert (defence.info.name, defence.info.chosen) == (name, "auto")
        assert defence.idle is (name == "none")

    def test_some_grey_files_among_the_fakes_take_the_colours_of_both(self, tmp_path: Path) -> None:
        pictures = crops(80)
        real = written(tmp_path / "real", pictures[:40], "jpg", quality=90)
        fake = written(tmp_path / "fake", pictures[40:], "png")
        for number, grey in enumerate(pictures[40:60]):
            written(tmp_path / "grey" / str(number), [grey], "png", mode="L")
            (tmp_path / "grey" / str(number) / "0000.png").replace(fake / f"{number:04d}.png")
        examples = opened(real, fake).examples
        defence = chosen(examples)
        assert defence.info.name == "match"
        assert "both sets were made grey" in defence.info.text
        assert all(np.ptp(one, axis=2).max() == 0 for one in defence.apply(examples, 0))

    def test_what_was_asked_for_is_done(self, tmp_path: Path) -> None:
        examples = sets(tmp_path, Q90, PNG)
        for name in ("none", "match", "equalise"):
            info = chosen(examples, defence=name).info
            assert (info.name, info.chosen) == (name, "option")
        assert "although the files" in chosen(examples, defence="none").info.text

    def test_matching_two_histories_is_called_inexact(self, tmp_path: Path) -> None:
        examples = sets(tmp_path, Q90, Q75)
        text = chosen(examples, defence="match").info.text
        assert "This is not exact" in text
        assert "JPEG q75 4:2:0" in text
        assert "This is exact" in chosen(sets(tmp_path / "b", Q90, PNG)).info.text

    def test_sets_of_unequal_sizes_cannot_be_matched(self, tmp_path: Path) -> None:
        real = written(tmp_path / "real", crops(COUNT, 128), "png")
        fake = written(tmp_path / "fake", crops(COUNT, 64), "png")
        assert chosen(opened(real, fake).examples).info.name == "equalise"

    def test_a_declared_history_is_a_difference(self, tmp_path: Path) -> None:
        examples = sets(tmp_path, PNG, PNG)
        defence = chosen(examples, real_pipeline="resize=72:bicubic,crop=64")
        assert defence.info.name == "match"
        fakes, before = defence.apply(examples, 0)[COUNT:], examples.pixels[COUNT:]
        assert not any(np.array_equal(a, b) for a, b in zip(fakes, before, strict=True))
        both = chosen(examples, real_pipeline="jpeg=90", fake_pipeline="jpeg=80")
        assert both.info.name == "equalise"
        assert chosen(examples, real_pipeline="none", fake_pipeline="none").info.name == "none"

    def test_a_wrong_declaration_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="--fake-pipeline: step 'zoom=2': no such step"):
            chosen(sets(tmp_path, PNG, PNG), fake_pipeline="zoom=2")


class TestPixels:
    @pytest.mark.parametrize("lossy_set", [0, 1])
    def test_matched_images_are_what_the_other_sets_files_would_hold(
        self, tmp_path: Path, lossy_set: int
    ) -> None:
        kinds = [(Q90, PNG), (PNG, Q90)][lossy_set]
        examples = sets(tmp_path, *kinds)
        defended = chosen(examples).apply(examples, 0)
        reference = sets(tmp_path / "both", Q90, Q90).pixels
        assert equal(defended, reference)

    def test_nothing_done_is_nothing_copied(self, tmp_path: Path) -> None:
        examples = sets(tmp_path, PNG, PNG)
        assert chosen(examples).apply(examples, 0) is examples.pixels

    def test_draws_depend_on_seed_and_content_alone(self, tmp_path: Path) -> None:
        examples = sets(tmp_path, Q90, Q75)
        defence = chosen(examples)
        first = defence.apply(examples, 0, threads=1)
        assert equal(first, defence.apply(examples, 0, threads=4))
        order = np.random.default_rng(0).permutation(len(examples))
        shuffled = defence.apply(examples.take(order), 0)
        assert equal([first[i] for i in order], shuffled)
        other = defence.apply(examples, 1)
        assert not any(np.array_equal(a, b) for a, b in zip(first, other, strict=True))

    def test_defended_images_may_lie_in_a_file(self, tmp_path: Path) -> None:
        examples = sets(tmp_path, Q90, Q75)
        large, small = chosen(examples), chosen(examples, memory=0)
        assert equal(large.apply(examples, 0), small.apply(examples, 0))

    def test_equalising_changes_every_image_and_keeps_its_size(self) -> None:
        for side in (8, 16, 17, 64):
            pixels = crops(1, 96)[0][:side, : side + 5]
            found = Equaliser().apply(pixels, np.random.default_rng(0))
            assert found.shape == pixels.shape
            assert found.dtype == np.uint8
            assert (found != pixels).any()

    def test_equalising_moves_the_picture_little(self) -> None:
        pixels = crops(1, 128)[0]
        found = Equaliser().apply(pixels, np.random.default_rng(0))
        both = [np.asarray(one, np.float64).ravel() for one in (pixels, found)]
        # Cut, reduced and coarsely stored, it is still the same picture.
        assert np.corrcoef(both[0], both[1])[0, 1] > 0.8
