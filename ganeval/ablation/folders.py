"""Arms whose images were made elsewhere: one folder, or one folder per seed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from ganeval.ablation.arm_file import ArmFile, read_arm_file
from ganeval.classifier.stems import StemRule
from ganeval.errors import InputError
from ganeval.images.digests import file_sha256
from ganeval.images.failures import printable
from ganeval.images.groups import first_few
from ganeval.images.listing import list_folder
from ganeval.records.comparison import Direction
from ganeval.records.model import Param

_SEED: Final = re.compile(r"(?:seed[-_ ]?)?(\d+)", re.IGNORECASE)
_FEWEST_STEMS: Final = 20
_FAKE: Final = {"AtoB": "_fake_B", "BtoA": "_fake_A"}
_FOLDERS: Final = {"AtoB": ("fake_B", "AtoB"), "BtoA": ("fake_A", "BtoA")}
_ENDING: Final = re.compile(r"-outputs?$", re.IGNORECASE)


@dataclass(frozen=True)
class ExternalRun:
    """The images of one training run.

    Args:
        seed: Of the run; None: unknown, a single run.
        folder: Where they lie.
        files: Stem to file, sorted by stem; exact duplicates and all but one per stem are out.
        removed: Exact duplicates that were left out.
    """

    seed: int | None
    folder: Path
    files: dict[str, Path]
    removed: int


@dataclass(frozen=True)
class ExternalArm:
    """Images made by any code.

    Args:
        name: Of the arm.
        folder: As given.
        direction: Which way the images were translated.
        runs: One, or one per seed in their order.
        stated: What its ``ganeval-arm.yaml`` says.
        not_stated: Fields it does not say.
        paired: Its seeds belong to those of other arms (same data order and test set).
    """

    name: str
    folder: Path
    direction: Direction
    runs: tuple[ExternalRun, ...]
    stated: Mapping[str, Param] = field(default_factory=dict)
    not_stated: tuple[str, ...] = ()
    paired: bool = False


def open_arm(text: str, direction: Direction = "AtoB") -> ExternalArm:
    """Opens ``NAME=DIR``.

    Args:
        text: As typed.
        direction: Where the arm does not state its own.

    Raises:
        InputError: It is no such pair, holds no images, or it is unclear which of them are meant.
    """
    name, equals, path = text.partition("=")
    name, folder = name.strip(), Path(path)
    if not equals or not name or not path:
        raise InputError(f"--arm {text}: not of the form NAME=DIR")
    if not folder.is_dir():
        raise InputError(f"--arm {name}: {folder} is no folder")
    own = read_arm_file(folder)
    direction = own.direction or direction
    runs = [_run(name, seed, place, own, direction) for seed, place in sorted(_places(folder, own))]
    return ExternalArm(
        name, folder, direction, tuple(runs), own.stated, tuple(own.not_stated), own.paired
    )


def open_arms(texts: Sequence[str], direction: Direction = "AtoB") -> list[ExternalArm]:
    """Opens several arms; see `open_arm`.

    Raises:
        InputError: One cannot be opened, or two have one name.
    """
    arms = [open_arm(text, direction) for text in texts]
    names = [arm.name for arm in arms]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise InputError(f"--arm {twice}: is given twice", hint="Give every arm its own name.")
    return arms


def stems_of(files: Iterable[Path], root: Path) -> dict[str, list[Path]]:
    """Returns the files of each stem, without ``_fake_B``, ``_real_A``, ``-outputs`` and the like.

    Args:
        files: Below the root.
        root: Folders below it are part of a stem where files of different ones are called alike.
    """
    listed = list(files)
    bare = [_bare(path.relative_to(root).as_posix(), folders=False) for path in listed]
    folders = len(set(bare)) < len(bare)
    found: dict[str, list[Path]] = {}
    for path, stem in zip(listed, bare, strict=True):
        key = _bare(path.relative_to(root).as_posix(), folders=True) if folders else stem
        found.setdefault(key, []).append(path)
    return found


def common_stems(arms: Sequence[ExternalArm], source: Mapping[str, Path] | None) -> list[str]:
    """Returns the stems that all runs of all arms have, and the sources where there are any.

    Raises:
        InputError: Fewer than 20 are left.
    """
    runs = [(arm, run) for arm in arms for run in arm.runs]
    common = set(source) if source is not None else set(runs[0][1].files)
    for arm, run in runs:
        shared = common & set(run.files)
        if len(shared) < _FEWEST_STEMS:
            lost = sorted(set(run.files) - common) or sorted(common - set(run.files))
            with_what = "the sources" if source is not None else "the other arms"
            raise InputError(
                f"--arm {arm.name}: {len(shared)} of {len(run.files)} images share their stem with "
                f"{with_what}, and {_FEWEST_STEMS} are needed: {first_few(lost)}",
                hint="Name translations like their inputs, or state name_rule in ganeval-arm.yaml.",
            )
        common = shared
    return sorted(common)


def unmatched(run: ExternalRun, common: Iterable[str]) -> list[str]:
    """Returns the stems of a run that other arms or the sources lack."""
    return sorted(set(run.files) - set(common))


def _places(folder: Path, own: ArmFile) -> list[tuple[int | None, Path]]:
    """The folders of runs: one per seed if all of them are called so."""
    inside = sorted(one for one in folder.iterdir() if one.is_dir() and one.name[0] != ".")
    seeds = [_SEED.fullmatch(one.name) for one in inside]
    if inside and all(seeds):
        return [(int(seed[1]), one) for seed, one in zip(seeds, inside, strict=True) if seed]
    return [(own.seed, folder)]


def _run(
    arm: str, seed: int | None, folder: Path, own: ArmFile, direction: Direction
) -> ExternalRun:
    root, files = _images(arm, folder, own, direction)
    kept: dict[str, Path] = {}
    digests: set[str] = set()
    removed = 0
    named = own.named(files, root) if own.name_rule else stems_of(files, root)
    for stem, versions in sorted(named.items()):
        for path in sorted(versions):
            digest = file_sha256(path)
            if digest in digests:
                removed += 1
                continue
            digests.add(digest)
            if stem in kept:
                raise InputError(
                    f"--arm {arm}: {printable(kept[stem].name)} and {printable(path.name)} are two "
                    f"different images of the stem {printable(stem)}",
                    hint="State images and name_rule in ganeval-arm.yaml.",
                )
            kept[stem] = path
    if len(kept) == 1 and removed:
        raise InputError(f"--arm {arm}: all {removed + 1} images in {root} are identical")
    return ExternalRun(seed, root, kept, removed)


def _images(arm: str, folder: Path, own: ArmFile, direction: Direction) -> tuple[Path, list[Path]]:
    """The images meant: those stated, a folder called after them, names that end so, or all."""
    if own.images is not None:
        stated = sorted(path for path in folder.glob(own.images) if path.is_file())
        if not stated:
            raise InputError(f"--arm {arm}: no file in {folder} matches images: {own.images}")
        return folder, stated
    called = [folder / name for name in _FOLDERS[direction] if (folder / name).is_dir()]
    ending = _FAKE[direction]
    if called:
        if len(called) > 1:
            raise InputError(
                f"--arm {arm}: it is unclear which images are meant, those in {called[0]} or those "
                f"in {called[1]}",
                hint="State images in ganeval-arm.yaml.",
            )
        return called[0], list(list_folder(called[0], recursive=True).files.values())
    try:
        files = list(list_folder(folder, recursive=True).files.values())
    except InputError as error:
        raise InputError(f"--arm {arm}: {error.message}", hint=error.hint) from error
    fakes = [path for path in files if path.stem.endswith(ending)]
    if fakes:
        places = sorted({path.parent for path in fakes})
        if len(places) > 1:
            raise InputError(
                f"--arm {arm}: images called *{ending} lie in {len(places)} folders: "
                f"{first_few([str(place) for place in places])}",
                hint="State images in ganeval-arm.yaml, for example images: latest/images/*.png",
            )
        return places[0], fakes
    return folder, files


def _bare(key: str, *, folders: bool) -> str:
    """The stem of a key, without what scripts append to outputs."""
    rule = StemRule(folders=folders, copies=False)
    stem = rule.stem(key)
    return rule.stem(_ENDING.sub("", stem)) if _ENDING.search(stem) else stem
