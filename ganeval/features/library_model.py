"""The pooled features of a model that a library builds by name."""

from __future__ import annotations

from collections.abc import Mapping

from ganeval.features.extractor import NetworkExtractor
from ganeval.features.model_facts import ModelFacts
from ganeval.features.preprocess import Preprocess


class LibraryModel(NetworkExtractor):
    """One layer, named by its dimension; images are prepared as the model's publisher does.

    Args:
        name: Registry name, the library in front of the colon.
        facts: What is known of the model.
    """

    resize_modes: tuple[str, ...] = ("own",)
    default_resize = "own"

    def __init__(self, name: str, facts: ModelFacts) -> None:
        self.name = name
        self.facts = facts
        self._preprocess = facts.make_preprocess()
        self.default_layer = str(facts.dimension)
        self.layers: Mapping[str, int] = {self.default_layer: facts.dimension}
        self.size = self._preprocess.size

    def preprocess(self, resize: str) -> Preprocess:
        """What the model's own configuration says."""
        self.check_resize(resize)
        return self._preprocess
