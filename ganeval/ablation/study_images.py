"""Where the images of a study lie, as its cells see them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from ganeval.ablation.cell_job import JobImages
from ganeval.ablation.study_form import SplitFolders, Study, StudyData
from ganeval.ablation.study_rules import NAMED_SETS, require_data
from ganeval.errors import InputError
from ganeval.records.comparison import Direction
from ganeval.training.trainers import TRAINERS

_DATA: Final = "data"
_LINKS: Final = "images"
_WAYS: Final[dict[Direction, tuple[str, str]]] = {"AtoB": ("A", "B"), "BtoA": ("B", "A")}


def place_images(study: Study, folder: Path) -> JobImages:
    """Makes the images of a study reachable below its folder, and tells where they are.

    A pair made by code is drawn once. Folders are linked as trainA, trainB, valA and valB, so that
    a trainer sees what the study declares, and never its test images.

    Args:
        study: Whose images.
        folder: Of the study.

    Raises:
        InputError: There are none, or a split cannot be read as it has to be.
    """
    require_data(study)
    assert study.data is not None
    data = _drawn(study.data.demo, folder) if study.data.demo is not None else study.data
    judged: SplitFolders | None = getattr(data, study.protocol.split)
    if judged is None or data.A is None or data.B is None:
        raise InputError(f"data: has no A, B or {study.protocol.split}")
    for domain in ("A", "B"):
        if not getattr(judged, domain).is_dir():
            raise InputError(
                f"data.{study.protocol.split}.{domain}: {getattr(judged, domain)} is no folder",
                hint="Images that cells are judged by have to be files in a folder.",
            )
    named = {"A": str(data.A) in NAMED_SETS, "B": str(data.B) in NAMED_SETS}
    return JobImages(
        train=_sources(data, folder, linked=not any(named.values())),
        source={way: getattr(judged, a).absolute() for way, (a, _) in _WAYS.items()},
        real={way: getattr(judged, b).absolute() for way, (_, b) in _WAYS.items()},
        trained_on={
            way: getattr(data, b).absolute() for way, (_, b) in _WAYS.items() if not named[b]
        },
    )


def _drawn(demo: str, folder: Path) -> StudyData:
    trainer: Any = TRAINERS.get("cyclegan")()  # which draws them, whatever trains on them
    place = folder.absolute() / _DATA
    whole = place / f".{demo}.done"
    if not whole.exists():
        trainer.write_demo(demo, place)
        whole.touch()
    return StudyData(
        A=place / "trainA",
        B=place / "trainB",
        test=SplitFolders(A=place / "testA", B=place / "testB"),
    )


def _sources(data: StudyData, folder: Path, *, linked: bool) -> tuple[str, ...]:
    """What a trainer is given: a folder of links, or both sources as they are."""
    found = {"trainA": data.A, "trainB": data.B}
    if data.val is not None:
        found |= {"valA": data.val.A, "valB": data.val.B}
    folders = {name: path for name, path in found.items() if path is not None and path.is_dir()}
    if not linked or set(folders) != set(found):
        if data.val is not None:
            raise InputError(
                "data.val: needs all of data.A, data.B and data.val to be folders",
                hint="Unpack them, or leave data.val out.",
            )
        return tuple(
            str(one) if str(one) in NAMED_SETS else str(Path(str(one)).absolute())
            for one in (data.A, data.B)
        )
    place = folder.absolute() / _LINKS
    place.mkdir(parents=True, exist_ok=True)
    for old in place.iterdir():
        if old.name not in folders:
            old.unlink()
    for name, path in folders.items():
        _link(place / name, path.absolute())
    return (str(place),)


def _link(link: Path, target: Path) -> None:
    """Points a link to a folder, by rename, so that who reads it sees the old or the new one."""
    if link.is_symlink() and Path(os.readlink(link)) == target:
        return
    fresh = link.with_name(f".{link.name}.part-{os.getpid()}")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target, target_is_directory=True)
    fresh.replace(link)
