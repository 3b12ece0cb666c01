"""Each warning appears when it should, says what to do, and stays away otherwise."""

from __future__ import annotations

from typing import Any

import pytest

from ganeval.metrics.warnings import sample_warnings
from ganeval.records import (
    Estimate,
    FeatureRun,
    FeatureSpec,
    Floor,
    InputInfo,
    Notice,
    Skipped,
    WeightsInfo,
)

REAL = InputInfo(
    role="real",
    label="a",
    kind="folder",
    path="a",
    n=3000,
    fingerprint="a",
    content_fingerprint="a",
    formats={"PNG": 3000},
    sizes={"256x256": 3000},
)
FAKE = REAL.model_copy(
    update={"role": "fake", "label": "b", "fingerprint": "b", "content_fingerprint": "b"}
)
SPEC = FeatureSpec(
    extractor="inception-2015",
    layer="2048",
    dimension=2048,
    weights_sha256="ab" * 32,
    resize="pytorch-fid",
    size=299,
    normalisation="-1..1",
    decode="correct",
)


def run(verified: bool = True, decode: str = "correct") -> FeatureRun:
    weights = WeightsInfo(file="pt.pth", sha256="ab" * 32, verified=verified)
    return FeatureRun(
        spec=SPEC.model_copy(update={"decode": decode}), weights=weights, backend=None
    )


def warn(
    real: dict[str, Any] | None = None, fake: dict[str, Any] | None = None, **options: Any
) -> list[Notice]:
    options = {"dimension": 2048, "runs": [run(), run()]} | options
    return sample_warnings(
        REAL.model_copy(update=real or {}), FAKE.model_copy(update=fake or {}), **options
    )


def the_one(notices: list[Notice], code: str) -> Notice:
    (notice,) = notices
    assert notice.code == code
    return notice


def test_two_sound_sets_bring_no_warning() -> None:
    assert warn() == []


def test_few_images_are_mostly_floor() -> None:
    notice = the_one(warn({"n": 300}, {"n": 300}), "n_below_d")
    assert "300 images are fewer than the 2048 features" in notice.text
    assert "Compare excess and KID" in notice.text
    assert notice.data == {"n": 300, "d": 2048}
    excess = Estimate(value=32.0)
    floor = Floor(
        half_size=150, splits=5, cross=75.88, floor_real=43.3, floor_fake=44.6, excess=excess
    )
    concrete = the_one(warn({"n": 300}, {"n": 300}, floor=floor), "n_below_d")
    assert "(44 of 75.9 at half size)" in concrete.text


def test_very_few_images_are_said_twice_over() -> None:
    codes = [notice.code for notice in warn({"n": 49}, {"n": 49})]
    assert codes == ["n_below_d", "n_very_small"]
    assert [notice.code for notice in warn({"n": 50}, {"n": 50})] == ["n_below_d"]


def test_unequal_numbers_are_named() -> None:
    notice = the_one(warn({"n": 3000}, {"n": 4000}), "unequal_n")
    assert "3000 real, 4000 fake" in notice.text
    assert warn({"n": 3000}, {"n": 3300}) == []
    assert warn({"n": None}, {"n": 4000}) == []


def test_the_same_images_twice() -> None:
    notices = warn(fake={"content_fingerprint": "a"}, real_digests=["x"], fake_digests=["x"])
    assert "exactly 0" in the_one(notices, "identical_sets").text


def test_shared_images_are_counted() -> None:
    notices = warn(real_digests=["x", "y"], fake_digests=["y", "x", "z"])
    notice = the_one(notices, "shared_images")
    assert notice.text.startswith("2 of 3 fake images")
    assert warn(real_digests=["x"], fake_digests=["y"]) == []


def test_weights_of_unknown_origin() -> None:
    notice = the_one(warn(runs=[run(), run(verified=False)]), "unverified_weights")
    assert "pt.pth (abababab)" in notice.text


def test_statistics_of_unknown_origin() -> None:
    foreign = {"kind": "statistics", "path": "ref.npz", "fingerprint": None, "n": None}
    notice = the_one(warn(foreign), "stats_provenance_unknown")
    assert notice.text.startswith("ref.npz does not tell")
    both = the_one(warn(foreign, foreign), "stats_provenance_unknown")
    assert "ref.npz and ref.npz do not tell" in both.text
    assert warn(foreign | {"fingerprint": "f"}) == []


def test_formats_that_differ() -> None:
    notice = the_one(warn({"formats": {"JPEG": 2700, "PNG": 300}}), "mixed_formats")
    assert "real: JPEG 90 %, PNG 10 %; fake: PNG 100 %" in notice.text
    assert "Store both alike" in notice.text
    assert warn({"formats": {"JPEG": 600, "PNG": 2400}}) == []  # at 0.2, not above
    assert warn({"formats": {}}) == []


def test_jpeg_files_of_different_making() -> None:
    jpeg = {"formats": {"JPEG": 3000}, "jpeg_quality": {"75": 3000}, "chroma": {"4:2:0": 3000}}
    near = jpeg | {"jpeg_quality": {"~76": 2000, "79": 1000}}
    assert warn(jpeg, near) == []  # all between 75 and 79
    finer = the_one(warn(jpeg, jpeg | {"jpeg_quality": {"92": 3000}}), "mixed_formats")
    assert "JPEG quality (real: 75-79 100 %; fake: 90-94 100 %)" in finer.text
    full = the_one(warn(jpeg, jpeg | {"chroma": {"4:4:4": 3000}}), "mixed_formats")
    assert "chroma subsampling (real: 4:2:0 100 %; fake: 4:4:4 100 %)" in full.text
    assert "file format" not in full.text


def test_lossless_files_have_no_quality_to_compare() -> None:
    jpeg = {"formats": {"JPEG": 100, "PNG": 2900}, "jpeg_quality": {"75": 100}}
    assert warn(jpeg) == []


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"300x300": 3000}, "the image sizes of the two sets differ"),
        ({"256x256": 2950, "256x255": 50}, "50 of 3000 real images are not square"),
        ({"256x256": 2999, "31x31": 1}, "1 real images have a side under 32 pixels"),
    ],
)
def test_sizes_that_distort(sizes: dict[str, int], words: str) -> None:
    notice = the_one(warn({"sizes": sizes}), "mixed_sizes")
    assert words.lower() in notice.text.lower()
    assert notice.text[0].isupper() or notice.text[0].isdigit()


def test_a_few_oblong_images_pass() -> None:
    assert warn({"sizes": {"256x256": 2970, "256x200": 30}}) == []


def test_images_that_other_packages_read_differently() -> None:
    special = {"decoded": {"alpha": 12, "exif_rotated": 3, "icc": 40, "grey": 7}}
    notice = the_one(warn(special, {"decoded": {"alpha": 1}}), "decode_differs_from_peers")
    assert "13 with transparency, 3 with an EXIF orientation" in notice.text
    assert notice.data == {"alpha": 13, "exif_rotated": 3}
    assert warn(special, runs=[run(decode="peer")]) == []
    assert warn({"decoded": {"icc": 40}}) == []


def test_skipped_files_are_counted() -> None:
    skipped = [Skipped(key="x", reason="truncated"), Skipped(key="y", reason="truncated")]
    notice = the_one(warn({"skipped": skipped}, {"skipped": skipped[:1]}), "skipped_files")
    assert notice.text.startswith("2 real and 1 fake images could not be read and were left out")
    single = the_one(warn({"skipped": skipped[:1]}), "skipped_files")
    assert single.text.startswith("1 real image could not be read and was left out")


def test_the_most_important_comes_first() -> None:
    notices = warn(
        {"n": 20, "formats": {"JPEG": 20}, "skipped": [Skipped(key="x", reason="y")]},
        {"n": 30},
        real_digests=["x"],
        fake_digests=["x", "y"],
        runs=[run(verified=False)],
    )
    assert [notice.code for notice in notices] == [
        "shared_images",
        "unverified_weights",
        "n_below_d",
        "n_very_small",
        "mixed_formats",
        "unequal_n",
        "skipped_files",
    ]


def test_copies_inside_a_set_are_counted() -> None:
    notice = the_one(
        warn(real_digests=["x", "y"], fake_digests=["a", "a", "a"]), "duplicate_images"
    )
    assert "2 of the 3000 fake images" in notice.text
