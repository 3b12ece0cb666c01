"""Faithfulness: does a map mark what the model uses? Columns of numbers for the trust panel.

None of them stands alone, and no method is ranked by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch

from ganeval.metrics.settings import Progress, silent
from ganeval.saliency.mapping import CHUNK, Mapper, Subject
from ganeval.saliency.maps.baselines import Baselines
from ganeval.saliency.maps.registry import RANDOM_BASELINES, Method
from ganeval.saliency.measuring import BEFORE, MapStacks
from ganeval.saliency.perturbation import (
    NEARBY_DRAWS,
    NOISE_DRAWS,
    infidelity,
    max_sensitivity,
)
from ganeval.saliency.removal import (
    STEPS,
    Images,
    Others,
    Values,
    deletion,
    insertion,
    random_maps,
    removal_task,
    sobel_maps,
)
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.tables import Columns, MethodTable

__all__ = [
    "NEARBY_DRAWS",
    "deletion",
    "forward_passes",
    "infidelity",
    "insertion",
    "max_sensitivity",
    "measure_faithfulness",
    "random_maps",
    "sobel_maps",
]

_ORDERS: Final = ("random", "sobel")


def measure_faithfulness(
    mapper: Mapper,
    settings: SaliencySettings,
    before: Subject,
    places: Sequence[int],
    stacks: dict[str, MapStacks],
    tables: dict[str, MethodTable],
    progress: Progress = silent,
) -> None:
    """Enters ``faithful`` of every table: what the maps of the images before are worth.

    ``deletion`` and ``insertion``: mean probability while pixels are removed or put back by the
    map, less that in random order; ``deletion_sobel`` and ``insertion_sobel``: the same for the
    edges of the image instead of the map. ``infidelity``: of signed maps, 1 is no better than a
    map of zeros. ``max_sensitivity``: largest relative change of the map where no value of the
    image changes by more than .02. All are NaN where a map may not be measured.

    Args:
        mapper: Makes the maps of changed images.
        settings: Seed, images per call and baseline.
        before: The images before of all pairs.
        places: Places of the pairs looked at.
        stacks: Maps of all pairs.
        tables: Of all methods, with the flags of the maps before.
        progress: Told of the passes that remove pixels.
    """
    for start in range(0, len(places), CHUNK):
        rows = list(places[start : start + CHUNK])
        part = before.take(rows)
        maps = {
            one.name: _unflagged(stacks[one.name], tables[one.name], rows) for one in mapper.methods
        }
        others = (before.images, before.keys) if settings.baseline == "random" else None
        looked = _Looked(mapper, settings, part, others, progress)
        steadiness = looked.sensitivity(maps)
        orders = looked.orders()
        for one in mapper.methods:
            found = looked.removed(maps[one.name], orders)
            if one.signed:
                found["infidelity"] = looked.infidelity(maps[one.name])
            found["max_sensitivity"] = steadiness[one.name]
            _enter(tables[one.name], rows, found)


def forward_passes(methods: Sequence[Method], settings: SaliencySettings) -> int:
    """Returns the forward passes for one image; `NEARBY_DRAWS` maps by every method come on top.

    Args:
        methods: Kinds of maps.
        settings: The baseline decides.
    """
    baselines = RANDOM_BASELINES if settings.baseline == "random" else 1
    removed = (len(methods) + len(_ORDERS)) * (baselines + 1) * (STEPS + 1)
    # The unchanged image is scored in a call of its own, filled up like all others.
    noisy = NOISE_DRAWS + settings.micro_batch
    return removed + noisy * sum(one.signed for one in methods)


class _Looked:
    """Some of the images before, and what is asked about them."""

    def __init__(
        self,
        mapper: Mapper,
        settings: SaliencySettings,
        part: Subject,
        others: Others | None,
        progress: Progress,
    ) -> None:
        self._mapper = mapper
        self._settings = settings
        self._part = part
        self._others = others
        self._progress = progress

    def orders(self) -> Columns:
        """What removing pixels does in orders that know nothing of the model."""
        part, found = self._part, {}
        orders: list[Images | Values] = [
            random_maps(part.keys, self._mapper.model.side, self._settings.seed),
            sobel_maps(part.images),
        ]
        for name, maps in zip(_ORDERS, orders, strict=True):
            for kind, value in self._removal(maps).items():
                found[f"{kind}_{name}"] = value
        return found

    def removed(self, maps: Images, orders: Columns) -> Columns:
        """Differences to random order of a method's maps, and of edges where those are measured."""
        found: Columns = {}
        for kind, value in self._removal(maps).items():
            chance = orders[f"{kind}_random"]
            found[kind] = value - chance
            edges = orders[f"{kind}_sobel"] - chance
            found[f"{kind}_sobel"] = np.where(np.isfinite(value), edges, np.nan)
        return found

    def infidelity(self, maps: Images) -> Values:
        part, shared = self._part, self._settings.map_settings
        return infidelity(
            self._mapper.model,
            part.images,
            part.targets,
            maps,
            keys=part.keys,
            settings=shared,
            baselines=self._baselines(maps),
        )

    def sensitivity(self, maps: dict[str, Images]) -> Columns:
        part = self._part

        def remake(images: Images) -> dict[str, Images]:
            changed = Subject(images, part.targets, part.keys, part.against)
            ((_, made),) = self._mapper.chunks(changed)
            return {name: one.values for name, one in made.items()}

        return max_sensitivity(remake, part.images, maps, keys=part.keys, seed=self._settings.seed)

    def _removal(self, maps: Images | Values) -> Columns:
        part, model, shared = self._part, self._mapper.model, self._settings.map_settings
        return {
            "deletion": deletion(
                model,
                part.images,
                part.targets,
                maps,
                keys=part.keys,
                settings=shared,
                others=self._others,
                progress=self._progress,
            ),
            "insertion": insertion(
                model,
                part.images,
                part.targets,
                maps,
                keys=part.keys,
                settings=shared,
                progress=self._progress,
            ),
        }

    def _baselines(self, maps: Images) -> Images:
        """What the images were compared with when signed maps were made, ``[n, 3, S, S]``."""
        part, shared = self._part, self._settings.map_settings
        task = removal_task(
            self._mapper.model,
            part.images,
            part.targets,
            maps,
            part.keys,
            shared,
            self._others,
            self._progress,
        )
        found = Baselines(task).of(torch.arange(len(part)))
        return np.ascontiguousarray(torch.stack(list(found)).mean(dim=0).cpu().numpy())


def _unflagged(stacks: MapStacks, table: MethodTable, rows: Sequence[int]) -> Images:
    """The maps before, NaN where one may not be measured."""
    maps = np.array(stacks.before[rows], np.float32)
    maps[[table.flags[BEFORE][row] is not None for row in rows]] = np.nan
    return maps


def _enter(table: MethodTable, rows: Sequence[int], found: Columns) -> None:
    for name, values in found.items():
        column = table.faithful.setdefault(name, np.full(table.count, np.nan))
        column[list(rows)] = values
