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


class CycleGANTrainer:
    """Two generators between two domains of unpaired images, and two discriminators (CycleGAN)."""

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
