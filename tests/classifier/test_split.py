"""Splits keep groups whole, follow the shares, and depend on content and seed alone."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from classifier.made_sets import SETTINGS, folder, labelled, picture, several
from hypothesis import given, settings
from hypothesis import strategies as st

from ganeval.classifier.examples import PARTS, Examples, Split
from ganeval.classifier.groups import group_examples
from ganeval.classifier.opening import open_examples
from ganeval.classifier.split import (
    class_groups,
    cross_validation_folds,
    effective_shares,
    smaller_class_groups,
    split_examples,
    split_record,
)
from ganeval.errors import ExitCode, GanevalError, InputError

ASKED = (0.6, 0.15, 0.25)


def counts(examples: Examples, split: Split) -> list[list[int]]:
    """Images per part and class."""
    return [np.bincount(examples.labels[split.rows(part)], minlength=2).tolist() for part in PARTS]


def straddling(examples: Examples, parts: Sequence[int]) -> set[str]:
    """Groups with members in several parts."""
    first: dict[str, int] = {}
    return {
        g
        for g, part in zip(examples.groups, parts, strict=True)
        if first.setdefault(g, part) != part
    }


def test_single_images_are_split_by_the_shares_exactly() -> None:
    examples = labelled([0] * 100 + [1] * 200)
    split = split_examples(examples, ASKED, 0)
    assert counts(examples, split) == [[60, 120], [15, 30], [25, 50]]
    assert split.parts.dtype == np.int8


def sha256(line: str) -> str:
    return hashlib.sha256(f"{line}\n".encode()).hexdigest()


def test_groups_come_in_the_order_of_a_seeded_hash_and_ties_go_to_train_then_test() -> None:
    examples = labelled([0] * 40 + [1] * 40)
    parts = split_examples(examples, (0.4, 0.3, 0.3), 5).parts
    hashes = [sha256(f"split|5|{sha256(content)}") for content in examples.contents[:40]]
    first = [PARTS[parts[row]] for row in np.argsort(hashes)[:3]]
    assert first == ["train", "test", "validation"]


@given(
    sizes=st.lists(st.integers(1, 6), min_size=45, max_size=80),
    kinds=st.lists(st.sampled_from(["real", "fake", "both"]), min_size=80, max_size=80),
    seed=st.integers(0, 5),
)
@settings(max_examples=25, deadline=None, derandomize=True)
def test_groups_stay_whole_and_their_numbers_follow_the_shares(
    sizes: list[int], kinds: list[str], seed: int
) -> None:
    labels, groups = [], []
    for number, (size, kind) in enumerate(zip(sizes, kinds, strict=False)):
        of = {"real": [0] * size, "fake": [1] * size, "both": [0, 1] * size}[kind]
        labels += of
        groups += [str(number)] * len(of)
    examples = labelled(labels, groups)
    if smaller_class_groups(examples) < 20:
        return
    split = split_examples(examples, ASKED, seed)
    assert not straddling(examples, split.parts.tolist())
    assert (split.parts >= 0).all()
    shares = effective_shares(smaller_class_groups(examples), ASKED)
    info = split_record(examples, split, shares)
    for label, role in enumerate(("real", "fake")):
        total = class_groups(examples)[label]
        for part, share in zip(PARTS, shares, strict=True):
            # A group of both classes serves two shares at once, so either may be off a little.
            assert abs(info.units[part][role] - share * total) <= 2


def test_large_groups_are_spread_over_the_parts() -> None:
    groups = [f"g{i // 10}" for i in range(400)] + [f"s{i}" for i in range(400)]
    examples = labelled([0] * 400 + [1] * 400, groups)
    split = split_examples(examples, ASKED, 0)
    assert counts(examples, split) == [[240, 240], [60, 60], [100, 100]]


def dealt_exactly(examples: Examples, seed: int, shares: Sequence[Fraction]) -> list[int]:
    """The rule once more, in fractions: the part of every image."""
    members: dict[str, list[int]] = {}
    for row, group in enumerate(examples.groups):
        members.setdefault(group, []).append(row)

    def rank(rows: list[int]) -> tuple[int, str]:
        lines = "".join(f"{content}\n" for content in sorted(examples.contents[r] for r in rows))
        return -len(rows), sha256(f"split|{seed}|{hashlib.sha256(lines.encode()).hexdigest()}")

    classes = {group: set(examples.labels[rows].tolist()) for group, rows in members.items()}
    totals = [sum(label in found for found in classes.values()) for label in (0, 1)]
    held = [[0, 0] for _ in PARTS]
    parts = [-1] * len(examples)
    for group in sorted(members, key=lambda group: rank(members[group])):
        lacking = [
            sum(1 - held[part][label] / (shares[part] * totals[label]) for label in classes[group])
            for part in range(3)
        ]
        place = max((0, 2, 1), key=lambda part: lacking[part])  # the first of equals
        for label in classes[group]:
            held[place][label] += 1
        for row in members[group]:
            parts[row] = place
    return parts


@pytest.mark.parametrize("seed", range(8))
def test_groups_are_dealt_as_the_rule_says_in_exact_fractions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels, groups = [], []
    for number in range(120):
        size = int(rng.integers(1, 4))
        of = [[0] * size, [1] * size, [0, 1] * size][int(rng.integers(3))]
        labels += of
        groups += [str(number)] * len(of)
    examples = labelled(labels, groups)
    parts = split_examples(examples, ASKED, seed).parts.tolist()
    shares = (Fraction(60, 100), Fraction(15, 100), Fraction(25, 100))
    assert parts == dealt_exactly(examples, seed, shares)


def test_large_and_small_groups_are_spread_alike() -> None:
    groups = [f"g{i // 10}" for i in range(400)] + [f"s{i}" for i in range(440)]
    examples = labelled([0] * 440 + [1] * 400, groups)
    split = split_examples(examples, ASKED, 0)
    assert counts(examples, split) == [[264, 240], [66, 60], [110, 100]]


def test_other_seeds_give_other_splits_and_one_seed_always_the_same() -> None:
    examples = labelled([0] * 50 + [1] * 50)
    splits = [split_examples(examples, ASKED, seed) for seed in (0, 1, 0)]
    assert np.array_equal(splits[0].parts, splits[2].parts)
    assert splits[0].hash == splits[2].hash != splits[1].hash


def test_the_split_does_not_depend_on_the_order_of_files_nor_on_names() -> None:
    rng = np.random.default_rng(3)
    groups = [f"g{i // 3}" for i in range(180)]
    examples = labelled([0] * 90 + [1] * 90, groups)
    split = split_examples(examples, ASKED, 0)
    order = rng.permutation(180)
    renamed = examples.take(order)
    renamed = renamed.with_groups([f"other{group}" for group in renamed.groups])
    again = split_examples(renamed, ASKED, 0)
    assert np.array_equal(again.parts, split.parts[order])
    assert again.hash == split.hash


def test_the_split_does_not_depend_on_where_the_folders_lie(tmp_path: Path) -> None:
    real = folder(tmp_path / "r", several(range(24), side=16))
    fake = folder(tmp_path / "f", several(range(50, 74), side=16))
    hashes = set()
    for a, b in ((real, fake), (tmp_path / "moved" / "x", tmp_path / "deep" / "er" / "y")):
        if not a.is_dir():
            shutil.copytree(real, a)
            shutil.copytree(fake, b)
        one = open_examples(a, b, SETTINGS)
        hashes.add(split_examples(group_examples(one, SETTINGS).examples, ASKED, 0).hash)
    assert len(hashes) == 1


def test_swapped_names_of_single_images_leave_every_picture_in_its_part(tmp_path: Path) -> None:
    def parts(pictures: dict[str, int], place: str) -> dict[str, int]:
        real = folder(
            tmp_path / place / "r", {name: picture(seed, 16) for name, seed in pictures.items()}
        )
        fake = folder(tmp_path / place / "f", several(range(50, 70), side=16))
        examples = group_examples(open_examples(real, fake, SETTINGS), SETTINGS).examples
        split = split_examples(examples, ASKED, 0)
        return dict(zip(examples.contents, split.parts.tolist(), strict=True))

    seeds = list(range(20))
    shuffled = np.random.default_rng(0).permutation(20).tolist()
    assert parts({f"{i}.png": s for i, s in enumerate(seeds)}, "1") == parts(
        {f"{i}.png": s for i, s in enumerate(shuffled)}, "2"
    )


def test_the_hash_is_that_of_the_sorted_lines_of_content_class_and_part() -> None:
    contents = [f"{i:02}" for i in range(20, 0, -1)]
    examples = labelled([0] * 10 + [1] * 10, contents=contents)
    split = split_examples(examples, ASKED, 0)
    lines = sorted(
        f"{contents[i]}\t{'real' if i < 10 else 'fake'}\t{PARTS[split.parts[i]]}\n"
        for i in range(20)
    )
    assert split.hash == hashlib.sha256("".join(lines).encode()).hexdigest()


def test_few_groups_are_split_by_other_shares() -> None:
    assert effective_shares(40, ASKED) == ASKED
    assert effective_shares(39, ASKED) == (0.4, 0.2, 0.4)
    examples = labelled([0] * 25 + [1] * 500)
    assert smaller_class_groups(examples) == 25
    split = split_examples(examples, ASKED, 0)
    assert counts(examples, split) == [[10, 200], [5, 100], [10, 200]]


@pytest.mark.parametrize(("reals", "fakes"), [(7, 100), (100, 7), (1, 1)])
def test_fewer_than_eight_groups_are_too_few_to_test(reals: int, fakes: int) -> None:
    examples = labelled([0] * reals + [1] * fakes)
    with pytest.raises(GanevalError, match="too few to test") as caught:
        split_examples(examples, ASKED, 0)
    assert caught.value.exit_code == ExitCode.FAILED
    for name, count in (("real", reals), ("fake", fakes)):
        assert f"{name} has {count} group" in caught.value.message
    with pytest.raises(GanevalError, match="too few to test"):
        cross_validation_folds(examples, 5, 0)


def test_images_do_not_replace_groups() -> None:
    examples = labelled([0] * 100 + [1] * 100, [str(i % 7) for i in range(100)] + ["f"] * 100)
    examples = examples.with_groups([*examples.groups[:100], *(f"f{i}" for i in range(100))])
    with pytest.raises(GanevalError, match="real has 7 groups of 100 images"):
        split_examples(examples, ASKED, 0)


def test_one_group_cannot_be_split(tmp_path: Path) -> None:
    crops = {f"a_crop{i}.png": picture(i, 16) for i in range(10)}
    one = open_examples(
        folder(tmp_path / "r", several(range(20, 30), side=16)),
        folder(tmp_path / "f", crops),
        SETTINGS,
    )
    examples = group_examples(one, SETTINGS).examples
    with pytest.raises(
        GanevalError, match="one group cannot be split: all 10 images of f"
    ) as caught:
        split_examples(examples, ASKED, 0)
    assert caught.value.exit_code == ExitCode.FAILED
    assert "--no-infer-groups" in str(caught.value)
    free = group_examples(one, replace(SETTINGS, infer_groups=False)).examples
    assert split_examples(free, ASKED, 0).rows("test").size


@pytest.mark.parametrize("shares", [(0.6, 0.4, 0.0), (0.6, 0.2, 0.3), (1.2, -0.4, 0.2)])
def test_shares_that_are_none_are_refused(shares: tuple[float, float, float]) -> None:
    with pytest.raises(InputError, match=r"--split .* three shares above 0 that add up to 100"):
        split_examples(labelled([0] * 50 + [1] * 50), shares, 0)


def test_fakes_of_the_generators_training_images_are_in_no_test_part() -> None:
    examples = labelled([0] * 80 + [1] * 160)
    train = np.arange(240) >= 160  # every other fake
    split = split_examples(examples, ASKED, 0, generator_train=train)
    assert not train[split.rows("test")].any()
    # The others keep their shares; those left out were never learnt from.
    kept = examples.labels[split.rows("test")]
    assert np.bincount(kept).tolist() == [20, 20]
    assert train[split.parts < 0].all()
    assert (split.parts < 0).sum() == 20
    assert split_record(examples, split, ASKED).left_out == 20


def test_fakes_that_are_left_must_be_enough() -> None:
    examples = labelled([0] * 80 + [1] * 80)
    with pytest.raises(GanevalError, match="fake has 5 groups of 5 images"):
        split_examples(examples, ASKED, 0, generator_train=np.arange(160) >= 85)


def test_a_record_counts_images_and_units() -> None:
    # 40 pairs of a real and two versions of its translation.
    labels = [0, 1, 1] * 40
    examples = labelled(labels, [str(i // 3) for i in range(120)])
    split = split_examples(examples, ASKED, 0)
    info = split_record(examples, split, ASKED)
    assert info.method == "holdout"
    assert info.shares == [0.6, 0.15, 0.25]
    assert info.images["test"] == {"real": 10, "fake": 20}
    assert info.units == {
        "train": {"real": 24, "fake": 24},
        "validation": {"real": 6, "fake": 6},
        "test": {"real": 10, "fake": 10},
    }
    assert info.hash == split.hash


@pytest.mark.parametrize("groups", [8, 9, 13, 19])
def test_each_group_is_tested_once_in_cross_validation(groups: int) -> None:
    labels = [0, 0] * groups + [1] * (groups + 4)
    names = [f"r{i // 2}" for i in range(2 * groups)] + [f"f{i}" for i in range(groups + 4)]
    examples = labelled(labels, names)
    folds = cross_validation_folds(examples, 5, 0)
    tested = np.zeros(len(examples), int)
    for number, fold in enumerate(folds):
        assert not straddling(examples, fold.parts.tolist())
        tested[fold.rows("test")] += 1
        assert all(min(pair) > 0 for pair in counts(examples, fold))
        following = folds[(number + 1) % 5]
        assert np.array_equal(fold.rows("validation"), following.rows("test"))
    assert (tested == 1).all()
    info = split_record(examples, folds, ASKED)
    assert info.method == "cross-validation"
    assert sum(part["fake"] for part in info.images.values()) == groups + 4
    assert [sum(part.values()) for part in info.units.values()] == [
        part["real"] // 2 + part["fake"] for part in info.images.values()
    ]
    assert (
        max(p["real"] for p in info.units.values()) - min(p["real"] for p in info.units.values())
        <= 1
    )


def test_fakes_of_the_generators_training_images_are_learnt_from_but_tested_in_no_fold() -> None:
    examples = labelled([0] * 12 + [1] * 20)
    train = np.arange(32) >= 22
    folds = cross_validation_folds(examples, 5, 0, generator_train=train)
    assert not any(train[fold.rows("test")].any() for fold in folds)
    assert sum(len(fold.rows("test")) for fold in folds) == 22
    assert all(train[fold.rows("train")].any() for fold in folds)
    assert split_record(examples, folds, ASKED).left_out == 10


def test_two_folds_leave_nothing_to_choose_by() -> None:
    with pytest.raises(InputError, match="2 folds"):
        cross_validation_folds(labelled([0] * 10 + [1] * 10), 2, 0)
