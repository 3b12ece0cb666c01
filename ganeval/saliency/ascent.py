"""Gradient ascent on an image: argmax of S_c(mean + I) - lambda ||I||^2.

Source: Simonyan, Vedaldi and Zisserman, 1312.6034, section 2. Steps of fixed length, projection,
jitter, blur, total variation and octaves are additions; all but the projection are off by default.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from torchvision.transforms.functional import gaussian_blur

from ganeval.errors import InputError
from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.class_goals import Goal
from ganeval.saliency.model import PixelModel

NOISE_SD: Final = 0.05
ATTEMPTS: Final = 5
"""Noise starts that are tried where the score has no gradient."""

_EDGE: Final = 1e-6  # the mean is taken off and put on again, with rounding
_BLUR_SIGMA: Final = 0.5
_BLUR_WIDTH: Final = 5  # 4 sigma to each side and the middle


@dataclass(frozen=True)
class AscentSettings:
    """How the score is raised.

    Args:
        steps: Number of steps, over all octaves.
        step_size: Root mean square change of the image per step, in [0, 1] units.
        strength: lambda, weight of the sum of squares of I.
        clamped: mean + I is brought back to [0, 1] after every step; the formula does not.
        jitter: Each step sees the image shifted by up to so many pixels, both ways.
        blur_every: I is blurred (sigma 0.5 px) after every so many steps; 0: never.
        total_variation: Weight of the sum of absolute differences of neighbouring pixels.
        octaves: I is first made at a fraction of the side, halved so many times less one, and
            handed on by bilinear interpolation.
        restarts: Ascents; the first starts from I = 0, the others from noise.
        seed: Of noise and jitter.

    Raises:
        InputError: A number is out of its range.
    """

    steps: int = 200
    step_size: float = 0.01
    strength: float = 0.0
    clamped: bool = True
    jitter: int = 0
    blur_every: int = 0
    total_variation: float = 0.0
    octaves: int = 1
    restarts: int = 3
    seed: int = 0

    def __post_init__(self) -> None:
        least = {"steps": 1, "octaves": 1, "restarts": 1, "jitter": 0, "blur_every": 0, "seed": 0}
        for name, low in least.items():
            if getattr(self, name) < low:
                raise InputError(f"{_option(name)} {getattr(self, name)} is below {low}")
        for name in ("step_size", "strength", "total_variation"):
            value = getattr(self, name)
            if not math.isfinite(value) or value < 0 or (name == "step_size" and value == 0):
                raise InputError(f"{_option(name)} {value:g} is out of range")
        if self.steps < self.octaves:
            raise InputError(f"--steps {self.steps} are fewer than --octaves {self.octaves}")


@dataclass(frozen=True)
class Picture:
    """One image on the path of an ascent.

    Args:
        image: mean + I, float32 ``[3, S, S]``; beyond [0, 1] where nothing is clamped.
        step: Steps made until here.
        score: S_c.
        probability: The model's, of the class.
        norm: ||I||_2, in [0, 1] units.
        rms: Root mean square of I.
        saturated: Share of the values of the image that are at or beyond 0 or 1.
    """

    image: npt.NDArray[np.float32]
    step: int
    score: float
    probability: float
    norm: float
    rms: float
    saturated: float


@dataclass(frozen=True)
class Ascent:
    """One ascent.

    Args:
        final: The image after the last step.
        matched: The first image whose score reached the one asked for; None: none did.
        curve: S_c before the first and after every step, float64 ``[steps + 1]``.
        start: ``mean`` or ``noise``.
    """

    final: Picture
    matched: Picture | None
    curve: npt.NDArray[np.float64]
    start: str


def ascend(
    model: PixelModel,
    goal: Goal,
    settings: AscentSettings,
    *,
    restart: int = 0,
    match: float | None = None,
) -> Ascent | None:
    """Raises the score of a class from one start.

    Args:
        model: The classifier.
        goal: The score.
        settings: How it is raised.
        restart: Number of the ascent; 0 starts from I = 0 if the score has a gradient there.
        match: Score at which the matched image is taken; None: none is.

    Returns:
        The ascent; None where the score has no gradient at any start.
    """
    path = _Path(model, goal, settings, f"{goal.name}|{goal.index}|{restart}")
    start = path.start(restart)
    if start is None:
        return None
    pattern, kind = start
    curve: list[float] = []
    matched: Picture | None = None
    for step, side in enumerate(_sides(model.side, settings)):
        pattern = path.handed_on(pattern, side)
        score = path.score(pattern)
        curve.append(score)
        if matched is None and match is not None and score >= match:
            matched = path.picture(pattern, step)
        pattern = path.stepped(pattern, step)
    final = path.picture(pattern, settings.steps)
    curve.append(final.score)
    if matched is None and match is not None and final.score >= match:
        matched = final
    return Ascent(final, matched, np.array(curve), kind)


class _Path:
    """The arithmetic of one ascent; patterns are ``[1, 3, s, s]`` at the side of their octave."""

    def __init__(self, model: PixelModel, goal: Goal, settings: AscentSettings, key: str) -> None:
        self._model = model
        self._goal = goal
        self._settings = settings
        self._key = key
        self._jitter = keyed_generator(settings.seed, "class model jitter", key)
        self._mean = model.mean_colour
        self._known: tuple[torch.Tensor, float, torch.Tensor] | None = None

    def start(self, restart: int) -> tuple[torch.Tensor, str] | None:
        """The pattern to start from and its kind; None: the score is flat."""
        side = next(_sides(self._model.side, self._settings))
        zero = torch.zeros(1, 3, side, side, device=self._model.device, dtype=self._model.dtype)
        if restart == 0 and self._has_gradient(zero):
            return zero, "mean"
        for attempt in range(ATTEMPTS):
            draws = keyed_generator(
                self._settings.seed, "class model start", f"{self._key}|{attempt}"
            )
            noise = torch.randn(1, 3, side, side, generator=draws) * NOISE_SD
            pattern = self._projected(noise.to(zero))
            if self._has_gradient(pattern):
                return pattern, "noise"
        return None

    def score(self, pattern: torch.Tensor) -> float:
        """S_c of a pattern as it is, not shifted."""
        return self._at(pattern)[0]

    def stepped(self, pattern: torch.Tensor, step: int) -> torch.Tensor:
        """The pattern after one step."""
        settings = self._settings
        gradient = self._shifted_gradient(pattern) if settings.jitter else self._at(pattern)[1]
        direction = gradient - 2 * settings.strength * self._full(pattern, pattern.shape[-1])
        if settings.total_variation:
            direction = direction - settings.total_variation * _variation_gradient(pattern)
        length = float(torch.linalg.vector_norm(direction.double()))
        rate = settings.step_size * math.sqrt(pattern[0].numel()) / (length + 1e-8)
        pattern = pattern + rate * direction
        if settings.blur_every and (step + 1) % settings.blur_every == 0:
            pattern = gaussian_blur(pattern, [_BLUR_WIDTH] * 2, [_BLUR_SIGMA] * 2)
        return self._projected(pattern)

    def handed_on(self, pattern: torch.Tensor, side: int) -> torch.Tensor:
        """The pattern at the side of the next octave."""
        return self._full(pattern, side)

    def picture(self, pattern: torch.Tensor, step: int) -> Picture:
        """The image of a pattern at the model's side, with what is printed of it."""
        full = self._full(pattern, self._model.side)
        image = self._mean + full
        if self._settings.clamped:
            image = image.clamp(0, 1)
        with torch.no_grad():
            logits = self._model.logits(image)
        squares = float((full.double() ** 2).sum())
        return Picture(
            image=image[0].float().cpu().numpy(),
            step=step,
            score=float(self._goal.scores(logits)[0]),
            probability=float(self._goal.probabilities(logits.double())[0]),
            norm=math.sqrt(squares),
            rms=math.sqrt(squares / full.numel()),
            saturated=float(((image <= _EDGE) | (image >= 1 - _EDGE)).double().mean()),
        )

    def _at(self, pattern: torch.Tensor) -> tuple[float, torch.Tensor]:
        """Score and its gradient in the pattern; the last answer is kept."""
        if self._known is None or self._known[0] is not pattern:
            self._known = (pattern, *self._evaluated(pattern, (0, 0)))
        return self._known[1], self._known[2]

    def _shifted_gradient(self, pattern: torch.Tensor) -> torch.Tensor:
        most = self._settings.jitter
        drawn = torch.randint(-most, most + 1, (2,), generator=self._jitter).tolist()
        return self._evaluated(pattern, (drawn[0], drawn[1]))[1]

    def _evaluated(
        self, pattern: torch.Tensor, shift: tuple[int, int]
    ) -> tuple[float, torch.Tensor]:
        leaf = pattern.detach().requires_grad_(True)
        with torch.enable_grad():
            image = self._mean + self._full(leaf, self._model.side)
            logits = self._model.logits(image.roll(shift, dims=(2, 3)))
            score = self._goal.scores(logits)[0]
            (gradient,) = torch.autograd.grad(score, leaf)
        return float(score.detach()), gradient

    def _has_gradient(self, pattern: torch.Tensor) -> bool:
        return bool(self._at(pattern)[1].any())

    def _projected(self, pattern: torch.Tensor) -> torch.Tensor:
        if not self._settings.clamped:
            return pattern
        return (self._mean + pattern).clamp(0, 1) - self._mean

    def _full(self, pattern: torch.Tensor, side: int) -> torch.Tensor:
        if pattern.shape[-1] == side:
            return pattern
        return functional.interpolate(
            pattern, size=(side, side), mode="bilinear", align_corners=False
        )


def _sides(side: int, settings: AscentSettings) -> Iterator[int]:
    """The side of the pattern at every step; steps that cannot be shared go to the last octave."""
    each, rest = divmod(settings.steps, settings.octaves)
    for octave in range(settings.octaves):
        halvings = settings.octaves - 1 - octave
        for _ in range(each + (rest if halvings == 0 else 0)):
            yield max(1, round(side / 2**halvings))


def _variation_gradient(pattern: torch.Tensor) -> torch.Tensor:
    """Gradient of the sum of absolute differences of neighbours (Rudin, Osher and Fatemi 1992)."""
    leaf = pattern.detach().requires_grad_(True)
    with torch.enable_grad():
        down = (leaf[..., 1:, :] - leaf[..., :-1, :]).abs().sum()
        across = (leaf[..., 1:] - leaf[..., :-1]).abs().sum()
        (gradient,) = torch.autograd.grad(down + across, leaf)
    return gradient


def _option(name: str) -> str:
    renamed = {"strength": "lambda", "total_variation": "tv"}
    return "--" + renamed.get(name, name).replace("_", "-")
