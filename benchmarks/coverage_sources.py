"""What the runs draw from: distributions, and real images with their translations.

Every source gives a real set and two fake sets of one size, called a and b, in three layouts.
Paired: they come from one distribution and share their sources, as two equally good translators of
the same photos would. Unpaired: they come from one distribution and share nothing. Worse: they
share their sources, and b comes from another distribution.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

import numpy as np
from coverage_populations import (
    Mixture,
    classes,
    gaussian,
    heavy_tailed,
    true_distance,
    true_kid,
)
from coverage_sets import Drawn, Rows

Layout = Literal["paired", "unpaired", "worse"]

_SHARED = 0.8  # correlation of the features of partners
_CLASSES = 12  # of the made-up logits
_SURENESS = 2.0  # logits per standard deviation of a feature


class Source(Protocol):
    """Where sets come from."""

    @property
    def name(self) -> str:
        """Short name for tables."""

    @property
    def d(self) -> int:
        """Number of features."""

    @property
    def has_logits(self) -> bool:
        """The Inception Score can be had."""

    @property
    def targets(self) -> Mapping[str, float]:
        """What is known exactly of infinitely many images, by metric."""

    def share(self, n: int) -> float:
        """Share of all images there are that a set of n holds; 0 for a distribution."""

    def judges(self, layout: Layout) -> bool:
        """Tells whether a is drawn from the distribution that intervals are judged for."""

    def draw(
        self, n: int, layout: Layout, rng: np.random.Generator
    ) -> tuple[Drawn, Sequence[Drawn]]:
        """Draws the real set and the fake sets."""


@dataclass(frozen=True)
class Distributions:
    """Sets drawn from distributions.

    Args:
        name: Short name for tables.
        real: Where reals come from.
        fake: Where fakes come from.
        other: Where the fakes that are a little worse come from.
        logits: Make up logits too.
    """

    name: str
    real: Mixture
    fake: Mixture
    other: Mixture
    logits: bool = True

    @property
    def d(self) -> int:
        """Number of features."""
        return self.real.d

    @property
    def has_logits(self) -> bool:
        """The Inception Score can be had."""
        return self.logits

    @property
    def targets(self) -> Mapping[str, float]:
        """KID and Fréchet distance of infinitely many images."""
        return {
            "kid": true_kid(self.real, self.fake),
            "fid_infinity": true_distance(self.real, self.fake),
        }

    def share(self, n: int) -> float:
        """There are infinitely many images."""
        return 0.0

    def judges(self, layout: Layout) -> bool:
        """It always is."""
        return True

    def draw(
        self, n: int, layout: Layout, rng: np.random.Generator
    ) -> tuple[Drawn, Sequence[Drawn]]:
        """Draws the real set and the fake sets."""
        real = self._set("real", self.real, self._parts(n, rng), rng.normal(size=(n, self.d)))
        if layout == "unpaired":
            return real, [
                self._set(
                    label, self.fake, self._parts(n, rng), rng.normal(size=(n, self.d)), f"{label}/"
                )
                for label in ("a", "b")
            ]
        parts, common = self._parts(n, rng), rng.normal(size=(n, self.d))
        second = self.other if layout == "worse" else self.fake
        fakes = []
        for label, mixture in (("a", self.fake), ("b", second)):
            own = rng.normal(size=(n, self.d))
            noise = np.sqrt(_SHARED) * common + np.sqrt(1 - _SHARED) * own
            fakes.append(self._set(label, mixture, parts, noise))
        return real, fakes

    def _parts(self, n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.choice(len(self.real.weights), size=n, p=self.real.weights)

    def _set(
        self, label: str, mixture: Mixture, parts: np.ndarray, noise: np.ndarray, prefix: str = ""
    ) -> Drawn:
        rows = mixture.place(parts, noise)
        keys = [f"{prefix}{i:05d}.png" for i in range(len(rows))]
        if not self.logits:
            return Drawn(label, rows, keys)
        units = np.sqrt(self.real.variances[0])[:_CLASSES]
        return Drawn(label, rows, keys, (_SURENESS * rows[:, :_CLASSES] / units).astype("f4"))


@dataclass(frozen=True)
class Translations:
    """Sets drawn without replacement from real images and two translations of other images.

    Paired sets of one distribution are made by a coin: each image of a comes from one translation
    or the other, and that of b from the one left.

    Args:
        name: Short name for tables.
        real: Features of the real images ``[N, d]``.
        one: Features of the one translation ``[N, d]``.
        two: The same images by the other translator, in the same order.
    """

    name: str
    real: Rows
    one: Rows
    two: Rows
    has_logits: bool = False
    targets: Mapping[str, float] = field(default_factory=dict)

    @property
    def d(self) -> int:
        """Number of features."""
        return self.real.shape[1]

    def share(self, n: int) -> float:
        """Share of all images that a set of n holds."""
        return n / len(self.real)

    def judges(self, layout: Layout) -> bool:
        """The coin adds a chance of its own, which the share of all images does not lessen."""
        return layout != "paired"

    def draw(
        self, n: int, layout: Layout, rng: np.random.Generator
    ) -> tuple[Drawn, Sequence[Drawn]]:
        """Draws the real set and the fake sets."""
        real = Drawn("real", self.real[rng.permutation(len(self.real))[:n]], _keys(range(n)))
        order = rng.permutation(len(self.one))
        rows, rest = order[:n], order[n : 2 * n]
        if layout == "unpaired":
            return real, [
                Drawn("a", self.one[rows], _keys(rows, "a/")),
                Drawn("b", self.one[rest], _keys(rest, "b/")),
            ]
        one, two = self.one[rows], self.two[rows]
        if layout == "paired":
            coin = rng.integers(2, size=(n, 1)).astype(bool)
            one, two = np.where(coin, one, two), np.where(coin, two, one)
        return real, [Drawn("a", one, _keys(rows)), Drawn("b", two, _keys(rows))]


def _keys(numbers: Sequence[int] | np.ndarray | range, prefix: str = "") -> list[str]:
    return [f"{prefix}{number:05d}.png" for number in numbers]


def distributions() -> list[Distributions]:
    """Returns distributions as features of networks have them."""
    named = {
        "gauss16": gaussian(16),
        "gauss128": gaussian(128),
        "gauss512": gaussian(512),
        "classes64": classes(64),
        "tails64": heavy_tailed(64),
    }
    return [
        Distributions(name, real, real.changed(1.15, 0.15), real.changed(1.3, 0.3))
        for name, real in named.items()
    ]


def boundary_distributions() -> list[Distributions]:
    """Returns distributions that bring shares to the ends of their range."""
    narrow, wide = gaussian(16), gaussian(64)
    return [
        Distributions("equal16", narrow, narrow, narrow.changed(1.3, 0.3)),
        Distributions("far64", wide, wide.changed(1.0, 2.5), wide.changed(1.0, 2.8)),
        Distributions("shrunk64", wide, wide.changed(0.4, 0.0), wide.changed(0.3, 0.0)),
    ]


def shared_translations(folder: Path) -> list[Translations]:
    """Returns paintings against photos translated to paintings, at two layers of a network.

    Args:
        folder: Holds ``reference/features-monet-*.npz``.
    """
    names = ("paintings", "fake-resnet", "fake-unet32")
    sets = [np.load(folder / "reference" / f"features-monet-{name}.npz") for name in names]
    return [
        Translations(f"monet {layer.removeprefix('pf')}", *(one[layer] for one in sets))
        for layer in ("pf768", "pf2048")
    ]
