"""How long the maps will take, told before they are made and refused if it is long."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import torch

from ganeval.errors import InputError
from ganeval.saliency.batches import filled
from ganeval.saliency.conditions import draws, image_controls, random_draws
from ganeval.saliency.faithfulness import NEARBY_DRAWS, forward_passes
from ganeval.saliency.mapping import CHUNK, Mapper, Subject
from ganeval.saliency.maps.registry import Method
from ganeval.saliency.model import PixelModel
from ganeval.saliency.settings import SaliencySettings

LONGEST: Final = 30 * 60.0
"""Seconds that are spent without having been agreed to."""

_FEW_IMAGES: Final = 16
_FEW_SAMPLES: Final = 8

Confirm = Callable[[str], bool]


@dataclass(frozen=True)
class Speed:
    """Seconds that one image takes.

    Args:
        gradient: Forward and back.
        forward: Forward alone.
    """

    gradient: float
    forward: float


@dataclass(frozen=True)
class Cost:
    """What a run will take, at the least: integrated gradients may need more.

    Args:
        maps: Number of maps.
        passes: Images through the network, forward and mostly back.
        seconds: All of it.
    """

    maps: int
    passes: int
    seconds: float

    @property
    def text(self) -> str:
        """What is announced."""
        return (
            f"{self.maps:,} maps, {self.passes:,} passes through the network: about "
            f"{duration(self.seconds)}."
        )


def measured_speed(model: PixelModel, subject: Subject, micro_batch: int) -> Speed:
    """Times one micro-batch, after one that warms up.

    Args:
        model: The classifier.
        subject: Images of which the first are taken.
        micro_batch: Images per call.
    """
    part = subject.take(slice(0, micro_batch))
    x = filled(torch.from_numpy(part.images), micro_batch).to(model.device, model.dtype)
    x = x.contiguous(memory_format=torch.channels_last)

    def forward() -> None:
        with torch.no_grad():
            model.logits(x).sum().item()

    def gradient() -> None:
        leaf = x.detach().requires_grad_()
        scores = model.logits(leaf)[:, 0].sum()
        if scores.requires_grad:
            torch.autograd.grad(scores, leaf, allow_unused=True)

    return Speed(_timed(gradient) / micro_batch, _timed(forward) / micro_batch)


def estimated_cost(
    mapper: Mapper,
    settings: SaliencySettings,
    speed: Speed,
    *,
    pairs: int,
    paired: bool,
    known: dict[str, float],
) -> Cost:
    """Adds up the passes of all maps.

    Args:
        mapper: Makes the maps.
        settings: What is made.
        speed: Of the network on this machine.
        pairs: Number of pairs, or of images of a single set.
        paired: There are two sets.
        known: Method to the share of its maps that is in the cache.
    """
    families: dict[str, list[Method]] = {}
    methods = [one for one in mapper.methods if one.name in settings.method_names]
    for method in methods:
        families.setdefault(method.family, []).append(method)
    maps, passes, seconds = 0, 0.0, 0.0
    for members in families.values():  # made in one go
        counts = {one.name: _images(one, settings, mapper, pairs, paired=paired) for one in members}

        def work(one: Method, images: int) -> float:
            left = 1.0 - known.get(one.name, 0.0)
            return images * left * one.passes(settings.map_settings, mapper.model.side)

        maps += sum(sum(each) for each in counts.values())
        passes += max(work(one, sum(counts[one.name])) for one in members)
        # The last call of each condition is filled up, which takes time too.
        forward = members[0].pass_kind == "forward"
        seconds += (speed.forward if forward else speed.gradient) * max(
            work(
                one,
                sum(counts[one.name])
                if forward
                else sum(_filled(images, settings.micro_batch) for images in counts[one.name]),
            )
            for one in members
        )
    if settings.faithfulness:
        removed = min(pairs, settings.max_images) * forward_passes(methods, settings)
        seconds += removed * speed.forward
    return Cost(maps, round(passes), seconds)


def require_agreed(
    cost: Cost,
    cheaper: Callable[[SaliencySettings], Cost],
    settings: SaliencySettings,
    confirm: Confirm | None,
) -> None:
    """Refuses what takes more than half an hour and was not agreed to.

    Args:
        cost: Of the run.
        cheaper: Tells what other settings would cost.
        settings: Of the run.
        confirm: Asks; None: there is nobody to ask.

    Raises:
        InputError: It takes longer, and nobody agreed.
    """
    if cost.seconds <= LONGEST or settings.yes:
        return
    cut, seconds = cheapest_cut(cheaper, settings)
    hint = f"--yes runs it all the same; {cut} takes about {duration(seconds)}."
    if confirm is not None and confirm(f"This takes about {duration(cost.seconds)}. {hint} Go on?"):
        return
    raise InputError(
        f"the maps would take about {duration(cost.seconds)} on this machine", hint=hint
    )


def cheapest_cut(
    cheaper: Callable[[SaliencySettings], Cost], settings: SaliencySettings
) -> tuple[str, float]:
    """Returns the option that saves most time, and what is left with it, seconds.

    Leaving out one method is such an option where there are several.
    """
    cuts = {
        f"--max-images {_FEW_IMAGES}": replace(
            settings, max_images=min(_FEW_IMAGES, settings.max_images)
        ),
        f"--n-samples {_FEW_SAMPLES}": replace(
            settings, n_samples=min(_FEW_SAMPLES, settings.n_samples)
        ),
        f"--ig-steps {_FEW_IMAGES}": replace(
            settings, ig_steps=min(_FEW_IMAGES, settings.ig_steps)
        ),
    }
    names = settings.method_names
    if len(names) > 1:
        for left_out in names:
            others = tuple(name for name in names if name != left_out)
            cuts[f"--methods without {left_out}"] = replace(settings, methods=others)
    found = {name: cheaper(one).seconds for name, one in cuts.items()}
    best = min(found, key=lambda name: found[name])
    return best, found[best]


def duration(seconds: float) -> str:
    """Says a time in the unit that fits: ``50 s``, ``4 min``, ``2.5 h``."""
    if seconds < 90:
        return f"{max(1, round(seconds))} s"
    return f"{round(seconds / 60)} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _images(
    method: Method, settings: SaliencySettings, mapper: Mapper, pairs: int, *, paired: bool
) -> list[int]:
    """How many maps of a method are made, condition by condition."""
    chosen = min(pairs, settings.max_images)
    controls = len(image_controls(settings, paired=paired))
    random = 0 if mapper.model.scripted else 2 * random_draws(mapper.passes(method))
    nearby = NEARBY_DRAWS if settings.faithfulness else 0
    extra = controls + random + 1 + draws(method, settings) + nearby
    return [pairs] * (2 if paired else 1) + [chosen] * extra


def _filled(images: int, micro_batch: int) -> int:
    """Images that go through the network where every call gets as many."""
    parts = [CHUNK] * (images // CHUNK) + [images % CHUNK]
    return sum(-(-part // micro_batch) * micro_batch for part in parts)


def _timed(call: Callable[[], None]) -> float:
    call()
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
