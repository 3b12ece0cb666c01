"""Class models from settings to a record and its pictures."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from ganeval.environment import environment
from ganeval.errors import InputError
from ganeval.metrics.settings import Progress
from ganeval.records import (
    ClassModelRecord,
    ClassScores,
    DrawnClass,
    DrawnPicture,
    LookedInto,
    Param,
)
from ganeval.saliency.ascent import AscentSettings, Picture, ascend
from ganeval.saliency.class_goals import ALL_USED, Goal, class_goals
from ganeval.saliency.class_model import ClassModel, make_class_model
from ganeval.saliency.class_scores import RealImages, score_images
from ganeval.saliency.class_wording import class_notices, class_verdict
from ganeval.saliency.images import Fit
from ganeval.saliency.loading import BUNDLED, load_pixel_model
from ganeval.saliency.model import PixelModel

Stop = Literal["real95", "none"]
Pixels = npt.NDArray[np.uint8]
Check = Callable[[Sequence[str]], None]
Announce = Callable[[str], None]


@dataclass(frozen=True)
class ClassModelSettings:
    """How classes are drawn; the defaults are those of the command line.

    Args:
        target: A class by name or number, ``real``, ``fake``, or ``all-used``.
        ascent: How the score is raised; its strength is replaced by each of ``strengths``.
        strengths: lambda, each of which gives its own picture.
        images: Real images whose scores stand beside the picture's.
        stop: ``real95``: also the first picture with the 95th percentile of their scores; None: so
            where there are images.
        model: The classifier; see `ganeval.saliency.loading.load_pixel_model`.
        weights: Its state dict.
        labels: Text file with the name of one class per line.
        num_classes: Outputs that a library's network has in a file of other classes.
        mean: Per channel, on the scale 0..1, of a network of one's own.
        std: The same.
        side: Side of the images of the network, pixels; None: its own.
        accept_probabilities: The network ends in a softmax: log p is raised.
        fit: What becomes of images of another form.
        limit: Score that many of the images, at random.
        on_error: ``fail`` or ``skip[=SHARE]``.
        device: ``cpu``, ``cuda``, ``cuda:N``, ``mps`` or ``auto``.
        micro_batch: Images per call of the network.

    Raises:
        InputError: ``real95`` without images, or no strength.
    """

    target: str
    ascent: AscentSettings = field(default_factory=AscentSettings)
    strengths: tuple[float, ...] = (0.0,)
    images: Path | None = None
    stop: Stop | None = None
    model: str = BUNDLED
    weights: Path | None = None
    labels: Path | None = None
    num_classes: int | None = None
    mean: tuple[float, ...] | None = None
    std: tuple[float, ...] | None = None
    side: int | None = None
    accept_probabilities: bool = False
    fit: Fit = "whole"
    limit: int | None = None
    on_error: str = "fail"
    device: str = "cpu"
    micro_batch: int = 16

    def __post_init__(self) -> None:
        if self.stop == "real95" and self.images is None:
            raise InputError(
                "--stop real95: the scores of real images are needed to stop at",
                hint="Give them by --images DIR.",
            )
        if not self.strengths:
            raise InputError("--lambda: no number is given")
        if len(set(self.strengths)) < len(self.strengths):
            raise InputError("--lambda: a number is given twice")
        for strength in self.strengths:
            self.with_strength(strength)

    def with_strength(self, strength: float) -> AscentSettings:
        """Returns how the score is raised at one lambda."""
        return AscentSettings(**{**vars(self.ascent), "strength": strength})

    @property
    def matched(self) -> bool:
        """Whether a picture with the score of real images is asked for."""
        return self.images is not None and self.stop != "none"

    def written_out(self) -> dict[str, Param]:
        """Returns every choice for the record."""
        ascent = {k: v for k, v in vars(self.ascent).items() if k != "strength"}
        return {
            "class": self.target,
            **ascent,
            "lambda": ",".join(f"{one:g}" for one in self.strengths),
            "stop": "real95" if self.matched else "none",
            "accept_probabilities": self.accept_probabilities,
            "fit": self.fit,
            "micro_batch": self.micro_batch,
            "weights": None if self.weights is None else str(self.weights),
        }


@dataclass(frozen=True)
class ClassModels:
    """What was drawn.

    Args:
        record: The record.
        pictures: Name of each file the record names, to its pixels, uint8 ``[S, S, 3]``.
    """

    record: ClassModelRecord
    pictures: dict[str, Pixels]


def draw_class_models(
    settings: ClassModelSettings,
    *,
    stem: str = "class-model",
    argv: Sequence[str] = (),
    progress: Progress,
    announce: Announce = lambda text: None,
    check: Check = lambda names: None,
) -> ClassModels:
    """Draws every class asked for at every lambda.

    Args:
        settings: What, and how.
        stem: Start of the names of the pictures.
        argv: The command line, for the record.
        progress: Told how far the work is.
        announce: Told how long it will take.
        check: Given the names of all pictures before any is made; may refuse.

    Raises:
        InputError: The model, a class or an image cannot be had.
        MissingFileError: A weights file is not there.
        GanevalError: Scores are not finite, or memory is short.
    """
    began, started = time.perf_counter(), datetime.now().astimezone()
    with load_pixel_model(
        settings.model,
        weights=settings.weights,
        labels=settings.labels,
        num_classes=settings.num_classes,
        mean=settings.mean,
        std=settings.std,
        side=settings.side,
        accept_probabilities=settings.accept_probabilities,
        device=settings.device,
    ) as model:
        scored = RealImages()
        if settings.images is not None:
            _require_class(model, settings.target)
            scored = score_images(
                model,
                settings.images,
                fit=settings.fit,
                limit=settings.limit,
                seed=settings.ascent.seed,
                on_error=settings.on_error,
                micro_batch=settings.micro_batch,
                progress=progress,
            )
        goals = class_goals(model, settings.target, scored.logits)
        names = file_stems(stem, goals, settings.strengths)
        kinds = ("", "-matched") if settings.matched else ("",)
        check([f"{name}{kind}.png" for name in names.values() for kind in kinds])
        _announce(model, goals[0], settings, len(names), announce)
        classes: list[DrawnClass] = []
        pictures: dict[str, Pixels] = {}
        for (goal, strength), name in names.items():
            told = f"{goal.name}, lambda {strength:g}"
            found = make_class_model(
                model,
                goal,
                settings.with_strength(strength),
                real_logits=scored.logits,
                progress=partial(_told, progress, told),
            )
            one, drawn = _drawn(found, name, matched=settings.matched, detector=model.detector)
            classes.append(one)
            pictures.update(drawn)
        looked = _looked_into(model, scored.text or "no images were scored")
        notices = class_notices(classes, model.facts.notices, real=scored.info is not None)
    record = ClassModelRecord(
        argv=list(argv),
        started=started.isoformat(timespec="seconds"),
        seconds=time.perf_counter() - began,
        verdict=class_verdict(classes),
        params=settings.written_out(),
        model=looked,
        input=scored.info,
        classes=classes,
        warnings=notices,
        environment=environment(),
    )
    return ClassModels(record, pictures)


def _require_class(model: PixelModel, target: str) -> None:
    """Refuses a class that does not exist before any image is read."""
    if target != ALL_USED:
        class_goals(model, target)


def file_stems(
    stem: str, goals: Sequence[Goal], strengths: Sequence[float]
) -> dict[tuple[Goal, float], str]:
    """Names the picture of each class and lambda; of several each is named after both.

    Args:
        stem: Start of every name; the whole name where there is one picture.
        goals: The classes.
        strengths: The lambdas.
    """
    both = [(goal, strength) for goal in goals for strength in strengths]
    if len(both) == 1:
        return {both[0]: stem}
    names: dict[tuple[Goal, float], str] = {}
    for goal, strength in both:
        plain = re.sub("[^a-z0-9]+", "-", goal.name.lower()).strip("-") or "class"
        name = f"{stem}-{plain}-{strength:g}"
        if name in names.values():  # two classes of one name: crane the bird, crane the machine
            name = f"{stem}-{plain}-{goal.index}-{strength:g}"
        names[goal, strength] = name
    return names


def _told(progress: Progress, what: str, done: int, total: int) -> None:
    progress(what, done, total, "rounds")


def _announce(
    model: PixelModel, goal: Goal, settings: ClassModelSettings, count: int, announce: Announce
) -> None:
    """Says how long the work will take, from the time of one step."""
    ascend(model, goal, AscentSettings(steps=1, restarts=1))
    began = time.perf_counter()
    ascend(model, goal, AscentSettings(steps=1, restarts=1))
    ascent = settings.ascent
    # One step makes two gradients: before it, and of the picture that it leads to.
    seconds = (time.perf_counter() - began) / 2 * ascent.steps * ascent.restarts * count
    if seconds < 5:
        return
    long = f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{seconds:.0f} seconds"
    what = "1 picture" if count == 1 else f"{count} pictures"
    starts = "1 start" if ascent.restarts == 1 else f"{ascent.restarts} starts"
    announce(f"{what}, {starts} of {ascent.steps} steps each: about {long}.")


def _drawn(
    found: ClassModel, name: str, *, matched: bool, detector: bool
) -> tuple[DrawnClass, dict[str, Pixels]]:
    """One class for the record, and its pictures."""
    best = found.best
    listed: list[DrawnPicture] = []
    pictures: dict[str, Pixels] = {}
    if best is not None:
        reached = [best, *found.ascents]
        like_real = next((one.matched for one in reached if one.matched is not None), None)
        chosen: list[tuple[Literal["full", "matched"], str, Picture]]
        chosen = [("full", f"{name}.png", best.final)]
        if matched and like_real is not None:
            chosen.append(("matched", f"{name}-matched.png", like_real))
        for kind, file, picture in chosen:
            pictures[file] = _pixels(picture)
            listed.append(
                DrawnPicture(
                    kind=kind,
                    file=file,
                    step=picture.step,
                    score=picture.score,
                    probability=picture.probability,
                    norm=picture.norm,
                    rms=picture.rms,
                    saturated=picture.saturated,
                )
            )
    real = found.real
    drawn = DrawnClass(
        name=found.goal.name,
        index=None if detector else found.goal.index,
        strength=found.settings.strength,
        pictures=listed,
        curve=[] if best is None else [float(value) for value in best.curve],
        restarts=len(found.ascents),
        spread=found.score_spread,
        real=None if real is None else ClassScores(**vars(real)),
        flag=found.flag,
    )
    return drawn, pictures


def _pixels(picture: Picture) -> Pixels:
    levels = np.rint(255 * np.clip(picture.image.transpose(1, 2, 0), 0, 1))
    return np.ascontiguousarray(levels.astype(np.uint8))


def _looked_into(model: PixelModel, fit: str) -> LookedInto:
    preprocess = model.facts.preprocessing
    return LookedInto(
        name=model.facts.name,
        sha256=model.facts.digest,
        side=model.side,
        mean=[value / 255 for value in preprocess.mean],
        std=[value / 255 for value in preprocess.std],
        interpolation=preprocess.interpolation,
        outputs=model.outputs,
        parameters=model.facts.parameters,
        detector=model.detector,
        device=str(model.device),
        fit=fit,
    )
