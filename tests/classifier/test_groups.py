"""Which images belong together: as asked, by name, by picture; and whether pairs are pairs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import (
    SETTINGS,
    folder,
    grouped,
    groups_by_name,
    opened,
    partition,
    picture,
    several,
)
from PIL import Image
from scipy.stats import mannwhitneyu

from ganeval.classifier.groups import group_examples
from ganeval.classifier.opening import Opened, open_examples
from ganeval.errors import ExitCode, InputError
from ganeval.statistics.streams import generator


def multiple(groups: set[frozenset[str]]) -> set[frozenset[str]]:
    return {group for group in groups if len(group) > 1}


@pytest.fixture
def small(tmp_path: Path) -> Opened:
    """Two crops and a single picture; a translation, and a fake of its own."""
    return opened(
        tmp_path,
        {"a_crop1.png": picture(1), "a_crop2.png": picture(2), "b.png": picture(3)},
        {"b_fake.png": picture(4), "c.png": picture(5)},
    )


def test_names_join_crops_and_translations(small: Opened) -> None:
    one = grouped(small)
    assert partition(one) == {
        frozenset({"real:a_crop1.png", "real:a_crop2.png"}),
        frozenset({"real:b.png", "fake:b_fake.png"}),
        frozenset({"fake:c.png"}),
    }
    assert one.record.source == "stem"
    assert one.record.images == {"real": 3, "fake": 2}
    assert one.record.groups == {"real": 2, "fake": 2, "both": 1, "all": 3}
    assert one.record.largest == 2
    assert one.record.examples == [
        ["real:a_crop1.png", "real:a_crop2.png"],
        ["real:b.png", "fake:b_fake.png"],
    ]
    assert not one.warnings


def test_pictures_join_copies_in_other_formats_and_brightness(tmp_path: Path) -> None:
    pixels = np.asarray(picture(1))
    darker = Image.fromarray((pixels * 0.8).astype(np.uint8))
    one = grouped(
        opened(
            tmp_path,
            {"a.png": picture(1), "b.jpg": picture(1), **several([5])},
            {"c.png": darker, **several([6])},
        )
    )
    assert multiple(partition(one)) == {frozenset({"real:a.png", "real:b.jpg", "fake:c.png"})}
    assert one.record.source == "picture"


def test_names_and_pictures_join_through_each_other(tmp_path: Path) -> None:
    one = grouped(
        opened(
            tmp_path,
            {"a_crop1.png": picture(1), "a_crop2.png": picture(2), "z.png": picture(9)},
            {"y.png": picture(2, grain=1), "y_aug1.png": picture(3)},
        )
    )
    assert multiple(partition(one)) == {
        frozenset({"real:a_crop1.png", "real:a_crop2.png", "fake:y.png", "fake:y_aug1.png"})
    }
    assert one.record.source == "stem and picture"


def test_equal_names_in_folders_are_told_apart_by_the_folder(tmp_path: Path) -> None:
    one = grouped(
        opened(
            tmp_path,
            {"cats/1.png": picture(1), "dogs/1.png": picture(2)},
            {"cats/1.png": picture(3), "dogs/1.png": picture(4)},
        )
    )
    assert partition(one) == {
        frozenset({"real:cats/1.png", "fake:cats/1.png"}),
        frozenset({"real:dogs/1.png", "fake:dogs/1.png"}),
    }


def test_without_any_group_each_image_counts_and_a_warning_says_so(tmp_path: Path) -> None:
    one = grouped(opened(tmp_path, several([1, 2]), several([3, 4])))
    assert len(set(one.examples.groups)) == 4
    assert one.record.source == "none"
    (notice,) = one.warnings
    assert notice.code == "groups_none"
    assert "every image counts as independent" in notice.text


@pytest.mark.parametrize("choice", [{"infer_groups": False}, {"groups": "none"}])
def test_groups_are_not_looked_for_on_request(small: Opened, choice: dict[str, object]) -> None:
    one = grouped(small, **choice)
    assert len(set(one.examples.groups)) == 5
    assert [notice.code for notice in one.warnings] == ["groups_not_inferred"]


def test_an_expression_groups_both_sets(small: Opened) -> None:
    one = grouped(small, groups=r"^(\w)")
    assert partition(one) == partition(grouped(small))
    assert one.record.source == "option"
    with pytest.raises(InputError, match=r"matches no group in 1 of 3 images: b\.png"):
        grouped(small, groups=r"^(a)")
    with pytest.raises(InputError, match="0 captures"):
        grouped(small, groups="a")


def test_dhash_groups_by_picture_alone(tmp_path: Path) -> None:
    one = grouped(
        opened(
            tmp_path,
            {"a_crop1.png": picture(1), "a_crop2.png": picture(2)},
            {"x.png": picture(2, grain=1), "y.png": picture(3)},
        ),
        groups="dhash",
    )
    assert multiple(partition(one)) == {frozenset({"real:a_crop2.png", "fake:x.png"})}
    assert one.record.source == "option"


def table(tmp_path: Path, *rows: str) -> str:
    path = tmp_path / "groups.csv"
    path.write_text("\n".join(["path,group", *rows, ""]))
    return str(path)


def test_a_table_groups_both_sets(small: Opened, tmp_path: Path) -> None:
    rows = ["a_crop1.png,x", "a_crop2.png,y", "b.png,y", "b_fake.png,y", "c.png,z"]
    one = grouped(small, groups=table(tmp_path, *rows))
    assert groups_by_name(one) == {
        "x": {"real:a_crop1.png"},
        "y": {"real:a_crop2.png", "real:b.png", "fake:b_fake.png"},
        "z": {"fake:c.png"},
    }


def test_a_prefix_tells_which_set_a_path_is_of(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1, 2]), {"1.png": picture(3), "2.png": picture(4)})
    rows = ["real:1.png,a", "fake:1.png,b", "2.png,c"]
    assert groups_by_name(grouped(one, groups=table(tmp_path, *rows))) == {
        "a": {"real:1.png"},
        "b": {"fake:1.png"},
        "c": {"real:2.png", "fake:2.png"},
    }


def test_a_name_that_begins_like_a_prefix_is_a_name_first(tmp_path: Path) -> None:
    one = opened(tmp_path, {"fake:1.png": picture(1)}, {"1.png": picture(2)})
    rows = ["fake:1.png,a", "1.png,b"]
    assert groups_by_name(grouped(one, groups=table(tmp_path, *rows))) == {
        "a": {"real:fake:1.png"},
        "b": {"fake:1.png"},
    }


def test_a_table_that_does_not_fit_names_five_of_each_kind(tmp_path: Path) -> None:
    one = opened(tmp_path, several(range(8)), several(range(10, 13)))
    rows = [f"gone{i}.png,x" for i in range(7)]
    rows += ["0.png,x", "0.png,y", "fake:11.png,a", "11.png,b", "real:12.png,a"]
    with pytest.raises(InputError) as caught:
        grouped(one, groups=table(tmp_path, *rows))
    assert caught.value.exit_code == ExitCode.USAGE
    _, unknown, missing, twice = caught.value.message.splitlines()
    assert unknown == (
        "  8 rows name images in neither set: gone0.png, gone1.png, gone2.png, gone3.png, "
        "gone4.png, ..."
    )
    assert missing == (
        "  no group for 9 of 11: real:1.png, real:2.png, real:3.png, real:4.png, real:5.png, ..."
    )
    assert twice == "  2 contradictions: real:0.png in 'x' and 'y', fake:11.png in 'a' and 'b'"


def test_a_table_may_name_images_that_were_not_drawn(tmp_path: Path) -> None:
    real, fake = folder(tmp_path / "r", several(range(6))), folder(tmp_path / "f", several([9]))
    settings = replace(SETTINGS, limit=3)
    one = open_examples(real, fake, settings)
    assert len(one.examples) == 4
    rows = [f"{seed}.png,g{seed}" for seed in [*range(6), 9]]
    found = group_examples(one, replace(settings, groups=table(tmp_path, *rows)))
    assert len(set(found.examples.groups)) == 4


def test_a_table_that_is_not_there_is_named(small: Opened) -> None:
    with pytest.raises(InputError, match=r"gone\.csv: cannot be read as a table"):
        grouped(small, groups="gone.csv")


def versions(count: int) -> dict[str, Image.Image]:
    """The pictures of `several`, in other colours and with other grain."""
    return {
        f"{seed}.png": Image.fromarray(np.asarray(picture(seed, grain=1))[..., ::-1])
        for seed in range(count)
    }


def test_translations_are_confirmed_as_pairs(tmp_path: Path) -> None:
    one = grouped(opened(tmp_path, several(range(12)), versions(12)))
    assert one.pairs_confirmed
    check = one.record.pairs
    assert check.n_pairs == 12
    assert check.p is not None
    assert check.p < 0.001
    assert "versions of one picture" in check.text
    assert one.record.groups == {"real": 12, "fake": 12, "both": 12, "all": 12}


def test_the_pair_check_is_the_rank_sum_test_of_correlations(tmp_path: Path) -> None:
    # A weak likeness, so that p is no extreme.
    alike = {f"{i}.png": Image.blend(picture(100 + i), picture(i), 0.3) for i in range(14)}
    one = grouped(opened(tmp_path, several(range(14)), alike))
    small = [
        np.asarray(Image.fromarray(p).convert("L").resize((32, 32), Image.Resampling.BOX)).ravel()
        for p in one.examples.pixels
    ]
    # Sorted by key in both sets, partners have equal places; the check sorts them by content.
    table = np.corrcoef(small)[:14, 14:]
    order = np.argsort(one.examples.contents[:14])
    circle = order[generator(SETTINGS.seed, "pair check").permutation(14)]
    own, other = np.diag(table), table[circle, np.roll(circle, -1)]
    expected = mannwhitneyu(own, other, alternative="greater", method="asymptotic").pvalue
    check = one.record.pairs
    assert 1e-6 < expected < 1e-2
    assert check.p == pytest.approx(expected, rel=1e-9)
    assert f"mean correlation {own.mean():.2f}, of others {other.mean():.2f}" in check.text


def test_files_that_are_only_numbered_alike_share_groups_but_are_no_pairs(tmp_path: Path) -> None:
    others = {f"{i}.png": picture(100 + i) for i in range(12)}
    one = grouped(opened(tmp_path, several(range(12)), others))
    assert not one.pairs_confirmed
    assert one.record.pairs.p is not None
    assert one.record.pairs.p > 0.001
    assert "no more alike than others" in one.record.pairs.text
    assert one.record.groups["both"] == 12


def test_pairs_of_groups_asked_for_are_checked_too(tmp_path: Path) -> None:
    fake = {f"x{name}": image for name, image in versions(12).items()}
    one = opened(tmp_path, several(range(12)), fake)
    assert grouped(one, infer_groups=False).record.pairs.n_pairs == 0
    asked = grouped(one, groups=r"(\d+)")
    assert asked.pairs_confirmed
    assert asked.record.pairs.text.startswith("12 pairs of one group, mean correlation")


def test_ten_pairs_are_enough(tmp_path: Path) -> None:
    assert grouped(opened(tmp_path, several(range(10)), versions(10))).pairs_confirmed


def test_fewer_than_ten_pairs_are_not_judged(tmp_path: Path) -> None:
    one = grouped(opened(tmp_path, several(range(9)), versions(9)))
    assert not one.pairs_confirmed
    assert one.record.pairs.n_pairs == 9
    assert one.record.pairs.p is None
    assert "too few to tell" in one.record.pairs.text


def test_flat_pairs_are_not_confirmed(tmp_path: Path) -> None:
    flat = {f"{i}.png": Image.new("RGB", (32, 32), (i, i, i)) for i in range(12)}
    one = grouped(opened(tmp_path, flat, {k: Image.new("RGB", (32, 32)) for k in flat}))
    assert not one.pairs_confirmed
    assert one.record.pairs.p == 0.5  # every correlation counts as 0


def test_the_hash_speaks_of_content_not_of_names(tmp_path: Path) -> None:
    one = grouped(opened(tmp_path / "1", several([1, 2, 3]), several([4])))
    renamed = {"x.png": picture(3), "y.png": picture(1), "z.png": picture(2)}
    other = grouped(opened(tmp_path / "2", renamed, {"w.png": picture(4)}))
    joined = grouped(
        opened(
            tmp_path / "3",
            {"x.png": picture(3), "y.png": picture(1), "y_a.png": picture(2)},
            {"w.png": picture(4)},
        )
    )
    assert one.record.hash == other.record.hash != joined.record.hash


def test_very_unbalanced_sets_are_warned_of_with_their_effective_number(tmp_path: Path) -> None:
    one = grouped(opened(tmp_path, several(range(22), side=16), several([50, 51], side=16)))
    notice = next(notice for notice in one.warnings if notice.code == "unbalanced")
    # The harmonic mean of 22 and 2: 2 x 22 x 2 / 24.
    assert notice.data == {"effective": 4}
    assert "22 groups" in notice.text
    even = grouped(opened(tmp_path / "e", several(range(20), side=16), several([50, 51], side=16)))
    assert "unbalanced" not in {notice.code for notice in even.warnings}


def test_a_group_of_a_large_part_of_all_images_is_pointed_at(tmp_path: Path) -> None:
    crops = {f"a_crop{i}.png": picture(i, 16) for i in range(8)}
    one = grouped(opened(tmp_path, crops, several(range(20, 24), side=16)))
    (notice,) = one.warnings
    assert notice.code == "large_group"
    assert notice.text.startswith("One group holds 8 of 12 images.")


@pytest.mark.shared_data
def test_photos_and_their_translations_are_pairs(shared: Path) -> None:
    settings = replace(SETTINGS, limit=40)
    data = shared / "data" / "monet"
    one = group_examples(open_examples(data / "photos", data / "fake-unet32", settings), settings)
    assert one.pairs_confirmed
    assert one.record.pairs.n_pairs == 40
    other = group_examples(
        open_examples(data / "paintings", data / "fake-resnet", settings), settings
    )
    assert not other.pairs_confirmed
    assert other.record.pairs.n_pairs == 0
