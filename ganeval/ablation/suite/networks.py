"""Networks that cells share, each loaded when a part first asks for it."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from ganeval.ablation.suite.structure import SelfSimilarity
    from ganeval.saliency.model import PixelModel


class Networks:
    """The networks of one process.

    Args:
        device: Where they run.
    """

    def __init__(self, device: str = "auto") -> None:
        self._device = device
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.close()

    @cached_property
    def self_similarity(self) -> SelfSimilarity:
        """What tells whether layouts are kept."""
        from ganeval.ablation.suite.structure import SelfSimilarity

        return SelfSimilarity(self.classifier.device)

    @cached_property
    def classifier(self) -> PixelModel:
        """The bundled classifier, for maps of where it looks."""
        from ganeval.saliency.loading import load_pixel_model

        return self._open.enter_context(load_pixel_model("efficientnet-lite0", device=self._device))
