"""The ladder climbed once: every rung on the pixels of one kind."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ganeval.classifier.bench import Bench
from ganeval.classifier.cross_validation import cross_validated
from ganeval.classifier.examples import Examples
from ganeval.classifier.facts import LADDER
from ganeval.classifier.feature_matrix import FeatureMatrix, FeaturePlan
from ganeval.classifier.ladder import climb
from ganeval.classifier.matrices import (
    Matrices,
    file_matrices,
    network_matrices,
    pixel_matrices,
)
from ganeval.classifier.rungs import Climbed
from ganeval.classifier.settings import ClassifySettings
from ganeval.metrics.settings import Progress
from ganeval.records.classify import PixelsName, RungName

if TYPE_CHECKING:
    from ganeval.classifier.network_rung import ClimbedNetwork

    AnyClimbed = Climbed | ClimbedNetwork

Announce = Callable[[str], None]


class Climbs:
    """All rungs on raw or on defended pixels.

    Args:
        pixels_name: What the pixels of the examples are.
        examples: The images.
        bench: Groups and parts.
        settings: Every choice.
        plan: Of the rungs on features.
        progress: Told how far it is.
    """

    def __init__(
        self,
        pixels_name: PixelsName,
        examples: Examples,
        bench: Bench,
        settings: ClassifySettings,
        plan: FeaturePlan | None,
        progress: Progress,
    ) -> None:
        self.pixels_name = pixels_name
        self.examples = examples
        self.features: FeatureMatrix | None = None
        self.climbed: dict[RungName, AnyClimbed] = {}
        self._bench = bench
        self._settings = replace(settings, rungs=bench.rungs)
        self._plan = plan
        self._progress = progress
        self.matrices: Matrices = {}

    def climb_cheap(self) -> None:
        """Climbs every rung but the network."""
        bench, settings = self._bench, self._settings
        raw = self.pixels_name == "raw"
        self.matrices = file_matrices(self.examples, bench.rungs) if raw else {}
        self.matrices |= pixel_matrices(self.examples, bench.rungs)
        found, self.features = network_matrices(
            self.examples, settings, self._plan, self._progress, defended=not raw
        )
        self.matrices |= found
        for done, (name, matrix) in enumerate(self.matrices.items(), start=1):
            if bench.folds:
                self.climbed[name] = cross_validated(
                    name,
                    self.pixels_name,
                    matrix,
                    self.examples,
                    bench.folds,
                    settings=settings,
                    progress=self._progress,
                )
            else:
                self.climbed[name] = climb(
                    name,
                    self.pixels_name,
                    matrix,
                    self.examples,
                    bench.split,
                    pairs_confirmed=bench.pairs_confirmed,
                    settings=settings,
                    splits=bench.splits,
                )
            self._progress(f"{self.pixels_name} rungs", done, len(self.matrices), "rounds")

    def climb_network(self, fits: int, announce: Announce) -> None:
        """Climbs the highest rung.

        Args:
            fits: Fits of the whole run, for the announcement.
            announce: Told how long it may take.
        """
        from ganeval.classifier.network_rung import climb_network  # loads torch

        self.climbed["cnn"] = climb_network(
            self.pixels_name,
            self.examples,
            self._bench.split,
            pairs_confirmed=self._bench.pairs_confirmed,
            settings=self._settings,
            splits=self._bench.splits,
            fits=fits,
            progress=self._progress,
            announce=announce,
        )

    @property
    def network(self) -> ClimbedNetwork | None:
        """The highest rung; None where it was not climbed."""
        climbed = self.climbed.get("cnn")
        return None if climbed is None or isinstance(climbed, Climbed) else climbed

    @property
    def best(self) -> AnyClimbed:
        """The rung that the test rests on: the highest validation AUC, of equal ones the lowest.

        Without a validation part it is fixed beforehand: features, else colour.
        """
        content = [self.climbed[name] for name in LADDER if name in self.climbed]
        judged = [one for one in content if one.rung.validation is not None]
        if judged:
            return max(judged, key=lambda one: one.rung.validation or 0.0)
        return next(self.climbed[name] for name in self._bench.rungs if name in self.climbed)
