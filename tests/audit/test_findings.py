"""Each finding is made by what it is about, and by nothing else."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.audit.suite import audit

from .conftest import QUICK, Make, codes, picture, record_of


def test_sound_sets_have_none(make: Make) -> None:
    record = record_of(make("a", range(30)), make("b", range(50, 80)))
    assert record.warnings == []
    assert record.verdict.startswith("Nothing was found in these 2 sets (60 images)")
    assert record.duplicates == record.overlaps == []
    assert "this set (30 images)" in record_of(make("a", range(0))).verdict


class TestLeak:
    def test_the_same_file_in_both_sets(self, make: Make) -> None:
        a, b = make("a", range(10)), make("b", range(50, 60))
        shutil.copy(a / "003.png", b / "zebra.png")
        record = record_of(a, b)
        assert codes(record) == ["leak"]
        assert "1 of 11 images of b match an image of a: 1 as the very same file" in (
            record.warnings[0].text
        )
        (pair,) = record.duplicates
        assert (pair.a_set, pair.a, pair.b_set, pair.b, pair.kind) == (
            "a",
            "003.png",
            "b",
            "zebra.png",
            "bytes",
        )
        matched = {image.key: image.matched for one in record.sets for image in one.images}
        assert {key for key, kind in matched.items() if kind == "bytes"} == {"003.png", "zebra.png"}

    def test_equal_pixels_in_another_format(self, make: Make) -> None:
        a, b = make("a", range(10)), make("b", range(50, 60))
        picture(3).save(b / "copy.bmp")
        (pair,) = record_of(a, b).duplicates
        assert (pair.kind, pair.luma_difference) == ("pixels", 0)

    def test_a_recoloured_picture_of_the_same_name_is_taken_for_a_translation(
        self, make: Make
    ) -> None:
        a, b = make("a", range(10)), make("b", range(50, 60))
        warm = (np.asarray(picture(4)) * np.array([1.0, 0.9, 0.7])).astype(np.uint8)
        Image.fromarray(warm).save(b / "004.png")
        record = record_of(a, b)
        assert "1 of them match the image of the same name: a translation" in (
            record.warnings[0].text
        )
        (overlap,) = record.overlaps
        assert (overlap.images, overlap.same_name) == ({"dhash": 1}, 1)

    def test_a_near_copy_of_another_name_says_how_alike(self, make: Make) -> None:
        a, b = make("a", range(10)), make("b", range(50, 60))
        picture(4).save(b / "other.jpg", quality=60)
        text = record_of(a, b).warnings[0].text
        assert "the most alike of these differ by" in text
        assert "translation" not in text

    def test_three_sets_are_compared_each_with_each(self, make: Make) -> None:
        sets = [
            make(name, seeds)
            for name, seeds in zip("abc", (range(9), range(20, 29), range(3)), strict=True)
        ]
        record = record_of(*sets)
        assert [(one.a, one.b) for one in record.overlaps] == [("a", "c")]
        assert record.sets[0].images[1].matched == "bytes"


class TestDuplicates:
    def test_more_than_one_percent_are_told_by_kind(self, make: Make) -> None:
        folder = make("a", range(20))
        shutil.copy(folder / "001.png", folder / "again.png")
        picture(2).save(folder / "converted.bmp")
        record = record_of(folder)
        assert codes(record) == ["duplicates"]
        assert "2 of 22 images of a repeat others of the set" in record.warnings[0].text
        (one,) = record.sets
        assert one.duplicates == {"bytes": 2, "pixels": 2}
        assert one.clusters == [["001.png", "again.png"], ["002.png", "converted.bmp"]]
        numbers = {image.key: image.cluster for image in one.images}
        assert (numbers["001.png"], numbers["again.png"], numbers["converted.bmp"]) == (0, 0, 1)
        assert numbers["000.png"] is None

    def test_one_in_a_hundred_is_listed_and_no_finding(self, make: Make) -> None:
        folder = make("a", range(99))
        shutil.copy(folder / "001.png", folder / "again.png")
        record = record_of(folder)
        assert record.warnings == []
        assert len(record.duplicates) == 1

    def test_many_copies_are_listed_up_to_a_bound_and_counted_in_full(self, make: Make) -> None:
        folder = make("a", range(1))
        for number in range(60):
            shutil.copy(folder / "000.png", folder / f"copy-{number}.png")
        record = record_of(folder)
        assert len(record.duplicates) == 1000  # of 61 · 60 / 2
        assert record.sets[0].duplicates == {"bytes": 61}


class TestMixedFormats:
    @pytest.mark.parametrize(
        ("first", "second", "words"),
        [
            (("png", {}), ("bmp", {}), "file format (a: PNG 100 %; b: BMP 100 %)"),
            (
                ("jpg", {"quality": 90}),
                ("jpg", {"quality": 70}),
                "JPEG quality (a: 90-94 100 %; b: 70-74 100 %)",
            ),
            (
                ("jpg", {"quality": 95, "subsampling": "4:4:4"}),
                ("jpg", {"quality": 95, "subsampling": "4:2:0"}),
                "chroma subsampling (a: 4:4:4 100 %; b: 4:2:0 100 %)",
            ),
        ],
    )
    def test_files_of_different_making(
        self,
        make: Make,
        first: tuple[str, dict[str, object]],
        second: tuple[str, dict[str, object]],
        words: str,
    ) -> None:
        a = make("a", range(12), first[0], **first[1])
        b = make("b", range(50, 62), second[0], **second[1])
        (notice,) = [one for one in record_of(a, b).warnings if one.code == "mixed_formats"]
        assert words in notice.text

    def test_a_past_as_jpeg_shows_in_png_files(self, make: Make) -> None:
        a, b = make("a", range(12)), make("b", range(0))
        for seed in range(50, 62):
            stream = io.BytesIO()
            picture(seed).save(stream, "JPEG", quality=40)
            Image.open(stream).save(b / f"{seed}.png")
        (notice,) = record_of(a, b).warnings
        assert notice.code == "mixed_formats"
        assert "differ in 8×8 blockiness (a: " in notice.text

    def test_blockiness_of_two_images_is_no_evidence(self, make: Make) -> None:
        a, b = make("a", range(2), side=40), make("b", range(50, 52), side=40)
        means = [
            next(one for one in entry.measurements if one.name == "blockiness").estimate
            for entry in record_of(a, b).sets
        ]
        assert abs((means[0].value or 0) - (means[1].value or 0)) > 0.05
        assert record_of(a, b).warnings == []


class TestMixedSizes:
    def test_sizes_that_differ_or_distort(self, make: Make) -> None:
        a, b = make("a", range(10), side=64), make("b", range(50, 60), side=72)
        (notice,) = record_of(a, b).warnings
        assert notice.code == "mixed_sizes"
        assert "Sizes differ (a: 64x64 100 %; b: 72x72 100 %)" in notice.text

    def test_oblong_and_tiny_images_of_one_set(self, make: Make) -> None:
        folder = make("a", range(10))
        picture(50).resize((64, 48)).save(folder / "oblong.png")
        picture(51).resize((20, 20)).save(folder / "tiny.png")
        (notice,) = record_of(folder).warnings
        assert "1 of 12 images of a are not square" in notice.text
        assert "1 images of a have a side under 32 pixels" in notice.text


class TestUnreadable:
    def test_every_bad_file_is_listed_and_the_rest_is_audited(self, make: Make) -> None:
        folder = make("a", range(8))
        (folder / "cut.png").write_bytes((folder / "001.png").read_bytes()[:3000])
        (folder / "text.jpg").write_text("no image")
        record = record_of(folder)
        assert codes(record) == ["unreadable"]
        assert [skip.key for skip in record.sets[0].unreadable] == ["cut.png", "text.jpg"]
        assert len(record.sets[0].images) == 8
        assert "2 of 10 images of a cannot be read" in record.warnings[0].text

    def test_a_set_of_nothing_else_is_a_finding_too(self, make: Make) -> None:
        good, bad = make("good", range(3)), make("bad", range(0))
        (bad / "x.png").write_bytes(b"\x89PNG\r\n\x1a\n")
        record = record_of(good, bad)
        assert codes(record) == ["unreadable"]
        assert record.sets[1].measurements == []
        assert record.differences == []


def test_each_image_is_decoded_once(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    from ganeval.audit.settings import AuditSettings
    from ganeval.images.files import FileSource

    decoded: list[str] = []
    original = FileSource.decode

    def counted(self: FileSource, key: str, *more: object) -> np.ndarray:
        decoded.append(key)
        return original(self, key, *more)  # type: ignore[arg-type]

    monkeypatch.setattr(FileSource, "decode", counted)
    folder = make("a", range(6))
    settings = AuditSettings(extractor="random-projection", cache=False)
    found = audit([folder], settings)
    assert sorted(decoded) == found.images["a"].keys
    assert found.record.sets[0].features is not None
    assert all(image.isolation is not None for image in found.record.sets[0].images)


def test_zip_and_array_are_audited_like_folders(make: Make, tmp_path: Path) -> None:
    folder = make("a", range(5))
    shutil.make_archive(str(tmp_path / "b"), "zip", folder)
    array = np.stack([np.asarray(picture(seed)) for seed in range(5)])
    np.save(tmp_path / "c.npy", array)
    record = record_of(folder, tmp_path / "b.zip", tmp_path / "c.npy", settings=QUICK)
    kinds = {(one.a, one.b): one.images for one in record.overlaps}
    assert kinds == {
        ("a", "b.zip"): {"bytes": 5},
        ("a", "c.npy"): {"pixels": 5},
        ("b.zip", "c.npy"): {"pixels": 5},
    }
    assert record.sets[2].images[0].file_bytes is None
    assert "bytes_per_pixel" not in [one.name for one in record.sets[2].measurements]
