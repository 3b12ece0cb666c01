"""The object behind the entry point ``warmup``; torch is imported when it has work."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from ganeval.records import TrainingRecord
    from ganeval_cyclegan.warmup.plan import WarmupPlan


class WarmupTrainer:
    """A fully connected GAN of small grey images, digits by default."""

    def plan(self, request: Mapping[str, Any]) -> WarmupPlan:
        """Checks configuration and images; see ``ganeval.training.trainers.Trainer``."""
        from ganeval_cyclegan.warmup.plan import plan_warmup

        return plan_warmup(request)

    def run(
        self,
        plan: WarmupPlan,
        run_folder: Path,
        *,
        evaluate: object,
        progress: Callable[[Mapping[str, Any]], None],
        resume: Literal["auto", "never", "require"],
        argv: Sequence[str],
    ) -> TrainingRecord:
        """Trains in a run folder; there is nothing to evaluate."""
        from ganeval_cyclegan.warmup.run import train_warmup

        return train_warmup(plan, run_folder, progress=progress, resume=resume, argv=argv)

    def presets(self) -> list[str]:
        """Names of the configurations that come with it."""
        return ["warmup"]
