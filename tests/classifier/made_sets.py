"""Folders of small pictures, and labelled images without any files, made by code."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ganeval.classifier.examples import Examples
from ganeval.classifier.groups import Grouped, group_examples
from ganeval.classifier.opening import Opened, open_examples
from ganeval.classifier.settings import ClassifySettings
from ganeval.images import open_image_set

SETTINGS = ClassifySettings(cache=False)


def picture(seed: int, side: int = 32, grain: int = 0) -> Image.Image:
    """A smooth random picture; another ``grain`` gives another version of the same picture."""
    coarse = np.random.default_rng(seed).integers(40, 216, (6, 6, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((side, side), Image.Resampling.BICUBIC)
    noise = np.random.default_rng([seed, grain]).normal(0, 2, (side, side, 3))
    return Image.fromarray(np.clip(np.asarray(smooth) + noise, 0, 255).astype(np.uint8))


def folder(root: Path, pictures: Mapping[str, Image.Image]) -> Path:
    """Writes pictures under the given names."""
    for name, image in pictures.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        image.save(root / name)
    return root


def several(seeds: Sequence[int], name: str = "{}.png", **how: int) -> dict[str, Image.Image]:
    """One picture per seed, named after it."""
    return {name.format(seed): picture(seed, **how) for seed in seeds}


def opened(
    tmp_path: Path, real: Mapping[str, Image.Image], fake: Mapping[str, Image.Image]
) -> Opened:
    """Writes both sets and opens them."""
    return open_examples(folder(tmp_path / "real", real), folder(tmp_path / "fake", fake), SETTINGS)


def grouped(one: Opened, **choices: object) -> Grouped:
    """Groups what was opened, by other settings than the usual ones where they are given."""
    return group_examples(one, replace(SETTINGS, **choices))  # type: ignore[arg-type]


def groups_by_name(one: Grouped) -> dict[str, set[str]]:
    """The members of every group, by set and key."""
    members: dict[str, set[str]] = {}
    for row, group in enumerate(one.examples.groups):
        name = f"{one.examples.name(row)}:{one.examples.keys[row]}"
        members.setdefault(group, set()).add(name)
    return members


def partition(one: Grouped) -> set[frozenset[str]]:
    """Who belongs together, whatever the groups are called."""
    return {frozenset(members) for members in groups_by_name(one).values()}


def labelled(
    labels: Sequence[int], groups: Sequence[str] | None = None, contents: Sequence[str] = ()
) -> Examples:
    """Images without pixels: 0 real, 1 fake; each its own group by default."""
    blank = open_image_set(np.zeros((1, 2, 2, 3), np.uint8))
    count = len(labels)
    digests = list(contents) or [hashlib.sha256(str(i).encode()).hexdigest() for i in range(count)]
    return Examples(
        images=(blank, blank),
        names=("real", "fake"),
        keys=[str(i) for i in range(count)],
        digests=digests,
        contents=digests,
        labels=np.array(labels, np.int64),
        groups=list(groups) if groups is not None else [str(i) for i in range(count)],
        headers=blank.headers * count,
        pixels=[np.zeros((2, 2, 3), np.uint8)] * count,
    )
