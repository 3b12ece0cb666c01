"""What trains and translates a cell: any trainer that is installed, or a program."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from ganeval.ablation.cell_job import CONFIG, RUN, CellJob
from ganeval.ablation.process import Surroundings, run_program
from ganeval.errors import GanevalError, InputError
from ganeval.records.comparison import Direction

if TYPE_CHECKING:
    from ganeval.metrics.settings import Progress

TRANSLATED: Final = "translated"
_EXTRAS: Final = ("recovered", "identity")


@dataclass(frozen=True)
class Chosen:
    """The state of a run that a rule picks.

    Attributes:
        label: Names the folder of its translations: ``last``, ``ema-last``, ``u00010000``.
        rule: As declared.
        update: Updates done; None: as many as the run has.
        path: Its file; None: the trainer finds it by itself.
    """

    label: str
    rule: str
    update: int | None = None
    path: Path | None = None


@dataclass(frozen=True)
class Translated:
    """Pictures by stem of the input.

    Attributes:
        source: The inputs.
        fake: Their translations.
        recovered: There and back; None: the trainer has none.
        identity: By the generator of the other direction; None: the trainer has none.
    """

    source: Mapping[str, Path]
    fake: Mapping[str, Path]
    recovered: Mapping[str, Path] | None = None
    identity: Mapping[str, Path] | None = None


class CellTrainer(Protocol):
    """Trains and translates in the folder of a cell; holds no state but what lies there."""

    def train(self, job: CellJob, folder: Path, around: Surroundings) -> int:
        """Trains, or goes on, until the budget is spent, and returns an exit code.

        0 trained, 85 stopped and resumable, 86 diverged, anything else failed.
        """

    def checkpoints(self, folder: Path) -> list[tuple[int, Path]]:
        """Returns updates and file of every state that is kept, in order."""

    def choose(self, folder: Path, rule: str) -> Chosen:
        """Returns the state that a rule picks.

        Raises:
            InputError: There is none, or the trainer cannot go by that rule.
        """

    def translate(
        self,
        job: CellJob,
        folder: Path,
        chosen: Chosen,
        direction: Direction,
        around: Surroundings,
        progress: Progress,
    ) -> Translated:
        """Translates all inputs of a direction, or returns what was translated before.

        Raises:
            GanevalError: Outputs are missing.
        """


def trainer_of(job: CellJob) -> CellTrainer:
    """Returns what trains the cells of a study."""
    from ganeval.ablation.command_trainer import CommandCells
    from ganeval.ablation.study_form import CommandTrainer

    if isinstance(job.trainer, CommandTrainer):
        return CommandCells(job.trainer)
    if job.trainer == "cyclegan":
        return CycleGANCells()
    return OfferedCells(job.trainer)


def train_words(
    trainer: str, config: Path, seed: int, out: Path, sources: Sequence[str]
) -> list[str]:
    """Returns the command line that trains a cell by an installed trainer."""
    program = [sys.executable, "-m", "ganeval", "train", "--trainer", trainer]
    options = ["--config", str(config), "--seed", str(seed), "--out", str(out), "--quiet"]
    return [*program, *options, "--", *sources]


@dataclass(frozen=True)
class OfferedCells:
    """A trainer of the entry-point group, through ``ganeval train`` as anybody would call it.

    Args:
        name: Of the trainer.
    """

    name: str

    def train(self, job: CellJob, folder: Path, around: Surroundings) -> int:
        """Trains, or goes on; see `CellTrainer`."""
        words = train_words(self.name, folder / CONFIG, job.seed, folder / RUN, job.images.train)
        return run_program(words, around)

    def checkpoints(self, folder: Path) -> list[tuple[int, Path]]:
        """Asks the trainer; see `CellTrainer`."""
        return [(int(update), Path(path)) for update, path in self._own("checkpoints")(folder)]

    def choose(self, folder: Path, rule: str) -> Chosen:
        """Picks among the trainer's checkpoints; see `CellTrainer`."""
        found = self.checkpoints(folder)
        if not found:
            raise InputError(f"{folder}: trainer {self.name} wrote no checkpoint")
        if rule == "last":
            return Chosen("last", rule, *found[-1])
        if rule.startswith("update:"):
            return _at(found, rule, folder)
        raise InputError(
            f"protocol.checkpoint {rule}: trainer {self.name} offers last and update:N only"
        )

    def translate(
        self,
        job: CellJob,
        folder: Path,
        chosen: Chosen,
        direction: Direction,
        around: Surroundings,
        progress: Progress,
    ) -> Translated:
        """Lets the trainer translate; see `CellTrainer`."""
        source = job.images.source[direction]
        out = folder / TRANSLATED / chosen.label / direction
        if not is_whole(out):
            out.mkdir(parents=True, exist_ok=True)
            self._own("translate")(folder, chosen.path, source, out, direction)
            mark_whole(out)
        return paired(source, out, direction)

    def _own(self, method: str) -> Any:
        from ganeval.training.trainers import TRAINERS

        offered: Any = TRAINERS.get(self.name)()
        if not callable(getattr(offered, method, None)):
            raise InputError(
                f"trainer {self.name} has no method {method}, so its cells cannot be evaluated",
                hint="It has to offer checkpoints(cell_folder), and translate(cell_folder,"
                " checkpoint, source, out, direction).",
            )
        return getattr(offered, method)


@dataclass(frozen=True)
class CycleGANCells(OfferedCells):
    """The trainer that comes with ganeval, and its ``ganeval translate``."""

    name: str = field(default="cyclegan")

    def choose(self, folder: Path, rule: str) -> Chosen:
        """Goes by any rule; see `CellTrainer`."""
        found = self.checkpoints(folder)
        if not found:
            raise InputError(f"{folder / RUN}: holds no checkpoint")
        if rule in ("last", "ema:last"):
            return Chosen(rule.replace(":", "-"), rule, *found[-1])
        if rule.startswith("update:"):
            return _at(found, rule, folder)
        best = _best(folder / RUN)
        return Chosen("best", rule, int(best.stem[1:]), best)

    def translate(
        self,
        job: CellJob,
        folder: Path,
        chosen: Chosen,
        direction: Direction,
        around: Surroundings,
        progress: Progress,
    ) -> Translated:
        """Translates with the generators there and back; see `CellTrainer`."""
        source = job.images.source[direction]
        out = folder / TRANSLATED / chosen.label / direction
        is_average = chosen.rule.startswith("ema:")
        self._own("translate")(
            folder, chosen.path, source, out, direction, ema=is_average, told=progress
        )
        whole = paired(source, out, direction)
        beside = {one: out.with_name(f"{direction}-{one}") for one in _EXTRAS}
        return Translated(
            source=whole.source,
            fake=whole.fake,
            recovered=paired(source, beside["recovered"], direction).fake,
            identity=paired(source, beside["identity"], direction).fake,
        )


def paired(
    source: Path, out: Path, direction: Direction, files: Sequence[Path] | None = None
) -> Translated:
    """Brings inputs and outputs together by their stems.

    Args:
        source: Folder of the inputs.
        out: Folder of the outputs.
        direction: For messages.
        files: The outputs among what lies there; None: every image.

    Raises:
        GanevalError: An input has no output or several.
    """
    from ganeval.ablation.folders import stems_of

    inputs = stems_of(_images(source), source)
    outputs = stems_of(_images(out) if files is None else files, out)
    double = [stem for stem, found in inputs.items() if len(found) > 1]
    if double:
        raise InputError(f"{source}: several images are called {double[0]}")
    lacking = [stem for stem in inputs if len(outputs.get(stem, [])) != 1]
    if lacking:
        count = len(inputs) - len(lacking)
        shown = ", ".join(lacking[:5]) + (", ..." if len(lacking) > 5 else "")
        raise GanevalError(
            f"{out}: {direction}: {count} of {len(inputs)} inputs have one output of their name; "
            f"without: {shown}"
        )
    return Translated(
        source={stem: found[0] for stem, found in inputs.items()},
        fake={stem: outputs[stem][0] for stem in inputs},
    )


def is_whole(out: Path) -> bool:
    """Tells whether a translation was finished."""
    return _mark(out).exists()


def mark_whole(out: Path) -> None:
    """Notes that a translation is finished."""
    _mark(out).touch()


def _mark(out: Path) -> Path:
    return out.with_name(f".{out.name}.done")


def _images(folder: Path) -> list[Path]:
    from ganeval.images.listing import list_folder

    return list(list_folder(folder, recursive=True).files.values())


def _at(found: Sequence[tuple[int, Path]], rule: str, folder: Path) -> Chosen:
    update = int(rule.partition(":")[2])
    for one, path in found:
        if one == update:
            return Chosen(f"u{update:08d}", rule, update, path)
    kept = ", ".join(str(one) for one, _ in found)
    raise InputError(f"{folder / RUN}: keeps no state of update {update}; there are {kept}")


def _best(run: Path) -> Path:
    import json

    try:
        best = json.loads((run / "record.json").read_text("utf-8"))["best"]
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{run}: has no record that names its best checkpoint") from error
    if best is None:
        raise InputError(f"{run}: chose no best checkpoint: it was trained without that rule")
    return run / str(best["checkpoint"])
