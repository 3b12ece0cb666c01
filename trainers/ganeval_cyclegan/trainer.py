"""The door to the CycleGAN trainer: what ganeval finds by name. It loads torch when it has work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ganeval_cyclegan.presets import preset_names

if TYPE_CHECKING:
    from ganeval.records import TrainingRecord
    from ganeval_cyclegan.evaluation import Evaluate
    from ganeval_cyclegan.loop import Progress
    from ganeval_cyclegan.plan import TrainPlan
    from ganeval_cyclegan.translator import Told


class CycleGANTrainer:
    """Two generators between two domains of unpaired images, and two discriminators (CycleGAN)."""

    step_version = 1
    """Raised when the same configuration, seed and images give other weights."""

    def plan(self, request: Mapping[str, Any]) -> TrainPlan:
        """Checks everything before the first update; see ``ganeval.training.trainers``."""
        from ganeval_cyclegan.plan import make_plan

        return make_plan(request)

    def run(
        self,
        plan: TrainPlan,
        run_folder: Path,
        *,
        evaluate: Evaluate | None,
        progress: Progress,
        resume: Literal["auto", "never", "require"] = "auto",
        argv: Sequence[str] = (),
    ) -> TrainingRecord:
        """Trains in a run folder, or goes on there; see ``ganeval.training.trainers``."""
        from ganeval_cyclegan.loop import train

        return train(
            plan, run_folder, evaluate=evaluate, progress=progress, resume=resume, argv=argv
        )

    def presets(self) -> list[str]:
        """Names of the configurations that come with it."""
        return preset_names()

    def resolve(self, config: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
        """Resolves an arm of an ablation; see ``ganeval_cyclegan.arms.resolve_arm``."""
        from ganeval_cyclegan.arms import resolve_arm

        return resolve_arm(config, overrides)

    def preset_changes(self, preset: str | None) -> dict[str, Any]:
        """Dotted keys in which a preset differs from the reference."""
        from ganeval_cyclegan.resolve import resolve

        return resolve(preset=preset).changed

    def checkpoints(self, cell_folder: Path) -> list[tuple[int, Path]]:
        """Updates and file of every checkpoint of the run in the folder of a cell, in order."""
        found = (cell_folder / "run" / "checkpoints").glob("u*.pt")
        return sorted((int(path.stem[1:]), path) for path in found if path.stem[1:].isdigit())

    def translate(
        self,
        cell_folder: Path,
        checkpoint: Path,
        source: Path,
        out: Path,
        direction: Literal["AtoB", "BtoA"],
        *,
        ema: bool = False,
        told: Told = lambda what, done, total: None,
    ) -> None:
        """Translates the inputs of a cell, there and back too; see ``ganeval_cyclegan.translate``.

        What was translated before is not translated again.
        """
        from ganeval_cyclegan.translation import FILE_NAME, TranslateSettings

        if (out / FILE_NAME).exists():  # written last
            return
        from ganeval_cyclegan.translate import translate

        settings = TranslateSettings(
            direction=direction,
            checkpoint=str(checkpoint),
            ema=ema,
            extras=("recovered", "identity"),
            overwrite=True,
        )
        translate(cell_folder / "run", source, out, settings, told=told)

    def write_demo(self, name: str, folder: Path) -> None:
        """Draws a pair of domains; see ``ganeval_cyclegan.demo_domains.write_demo``."""
        from ganeval_cyclegan.demo_domains import write_demo

        write_demo(name, folder)
