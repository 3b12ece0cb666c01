"""Batches of training images: as many reals as fakes, whatever the sets hold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from ganeval.classifier.augment import Augmentation, apply_view, draw_view
from ganeval.classifier.examples import FAKE, REAL, Examples, Rows
from ganeval.classifier.network_form import NetworkForm
from ganeval.statistics.streams import generator

MOST_EPOCHS: Final = 30
FEWEST_EPOCHS: Final = 5
MOST_PASSES: Final = 45_000


@dataclass(frozen=True)
class Schedule:
    """How much a network may be trained.

    An epoch is one pass over the training images. So that the fewest epochs fit into the most
    passes, an epoch of very many images is a part of them, which goes on in the next epoch.

    Args:
        images: Number of training images.
        batch: Images per step.
        most_epochs: Limit asked for.
    """

    images: int
    batch: int
    most_epochs: int = MOST_EPOCHS

    @property
    def steps(self) -> int:
        """Steps per epoch."""
        return max(1, round(min(self.images, MOST_PASSES // FEWEST_EPOCHS) / self.batch))

    @property
    def passes(self) -> int:
        """Images seen per epoch, repeats counted."""
        return self.steps * self.batch

    @property
    def epochs(self) -> int:
        """Epochs at most."""
        return min(self.most_epochs, max(FEWEST_EPOCHS, MOST_PASSES // self.passes))


@dataclass(frozen=True)
class TrainingBatches:
    """Draws balanced, augmented batches that depend on the seed and on the images' content only.

    Each class is dealt from a deck of its own that is shuffled anew when it runs out, and goes on
    from epoch to epoch: in unbalanced sets images of the smaller class return more often.

    Args:
        examples: The images.
        rows: Those that are learnt from.
        form: Network they are meant for.
        augmentation: What is done to them.
        crop: Side of the crops of the default form, pixels.
        seed: Random seed.
        epochs: Epochs at most.
    """

    examples: Examples
    rows: Rows
    form: NetworkForm
    augmentation: Augmentation
    crop: int
    seed: int
    epochs: int = MOST_EPOCHS

    @property
    def schedule(self) -> Schedule:
        """How much may be trained."""
        return Schedule(len(self.rows), self.form.batch, self.epochs)

    @property
    def side(self) -> int:
        """Side of what the network sees of an image in training, pixels."""
        if self.form.side is not None:
            return self.form.side
        height, width, _ = self.examples.pixels[int(self.rows[0])].shape
        return int(min(self.crop, height, width))

    def epoch(self, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Yields the batches of an epoch, counted from 1.

        Yields:
            Images float32 ``[batch, 3, H, W]`` in 0..255, channels last; labels float32
            ``[batch]``.
        """
        half = self.form.batch // 2
        steps = self.schedule.steps
        start, stop = (epoch - 1) * steps * half, epoch * steps * half
        reals, fakes = (self._dealt(label, start, stop) for label in (REAL, FAKE))
        labels = torch.cat([torch.zeros(half), torch.ones(half)])
        seen: Counter[str] = Counter()
        for step in range(steps):
            part = slice(step * half, (step + 1) * half)
            yield self._images([*reals[part], *fakes[part]], epoch, seen), labels

    def _dealt(self, label: int, start: int, stop: int) -> list[int]:
        """Rows of one class, from one place of its endless deck to another."""
        rows = [int(row) for row in self.rows if self.examples.labels[row] == label]
        # By content, so that names and places of files never matter.
        rows.sort(key=lambda row: (self.examples.contents[row], self.examples.keys[row]))
        first, last = start // len(rows), (stop - 1) // len(rows)
        dealt = [
            rows[i]
            for deck in range(first, last + 1)
            for i in generator(self.seed, f"cnn order {label} {deck}").permutation(len(rows))
        ]
        return dealt[start - first * len(rows) : stop - first * len(rows)]

    def _images(self, rows: list[int], epoch: int, seen: Counter[str]) -> torch.Tensor:
        views = []
        for row in rows:
            content = self.examples.contents[row]
            rng = generator(self.seed, f"cnn view {epoch} {content} {seen[content]}")
            seen[content] += 1
            pixels = self.form.training_view(self.examples.pixels[row])
            crop = self.crop if self.form.side is None else self.form.side
            views.append(apply_view(pixels, draw_view(pixels.shape, crop, self.augmentation, rng)))
        # Rows, columns, colours in memory: permuted, torch calls that channels last.
        return torch.from_numpy(np.stack(views)).permute(0, 3, 1, 2)
