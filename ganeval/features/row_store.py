"""Rows of one set: looked up in the cache, completed by the network, written back in chunks."""

from __future__ import annotations

import numpy as np

from ganeval.errors import GanevalError
from ganeval.features.backend import Rows
from ganeval.features.cache import CacheUnavailable
from ganeval.features.plan import Plan
from ganeval.features.row_arrays import new_rows, reordered
from ganeval.images import ImageSet
from ganeval.records import FeatureSpec, Notice

_COMMIT_ROWS = 256  # rows kept in memory before they are stored: what a killed run may lose


class RowStore:
    """Rows of the plan's layers for a whole set; whatever the network gives goes to the cache.

    Args:
        images: The set.
        plan: What is wanted of it.

    Raises:
        GanevalError: Rows are too many for memory and for the disk of temporary files.
    """

    def __init__(self, images: ImageSet, plan: Plan) -> None:
        self._images = images
        self._plan = plan
        self._pending: list[Rows] = []
        self.notices: list[Notice] = []
        self._rows = {
            layer: new_rows(len(images), self._spec(layer).dimension, plan.memory)
            for layer in plan.layers
        }
        known = np.ones(len(images), dtype=bool)
        for layer, rows in self._rows.items():
            known &= self._look_up(layer, rows)
        self.missing: list[int] = np.flatnonzero(~known).tolist()
        self.stored = int(known.sum())

    def _spec(self, layer: str) -> FeatureSpec:
        return self._plan.spec(layer, self._images.decoding)

    def _look_up(self, layer: str, rows: np.ndarray) -> np.ndarray:
        """Fills rows from the cache and tells which ones, bool ``[n]``."""
        if self._plan.cache is not None:
            try:
                found, _ = self._plan.cache.lookup(
                    self._spec(layer), self._images.digests, self._plan.engine_name, out=rows
                )
            except CacheUnavailable as error:
                self._give_up(error)
            else:
                return found
        return np.zeros(len(self._images), dtype=bool)

    def add(self, rows: Rows) -> None:
        """Takes the rows of one batch: of the plan's layers, and of others only to store them.

        Raises:
            GanevalError: They are no finite vectors of the declared length.
        """
        checked = {
            layer: self._checked(layer, values, rows) for layer, values in rows.layers.items()
        }
        for layer, held in self._rows.items():
            held[rows.positions] = checked[layer]
        self._pending.append(Rows(rows.positions, checked))
        if sum(len(r.positions) for r in self._pending) >= _COMMIT_ROWS:
            self.flush()

    def _checked(self, layer: str, values: np.ndarray, rows: Rows) -> np.ndarray:
        extractor = self._plan.extractor
        expected = (len(rows.positions), extractor.layers[layer])
        if values.shape != expected:
            raise GanevalError(
                f"extractor {extractor.name}: layer {layer} gave shape {values.shape} "
                f"instead of {expected}"
            )
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            key = self._images.keys[rows.positions[int(bad[0])]]
            raise GanevalError(
                f"{key}: extractor {extractor.name} gave features that are not finite "
                f"(layer {layer})"
            )
        return np.asarray(values, dtype=np.float32)

    def flush(self) -> None:
        """Writes what is pending to the cache, all layers of it."""
        pending, self._pending = self._pending, []
        if self._plan.cache is None or not pending:
            return
        digests = [self._images.digests[p] for rows in pending for p in rows.positions]
        try:
            for layer in pending[0].layers:
                values = np.concatenate([rows.layers[layer] for rows in pending])
                self._plan.cache.store(self._spec(layer), digests, values, self._plan.engine_name)
            self.stored += len(digests)
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
        return {layer: reordered(rows, kept) for layer, rows in self._rows.items()}
