"""Rows of one set: looked up in the cache, completed by the network, written back in chunks."""

from __future__ import annotations

import numpy as np

from ganeval.errors import GanevalError
from ganeval.features.backend import Rows
from ganeval.features.cache import CacheUnavailable
from ganeval.features.plan import Plan
from ganeval.images import ImageSet
from ganeval.records import FeatureSpec, Notice

_COMMIT_ROWS = 256  # rows kept in memory before they are stored: what a killed run may lose


class RowStore:
    """Rows of a set: looked up in the cache, completed by the network, written back in chunks."""

    def __init__(self, images: ImageSet, plan: Plan) -> None:
        self._images = images
        self._plan = plan
        self._specs = {layer: plan.spec(layer, images.decoding) for layer in plan.layers}
        self._rows: dict[str, np.ndarray] = {}
        self._pending: list[Rows] = []
        self.stored = 0
        self.notices: list[Notice] = []
        have = np.ones(len(images), dtype=bool)
        for layer, spec in self._specs.items():
            found, rows = self._look_up(spec)
            have &= found
            self._rows[layer] = rows
        self.missing: list[int] = np.flatnonzero(~have).tolist()
        self.stored = int(have.sum())

    def _look_up(self, spec: FeatureSpec) -> tuple[np.ndarray, np.ndarray]:
        n = len(self._images)
        if self._plan.cache is not None:
            try:
                return self._plan.cache.lookup(spec, self._images.digests, self._plan.engine_name)
            except CacheUnavailable as error:
                self._give_up(error)
        return np.zeros(n, dtype=bool), np.zeros((n, spec.dimension), dtype=np.float32)

    def add(self, rows: Rows) -> None:
        """Takes the rows of one batch, checked."""
        for layer, spec in self._specs.items():
            values = rows.layers[layer]
            if values.shape != (len(rows.positions), spec.dimension):
                raise GanevalError(
                    f"extractor {spec.extractor}: layer {layer} gave shape {values.shape} "
                    f"instead of {(len(rows.positions), spec.dimension)}"
                )
            bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
            if len(bad):
                key = self._images.keys[rows.positions[int(bad[0])]]
                raise GanevalError(
                    f"{key}: extractor {spec.extractor} gave features that are not finite"
                )
            self._rows[layer][rows.positions] = values
        self._pending.append(rows)
        if sum(len(r.positions) for r in self._pending) >= _COMMIT_ROWS:
            self.flush()

    def flush(self) -> None:
        """Writes what is pending to the cache."""
        positions = [p for rows in self._pending for p in rows.positions]
        self._pending = []
        if self._plan.cache is None or not positions:
            return
        digests = [self._images.digests[p] for p in positions]
        try:
            for layer, spec in self._specs.items():
                rows = self._rows[layer][positions]
                self._plan.cache.store(spec, digests, rows, self._plan.engine_name)
            self.stored += len(positions)
        except CacheUnavailable as error:
            self._give_up(error)

    def _give_up(self, error: CacheUnavailable) -> None:
        self._plan.cache = None  # for the other sets too
        self.notices.append(
            Notice(code="cache_unavailable", text=f"Features were not kept: {error.message}")
        )

    def rows_of(self, images: ImageSet) -> dict[str, np.ndarray]:
        """Rows of the images that are left after skipping, per layer."""
        if len(images) == len(self._images):
            return self._rows
        position = {key: i for i, key in enumerate(self._images.keys)}
        kept = [position[key] for key in images.keys]
        return {layer: rows[kept] for layer, rows in self._rows.items()}
