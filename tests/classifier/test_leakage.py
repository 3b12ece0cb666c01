"""Images that one side of a split would give away about the other are found, and dealt with."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import SETTINGS, opened, picture, several
from PIL import Image

from ganeval.classifier.groups import group_examples
from ganeval.classifier.leakage import Leakage, find_leaks
from ganeval.classifier.opening import Opened
from ganeval.errors import ExitCode, InputError
from ganeval.records.classify import Leak


def found(one: Opened, **choices: object) -> Leakage:
    settings = replace(SETTINGS, **choices)  # type: ignore[arg-type]
    return find_leaks(one, group_examples(one, settings), settings)


def leak(leakage: Leakage, kind: str) -> Leak:
    return next(one for one in leakage.leaks if one.kind == kind)


def test_every_kind_is_counted_also_where_there_is_none(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1, 2]), several([3, 4]))
    leakage = found(one)
    assert [one.kind for one in leakage.leaks] == [
        "identical",
        "near",
        "source_in_real",
        "straddling",
    ]
    assert {one.count for one in leakage.leaks} == {0}
    assert len(leakage.examples) == 4
    assert not leakage.source_in_real
    assert not leakage.generator_train.any()


def test_images_of_equal_pixels_in_both_sets_leave_both(tmp_path: Path) -> None:
    real = {"a.png": picture(1), "b.png": picture(2), "b2.png": picture(2)}
    fake = {"x.bmp": picture(2), "y.png": picture(3)}
    leakage = found(opened(tmp_path, real, fake))
    assert leakage.examples.keys == ["a.png", "y.png"]
    assert leakage.examples.labels.tolist() == [0, 1]
    assert np.array_equal(leakage.examples.pixels[1], np.asarray(picture(3)))
    identical = leak(leakage, "identical")
    assert identical.count == 1
    assert identical.examples == ["real:b.png = fake:x.bmp"]
    assert identical.action == "dropped from both sets, 3 images in all"
    assert leak(leakage, "near").count == 0


def test_a_set_that_is_wholly_in_the_other_is_refused(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1, 2, 3]), {"x.png": picture(2), "y.png": picture(3)})
    with pytest.raises(InputError, match="every image of fake is in real too") as caught:
        found(one)
    assert caught.value.exit_code == ExitCode.USAGE


def test_near_duplicates_across_sets_are_kept_in_one_group(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1, 2]), {"x.png": picture(2, grain=1), "y.png": picture(3)})
    leakage = found(one)
    near = leak(leakage, "near")
    assert near.count == 1
    assert near.examples == ["real:2.png ~ fake:x.png"]
    assert "never on two sides" in near.action
    assert leak(leakage, "straddling").count == 0
    groups = dict(zip(leakage.examples.keys, leakage.examples.groups, strict=True))
    assert groups["2.png"] == groups["x.png"] != groups["1.png"]


def test_what_is_left_after_dropping_is_still_compared_by_its_own_pictures(tmp_path: Path) -> None:
    real = {"0.png": picture(9), "1.png": picture(1), "2.png": picture(2)}
    fake = {"0x.bmp": picture(9), "x.png": picture(2, grain=1), "y.png": picture(3)}
    leakage = found(opened(tmp_path, real, fake), infer_groups=False)
    assert leakage.examples.keys == ["1.png", "2.png", "x.png", "y.png"]
    assert leak(leakage, "near").examples == ["real:2.png ~ fake:x.png"]
    assert leak(leakage, "straddling").examples == ["real:2.png ~ fake:x.png"]


def test_near_duplicates_in_groups_of_the_users_own_may_straddle(tmp_path: Path) -> None:
    real = {**several([1, 2]), "2b.png": picture(2, grain=1)}
    one = opened(tmp_path, real, {"x.png": picture(1, grain=1), "y.png": picture(3)})
    leakage = found(one, infer_groups=False)
    near, straddling = leak(leakage, "near"), leak(leakage, "straddling")
    assert near.action.startswith("1 in another group")
    assert straddling.count == 2
    assert straddling.examples == ["real:1.png ~ fake:x.png", "real:2.png ~ real:2b.png"]
    assert "--groups" in straddling.action


def recoloured(count: int) -> dict[str, Image.Image]:
    return {
        f"{seed}_fake.png": Image.fromarray(np.asarray(picture(seed, grain=1))[..., ::-1])
        for seed in range(count)
    }


def test_fakes_of_images_among_the_reals_are_told(tmp_path: Path) -> None:
    fake = {**recoloured(12), "other.png": picture(99)}
    leakage = found(opened(tmp_path, several(range(12)), fake))
    assert leakage.source_in_real
    sources = leak(leakage, "source_in_real")
    assert sources.count == 12
    assert sources.examples[0] == "fake:0_fake.png"
    assert "in pairs" in sources.action


@pytest.mark.parametrize("choice", [{"infer_groups": False}, {"groups": "^(.*)$"}])
def test_a_source_in_another_group_than_its_fake_is_pointed_at(
    tmp_path: Path, choice: dict[str, object]
) -> None:
    leakage = found(opened(tmp_path, several(range(12)), recoloured(12)), **choice)
    assert leakage.source_in_real
    sources = leak(leakage, "source_in_real")
    assert sources.count == 12
    assert sources.action.startswith("12 in another group than the source")


def test_groups_asked_for_may_tell_sources_of_other_names(tmp_path: Path) -> None:
    fake = {f"x{name}": image for name, image in recoloured(12).items()}
    one = opened(tmp_path, several(range(12)), fake)
    assert leak(found(one, infer_groups=False), "source_in_real").count == 0
    asked = leak(found(one, groups=r"(\d+)"), "source_in_real")
    assert asked.count == 12
    assert "in pairs" in asked.action


def test_equal_numbers_alone_are_no_sources(tmp_path: Path) -> None:
    leakage = found(
        opened(tmp_path, several(range(12)), {f"{i}.png": picture(50 + i) for i in range(12)})
    )
    assert not leakage.source_in_real
    sources = leak(leakage, "source_in_real")
    assert sources.count == 0
    assert sources.action.startswith("12 with the name or group of a real")


def test_a_real_that_looks_like_a_fake_is_no_source(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1, 2]), {"x.png": picture(2, grain=1), "y.png": picture(3)})
    assert leak(found(one), "source_in_real").action == ""


def listing(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "train.txt"
    path.write_text(text)
    return path


def test_fakes_of_the_generators_training_images_are_marked(tmp_path: Path) -> None:
    fake = {"a_fake_B.png": picture(1), "b_fake_B.png": picture(2), "deep/c.png": picture(3)}
    one = opened(tmp_path, {"a.png": picture(8), "b.png": picture(9)}, fake)
    path = listing(tmp_path, "\ufeff# seen in training\nA.jpg\n\nc\nunknown\n")
    leakage = found(one, generator_train=path)
    marked = [k for k, on in zip(leakage.examples.keys, leakage.generator_train, strict=True) if on]
    assert marked == ["a_fake_B.png", "deep/c.png"]  # the real a.png is none
    train = leak(leakage, "generator_train")
    assert train.count == 2
    assert train.examples == ["fake:a_fake_B.png", "fake:deep/c.png"]


def test_listed_stems_may_name_their_folder_where_folders_count(tmp_path: Path) -> None:
    fake = {"cats/1.png": picture(1), "dogs/1.png": picture(2), "dogs/2.png": picture(3)}
    one = opened(tmp_path, several([8, 9]), fake)
    leakage = found(one, generator_train=listing(tmp_path, "dogs/1.png\n2\n"))
    assert leakage.generator_train.tolist() == [False, False, False, True, True]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "names no image"),
        ("# nothing\n", "names no image"),
        ("3\n4.png\n", "names the source of every fake"),
    ],
)
def test_lists_that_leave_nothing_are_refused(tmp_path: Path, text: str, complaint: str) -> None:
    one = opened(tmp_path, several([1, 2]), several([3, 4]))
    with pytest.raises(InputError, match=complaint):
        found(one, generator_train=listing(tmp_path, text))


def test_a_list_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    one = opened(tmp_path, several([1, 2]), several([3, 4]))
    with pytest.raises(InputError, match=r"gone\.txt: cannot be read: No such file"):
        found(one, generator_train=tmp_path / "gone.txt")
    (tmp_path / "train.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no text in UTF-8"):
        found(one, generator_train=tmp_path / "train.txt")


def test_only_a_few_examples_of_each_kind_are_shown(tmp_path: Path) -> None:
    fake = {**several(range(8)), "own.png": picture(77)}
    identical = leak(found(opened(tmp_path, several(range(9)), fake)), "identical")
    assert identical.count == 8
    assert len(identical.examples) == 5
