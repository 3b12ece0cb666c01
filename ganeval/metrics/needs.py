"""The features that metrics are computed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ganeval.features.extractor import Extractor, get_extractor
from ganeval.features.signature import PictureSignature


class Need(NamedTuple):
    """Features that a metric is computed from."""

    extractor: str
    layer: str
    resize: str

    @property
    def source(self) -> tuple[str, str]:
        """Extractor and resize mode: what one pass of one network gives."""
        return self.extractor, self.resize


SIGNATURE = Need(PictureSignature.name, PictureSignature.default_layer, "none")
"""What images are recognised by; needed to find near copies."""


def extractor_of(name: str) -> Extractor:
    """Returns the extractor of that name; also the one that cannot be chosen.

    Raises:
        InputError: There is none.
    """
    return PictureSignature() if name == PictureSignature.name else get_extractor(name)


def main_need(extractor: str, layer: str | None, resize: str | None) -> Need:
    """Returns the features of an extractor, its own layer and resize mode unless others are named.

    Raises:
        InputError: There is no such extractor, layer or resize mode.
    """
    found = get_extractor(extractor)
    return Need(
        extractor,
        found.check_layer(layer or found.default_layer),
        found.check_resize(resize or found.default_resize),
    )


def layers_of(needs: Sequence[Need]) -> dict[tuple[str, str], list[str]]:
    """Gathers the layers of every extractor and resize mode."""
    layers: dict[tuple[str, str], list[str]] = {}
    for need in needs:
        wanted = layers.setdefault(need.source, [])
        if need.layer not in wanted:
            wanted.append(need.layer)
    return layers
