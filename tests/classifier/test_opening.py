"""Both sets are decoded once, brought to one size if need be, and refused where they overlap."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import SETTINGS, folder, opened, picture, several
from PIL import Image

from ganeval.classifier.opening import described, open_examples
from ganeval.errors import ExitCode, GanevalError, InputError
from ganeval.features import row_arrays


def test_the_reals_come_first_and_each_set_is_sorted_by_key(tmp_path: Path) -> None:
    one = opened(tmp_path, several([2, 1]), several([3, 10]))
    examples = one.examples
    assert examples.names == ("real", "fake")
    assert examples.keys == ["1.png", "2.png", "10.png", "3.png"]
    assert examples.labels.tolist() == [0, 0, 1, 1]
    assert examples.labels.dtype == np.int64
    assert [info.role for info in one.infos] == ["real", "fake"]
    assert len(set(examples.groups)) == 4
    for row, seed in enumerate([1, 2, 10, 3]):
        assert np.array_equal(examples.pixels[row], np.asarray(picture(seed)))


def test_images_are_known_by_their_file_and_by_their_pixels(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1]), {"1.bmp": picture(1)})
    pixels = np.asarray(picture(1))
    content = hashlib.sha256(b"u8:32:32:3:" + pixels.tobytes()).hexdigest()
    assert one.examples.contents == [content, content]
    file = (tmp_path / "real" / "1.png").read_bytes()
    assert one.examples.digests[0] == hashlib.sha256(file).hexdigest() != one.examples.digests[1]
    assert one.signatures[0].dhash == one.signatures[1].dhash is not None


def test_images_of_one_size_are_never_resized(tmp_path: Path) -> None:
    real, fake = folder(tmp_path / "r", several([1, 2])), folder(tmp_path / "f", several([3, 4]))
    one = open_examples(real, fake, replace(SETTINGS, size=16))
    assert one.resized is None
    assert one.examples.pixels[0].shape == (32, 32, 3)
    (notice,) = one.notices
    assert notice.code == "size_unused"
    assert "--size 16 has no effect" in notice.text


def test_differing_sizes_are_brought_to_the_smaller_median_by_bicubic(tmp_path: Path) -> None:
    real = {"a.png": picture(1, 40), "b.png": picture(2, 40), "c.png": picture(3, 90)}
    fake = {"d.png": picture(4, 64).resize((64, 48)), "e.png": picture(5, 64).resize((64, 48))}
    one = opened(tmp_path, real, fake)
    assert {pixels.shape for pixels in one.examples.pixels} == {(40, 40, 3)}
    expected = real["c.png"].resize((40, 40), Image.Resampling.BICUBIC)
    assert np.array_equal(one.examples.pixels[2], np.asarray(expected))
    assert np.array_equal(one.examples.pixels[0], np.asarray(real["a.png"]))
    assert one.native_sizes == [(40, 40), (40, 40), (90, 90), (48, 64), (48, 64)]
    assert one.resized is not None
    assert one.resized.startswith("all brought to 40 x 40 px by antialiased bicubic")
    assert [notice.code for notice in one.notices] == ["resized"]


def test_differing_sizes_are_brought_to_the_size_asked_for(tmp_path: Path) -> None:
    real = folder(tmp_path / "r", several([1, 2]))
    fake = folder(tmp_path / "f", several([3, 4], side=48))
    one = open_examples(real, fake, replace(SETTINGS, size=20))
    assert {pixels.shape for pixels in one.examples.pixels} == {(20, 20, 3)}
    assert one.resized is not None
    assert "20 x 20" in one.resized
    with pytest.raises(InputError, match="--size 0"):
        open_examples(real, fake, replace(SETTINGS, size=0))


def test_images_beyond_the_memory_lie_in_a_file_and_are_the_same(tmp_path: Path) -> None:
    real, fake = folder(tmp_path / "r", several([1, 2])), folder(tmp_path / "f", several([3, 4]))
    here = open_examples(real, fake, SETTINGS).examples
    there = open_examples(real, fake, replace(SETTINGS, memory=1000)).examples
    assert len(there.pixels) == 4
    for one, other in zip(here.pixels, there.pixels, strict=True):
        assert np.array_equal(one, other)
        assert not other.flags.writeable
    assert [p.tolist() for p in there.pixels[1:3]] == [p.tolist() for p in list(here.pixels)[1:3]]


def test_a_full_disk_of_temporary_files_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, fake = folder(tmp_path / "r", several([1])), folder(tmp_path / "f", several([3]))
    monkeypatch.setattr(row_arrays, "scratch_folder", lambda: tmp_path / "gone")
    with pytest.raises(GanevalError, match="decoded images cannot be kept") as caught:
        open_examples(real, fake, replace(SETTINGS, memory=10))
    assert caught.value.exit_code == ExitCode.FAILED


@pytest.mark.parametrize("grey", ["real", "fake"])
def test_a_grey_set_and_a_coloured_one_are_compared_in_grey(tmp_path: Path, grey: str) -> None:
    colours = several([1, 2])
    greys = {name: image.convert("L") for name, image in several([3, 4]).items()}
    real, fake = (greys, colours) if grey == "real" else (colours, greys)
    one = opened(tmp_path, real, fake)
    for row, image in enumerate([*real.values(), *fake.values()]):
        luma = np.asarray(image.convert("L"))
        assert np.array_equal(one.examples.pixels[row], np.stack([luma] * 3, axis=2))
    (notice,) = one.notices
    assert notice.code == "compared_in_grey"
    assert notice.data == {"grey": grey}
    # What images are recognised by is what is stored.
    coloured = hashlib.sha256(b"u8:32:32:3:" + np.asarray(colours["1.png"]).tobytes()).hexdigest()
    assert coloured in one.examples.contents


def test_a_few_grey_pictures_among_coloured_ones_change_nothing(tmp_path: Path) -> None:
    mixed = {"1.png": picture(1).convert("L"), "2.png": picture(2)}
    one = opened(tmp_path, mixed, several([3, 4]))
    assert not one.notices
    assert np.array_equal(one.examples.pixels[1], np.asarray(picture(2)))


def test_the_same_folder_twice_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path / "r", several([1, 2]))
    link = tmp_path / "link"
    link.symlink_to(place, target_is_directory=True)
    for other in (place, f"{place}/../r", link):
        with pytest.raises(InputError, match="are the same") as caught:
            open_examples(place, other, SETTINGS)
        assert caught.value.exit_code == ExitCode.USAGE


def test_a_set_inside_the_other_is_refused(tmp_path: Path) -> None:
    outer = folder(tmp_path / "r", several([1, 2]))
    inner = folder(outer / "deep" / "f", several([3, 4]))
    with pytest.raises(InputError, match=r"FAKE .*deep/f lies inside REAL"):
        open_examples(outer, inner, SETTINGS)
    with pytest.raises(InputError, match=r"REAL .*deep/f lies inside FAKE"):
        open_examples(inner, outer, SETTINGS)
    one = open_examples(outer, inner, replace(SETTINGS, recursive=False))
    assert one.examples.keys == ["1.png", "2.png", "3.png", "4.png"]


def test_the_same_array_twice_is_refused() -> None:
    images = np.zeros((3, 8, 8, 3), np.uint8)
    with pytest.raises(InputError, match="same images in memory"):
        open_examples(images, images, SETTINGS)


def test_a_set_that_is_not_there_or_empty_is_named(tmp_path: Path) -> None:
    place = folder(tmp_path / "r", several([1]))
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="gone: there is no such file"):
        open_examples(place, tmp_path / "gone", SETTINGS)
    with pytest.raises(InputError, match=r"no images under .*empty"):
        open_examples(place, tmp_path / "empty", SETTINGS)


@pytest.fixture
def damaged(tmp_path: Path) -> tuple[Path, Path]:
    """50 reals, one of them truncated and larger than all others, and 50 fakes, one no image."""
    real = folder(tmp_path / "r", several(range(49), side=16))
    fake = folder(tmp_path / "f", several(range(100, 149), side=16))
    picture(7, 64).save(real / "cut.png")
    (real / "cut.png").write_bytes((real / "cut.png").read_bytes()[:3000])
    (fake / "text.png").write_text("no image")
    return real, fake


def test_unreadable_images_are_named(damaged: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match=r"1 of 50 images in .*r cannot be read:\n  cut\.png"):
        open_examples(*damaged, SETTINGS)
    (damaged[0] / "cut.png").unlink()
    with pytest.raises(InputError, match=r"1 of 50 images in .*f cannot be read:\n  text\.png"):
        open_examples(*damaged, SETTINGS)


def test_unreadable_images_are_skipped_on_request(damaged: tuple[Path, Path]) -> None:
    one = open_examples(*damaged, replace(SETTINGS, on_error="skip"))
    assert [info.n for info in one.infos] == [49, 49]
    assert [info.skipped[0].key for info in one.infos] == ["cut.png", "text.png"]
    assert len(one.examples) == len(one.signatures) == len(one.examples.pixels) == 98
    assert one.resized is None  # the one that was larger has no part in it
    assert np.array_equal(one.examples.pixels[97], np.asarray(picture(148, 16)))


def test_too_many_unreadable_images_are_refused(damaged: tuple[Path, Path]) -> None:
    with pytest.raises(InputError, match=r"more than the 1 % that may be skipped"):
        open_examples(*damaged, replace(SETTINGS, on_error="skip=0.01"))
    with pytest.raises(InputError, match="--on-error 'never'"):
        open_examples(*damaged, replace(SETTINGS, on_error="never"))


def test_progress_is_told_per_set(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    real, fake = folder(tmp_path / "r", several([1, 2])), folder(tmp_path / "f", several([3]))
    open_examples(
        real,
        fake,
        SETTINGS,
        lambda label, done, total, unit="images": told.append((label, done, total)),
    )
    assert told == [("r", 1, 2), ("r", 2, 2), ("f", 1, 1)]


def test_descriptions_follow_what_is_left(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1, 2, 3]), several([4, 5]))
    left = one.examples.with_groups(["a", "a", "b", "b", "c"]).take(np.array([0, 1, 4]))
    infos = described(one.infos, left)
    assert [(info.n, info.n_groups) for info in infos] == [(2, 1), (1, 1)]


def test_arrays_are_opened_like_folders() -> None:
    rng = np.random.default_rng(0)
    real, fake = (rng.integers(0, 256, (3, 16, 16, 3), dtype=np.uint8) for _ in range(2))
    examples = open_examples(real, fake, SETTINGS).examples
    assert np.array_equal(np.stack(list(examples.pixels)), np.concatenate([real, fake]))
