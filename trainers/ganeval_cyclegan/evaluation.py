"""Evaluation during training: held-out images both ways, their scores, and the best checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from ganeval.records import Best, Direction, Domain, Score, ScoreHistogram
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.cycle import cycle_l1, mean_estimate
from ganeval_cyclegan.data.transforms import resized
from ganeval_cyclegan.discriminator_histograms import (
    DiscriminatorScores,
    Scores,
    histogram,
    write_scores,
)
from ganeval_cyclegan.discriminator_scores import judged, threshold
from ganeval_cyclegan.domain_shapes import domain_shape
from ganeval_cyclegan.evaluation_mode import DomainView, batches, device_of, evaluating
from ganeval_cyclegan.losses import gan_loss
from ganeval_cyclegan.nets.networks import Networks
from ganeval_cyclegan.pixels import Pixels, to_pixels
from ganeval_cyclegan.score_history import Measured, NetworkKind, ScoreHistory
from ganeval_cyclegan.streams import Streams

Evaluate = Callable[[str, Pixels, Pixels], Sequence[Measured]]
"""``evaluate(domain, real, fake)`` with uint8 ``[n, H, W, 3]``: name, display, better, estimate."""

_DIRECTIONS: Final[tuple[tuple[Direction, Domain, Domain, str, str, str], ...]] = (
    ("AtoB", "A", "B", "G_A", "G_B", "D_A"),
    ("BtoA", "B", "A", "G_B", "G_A", "D_B"),
)
"""Direction, source, target, forth, back, and the discriminator of the target."""

_FOREVER = 1 << 62


class EvaluationData(Protocol):
    """The images of a run."""

    @property
    def train_A(self) -> DomainView:
        """Training images of A."""

    @property
    def train_B(self) -> DomainView:
        """Training images of B."""

    @property
    def held_A(self) -> DomainView:
        """Images of A that are evaluated on."""

    @property
    def held_B(self) -> DomainView:
        """Images of B that are evaluated on."""


@dataclass(frozen=True)
class Evaluated:
    """What one evaluation found.

    Attributes:
        update: Updates done.
        epoch: Epochs begun.
        scores: Of both directions and all networks.
        histograms: Scores of both discriminators.
        gaps: Over-fit signal per discriminator; see `DiscriminatorScores.gap`.
        file: Where the scores of the discriminators lie, relative to the run folder.
        improved: The networks as they are now are the best so far, so they should be kept.
    """

    update: int
    epoch: int
    scores: list[Score]
    histograms: list[ScoreHistogram]
    gaps: dict[str, float]
    file: str
    improved: bool


class Evaluations:
    """All evaluations of one run; what they found so far is part of a checkpoint.

    Training is not touched: random streams, gradients, training flags and optimisers stay as they
    are, so a run with evaluations equals one without, bit for bit.

    Args:
        config: The run.
        data: Its images; ``held_A`` and ``held_B`` are what is evaluated on.
        streams: Choose the images where there are more than ``eval.limit``.
        run_folder: Scores of discriminators go to ``eval/`` in it.
        evaluate: Compares fakes with reals; None: cycle and discriminators only.
    """

    def __init__(
        self,
        config: TrainConfig,
        data: EvaluationData,
        streams: Streams,
        run_folder: Path,
        evaluate: Evaluate | None,
    ) -> None:
        self._config = config
        self._run_folder = run_folder
        self._evaluate = evaluate
        self._held: dict[Domain, DomainView] = {"A": data.held_A, "B": data.held_B}
        self._train: dict[Domain, DomainView] = {"A": data.train_A, "B": data.train_B}
        limit = config.eval.limit or _FOREVER
        self._chosen = {
            domain: chosen(streams, f"held_out.{domain}", len(images), limit)
            for domain, images in self._held.items()
        }
        # As many training images as held-out ones, so that neither mean is the noisier one.
        self._judged = {
            domain: chosen(streams, f"train.{domain}", len(images), len(self._chosen[domain]))
            for domain, images in self._train.items()
        }
        self._history = ScoreHistory(config.eval)

    def run(
        self, nets: Networks, ema: Mapping[str, nn.Module], *, update: int, epoch: int
    ) -> Evaluated:
        """Evaluates the networks as they are.

        Args:
            nets: The networks in training.
            ema: Averages of the generators by their names; empty: there are none.
            update: Updates done.
            epoch: Epochs begun.
        """
        everything = [network for _, network in nets.items()] + list(ema.values())
        found: list[Score] = []
        judged: dict[str, DiscriminatorScores] = {}
        with evaluating(everything):
            for direction, source, target, forth, back, judge in _DIRECTIONS:
                reals = self._pixels(target) if self._evaluate is not None else None
                kinds: dict[NetworkKind, Mapping[str, nn.Module]] = {"raw": dict(nets.items())}
                if ema:
                    kinds["ema"] = ema
                for kind, generators in kinds.items():
                    critic = _Critic(self._config, nets, judge, target, update, epoch)
                    fakes, cycles, maps = self._translated(
                        source, target, generators[forth], generators[back], critic
                    )
                    found += [
                        self._history.add(direction, kind, measured, update, epoch)
                        for measured in self._measured(target, reals, fakes, cycles)
                    ]
                    if kind == "raw":
                        judged[judge] = self._judged_by(critic, target, maps)
        file = self._file(update)
        write_scores(self._run_folder / file, judged, update)
        return Evaluated(
            update=update,
            epoch=epoch,
            scores=found,
            histograms=[histogram(name, one, update) for name, one in judged.items()],
            gaps={name: one.gap for name, one in judged.items() if one.gap is not None},
            file=file,
            improved=any([self._history.is_best(score) for score in found]),
        )

    @property
    def scores(self) -> list[Score]:
        """All scores so far, the oldest first."""
        return list(self._history.scores)

    def best(self, checkpoint: str) -> Best | None:
        """Describes the best evaluation so far; see `ScoreHistory.best`."""
        return self._history.best(checkpoint)

    def state(self) -> dict[str, Any]:
        """Returns what a checkpoint needs to hold: plain values."""
        return self._history.state()

    def load(self, state: Mapping[str, Any]) -> None:
        """Takes up what `state` returned."""
        self._history.load(state)

    def _pixels(self, domain: Domain) -> Pixels:
        """The reals as networks see them, uint8 ``[n, H, W, 3]``."""
        found = self._batches(self._held[domain], self._chosen[domain], torch.device("cpu"))
        return self._stacked([to_pixels(batch) for batch in found], domain)

    def _translated(
        self,
        source: Domain,
        target: Domain,
        forth: nn.Module,
        back: nn.Module,
        critic: _Critic,
    ) -> tuple[Pixels, npt.NDArray[np.float64], list[Scores]]:
        """Fakes uint8 ``[n, H, W, 3]``, cycle L1 per image ``[n]``, and maps of scores."""
        fakes: list[Pixels] = []
        cycles: list[float] = []
        maps: list[Scores] = []
        images, indices = self._held[source], self._chosen[source]
        for batch in self._batches(images, indices, device_of(forth)):
            fake = forth(batch)
            maps += critic(fake)
            cycles += cycle_l1(batch, back(fake))
            fakes.append(to_pixels(fake.nan_to_num(0.0)))
        return self._stacked(fakes, target), np.array(cycles), maps

    def _judged_by(
        self, critic: _Critic, target: Domain, fake: list[Scores]
    ) -> DiscriminatorScores:
        def maps(images: DomainView, indices: Sequence[int]) -> list[Scores]:
            found = self._batches(images, indices, critic.device)
            return [one for batch in found for one in critic(batch)]

        return DiscriminatorScores(
            train=maps(self._train[target], self._judged[target]),
            held_out=maps(self._held[target], self._chosen[target]),
            fake=fake,
            threshold=critic.threshold,
        )

    def _batches(
        self, images: DomainView, indices: Sequence[int], device: torch.device
    ) -> Iterator[Tensor]:
        alike = self._config.data.preprocess not in ("scale_width", "none")
        return batches(images, indices, device, alike=alike)

    def _stacked(self, parts: Sequence[Pixels], domain: Domain) -> Pixels:
        """One array of images; those that keep sizes of their own are resized to the crops'."""
        shape = domain_shape(self._config, domain)
        size = (shape.height, shape.width)
        if len({part.shape[1:] for part in parts}) > 1:
            parts = [resized(image, size)[None] for part in parts for image in part]
        if not parts:
            return np.empty((0, *size, 3), np.uint8)
        images = np.concatenate(parts)
        return np.repeat(images, 3, axis=3) if images.shape[3] == 1 else images

    def _measured(
        self,
        target: Domain,
        reals: Pixels | None,
        fakes: Pixels,
        cycles: npt.NDArray[np.float64],
    ) -> Iterator[Measured]:
        if self._evaluate is not None and reals is not None:
            yield from self._evaluate(target, reals, fakes)
        yield "cycle_l1", "cycle L1", "lower", mean_estimate(cycles)

    def _file(self, update: int) -> str:
        brand = "-test-peek" if self._config.eval.on == "test" else ""
        return f"eval/dscores-u{update:08d}{brand}.npz"


class _Critic:
    """A discriminator with the rule that belongs to its loss."""

    def __init__(
        self,
        config: TrainConfig,
        nets: Networks,
        name: str,
        domain: Domain,
        update: int,
        epoch: int,
    ) -> None:
        self._network: nn.Module = getattr(nets, name)
        # What it was trained with last.
        self._loss = gan_loss(config, domain, update=max(update - 1, 0), epoch=max(epoch, 1))
        self.threshold = threshold(self._loss, config.dual)
        self.device = device_of(self._network)

    def __call__(self, images: Tensor) -> list[Scores]:
        """Returns a map of scores ``[h, w]`` of each image of ``[n, C, H, W]``."""
        return list(judged(self._loss, self._network(images))[:, 0].float().cpu().numpy())


def chosen(streams: Streams, purpose: str, count: int, limit: int) -> list[int]:
    """Returns the sorted indices of at most ``limit`` of ``count`` images, a seeded choice."""
    if count <= limit:
        return list(range(count))
    return sorted(streams.at("eval", purpose).sample(range(count), limit))
