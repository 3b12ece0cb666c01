"""Any model of timm: ``timm:resnet50``, ``timm:vit_small_patch14_dinov2.lvd142m``."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ganeval.errors import MissingFileError
from ganeval.features.hub import resolve_hub_weights
from ganeval.features.library_model import LibraryModel
from ganeval.features.model_facts import ModelFacts, model_facts
from ganeval.features.published import PublishedWeights
from ganeval.features.weights import WeightsFile, resolve_published

if TYPE_CHECKING:
    import torch


class TimmExtractor(LibraryModel):
    """Pooled features before the classifier of a timm model."""

    def __init__(self, model: str) -> None:
        def find() -> ModelFacts:
            from ganeval.features.timm_network import find_facts

            return find_facts(model)

        super().__init__(f"timm:{model}", model_facts("timm", model, find))
        self._model = model

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """Finds or fetches what timm's configuration names.

        Raises:
            MissingFileError: It is nowhere and cannot be fetched, or timm publishes none.
        """
        if self.facts.hub:
            return resolve_hub_weights(self.name, self.facts.hub, explicit, progress=progress)
        file = self.facts.url.rpartition("/")[2]
        digest = re.search(r"-([0-9a-f]{8,})\.", file)
        if explicit is None and not digest:
            where = f", and {self.facts.url} cannot be verified" if file else ""
            raise MissingFileError(
                f"weights {self.name}: timm names no published file{where}",
                hint="Name the file with --weights FILE.",
            )
        published = PublishedWeights(
            name=self.name,
            file=file,
            aliases=(),
            sha256=digest[1] if digest else "-",
            size=None,
            url=self.facts.url,
            source=f"timm's {self._model} ({self.facts.licence or 'no licence stated'}).",
            alternative="--extractor efficientnet-lite0 goes on without it.",
        )
        return resolve_published(published, explicit, progress=progress)

    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds timm's model and loads the file as timm does."""
        from ganeval.features.timm_network import TimmFeatures

        return TimmFeatures.load(self._model, weights.path)
