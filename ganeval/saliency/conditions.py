"""What similarity and trust are held against: changed images, networks with random weights.

Only for the chosen pairs, chunk by chunk: of their maps nothing is kept but numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from ganeval.saliency.controls import ceiling_images, colour_images, noise_images, rms_change
from ganeval.saliency.mapping import CHUNK, Mapper, Subject
from ganeval.saliency.maps.registry import Method
from ganeval.saliency.measuring import MapStacks, Mask, measure_maps, mirrored_spearman
from ganeval.saliency.model import PixelModel
from ganeval.saliency.randomised import randomised
from ganeval.saliency.scores import Scores, scores_of
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.tables import MethodTable, mean_columns
from ganeval.saliency.targets import Indices, logits_of

IMAGE_CONTROLS: Final = ("ceiling", "noise", "colour")

_DRAWS: Final = 3  # networks with random weights
_COSTLY: Final = 256  # passes for one map; its random networks are drawn once

_NETWORKS: Final[tuple[Literal["last", "all"], ...]] = ("last", "all")
_DRAWING: Final = frozenset({"smoothgrad", "smoothgrad-sq", "vargrad"})


@dataclass
class Conditions:
    """The chosen pairs under what they are held against.

    Args:
        mapper: Makes the maps.
        settings: Which conditions.
        before: The images before of all pairs.
        places: Places of the chosen pairs.
        rms: Change of every pair, white = 1, float64 ``[n]``; None: one set alone.
        regions: Where the object lies, of all pairs; None: not known.
        stacks: Maps of all pairs.
        tables: Their numbers, to which those of the conditions are added.
    """

    mapper: Mapper
    settings: SaliencySettings
    before: Subject
    places: Sequence[int]
    rms: npt.NDArray[np.float64] | None
    regions: Mask | None
    stacks: dict[str, MapStacks]
    tables: dict[str, MethodTable]

    def run(self) -> tuple[dict[str, Scores], dict[str, int]]:
        """Makes and measures all conditions.

        Returns:
            What the classifier says under each control, and for how many pairs a control could not
            be made as strong as the pair's own change.
        """
        scores: dict[str, Scores] = {}
        missed: dict[str, int] = {}
        for name in image_controls(self.settings, paired=self.rms is not None):
            scores[name], missed[name] = self._control(name)
        self._seeds()
        self._mirrored()
        if not self.mapper.model.scripted:
            self._random_networks()
        return scores, {name: count for name, count in missed.items() if count}

    def _control(self, name: str) -> tuple[Scores, int]:
        """One control: its images are made, explained, measured and forgotten."""
        logits, targets, changes = [], [], []
        missed = 0
        for part, places in self._parts():
            images, met = self._images(name, part, places)
            missed += int((~met).sum())
            changed = Subject(images, part.targets, part.keys, part.against)
            self._measured(name, changed, places)
            logits.append(
                logits_of(self.mapper.model, images, self.settings.micro_batch, part.keys)
            )
            targets.append(part.targets)
            changes.append(rms_change(part.images, images))
        return (
            scores_of(
                np.concatenate(logits),
                _joined(targets),
                np.concatenate(changes),
                rows=np.asarray(self.places, np.int64),
                count=len(self.before),
            ),
            missed,
        )

    def _images(
        self, name: str, part: Subject, places: Sequence[int]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.bool_]]:
        seed = self.settings.seed
        if name == "ceiling" or self.rms is None:
            made = ceiling_images(part.images, part.keys, seed)
        else:
            make = noise_images if name == "noise" else colour_images
            made = make(part.images, self.rms[list(places)], part.keys, seed)
        return made.images, made.met

    def _seeds(self) -> None:
        """The same images with other random draws, for the methods that draw."""
        drawing = [one for one in self.mapper.methods if draws(one, self.settings)]
        for part, places in self._parts() if drawing else ():
            self._measured("reseed", part, places, methods=drawing, seed=self.settings.seed + 1)

    def _mirrored(self) -> None:
        for part, places in self._parts():
            mirrored = Subject(
                np.ascontiguousarray(part.images[..., ::-1]), part.targets, part.keys, part.against
            )
            for _, made in self.mapper.chunks(mirrored):
                for name, maps in made.items():
                    mirrored_spearman(self.tables[name], self.stacks[name], maps, places)

    def _random_networks(self) -> None:
        """Networks whose last layer, or all of whose layers, have random weights."""
        for which in _NETWORKS:
            condition = f"random_{which}"
            for draw in range(_DRAWS):
                methods = [one for one in self.mapper.methods if draw < self._draws(one)]
                if not methods:
                    break
                with randomised(self.mapper.model, which, self.settings.seed, draw) as model:
                    for part, places in self._parts():
                        self._measured(
                            f"{condition}/{draw}",
                            part,
                            places,
                            methods=methods,
                            variant=f"{condition}/{self.settings.seed}/{draw}",
                            model=model,
                        )
            for table in self.tables.values():
                _average(table, condition)

    def _draws(self, method: Method) -> int:
        return random_draws(self.mapper.passes(method))

    def _measured(
        self,
        condition: str,
        part: Subject,
        places: Sequence[int],
        *,
        methods: Sequence[Method] | None = None,
        seed: int | None = None,
        variant: str = "",
        model: PixelModel | None = None,
    ) -> None:
        made_of = self.mapper.chunks(
            part,
            methods=methods,
            seed=seed,
            variant=variant,
            model=model,
        )
        for _, made in made_of:
            for name, maps in made.items():
                measure_maps(
                    self.tables[name],
                    condition,
                    maps,
                    places,
                    self.regions,
                    reference=self.stacks[name],
                )

    def _parts(self) -> list[tuple[Subject, list[int]]]:
        """The chosen pairs, as many at a time as maps are made at once."""
        found = []
        for start in range(0, len(self.places), CHUNK):
            places = list(self.places[start : start + CHUNK])
            found.append((self.before.take(places), places))
        return found


def image_controls(settings: SaliencySettings, *, paired: bool) -> tuple[str, ...]:
    """Returns the controls that are made by changing images.

    Args:
        settings: Which were asked for.
        paired: There are two sets; the least change of a file needs but one.
    """
    return tuple(
        name
        for name in IMAGE_CONTROLS
        if name in settings.controls and (paired or name == "ceiling")
    )


def random_draws(passes: int) -> int:
    """Returns how many random networks of either kind a method is held against.

    Args:
        passes: Of the method for one image. Where they are hundreds, as for occlusion, one network
            shows as well that a map follows the weights, at a third of the time.
    """
    return _DRAWS if passes <= _COSTLY else 1


def draws(method: Method, settings: SaliencySettings) -> bool:
    """Whether the maps of a method depend on random draws."""
    by_baseline = "baseline" in method.needs and settings.baseline == "random"
    return method.name in _DRAWING or by_baseline


def _average(table: MethodTable, condition: str) -> None:
    """One value of several draws: their mean, pair by pair."""
    names = [f"{condition}/{draw}" for draw in range(_DRAWS)]
    flags = [table.flags.pop(name) for name in names if name in table.flags]
    values = [table.values.pop(name) for name in names if name in table.values]
    likeness = [table.similarity.pop(name) for name in names if name in table.similarity]
    if values:
        table.values[condition] = mean_columns(values)
    if likeness:
        table.similarity[condition] = mean_columns(likeness)
    if flags:  # a pair is left out only where no draw has a map of it
        table.flags[condition] = [
            next((why for why in each if why), None) if all(each) else None
            for each in zip(*flags, strict=True)
        ]


def _joined(targets: Sequence[Indices]) -> Indices:
    return np.concatenate(list(targets))
