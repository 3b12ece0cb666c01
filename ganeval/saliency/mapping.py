"""Maps of many images by several methods: in chunks, from the cache where they are known."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch

from ganeval.metrics.settings import Progress, Unit
from ganeval.saliency.explain import explain
from ganeval.saliency.map_cache import CachedMap, MapCache
from ganeval.saliency.maps.registry import Method
from ganeval.saliency.maps.result import Maps
from ganeval.saliency.model import PixelModel
from ganeval.saliency.opening import Stack
from ganeval.saliency.settings import SaliencySettings

CHUNK: Final = 64
"""Images whose maps are made at once: 38 MB of images of 224 px, 13 MB of maps a method."""

_DRAWING: Final = frozenset({"smoothgrad", "smoothgrad-sq", "vargrad"})
_BASELINES: Final = "random"


@dataclass(frozen=True)
class Subject:
    """Images to be explained.

    Args:
        images: float32 ``[n, 3, S, S]`` in [0, 1].
        targets: int64 ``[n]``.
        keys: Of the pairs; random draws belong to them.
        against: int64 ``[n]``: classes whose score a contrast subtracts.
    """

    images: Stack
    targets: npt.NDArray[np.int64]
    keys: Sequence[str]
    against: npt.NDArray[np.int64] | None = None

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, rows: Sequence[int] | slice) -> Subject:
        """Returns some of the images."""
        places = range(len(self))[rows] if isinstance(rows, slice) else rows
        index = rows if isinstance(rows, slice) else np.asarray(rows, np.intp)
        return Subject(
            np.ascontiguousarray(self.images[index]),
            self.targets[index],
            [self.keys[i] for i in places],
            None if self.against is None else self.against[index],
        )


class Mapper:
    """Makes maps.

    Args:
        model: The classifier.
        methods: Kinds of maps.
        settings: How they are made.
        others: Images that random baselines are drawn from, with the keys of their pairs.
        cache: Where maps are kept; None: nowhere.
    """

    def __init__(
        self,
        model: PixelModel,
        methods: Sequence[Method],
        settings: SaliencySettings,
        others: tuple[Stack, Sequence[str]],
        cache: MapCache | None,
    ) -> None:
        self.model = model
        self.methods = list(methods)
        self.cache = cache
        self._settings = settings
        self._others = others
        self._work = _Work()
        self._pool = ""
        if settings.baseline == _BASELINES:
            digests = [image_digest(image) for image in others[0]]
            self._pool = hashlib.sha256("".join([*digests, *others[1]]).encode()).hexdigest()

    def report_to(self, progress: Progress, total: int) -> None:
        """Tells ``progress`` of all maps from now on, of ``total`` passes through the network."""
        self._work = _Work(progress, total)

    def passes(self, method: Method) -> int:
        """Returns the passes that a method takes for one image, at the least."""
        return method.passes(self._settings.map_settings, self.model.side)

    def chunks(
        self,
        subject: Subject,
        *,
        methods: Sequence[Method] | None = None,
        seed: int | None = None,
        variant: str = "",
        model: PixelModel | None = None,
    ) -> Iterator[tuple[slice, dict[str, Maps]]]:
        """Yields the maps of consecutive images, by method.

        Args:
            subject: The images.
            methods: Kinds of maps; None: all.
            seed: Of random draws; None: the run's.
            variant: What was done to the weights of the network; empty: nothing. With random
                weights integrated gradients keep their first number of nodes.
            model: The classifier with those weights; None: as it is.
        """
        chosen = self.methods if methods is None else list(methods)
        for start in range(0, len(subject), CHUNK):
            rows = slice(start, min(len(subject), start + CHUNK))
            part = subject.take(rows)
            used = self._settings.seed if seed is None else seed
            yield rows, self._made(part, chosen, used, variant, model or self.model)

    def known(self, subject: Subject, method: Method) -> float:
        """Returns the share of maps of the unchanged network that are in the cache already."""
        if self.cache is None or not len(subject):
            return 0.0
        digests = [image_digest(image) for image in subject.images]
        keys = [
            self._key(subject, i, d, method, self._settings.seed, "") for i, d in enumerate(digests)
        ]
        return sum(self.cache.has(key) for key in keys) / len(keys)

    def _made(
        self,
        subject: Subject,
        methods: Sequence[Method],
        seed: int,
        variant: str,
        model: PixelModel,
    ) -> dict[str, Maps]:
        found: dict[str, list[CachedMap | None]] = {}
        keys: dict[str, list[dict[str, Any]]] = {}
        if self.cache is not None:
            digests = [image_digest(image) for image in subject.images]
            for method in methods:
                keys[method.name] = [
                    self._key(subject, i, digest, method, seed, variant)
                    for i, digest in enumerate(digests)
                ]
                found[method.name] = [self.cache.find(key) for key in keys[method.name]]
        else:
            found = {method.name: [None] * len(subject) for method in methods}
        for family in _families(methods):
            self._fill(subject, family, found, keys, seed, model, refine=not variant)
        return {method.name: _joined(found[method.name]) for method in methods}

    def _fill(
        self,
        subject: Subject,
        family: list[Method],
        found: dict[str, list[CachedMap | None]],
        keys: dict[str, list[dict[str, Any]]],
        seed: int,
        model: PixelModel,
        *,
        refine: bool,
    ) -> None:
        """Makes the maps of one family that are not known; its methods share their passes."""
        passes = max(self.passes(method) for method in family)
        lacking = [method for method in family if None in found[method.name]]
        rows = sorted(
            {i for one in lacking for i, known in enumerate(found[one.name]) if known is None}
        )
        self._work.skip(passes * (len(subject) - len(rows)))
        if not rows:
            return
        part = subject.take(rows)
        self._work.begin(passes * len(rows))
        made = explain(
            model,
            torch.from_numpy(part.images),
            [method.name for method in lacking],
            part.targets,
            keys=part.keys,
            seed=seed,
            micro_batch=self._settings.micro_batch,
            layer=self._settings.layer,
            baseline=self._settings.baseline,
            n_samples=self._settings.n_samples,
            ig_steps=self._settings.ig_steps,
            refine=refine,
            against=part.against,
            others=self._others,
            progress=self._work,
        )
        self._work.end()
        for method in lacking:
            for place, one in zip(rows, _split(made[method.name]), strict=True):
                found[method.name][place] = one
                if self.cache is not None:
                    self.cache.keep(keys[method.name][place], one)

    def _key(
        self, subject: Subject, i: int, digest: str, method: Method, seed: int, variant: str
    ) -> dict[str, Any]:
        """Everything that fixes the bits of a map."""
        facts, settings = self.model.facts, self._settings
        prepare = facts.preprocessing
        key: dict[str, Any] = {
            "image": digest,
            "model": facts.digest,
            "network": facts.name if not facts.digest else "",
            "prepare": [list(prepare.mean), list(prepare.std), prepare.size],
            "probabilities": self.model.probabilities,
            "variant": variant,
            "method": method.name,
            "target": int(subject.targets[i]),
            "micro_batch": settings.micro_batch,
            "device": str(self.model.device),
            "torch": torch.__version__,
        }
        if method.name in _DRAWING:
            key |= {"n_samples": settings.n_samples, "seed": seed, "pair": subject.keys[i]}
        if method.name == "integrated-gradients":
            # Under random weights the score hardly changes on the way from the baseline: hundreds
            # of nodes for its last percents would tell nothing more.
            key |= {"ig_steps": settings.ig_steps, "refine": not variant}
        if method.name == "contrast" and subject.against is not None:
            key["against"] = int(subject.against[i])
        if "layer" in method.needs:
            key["layer"] = settings.layer
        if "baseline" in method.needs:
            key["baseline"] = settings.baseline
            if settings.baseline == _BASELINES:
                key |= {"seed": seed, "pair": subject.keys[i], "others": self._pool}
        return key


@dataclass
class _Work:
    """Turns what single calls tell of their progress into that of the whole run."""

    progress: Progress | None = None
    total: int = 0
    done: int = 0
    size: int = 0
    within: float = field(default=0.0)

    def begin(self, size: int) -> None:
        self.size, self.within = size, 0.0

    def end(self) -> None:
        self.skip(self.size)
        self.size, self.within = 0, 0.0

    def skip(self, size: int) -> None:
        self.done += size
        self._tell(self.done)

    def __call__(self, label: str, done: int, total: int, unit: Unit = "images") -> None:
        self.within = max(self.within, done / total if total else 1.0)
        self._tell(self.done + int(self.within * self.size))

    def _tell(self, done: int) -> None:
        if self.progress is not None:
            self.progress("passes", min(done, self.total), self.total, "rounds")


def image_digest(image: npt.NDArray[np.float32]) -> str:
    """Returns the sha256 of the values of an image as the model sees it."""
    return hashlib.sha256(np.ascontiguousarray(image).data).hexdigest()


def _families(methods: Sequence[Method]) -> list[list[Method]]:
    families: dict[str, list[Method]] = {}
    for method in methods:
        families.setdefault(method.family, []).append(method)
    return list(families.values())


def _split(maps: Maps) -> list[CachedMap]:
    """Maps one by one, with their own numbers."""
    count = len(maps.values)
    numbers = {
        name: value
        for name, value in maps.info.items()
        if isinstance(value, np.ndarray) and value.shape == (count,)
    }
    params = {name: value for name, value in maps.info.items() if name not in numbers}
    return [
        CachedMap(
            maps.values[i],
            maps.flags[i],
            {name: float(value[i]) for name, value in numbers.items()},
            params,
        )
        for i in range(count)
    ]


def _joined(found: Sequence[CachedMap | None]) -> Maps:
    maps = [one for one in found if one is not None]
    info: dict[str, Any] = dict(maps[0].params)
    for name in maps[0].numbers:
        info[name] = np.array([one.numbers[name] for one in maps])
    return Maps(np.stack([one.values for one in maps]), [one.flag for one in maps], info)
