"""What turns a trained cell into numbers: fixed before the first cell runs, equal for all."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from ganeval.records.comparison import Direction

SUITE: Final = (
    "fid",
    "kid",
    "c2st",
    "cycle",
    "structure",
    "memorisation",
    "saliency",
    "dscores",
    "diversity",
    "traces",
)
"""Parts of the evaluation in the order they are made; cost is always told."""

_VERSION: Final = 1
"""Raised when a part gives other numbers for the same images."""


@dataclass(frozen=True)
class ProtocolSettings:
    """Every choice that an evaluation depends on.

    Args:
        primary: The metric that decides.
        suite: Parts of `SUITE`.
        directions: Which translations are evaluated.
        extractor: What turns images into features, a registry name.
        weights: Weights file of that extractor; None: its own.
        fid_modes: Resize modes of the Fréchet distance beside the extractor's own.
        checkpoint: Which state of a run: ``last``, ``ema:last``, ``update:N``, ``best:val:kid``.
        split: Which images.
        alpha: Level of every test.
        power: Wanted power of the design.
        margin: Equivalence margin in units of the primary metric; None: none is declared.
        seed: Of every random choice of the evaluation; equal for all cells.
        device: Where networks run.
        use_cache: Whether features are kept.
    """

    primary: str = "kid"
    suite: tuple[str, ...] = SUITE
    directions: tuple[Direction, ...] = ("AtoB",)
    extractor: str = "efficientnet-lite0"
    weights: Path | None = None
    fid_modes: tuple[str, ...] = ()
    checkpoint: str = "last"
    split: str = "test"
    alpha: float = 0.05
    power: float = 0.8
    margin: float | None = None
    seed: int = 0
    device: str = "auto"
    use_cache: bool = True

    @property
    def id(self) -> str:
        """Digest of all choices that numbers of a cell depend on, 16 hex digits.

        What is decided from the numbers alone (alpha, power, margin, the primary metric) and where
        networks run are no part of it: changing them evaluates nothing again.
        """
        held = asdict(self)
        for name in ("primary", "alpha", "power", "margin", "device", "use_cache"):
            del held[name]
        held["weights"] = None if self.weights is None else _digest(self.weights)
        held["version"] = _VERSION
        text = json.dumps(held, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
