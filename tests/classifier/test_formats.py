"""The audit of formats: what counts as a difference, and how it is told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import labelled
from classifier.stored_sets import crops, opened, stored, written

from ganeval.classifier.examples import Examples
from ganeval.classifier.formats import audit_formats, property_values
from ganeval.images import Header
from ganeval.images.jpeg import JpegTraits
from ganeval.records.classify import FormatAudit, FormatProperty

PNG = Header("PNG", "RGB", 64, 64, 1, ())
COLOURED = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
BMP = replace(PNG, format="BMP")
JPEG = Header("JPEG", "RGB", 64, 64, 1, (), jpeg=JpegTraits(90, True, "4:2:0"), lossy=True)


def made(
    real: Sequence[Header], fake: Sequence[Header], groups: Sequence[str] | None = None
) -> Examples:
    examples = labelled([0] * len(real) + [1] * len(fake), groups)
    return replace(examples, headers=[*real, *fake], pixels=[COLOURED] * len(examples))


def audited(*args: Sequence[Header], groups: Sequence[str] | None = None) -> FormatAudit:
    return audit_formats(made(*args, groups=groups), None, 0)


def one(audit: FormatAudit, name: str) -> FormatProperty:
    return next(found for found in audit.properties if found.name == name)


def test_equal_files_do_not_differ() -> None:
    audit = audited([JPEG] * 20, [JPEG] * 20)
    assert not audit.differs
    assert audit.reasons == audit.notes == []
    assert {found.distance for found in audit.properties} == {0.0}


def test_the_difference_is_told_in_a_sentence(tmp_path: Path) -> None:
    pictures = crops(24)
    examples = stored(
        tmp_path,
        pictures[:12],
        {"suffix": "jpg", "quality": 90},
        pictures[12:],
        {"suffix": "png"},
    )
    audit = audit_formats(examples, None, 0)
    assert audit.differs
    assert audit.reasons == ["reals are JPEG q90 4:2:0, fakes PNG"]
    found = one(audit, "quantisation table")
    assert (found.real, found.fake, found.distance) == ({"q90": 1.0}, {"none": 1.0}, 1.0)


def test_mixes_are_told_with_shares() -> None:
    audit = audited([JPEG] * 30 + [PNG] * 10, [PNG] * 40)
    assert audit.reasons == ["reals are 75 % JPEG q90 4:2:0, 25 % PNG, fakes PNG"]


@pytest.mark.parametrize(
    ("other", "name"),
    [
        (BMP, "container"),
        (replace(PNG, mode="RGBA", special=("alpha",)), "mode"),
        (replace(PNG, special=("colour16",), depth=16), "bit depth"),
        (replace(PNG, exif=True), "EXIF"),
        (replace(PNG, special=("icc",)), "colour profile"),
    ],
)
def test_metadata_alone_is_a_note_and_no_difference(other: Header, name: str) -> None:
    audit = audited([PNG] * 20, [other] * 20)
    assert one(audit, name).differs
    assert one(audit, name).metadata_only
    assert not audit.differs
    assert audit.reasons == []
    assert len(audit.notes) == 1
    assert audit.notes[0].startswith(f"{name}: reals ")


def test_progressive_files_are_a_note() -> None:
    passes = replace(JPEG, jpeg=JpegTraits(90, True, "4:2:0", progressive=True))
    audit = audited([JPEG] * 20, [passes] * 20)
    assert not audit.differs
    assert audit.notes == ["progressive: reals no, fakes yes"]


@pytest.mark.parametrize(
    ("other", "name", "reason"),
    [
        (replace(PNG, mode="L", special=("grey",)), "mode", "mode: reals RGB, fakes L"),
        (replace(PNG, mode="P", special=("palette",)), "mode", "mode: reals RGB, fakes P"),
        (replace(PNG, width=32), "size", "size: reals 64x64, fakes 32x64"),
        (
            replace(PNG, mode="L", special=("grey",), depth=4),
            "bit depth",
            "bit depth: reals 8, fakes 4",
        ),
        (
            replace(PNG, format="WEBP", lossy=True),
            "container",
            "reals are PNG, fakes WEBP",
        ),
    ],
)
def test_what_touches_pixels_is_a_difference(other: Header, name: str, reason: str) -> None:
    audit = audited([PNG] * 20, [other] * 20)
    assert one(audit, name).differs
    assert not one(audit, name).metadata_only
    assert audit.differs
    assert reason in audit.reasons


def test_sets_compared_in_grey_differ_in_mode_by_name_only(tmp_path: Path) -> None:
    pictures = crops(24)
    colour = {"suffix": "png"}
    examples = stored(tmp_path, pictures[:12], colour, pictures[12:], {**colour, "mode": "L"})
    audit = audit_formats(examples, None, 0)
    assert not audit.differs
    assert audit.notes == ["mode: reals RGB, fakes L"]


def test_a_lossless_webp_is_one_more_container() -> None:
    assert not audited([PNG] * 20, [replace(PNG, format="WEBP")] * 20).differs


def test_subsampling_and_tables_differ_within_one_container() -> None:
    fine = replace(JPEG, jpeg=JpegTraits(90, True, "4:4:4"))
    audit = audited([JPEG] * 20, [fine] * 20)
    assert audit.reasons == ["reals are JPEG q90 4:2:0, fakes JPEG q90 4:4:4"]
    coarse = replace(JPEG, jpeg=JpegTraits(88, False, "4:2:0"))
    assert audited([JPEG] * 20, [coarse] * 20).reasons == [
        "reals are JPEG q90 4:2:0, fakes JPEG ~q88 4:2:0"
    ]


def test_tables_of_one_quality_in_luma_that_differ_in_chroma_differ() -> None:
    luma, chroma = (3,) * 64, (5,) * 64
    one_way = replace(JPEG, jpeg=JpegTraits(90, True, "4:2:0", (luma,)))
    other = replace(JPEG, jpeg=JpegTraits(90, True, "4:2:0", (luma, chroma)))
    audit = audited([one_way] * 20, [other] * 20)
    assert one(audit, "quantisation table").differs
    assert len(audit.reasons) == 1
    assert audit.reasons[0].startswith("quantisation table: reals q90 with tables ")


def test_stray_files_are_no_difference() -> None:
    # 2 of 50: a distance of 0.04.
    assert not audited([JPEG] * 2 + [PNG] * 48, [PNG] * 50).differs
    # 4 of 40: all four among the reals by chance in 2 · C(40, 4) / C(80, 4) = 0.116.
    few = one(audited([JPEG] * 4 + [PNG] * 36, [PNG] * 40), "container")
    assert few.distance == pytest.approx(0.1)
    # Three standard errors of 999 permutations.
    assert few.p == pytest.approx(0.116, abs=3 * (0.116 * 0.884 / 999) ** 0.5)
    assert not few.differs


def test_the_p_value_is_that_of_all_relabellings() -> None:
    # 4 + 4: two of the C(8, 4) = 70 choices divide the files like this.
    found = one(audited([JPEG] * 4, [PNG] * 4), "container")
    exact = 2 / 70
    assert found.p == pytest.approx(exact, abs=3 * (exact / 999) ** 0.5)


def test_groups_of_both_classes_swap_their_labels() -> None:
    # 7 pairs: two of 2**7 swaps; labels exchanged freely would do in 2 / C(14, 7) = 0.0006.
    pairs = [str(i) for i in range(7)] * 2
    found = one(audited([JPEG] * 7, [PNG] * 7, groups=pairs), "container")
    exact = 2 / 2**7
    assert found.p == pytest.approx(exact, abs=3 * (exact / 999) ** 0.5)


def test_crops_of_few_pictures_prove_nothing() -> None:
    groups = [f"real {i % 3}" for i in range(60)] + [f"fake {i % 3}" for i in range(60)]
    audit = audited([JPEG] * 60, [PNG] * 60, groups=groups)
    # 2 of C(6, 3) = 20.
    assert one(audit, "container").p == pytest.approx(0.1, abs=0.03)
    assert not audit.differs


def test_many_sizes_are_compared_in_ranges() -> None:
    rng = np.random.default_rng(0)

    def sizes(low: int, high: int) -> list[Header]:
        sides = rng.integers(low, high, (40, 2))
        return [replace(PNG, width=int(w), height=int(h)) for w, h in sides]

    large, small = sizes(480, 540), sizes(240, 270)
    assert audited(large, small).reasons == ["size: reals about 512x512, fakes about 256x256"]
    assert not audited(sizes(480, 540), sizes(480, 540)).differs


def test_the_same_seed_gives_the_same_audit() -> None:
    examples = made([JPEG] * 30 + [PNG] * 10, [PNG] * 40)
    assert audit_formats(examples, None, 3) == audit_formats(examples, None, 3)


def test_resizing_is_passed_on() -> None:
    assert audit_formats(made([PNG], [PNG]), "all brought to 8 x 8", 0).resized == (
        "all brought to 8 x 8"
    )


def test_real_files_of_other_kinds_are_understood(tmp_path: Path) -> None:
    pictures = crops(20)
    real = written(tmp_path / "a", pictures[:10], "png")
    for name, options, differs in (
        ("lossless", {"suffix": "webp", "lossless": True}, False),
        ("lossy", {"suffix": "webp", "quality": 80}, True),
        ("palette", {"suffix": "png", "mode": "P"}, True),
        ("bmp", {"suffix": "bmp"}, False),
    ):
        fake = written(tmp_path / name, pictures[10:], **options)  # type: ignore[arg-type]
        audit = audit_formats(opened(real, fake).examples, None, 0)
        assert audit.differs is differs, name


def test_arrays_stand_beside_files_without_loss(tmp_path: Path) -> None:
    pictures = np.stack(crops(20))
    np.save(tmp_path / "real.npy", pictures[:10])
    fake = written(tmp_path / "fake", list(pictures[10:]), "png")
    audit = audit_formats(opened(tmp_path / "real.npy", fake).examples, None, 0)
    assert not audit.differs
    assert audit.notes == ["container: reals array, fakes PNG"]


def test_each_file_has_the_values_that_an_audit_may_list() -> None:
    headers = [PNG, JPEG, replace(JPEG, width=500)]
    for audit in (audited([JPEG] * 20, [PNG] * 20), audited([JPEG] * 20, headers[1:] * 10)):
        for found in audit.properties:
            listed = {*found.real, *found.fake}
            values = property_values(found.name, [JPEG])
            assert listed & set(values[0]), found.name
    assert property_values("quantisation table", headers)[0] == ("none",)
    assert property_values("quantisation table", headers)[1][0] == "q90"
    assert property_values("size", headers)[2] == ("500x64", "about 512x64")
    assert property_values("smell", headers) == [(), (), ()]
