"""Training of the network: early stopping on validation images, the best weights kept."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ganeval.classifier.examples import FAKE, REAL, Examples, Rows, Scores, Split
from ganeval.classifier.linear import balanced_log_loss
from ganeval.classifier.network import SMALLEST, key_dropout, parameter_count
from ganeval.classifier.network_form import NetworkForm, form_of
from ganeval.classifier.network_scores import MICRO_BATCH, NetworkScores
from ganeval.classifier.settings import ClassifySettings
from ganeval.classifier.training_batches import FEWEST_EPOCHS, MOST_EPOCHS, TrainingBatches
from ganeval.classifier.training_time import (
    WARM_UP_STEPS,
    Stopwatch,
    TrainingTime,
    seconds_per_step,
)
from ganeval.errors import GanevalError, InputError
from ganeval.features.devices import choose_engine
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import Epoch, NetworkInfo, PixelsName
from ganeval.statistics.auc import auc_value

PATIENCE: Final = 8  # epochs without a lower validation loss
HALVE_AFTER: Final = 4
ENOUGH: Final = 0.1
"""Validation loss at which training ends, if all fakes rank above all reals there.

A network that trains on learns to answer from whatever touches a trace. Its scores rank no better,
but its patch map then peaks beside the trace, not on it.
"""


@dataclass
class FittedNetwork:
    """A trained network that scores whole images.

    Args:
        form: What the network takes.
        network: The network, in evaluation mode; takes what ``form.scaled`` gives.
        info: How it was trained.
        temperature: Logits divided by it are calibrated; set by who knows it.
    """

    form: NetworkForm
    network: nn.Module
    info: NetworkInfo
    temperature: float = 1.0
    _scores: NetworkScores = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.network.eval().requires_grad_(False)
        self._scores = NetworkScores(self.network, self.form)

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return next(self.network.parameters()).device

    def logits(self, pixels: Sequence[Pixels]) -> Scores:
        """Returns one logit per image, float64 ``[n]``, not divided by the temperature."""
        return self._scores.logits(pixels)

    def patch_logits(self, pixels: Pixels) -> npt.NDArray[np.float32]:
        """Returns the scores of an image's patches, float32 ``[h, w]``; see `NetworkScores`.

        Of images above 512 px they cover the centre, see `scored_corner`.
        """
        return self._scores.patch_logits(pixels)

    def patch_maps(self, pixels: Sequence[Pixels]) -> Iterator[npt.NDArray[np.float32]]:
        """Yields the scores of the patches of each image; see `patch_logits`."""
        return self._scores.patch_maps(pixels)


def fit_network(
    examples: Examples,
    split: Split,
    settings: ClassifySettings,
    *,
    seed: int,
    progress: Progress = silent,
    announce: Callable[[str], None] = lambda text: None,
    pixels: PixelsName = "raw",
    fits: int = 1,
    form: NetworkForm | None = None,
    epochs: int = MOST_EPOCHS,
) -> FittedNetwork:
    """Trains the network of a preset on the training part, and chooses on the validation part.

    The test part is not looked at. On a CPU the result depends on the images, the settings, the
    seed, torch's version and its number of threads, on nothing else.

    Args:
        examples: The images, all of one size.
        split: Which of them train and validate.
        settings: Preset, crop, pool, augmentation, device.
        seed: Seed of weights, order, views and dropout.
        progress: Told how many training images were seen.
        announce: Told how long it may take, before it starts.
        pixels: Whether these are raw or defended pixels.
        fits: Trainings of this kind in the whole run; their time is announced together.
        form: Another network than the preset's.
        epochs: Epochs at most.

    Raises:
        InputError: Images are too small, a part lacks a class, or it would take more than half an
            hour and that was not agreed to.
        GanevalError: The loss is no number.
    """
    form = form or form_of(settings)
    train, validation = split.rows("train"), split.rows("validation")
    _check(examples, train, validation, form)
    batches = TrainingBatches(
        examples,
        train,
        form,
        settings.augment or form.augmentation,
        settings.crop,
        seed,
        epochs,
    )
    device = torch.device(choose_engine("torch", settings.device).device)
    time = _warm_up(batches, examples, validation, form, device, fits)
    announce(time.text)
    time.check(settings)
    training = _Training(batches, form.initialised(seed, device), form, seed)
    chosen = _until_stopped(training, examples, validation, progress, "network")
    info = NetworkInfo(
        preset=settings.preset,
        pixels=pixels,
        parameters=parameter_count(training.network),
        receptive_field=form.receptive_field,
        crop=batches.side,
        epochs=chosen.epochs,
        best_epoch=chosen.best_epoch,
        passes=len(chosen.epochs) * batches.schedule.passes,
        stopped=chosen.stopped,
    )
    return FittedNetwork(form, training.network, info)


class _Training:
    """A network that is being trained."""

    def __init__(
        self, batches: TrainingBatches, network: nn.Module, form: NetworkForm, seed: int
    ) -> None:
        self.batches = batches
        self.network = network
        self.form = form
        self._seed = seed
        self._optimiser = form.optimiser(network.parameters())
        self._device = next(network.parameters()).device

    @property
    def rate(self) -> float:
        """The learning rate."""
        return float(self._optimiser.param_groups[0]["lr"])

    def halve_rate(self) -> None:
        """Halves the learning rate."""
        for group in self._optimiser.param_groups:
            group["lr"] /= 2

    def run(self, epoch: int, stepped: Callable[[], None], most: int | None = None) -> float:
        """Trains for an epoch; returns its mean loss.

        Args:
            epoch: Counted from 1.
            stepped: Called after every step.
            most: Steps after which to stop; None: the whole epoch.

        Raises:
            GanevalError: The loss is no number.
        """
        self.network.train()
        key_dropout(self.network, self._seed, epoch)
        losses = []
        for step, (images, labels) in enumerate(self.batches.epoch(epoch), start=1):
            self._optimiser.zero_grad(set_to_none=True)
            logits = self.network(self.form.scaled(images.to(self._device)))
            loss = binary_cross_entropy_with_logits(logits, labels.to(self._device))
            value = loss.item()
            if not math.isfinite(value):
                raise GanevalError(
                    f"the network's loss is no finite number in step {step} of epoch {epoch}",
                    hint="Leave the network out with --preset quick, or try another --seed.",
                )
            torch.autograd.backward(loss)
            self._optimiser.step()
            losses.append(value)
            stepped()
            if step == most:
                break
        return sum(losses) / len(losses)


@dataclass(frozen=True)
class _Chosen:
    """How training went; the network holds the weights of the best epoch."""

    epochs: list[Epoch]
    best_epoch: int
    stopped: str


def _until_stopped(
    training: _Training, examples: Examples, validation: Rows, progress: Progress, label: str
) -> _Chosen:
    schedule = training.batches.schedule
    total = schedule.epochs * schedule.passes
    seen = 0

    def stepped() -> None:
        nonlocal seen
        seen += training.batches.form.batch
        progress(label, seen, total)

    epochs: list[Epoch] = []
    best, best_epoch, best_weights = math.inf, 0, training.network.state_dict()
    stopped = f"all {schedule.epochs} epochs"
    labels = examples.labels[validation]
    images = [examples.pixels[row] for row in validation]
    for epoch in range(1, schedule.epochs + 1):
        rate = training.rate
        train_loss = training.run(epoch, stepped)
        logits = NetworkScores(training.network, training.form).logits(images)
        loss = balanced_log_loss(logits, labels)
        if not math.isfinite(loss):
            raise GanevalError(f"the network's validation loss is no finite number, epoch {epoch}")
        epochs.append(
            Epoch(
                epoch=epoch,
                train_loss=train_loss,
                validation_loss=loss,
                validation_auc=auc_value(logits[labels == FAKE], logits[labels == REAL]),
                learning_rate=rate,
            )
        )
        if loss < best:
            best, best_epoch = loss, epoch
            best_weights = copy.deepcopy(training.network.state_dict())
        waited = epoch - best_epoch
        if training.form.halves_rate and waited and waited % HALVE_AFTER == 0:
            training.halve_rate()
        if epoch < FEWEST_EPOCHS:
            continue
        told_apart = best < ENOUGH and epochs[best_epoch - 1].validation_auc == 1
        if training.form.ends_when_told_apart and told_apart:
            stopped = "all validation images told apart"
            break
        if waited >= PATIENCE:
            stopped = f"no lower validation loss for {PATIENCE} epochs"
            break
    training.network.load_state_dict(best_weights)
    progress(label, total, total)
    return _Chosen(epochs, best_epoch, stopped)


def _check(examples: Examples, train: Rows, validation: Rows, form: NetworkForm) -> None:
    """Refuses what no network can be trained on."""
    for part, rows in (("training", train), ("validation", validation)):
        for label, name in enumerate(examples.names):
            if not (examples.labels[rows] == label).any():
                raise InputError(f"the {part} part has no image of {name}")
    shortest = min(min(examples.pixels[row].shape[:2]) for row in train)
    if form.side is None and shortest < SMALLEST:
        raise InputError(
            f"images of {shortest} px are too small for the network, which needs {SMALLEST} px",
            hint="--preset quick leaves the network out.",
        )


def _warm_up(
    batches: TrainingBatches,
    examples: Examples,
    validation: Rows,
    form: NetworkForm,
    device: torch.device,
    fits: int,
) -> TrainingTime:
    """Times some steps and some scores with a network that is thrown away."""
    training = _Training(batches, form.initialised(0, device), form, 0)
    steps = Stopwatch()
    taken = 0
    while taken < WARM_UP_STEPS:
        before = len(steps.times)
        training.run(1, steps.lap, WARM_UP_STEPS - taken)
        taken += len(steps.times) - before
    scores = NetworkScores(training.network, form)
    images = [examples.pixels[row] for row in validation[:MICRO_BATCH]]
    scores.logits(images)
    timer = Stopwatch()
    scores.logits(images)
    timer.lap()
    schedule = batches.schedule
    return TrainingTime(
        step=seconds_per_step(steps.times),
        steps=schedule.steps * schedule.epochs,
        # A call takes as long whether it is full or padded.
        score=timer.times[0] / MICRO_BATCH,
        scored=len(validation) * schedule.epochs,
        batch=form.batch,
        fits=fits,
    )
