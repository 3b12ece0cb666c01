"""Arms whose images any code made, evaluated and made ready to be judged."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from ganeval.ablation.evaluation import EvaluationJob, evaluate_cell
from ganeval.ablation.evidence import Declared, Evidence
from ganeval.ablation.folders import (
    ExternalArm,
    common_stems,
    open_arms,
    stems_of,
    unmatched,
)
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.suite.floors import FLOOR_ARMS, floors
from ganeval.ablation.suite.networks import Networks
from ganeval.ablation.suite.part import ImagesOf
from ganeval.errors import InputError, unknown_name
from ganeval.images.failures import printable
from ganeval.images.listing import list_folder
from ganeval.metrics.settings import Progress, silent
from ganeval.paths import cache_folder
from ganeval.records.ablation import ArmInfo, CellInfo
from ganeval.records.comparison import Direction, Pairing

_SUITE: Final = ("fid", "kid", "c2st", "cycle", "structure", "saliency", "diversity", "traces")


@dataclass(frozen=True)
class FolderArms:
    """What was asked for on the command line.

    Args:
        arms: Each ``NAME=DIR``.
        real: Images of the target domain.
        source: Inputs of the translations; None: unknown.
        base: Arm that others are compared with; None: the first.
        direction: Of the translation.
        train: Images of the target domain that generators were trained on; None: unknown.
    """

    arms: Sequence[str]
    real: Path
    source: Path | None = None
    base: str | None = None
    direction: Direction = "AtoB"
    train: Path | None = None


def evidence_of_folders(
    asked: FolderArms,
    protocol: ProtocolSettings,
    stack: ExitStack,
    progress: Progress = silent,
) -> Evidence:
    """Evaluates arms from folders, each once.

    Args:
        asked: Arms and sets.
        protocol: How they are evaluated.
        stack: Closed by the caller when the evidence is no longer needed.
        progress: Told how far each piece of work is.

    Raises:
        InputError: An arm or a set is not usable, or fewer than 20 images are common.
        MissingFileError: Weights are needed and cannot be had.
    """
    arms = open_arms(asked.arms, asked.direction)
    _require_one_direction(arms, asked.direction)
    names = [arm.name for arm in arms]
    base = asked.base or names[0]
    if base not in names:
        raise unknown_name("--base: arm", base, names)
    source = None if asked.source is None else _sources(asked.source)
    stems = tuple(common_stems(arms, source))
    home = _home(protocol, stack)
    networks = stack.enter_context(Networks(protocol.device))
    results, folders, cells = {}, {}, []
    unequal: dict[str, list[str]] = {}
    images: ImagesOf | None = None
    for arm in arms:
        for position, run in enumerate(arm.runs):
            images = ImagesOf(
                stems,
                {stem: run.files[stem] for stem in stems},
                asked.real,
                None if source is None else {stem: source[stem] for stem in stems},
                train=asked.train,
            )
            _refuse_inputs_as_fakes(arm, images)
            seed = run.seed if len(arm.runs) > 1 else None
            job = EvaluationJob(
                arm.name,
                seed,
                {asked.direction: images},
                protocol,
                home / _key(arm, position),
                update=_number(arm.stated.get("updates")),
                removed=run.removed,
            )
            results[arm.name, seed] = evaluate_cell(job, progress, networks)
            folders[arm.name, seed] = job.out
            cells.append(
                CellInfo(
                    arm=arm.name,
                    seed=seed,
                    folder=str(run.folder),
                    state="evaluated",
                    update=job.update,
                    fakes={asked.direction: len(stems)},
                    removed=run.removed,
                )
            )
            unequal.setdefault(arm.name, []).extend(unmatched(run, stems))
    assert images is not None  # an arm has at least one run
    with TemporaryDirectory(prefix="ganeval-") as scratch:
        levels = floors(images, asked.direction, protocol, Path(scratch), progress)
    beaten = {number.arm for number in levels}
    return Evidence(
        name=" against ".join(names) if len(names) == 2 else f"{len(names)} arms from folders",
        base=base,
        arms=[
            *(_info(arm, base) for arm in arms),
            *(arm for arm in FLOOR_ARMS if arm.name in beaten),
        ],
        cells=cells,
        results=results,
        folders=folders,
        declared=[
            Declared(arm.name, base, asked.direction, _pairing(arm, arms, base))
            for arm in arms
            if arm.name != base
        ],
        protocol=protocol,
        floors=levels,
        seeds=sorted({run.seed for arm in arms for run in arm.runs if run.seed is not None}),
        budget="as each arm states, or not stated",
        unmatched=unequal,
    )


def default_suite(*, train: bool) -> tuple[str, ...]:
    """Returns the parts that images made elsewhere allow."""
    return (*_SUITE, "memorisation") if train else _SUITE


def _require_one_direction(arms: Sequence[ExternalArm], direction: Direction) -> None:
    for arm in arms:
        if arm.direction != direction:
            raise InputError(
                f"--arm {arm.name}: its ganeval-arm.yaml states {arm.direction}, and {direction} "
                "is evaluated",
                hint=f"Give --direction {arm.direction}, or evaluate the directions apart.",
            )


def _refuse_inputs_as_fakes(arm: ExternalArm, images: ImagesOf) -> None:
    """An arm that holds the inputs themselves is a mistake, and no translation."""
    if images.source is None:
        return
    same = sum(
        images.fake[stem].read_bytes() == images.source[stem].read_bytes()
        for stem in images.stems
        if images.fake[stem].stat().st_size == images.source[stem].stat().st_size
    )
    if same == len(images.stems):
        raise InputError(
            f"--arm {arm.name}: its images are the inputs themselves, file by file",
            hint="The page shows inputs left unchanged as a floor; no arm is needed for that.",
        )


def _sources(folder: Path) -> dict[str, Path]:
    listing = list_folder(folder, recursive=True) if folder.is_dir() else None
    if listing is None:
        raise InputError(f"--source {folder}: no folder of images")
    found = stems_of(listing.files.values(), folder)
    for stem, files in found.items():
        if len(files) > 1:
            raise InputError(
                f"--source {folder}: {printable(files[0].name)} and {printable(files[1].name)} "
                f"have the stem {printable(stem)} both"
            )
    return {stem: files[0] for stem, files in found.items()}


def _home(protocol: ProtocolSettings, stack: ExitStack) -> Path:
    """Where results lie: in the cache, or in a folder that is gone afterwards."""
    if protocol.use_cache:
        return cache_folder() / "evaluations" / protocol.id
    return Path(stack.enter_context(TemporaryDirectory(prefix="ganeval-")))


def _key(arm: ExternalArm, position: int) -> str:
    """A folder of its own for every run; the result in it knows its images by digest."""
    place = f"{arm.name}\n{arm.runs[position].folder.absolute()}\n{arm.direction}"
    return hashlib.sha256(place.encode("utf-8", "surrogateescape")).hexdigest()[:24]


def _pairing(arm: ExternalArm, arms: Sequence[ExternalArm], base: str) -> Pairing:
    other = next(one for one in arms if one.name == base)
    if len(arm.runs) == len(other.runs) == 1:
        return "images"
    return "data" if arm.paired and other.paired else "none"


def _info(arm: ExternalArm, base: str) -> ArmInfo:
    return ArmInfo(
        name=arm.name,
        kind="external",
        factor="" if arm.name == base else "images made elsewhere",
        note=str(arm.stated.get("note", "")),
        folder=str(arm.folder),
        stated=dict(arm.stated),
        not_stated=list(arm.not_stated),
    )


def _number(value: object) -> int | None:
    return value if isinstance(value, int) else None
