"""Cells of a training program that is called by its command line, without a shell."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ganeval.ablation.axis_cells import words
from ganeval.ablation.cell_job import RUN, CellJob
from ganeval.ablation.process import Surroundings, run_program
from ganeval.ablation.study_form import CommandTrainer
from ganeval.ablation.trainers import TRANSLATED, Chosen, Translated, is_whole, mark_whole, paired
from ganeval.errors import ExitCode, GanevalError, InputError
from ganeval.records.comparison import Direction

if TYPE_CHECKING:
    from ganeval.metrics.settings import Progress

_BEGUN: Final = ".begun"
_PLACE: Final = re.compile(r"\{(\w+)\}")
_LATEST: Final = "latest"
"""What ``{checkpoint}`` is for the last state, as the published test script calls it."""


@dataclass(frozen=True)
class CommandCells:
    """A program of somebody else; it runs in the folder ``run`` of the cell.

    Args:
        template: Its command lines.
    """

    template: CommandTrainer

    def train(self, job: CellJob, folder: Path, around: Surroundings) -> int:
        """Runs the command, with the flag to resume if it ran before; see ``CellTrainer``."""
        run = folder / RUN
        begun = (run / _BEGUN).exists()
        if begun and self.template.resume is None:
            shutil.rmtree(run)  # half a run that nothing can go on with
            begun = False
        run.mkdir(parents=True, exist_ok=True)
        line = filled(self.template.command, self._training(job), self._overrides(job))
        if begun:
            line += filled(
                self.template.resume or "", {"cell": label(job), "checkpoint": _LATEST}, []
            )
        (run / _BEGUN).touch()
        return run_program(line, around, folder=run)

    def checkpoints(self, folder: Path) -> list[tuple[int, Path]]:
        """Returns none: the program keeps them where it likes."""
        return []

    def choose(self, folder: Path, rule: str) -> Chosen:
        """Names a state as the program does; see ``CellTrainer``."""
        if rule == "last":
            return Chosen("last", rule)
        if rule.startswith("update:"):
            update = int(rule.partition(":")[2])
            return Chosen(f"u{update:08d}", rule, update)
        raise InputError(
            f"protocol.checkpoint {rule}: a trainer called by its command is asked for last or"
            " update:N only"
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
        """Runs the command that translates; see ``CellTrainer``."""
        source = job.images.source[direction]
        out = folder / TRANSLATED / chosen.label / direction
        if not is_whole(out):
            shutil.rmtree(out, ignore_errors=True)
            out.mkdir(parents=True)
            values = {
                "data": str(source),
                "cell": label(job),
                "checkpoint": _LATEST if chosen.update is None else str(chosen.update),
                "direction": direction,
                "out": str(out),
            }
            code = run_program(
                filled(self.template.translate, values, []), around, folder=folder / RUN
            )
            if code == ExitCode.STOPPED:
                raise StoppedError
            if code != 0:
                raise GanevalError(f"trainer {self.template.name}: translate ended with {code}")
        pattern = self.template.outputs[direction]
        files = sorted(path for path in out.glob(pattern) if path.is_file())
        if not files:
            raise InputError(
                f"trainer {self.template.name}: no file matches outputs.{direction} {pattern!r} in"
                f" {out}",
                hint="Let translate write below {out}, or correct the pattern.",
            )
        found = paired(source, out, direction, files)
        mark_whole(out)
        return found

    def _training(self, job: CellJob) -> dict[str, str]:
        values = {
            "data": job.images.train[0],
            "cell": label(job),
            "seed": str(job.seed),
        }
        if job.budget.updates is not None:
            values["updates"] = str(job.budget.updates)
        return values

    def _overrides(self, job: CellJob) -> list[str]:
        """The options of all settings, those of the base first."""
        settings = {**job.base, **job.settings}
        return [
            word
            for key, value in settings.items()
            for word in filled(self.template.overrides[key], {"value": words(value)}, [])
        ]


class StoppedError(GanevalError):
    """The cell was asked to stop while it translated."""

    exit_code = ExitCode.STOPPED

    def __init__(self) -> None:
        super().__init__("asked to stop")


def label(job: CellJob) -> str:
    """Returns the name of a cell in command lines; it names a file or folder everywhere."""
    return re.sub(r"[^\w.+-]+", "_", f"{job.arm}-seed-{job.seed:04d}")


def filled(text: str, values: Mapping[str, Any], overrides: Sequence[str]) -> list[str]:
    """Splits a template as a shell would and puts values in place.

    A value is never split, whatever spaces or quotes it holds; a word that is ``{overrides}`` alone
    becomes as many words as there are.

    Args:
        text: The template.
        values: By name.
        overrides: Words of the options of an arm.

    Raises:
        InputError: A placeholder has no value.
    """

    def value(found: re.Match[str]) -> str:
        name = found[1]
        if name == "overrides":
            return shlex.join(overrides)
        if name not in values:
            reason = "the budget is in images" if name == "updates" else "it has no value here"
            raise InputError(f"trainer: {{{name}}} in {text!r}: {reason}")
        return str(values[name])

    line: list[str] = []
    for word in shlex.split(text):
        line += overrides if word == "{overrides}" else [_PLACE.sub(value, word)]
    return line


def with_files(text: str, folder: Path) -> str:
    """Returns a template in which files beside the study file have their absolute paths."""
    parts = []
    for word in shlex.split(text):
        path = folder / word
        found = "{" not in word and not Path(word).is_absolute() and path.is_file()
        parts.append(str(path.absolute()) if found else word)
    return shlex.join(parts)
