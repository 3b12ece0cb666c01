"""What a trainer is, and the trainers there are.

A package offers one by an entry point of the group ``ganeval.trainers`` that names a class without
arguments to its constructor; the CycleGAN that comes with ganeval does the same. The class needs to
import nothing from here: what it takes and gives are plain mappings, arrays and records.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypedDict

from ganeval.registry import Registry

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ganeval.records import Estimate, TrainingRecord

Resume = Literal["auto", "never", "require"]
"""auto: go on if the folder holds a run; never: refuse then; require: refuse if it holds none."""

Measured = tuple[str, str, Literal["lower", "higher"], "Estimate"]
"""Identifier of a metric, its name to print, the better direction, and the value."""

Evaluate = Callable[[str, "NDArray[np.uint8]", "NDArray[np.uint8]"], Sequence[Measured]]
"""``evaluate(domain, real, fake)``: domain A or B, images uint8 [n, H, W, 3] 0..255."""

Progress = Callable[[Mapping[str, Any]], None]
"""Called with what happened, on the training thread; it shows, and must not change, the run.

Every mapping has ``kind`` and ``update``; further keys by kind:

- ``start``: ``planned`` updates or None, ``seconds`` already trained, ``budget_seconds`` or None
- ``step``: ``epoch``, ``losses`` {name: value}, ``rate`` updates per second, ``left`` seconds or
  None
- ``epoch``: ``epoch`` finished, ``losses`` {name: mean}
- ``doing``: ``text``, something that takes a while: evaluating, drawing samples, saving
- ``score``: ``epoch``, ``text``, what an evaluation found, in one line
- ``note``: ``text``, something a user should read
"""


class Request(TypedDict, total=False):
    """What a user asked for on the command line; None or missing: not said."""

    sources: tuple[str, ...]
    """Image sets, in the order typed: A and B of a translator."""
    out: Path
    """Run folder. A trainer may put data made by code (``demo``) below it, unless ``dry_run``."""
    demo: str | None
    """Name of data made by code, instead of sources."""
    preset: str | None
    config: Path | None
    """Configuration file, instead of a preset."""
    changes: tuple[str, ...]
    """``dotted.key=value``, applied in order after everything else."""
    size: int | None
    updates: int | None
    images: int | None
    minutes: float | None
    seed: int | None
    device: str | None
    precision: str | None
    data_root: Path | None
    """Folder in front of relative sources."""
    dry_run: bool
    tensorboard: bool
    resume: Resume
    features: Callable[[str], Callable[[NDArray[np.uint8]], NDArray[np.float32]]]
    """Features ``[n, d]`` of images uint8 ``[n, H, W, 3]``, by the name of an extractor."""


class Plan(Protocol):
    """A run that passed every check and has not begun."""

    @property
    def evaluation(self) -> Mapping[str, Any] | None:
        """Extractor and metrics of the evaluation that run wants, or None where it wants none.

        Keys: ``extractor``, a registry name; ``metrics``, names; ``device``.
        """

    def describe(self) -> str:
        """Returns what will be trained, and the assumptions in it, as a few lines of plain text."""


class Trainer(Protocol):
    """Trains a network in a run folder that can be taken up again."""

    def plan(self, request: Mapping[str, Any]) -> Plan:
        """Checks the configuration, data, sizes and resources before anything is trained.

        Args:
            request: See `Request`.

        Raises:
            InputError: An option, file or combination of choices cannot be trained on.
        """

    def run(
        self,
        plan: Any,
        run_folder: Path,
        *,
        evaluate: Evaluate | None,
        progress: Progress,
        resume: Resume,
        argv: Sequence[str],
    ) -> TrainingRecord:
        """Trains until the budget is spent or a signal asks to stop; saves; writes the record.

        A record of status ``stopped`` has a notice of code ``stopped`` whose data name the
        ``signal``: SIGINT, SIGTERM or SIGUSR1.

        Args:
            plan: What `plan` returned.
            run_folder: Where everything goes; ``record.json`` in it is the record returned.
            evaluate: Metrics of generated against real images; None: no evaluation.
            progress: Told of what happens.
            resume: What to do about a run that the folder already holds.
            argv: The command line as typed, for the record.

        Raises:
            InputError: The folder holds another run, or one that another process works on.
            GanevalError: Training could not go on; the message names the last good checkpoint.
        """

    def presets(self) -> list[str]:
        """Names of the configurations that come with the trainer."""


TRAINERS: Registry[Callable[[], Trainer]] = Registry(
    "trainer", {}, group="ganeval.trainers", listing="ganeval ls trainers"
)
