"""Any classifier of torchvision: ``torchvision:resnet50``, ``torchvision:resnet50.IMAGENET1K_V1``.

Without weights named after the dot they are torchvision's default ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ganeval.features.library_model import LibraryModel
from ganeval.features.model_facts import ModelFacts, model_facts
from ganeval.features.published import PublishedWeights
from ganeval.features.weights import WeightsFile, resolve_published

if TYPE_CHECKING:
    import torch


class TorchvisionExtractor(LibraryModel):
    """What the last linear layer of a torchvision classifier sees."""

    def __init__(self, model: str) -> None:
        def find() -> ModelFacts:
            from ganeval.features.torchvision_network import find_facts

            return find_facts(model)

        super().__init__(f"torchvision:{model}", model_facts("torchvision", model, find))
        self._model = model

    @property
    def published(self) -> PublishedWeights:
        """The weights file; the head of its digest is all that torchvision publishes."""
        file = self.facts.url.rpartition("/")[2]
        digest = re.search(r"-([0-9a-f]{8,})\.", file)
        return PublishedWeights(
            name=self.name,
            file=file,
            aliases=(),
            sha256=digest[1] if digest else "",
            size=None,
            url=self.facts.url,
            source=f"torchvision's {self._model}.",
            alternative="--extractor efficientnet-lite0 goes on without it.",
        )

    def weights(
        self, explicit: Path | None, progress: Callable[[int, int], None] | None
    ) -> WeightsFile:
        """Finds or fetches torchvision's own file; see `resolve_published`."""
        return resolve_published(self.published, explicit, progress=progress)

    def network(self, weights: WeightsFile) -> torch.nn.Module:
        """Builds the model without its classifier and loads the rest of the file."""
        from ganeval.features.torchvision_network import TorchvisionFeatures

        return TorchvisionFeatures.load(self._model, weights.path)
