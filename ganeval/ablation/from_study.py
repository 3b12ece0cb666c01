"""The folder of a study, made ready to be judged; cells under another protocol are evaluated."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, cast

from ganeval.ablation.arms import Arm, arms_of, comparisons_of
from ganeval.ablation.cell_job import JOB, RUN, CellJob, read_job
from ganeval.ablation.cell_result import CellResult, read_result
from ganeval.ablation.cell_state import CellStatus, read_status
from ganeval.ablation.evaluation import RESULT, EvaluationJob, evaluate_cell
from ganeval.ablation.evidence import Declared, Evidence
from ganeval.ablation.from_folders import FolderArms, evidence_of_folders
from ganeval.ablation.protocol import ProtocolSettings
from ganeval.ablation.study import load_study
from ganeval.ablation.study_folder import LOCKED, STUDY, StudyFolder
from ganeval.ablation.study_form import CommandTrainer, Study
from ganeval.ablation.study_protocol import protocol_of
from ganeval.ablation.suite.floors import FLOOR_ARMS, floors
from ganeval.ablation.suite.networks import Networks
from ganeval.ablation.suite.part import ImagesOf
from ganeval.errors import InputError, unknown_name
from ganeval.metrics.settings import Progress, silent
from ganeval.records.ablation import Amendment, ArmInfo, ArmKind, CellCurve, CellInfo, CellMetric
from ganeval.records.comparison import Direction, Pairing
from ganeval.records.model import Param

_EVAL: Final = "eval"
_POINTS: Final = "points"
_KINDS: Final[Mapping[str, ArmKind]] = {
    "base": "base",
    "variant": "variant",
    "axis": "axis",
    "aa": "same",
}
_NETWORKS: Final = ("nets.", "generator.", "discriminator.")
"""Sections of keys that change networks: such arms share the streams of the data alone."""


@dataclass(frozen=True)
class StudyChoices:
    """What a report asks of a study beyond what the study declares; None: as declared."""

    extractor: str | None = None
    weights: Path | None = None
    fid_modes: tuple[str, ...] = ()
    base: str | None = None
    primary: str | None = None
    margin: float | None = None
    arms: tuple[str, ...] = ()
    direction: Direction = "AtoB"
    task: str = ""
    device: str = "auto"
    use_cache: bool = True

    @classmethod
    def of(cls, chosen: Mapping[str, Any]) -> StudyChoices:
        """Takes them from the options of a command."""
        modes = (name.strip() for name in str(chosen["fid_modes"]).split(","))
        return cls(
            extractor=chosen["extractor"] or ("inception-2015" if chosen["weights"] else None),
            weights=chosen["weights"],
            fid_modes=tuple(name for name in modes if name),
            base=chosen["base"],
            primary=chosen["primary"],
            margin=chosen["margin"],
            arms=tuple(chosen["arms"]),
            direction=chosen["direction"],
            task=chosen["task"],
            device=chosen["device"],
            use_cache=chosen["cache"],
        )

    def protocol(self, study: Study) -> ProtocolSettings:
        """Returns the protocol of the study with these choices."""
        declared = protocol_of(study, device=self.device)
        return replace(
            declared,
            extractor=self.extractor or declared.extractor,
            weights=self.weights,
            fid_modes=self.fid_modes or declared.fid_modes,
            primary=self.primary or declared.primary,
            margin=self.margin if self.margin is not None else declared.margin,
            use_cache=self.use_cache,
        )


@dataclass(frozen=True)
class _Cell:
    """A cell on disk."""

    folder: Path
    job: CellJob
    status: CellStatus
    result: CellResult | None


def evidence_of_study(
    path: Path,
    choices: StudyChoices,
    stack: ExitStack,
    progress: Progress = silent,
) -> Evidence:
    """Reads a study's cells; evaluates those that have no result under the protocol asked for.

    Args:
        path: Folder of the study.
        choices: What differs from what it declares.
        stack: Closed by the caller when the evidence is no longer needed.
        progress: Told how far evaluations are.

    Raises:
        InputError: There is no study, or a choice does not fit it.
    """
    folder = StudyFolder(path)
    study = _study(path)
    arms = arms_of(study)
    names = [arm.name for arm in arms]
    protocol = choices.protocol(study)
    networks = stack.enter_context(Networks(choices.device))
    cells = [
        _evaluated(cell, protocol, networks, progress) for cell in _cells(path, arms, protocol)
    ]
    base = choices.base or next(arm.name for arm in arms if arm.origin == "base")
    if base not in names:
        raise unknown_name("--base: arm", base, names)
    results: dict[tuple[str, int | None], CellResult] = {
        (c.job.arm, c.job.seed): c.result for c in cells if c.result is not None
    }
    evidence = Evidence(
        name=study.name,
        base=base,
        arms=[_info(arm, arms, base) for arm in arms],
        cells=list(_infos(arms, cells)),
        results=results,
        folders={
            (c.job.arm, c.job.seed): c.folder / _EVAL / protocol.id for c in cells if c.result
        },
        declared=_declared(study, arms, choices.base),
        protocol=protocol,
        seeds=list(study.seeds),
        study=(path / STUDY).read_text("utf-8"),
        trainer=study.trainer.name if isinstance(study.trainer, CommandTrainer) else study.trainer,
        budget=_budget(study),
        amendments=_amendments(folder),
        task=choices.task,
        commands=[
            shlex.join(["ganeval", "ablate", str(path / STUDY), "--out", "STUDY"]),
            "ganeval ablation-report STUDY -o report.html",
        ],
    )
    evidence = replace(
        evidence,
        floors=list(_floors(cells, protocol, progress)),
        curves=_point_curves(cells, protocol),
    )
    told = {number.arm for number in evidence.floors}
    floor_arms = [arm for arm in FLOOR_ARMS if arm.name in told]
    evidence = replace(evidence, arms=[*evidence.arms, *floor_arms])
    return _with_folders(evidence, choices, cells, stack, progress)


def _study(path: Path) -> Study:
    if not (path / STUDY).is_file():
        raise InputError(
            f"{path}: holds no study (there is no {STUDY})",
            hint="Name the folder that `ganeval ablate STUDY --out DIR` wrote, or use --arm.",
        )
    return load_study(path / STUDY)


def _cells(path: Path, arms: Sequence[Arm], protocol: ProtocolSettings) -> Iterator[_Cell]:
    """Yields the newest cell of every arm and seed that the study has now."""
    wanted = {(arm.name, seed): arm for arm in arms for seed in arm.seeds}
    found: dict[tuple[str, int], _Cell] = {}
    for file in sorted(path.glob(f"cells/*/*/{JOB}"), key=lambda one: one.stat().st_mtime):
        job = read_job(file.parent)
        if (job.arm, job.seed) not in wanted:
            continue
        result = None
        known = file.parent / _EVAL / protocol.id / RESULT
        if known.is_file():
            result = read_result(known)
        found[job.arm, job.seed] = _Cell(file.parent, job, read_status(file.parent), result)
    yield from found.values()


def _evaluated(
    cell: _Cell, protocol: ProtocolSettings, networks: Networks, progress: Progress
) -> _Cell:
    """Evaluates a cell that has a result under another protocol, from the images of that one."""
    if cell.result is not None or cell.status.state != "evaluated":
        return cell
    known = sorted(cell.folder.glob(f"{_EVAL}/*/{RESULT}"))
    if not known:
        return cell
    before = read_result(known[-1])
    images = {
        direction: _images(before, cell.job, direction)
        for direction in protocol.directions
        if direction in before.pictures
    }
    job = EvaluationJob(
        arm=cell.job.arm,
        seed=cell.job.seed,
        images=images,
        protocol=protocol,
        out=cell.folder / _EVAL / protocol.id,
        cell_id=cell.job.id,
        update=before.update,
        checkpoint=Path(before.checkpoint) if before.checkpoint else None,
        run=cell.folder / RUN,
    )
    return replace(cell, result=evaluate_cell(job, progress, networks))


def _images(result: CellResult, job: CellJob, direction: Direction) -> ImagesOf:
    """The images that a result was made of."""
    pictures = result.pictures[direction]
    stages: dict[str, dict[str, Path]] = {}
    for stem, files in pictures.items():
        for stage, file in files.items():
            stages.setdefault(stage, {})[stem] = Path(file)
    return ImagesOf(
        stems=tuple(sorted(pictures)),
        fake=stages["translated"],
        real=job.images.real[direction],
        source=stages.get("original"),
        recovered=stages.get("recovered"),
        identity=stages.get("identity"),
        train=job.images.trained_on.get(direction),
    )


def _info(arm: Arm, arms: Sequence[Arm], base: str) -> ArmInfo:
    own = next(one for one in arms if one.name == base).resolved
    changed = {key: value for key, value in arm.resolved.items() if own.get(key) != value}
    return ArmInfo(
        name=arm.name,
        kind=_KINDS[arm.origin],
        factor=arm.factor,
        several=arm.several,
        changes={key: _plain(value) for key, value in changed.items()},
        note=arm.note,
        excluded=f"another budget: {arm.budget_note or 'not the same'}" if arm.excluded else None,
    )


def _plain(value: object) -> Param | list[Param]:
    """A value of a configuration as a record holds it."""
    if isinstance(value, list | tuple):
        return [one if _is_param(one) else str(one) for one in value]
    return cast("Param", value) if _is_param(value) else str(value)


def _is_param(value: object) -> bool:
    return value is None or isinstance(value, str | int | float | bool)


def _infos(arms: Sequence[Arm], cells: Sequence[_Cell]) -> Iterator[CellInfo]:
    """Yields every cell of the study, those without a folder as pending."""
    known = {(cell.job.arm, cell.job.seed): cell for cell in cells}
    for arm in arms:
        for seed in arm.seeds:
            cell = known.get((arm.name, seed))
            if cell is None:
                yield CellInfo(arm=arm.name, seed=seed, state="pending")
                continue
            status, result = cell.status, cell.result
            state = status.state
            if state == "evaluated" and result is None:
                state = "trained"
            info = CellInfo(
                arm=arm.name,
                seed=seed,
                id=cell.job.id,
                folder=str(cell.folder),
                state=state,
                why=status.why,
                update=status.update,
                attempts=max(1, status.attempt),
            )
            if result is not None:
                info = info.model_copy(
                    update={
                        "update": result.update,
                        "fakes": dict(result.fakes),
                        "removed": result.removed,
                        "cost": result.cost,
                    }
                )
            yield info


def _declared(study: Study, arms: Sequence[Arm], base: str | None) -> list[Declared]:
    """The family; with another base every arm against that one."""
    by_name = {arm.name: arm for arm in arms}
    if base is not None:
        return [
            Declared(arm.name, base, "AtoB", _pairing(arm, by_name[base]))
            for arm in arms
            if arm.name != base and arm.origin != "aa" and not arm.excluded
        ]
    return [
        Declared(
            one.variant,
            one.against,
            one.direction,
            _pairing(by_name[one.variant], by_name[one.against]),
        )
        for one in comparisons_of(study, arms)
    ]


def _pairing(variant: Arm, against: Arm) -> Pairing:
    """What runs of equal seeds share: all streams, or those of the data alone."""
    changed = [key for key, value in variant.resolved.items() if against.resolved.get(key) != value]
    return "data" if any(key.startswith(_NETWORKS) for key in changed) else "full"


def _budget(study: Study) -> str:
    if study.budget.updates is not None:
        return f"{study.budget.updates:,} updates of the generators in every cell"
    return f"{study.budget.images:,} images per domain in every cell"


def _amendments(folder: StudyFolder) -> list[Amendment]:
    locked = folder.read_json(LOCKED) or {}
    fields = ("time", "what", "old", "new")
    return [
        Amendment(
            **{name: str(one.get(name, "")) for name in fields},
            evaluated=int(one.get("evaluated", 0)),
        )
        for one in locked.get("amendments", [])
    ]


def _floors(
    cells: Sequence[_Cell], protocol: ProtocolSettings, progress: Progress
) -> Iterator[CellMetric]:
    """The floors of every direction, by the inputs of the first cell that has them."""
    for direction in protocol.directions:
        for cell in cells:
            if cell.result is None or direction not in cell.result.pictures:
                continue
            images = _images(cell.result, cell.job, direction)
            with TemporaryDirectory(prefix="ganeval-") as scratch:
                yield from floors(images, direction, protocol, Path(scratch), progress)
            break


def _with_folders(
    evidence: Evidence,
    choices: StudyChoices,
    cells: Sequence[_Cell],
    stack: ExitStack,
    progress: Progress,
) -> Evidence:
    """Adds arms from folders, under the protocol of the study."""
    if not choices.arms:
        return evidence
    cell = next((one for one in cells if one.result is not None), None)
    if cell is None:
        raise InputError("--arm: no cell of the study is evaluated, so there is no data to share")
    source = cell.job.images.source.get(choices.direction)
    asked = FolderArms(
        choices.arms, cell.job.images.real[choices.direction], source, None, choices.direction
    )
    protocol = replace(evidence.protocol, directions=(choices.direction,))
    other = evidence_of_folders(asked, protocol, stack, progress)
    external = [arm for arm in other.arms if arm.kind == "external"]
    return replace(
        evidence,
        arms=[*evidence.arms, *external],
        cells=[*evidence.cells, *other.cells],
        results={**evidence.results, **other.results},
        folders={**evidence.folders, **other.folders},
        unmatched=other.unmatched,
    )


def _point_curves(cells: Sequence[_Cell], protocol: ProtocolSettings) -> list[CellCurve]:
    """Returns the primary metric over the updates that cells were evaluated at."""
    found = []
    for cell in cells:
        if cell.result is None:
            continue
        files = sorted((cell.folder / _EVAL / protocol.id / _POINTS).glob(f"u*/{RESULT}"))
        points = [*(read_result(file) for file in files), cell.result]
        if len(points) < 2:
            continue
        for direction in protocol.directions:
            numbers = [(one.update, one.metric(protocol.primary, direction)) for one in points]
            known = [(u, m) for u, m in numbers if u is not None and m is not None]
            if len(known) > 1:
                found.append(
                    CellCurve(
                        arm=cell.job.arm,
                        seed=cell.job.seed,
                        name=protocol.primary,
                        display=known[0][1].display,
                        group="evaluations",
                        direction=direction,
                        updates=[u for u, _ in known],
                        values=[m.estimate.value for _, m in known],
                    )
                )
    return found
