"""Pairs by name and by table, how far they are shifted, and what is said of differences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.ndimage import fourier_shift, gaussian_filter

from ganeval.errors import InputError
from ganeval.images.image_set import ImageSet, open_image_set
from ganeval.saliency.pairing import pair_sets
from ganeval.saliency.registration import registration
from ganeval.saliency.wording import change_text, direction, margin_of


def folder(path: Path, *names: str) -> ImageSet:
    for number, name in enumerate(names):
        file = path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (4, 4), (number, 0, 0)).save(file)
    return open_image_set(path)


def test_role_and_extension_do_not_count(tmp_path: Path) -> None:
    before = folder(tmp_path / "a", "x1_real_A.png", "x2_real_A.png", "x3_real_A.png")
    after = folder(tmp_path / "b", "x2_fake_B.jpg", "x1_fake_B.jpg", "y_fake_B.jpg")
    pairs = pair_sets(before, after)
    assert [after.keys[i] for i in pairs.after] == ["x1_fake_B.jpg", "x2_fake_B.jpg"]
    assert (pairs.before, pairs.keys) == ([0, 1], ["x1_real_A", "x2_real_A"])
    assert pairs.unpaired_before == ["x3_real_A.png"]
    assert pairs.unpaired_after == ["y_fake_B.jpg"]


def test_crops_keep_their_number_and_share_a_stem(tmp_path: Path) -> None:
    before = folder(tmp_path / "a", "x_crop1.png", "x_crop2.png", "z.png")
    after = folder(tmp_path / "b", "x_crop2_fake.png", "x_crop1_fake.png", "z (1).png", "z (2).png")
    pairs = pair_sets(before, after)
    found = [(before.keys[i], after.keys[j]) for i, j in zip(pairs.before, pairs.after)]  # noqa: B905
    assert found == [
        ("x_crop1.png", "x_crop1_fake.png"),
        ("x_crop2.png", "x_crop2_fake.png"),
        ("z.png", "z (1).png"),
        ("z.png", "z (2).png"),
    ]
    assert pairs.stems == ["x", "x", "z", "z"]
    assert len(set(pairs.keys)) == 4


def test_names_that_do_not_agree_are_shown_with_the_way_out(tmp_path: Path) -> None:
    before = folder(tmp_path / "a", "a1.png", "a2.png", "a3.png", "a4.png")
    after = folder(tmp_path / "b", "b1.png", "b2.png")
    with pytest.raises(InputError, match=r"a1.png, a2.png, a3.png, \.\.\. before") as caught:
        pair_sets(before, after)
    assert "--pairs" in str(caught.value)
    with pytest.raises(InputError, match="not clear"):
        pair_sets(folder(tmp_path / "c", "q.png", "q.jpg"), folder(tmp_path / "d", "q.png"))
    with pytest.raises(InputError, match="1 pair"):
        pair_sets(before, folder(tmp_path / "e", "a1.png"))


def test_a_table_pairs_what_names_do_not(tmp_path: Path) -> None:
    before = folder(tmp_path / "a", "a1.png", "a2.png")
    after = folder(tmp_path / "b", "b1.png", "b2.png", "b3.png")
    table = tmp_path / "pairs.csv"
    table.write_text("before,after\na1.png,b3.png\na2.png,b1.png\n")
    pairs = pair_sets(before, after, table)
    assert (pairs.before, pairs.after, pairs.unpaired_after) == ([0, 1], [2, 0], ["b2.png"])
    for text, complaint in (
        ("before,after\na1.png,b9.png\n", "line 2.*no image 'b9.png'"),
        ("first,second\n", "columns before and after"),
        ("before,after\na1.png,b1.png\na1.png,b1.png\n", "twice"),
    ):
        table.write_text(text)
        with pytest.raises(InputError, match=complaint):
            pair_sets(before, after, table)


def test_a_shift_is_found_between_pixels() -> None:
    image = gaussian_filter(np.random.default_rng(0).random((120, 120)), 2)
    image = (image - image.min()) / np.ptp(image)
    for right, down in ((0.0, 0.0), (3.0, -5.0), (1.35, -0.7)):
        moved = np.fft.ifft2(fourier_shift(np.fft.fft2(image), (down, right))).real
        found = registration(image[None, 12:108, 12:108], moved[None, 12:108, 12:108])
        # The grid of a twentieth, and what enters at the edges.
        assert found.shift_x[0] == pytest.approx(right, abs=0.1)
        assert found.shift_y[0] == pytest.approx(down, abs=0.1)
        assert (found.warn is not None) == (np.hypot(right, down) > 2)
        assert found.peak_ratio > 0.5


def test_unlike_and_flat_images_have_no_clear_shift() -> None:
    rng = np.random.default_rng(1)
    found = registration(rng.random((3, 64, 64)), rng.random((3, 64, 64)))
    assert found.moved.all()
    assert "too little in common" in (found.warn or "")
    flat = registration(np.full((1, 32, 32), 0.3), rng.random((1, 32, 32)))
    assert (flat.median, flat.peak_ratio) == (None, 0.0)


@pytest.mark.parametrize(
    ("shift", "low", "high", "p", "said"),
    [
        (0.05, 0.04, 0.06, 0.01, "rose"),
        (-0.05, -0.06, -0.04, 0.01, "fell"),
        (0.02, 0.01, 0.029, 0.001, "unchanged"),
        (0.05, 0.04, 0.06, 0.2, "undecided"),
        (0.05, 0.04, 0.06, None, "undecided"),
        (0.02, -0.01, 0.04, 0.001, "undecided"),
    ],
)
def test_three_ways_to_speak(
    shift: float, low: float, high: float, p: float | None, said: str
) -> None:
    assert direction("gini", shift, low, high, p) == said


def test_numbers_of_the_headline() -> None:
    assert change_text("logit", "fell", -0.99, -1.4, -0.6, 0.1) == (
        "logit fell (-0.99 [-1.40, -0.60])"
    )
    assert change_text("gini", "unchanged", 0.0, -0.01, 0.01, 0.03) == "gini unchanged within 0.03"
    assert margin_of("logit", 2.0) == pytest.approx(0.2)
    with pytest.raises(ValueError, match="needs the standard deviation"):
        margin_of("logit")
