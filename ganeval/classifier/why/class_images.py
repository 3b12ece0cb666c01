"""What the network takes for a perfect fake and a perfect real: pictures by gradient ascent."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch import nn

from ganeval.classifier.examples import FAKE, REAL, Scores
from ganeval.classifier.network import PatchNetwork
from ganeval.classifier.network_form import NetworkForm
from ganeval.classifier.why.held_out import HeldOut, class_places
from ganeval.classifier.why.pictures import enlarged, save_picture
from ganeval.features.torch_backend import fold_batch_norm
from ganeval.images.decoding import Pixels
from ganeval.metrics.settings import Progress, silent
from ganeval.records.classify import Picture
from ganeval.statistics.streams import generator

SIDE: Final = 128
STEPS: Final = 64
STEP_SIZE: Final = 0.01
"""Root mean square by which a step changes the picture, of 0..1."""

PENALTY: Final = 1e-3
NOISE: Final = 0.01
_GREY: Final = 0.5
_REACHED: Final = 0.95  # quantile of the class's own scores

_CLASSES: Final = ((REAL, "real", -1.0), (FAKE, "fake", 1.0))


class FormedNetwork(Protocol):
    """A fitted network that gradients can be taken of."""

    form: NetworkForm
    network: nn.Module


@dataclass(frozen=True)
class Frame:
    """A picture on the way.

    Args:
        picture: float32 ``[S, S, 3]``, 0..1.
        score: Its class score: the logit for fakes, minus the logit for reals.
        step: Steps it took.
    """

    picture: npt.NDArray[np.float32]
    score: float
    step: int


@dataclass(frozen=True)
class Ascent:
    """The way to a high class score.

    Args:
        last: The picture after the last step.
        matched: The first picture whose score reached the one asked for; None if none did.
        scores: Class scores before the first step and after each.
    """

    last: Frame
    matched: Frame | None
    scores: list[float]


def ascend(
    fitted: FormedNetwork,
    wanted: tuple[float, float],
    *,
    seed: int = 0,
    side: int = SIDE,
    steps: int = STEPS,
    step_size: float = STEP_SIZE,
    penalty: float = PENALTY,
    progress: Progress = silent,
) -> tuple[Ascent, Ascent]:
    """Draws the class models of reals and of fakes.

    Maximises S(grey + I) - penalty ||I||² over a picture I, S being minus the logit for reals and
    the logit for fakes, ||I||² the sum of squares in units of 0..1. Each step goes along the
    gradient by a fixed root mean square, then grey + I is brought back into 0..1. The start is
    faint noise: on even grey all patches of a network of convolutions see the same, so that the
    ascent could only repeat one patch.

    Args:
        fitted: The network; it is not changed.
        wanted: Class scores of reals and fakes at which the matched pictures are kept.
        seed: Seed of the noise.
        side: Pixels, unless the network's form fixes the side.
        steps: Number of steps.
        step_size: Root mean square of the change of a step.
        penalty: Weight of ||I||².
        progress: Told how many steps are done.

    Returns:
        Of reals and of fakes.

    Source: Simonyan, Vedaldi and Zisserman, arXiv 1312.6034, section 2.
    """
    side = fitted.form.side or side
    network = _frozen(fitted.network)
    device = next(network.parameters()).device
    noise = generator(seed, "class images").normal(0, NOISE, (1, 3, side, side))
    change = torch.from_numpy(np.repeat(noise, 2, axis=0).astype(np.float32)).to(device)
    signs = torch.tensor([sign for _, _, sign in _CLASSES], device=device)
    reach = step_size * (3 * side * side) ** 0.5  # the norm of a change of that root mean square
    scores_so_far: tuple[list[float], list[float]] = ([], [])
    matched: list[Frame | None] = [None, None]
    for step in range(steps + 1):
        change = change.clamp_(-_GREY, 1 - _GREY).requires_grad_()
        scores = signs * network(fitted.form.scaled((_GREY + change) * 255))
        for i, score in enumerate(scores.tolist()):
            scores_so_far[i].append(score)
            if matched[i] is None and score >= wanted[i]:
                matched[i] = Frame(_pixels(change[i]), score, step)
        if step < steps:
            (gradient,) = torch.autograd.grad(scores.sum(), change)
            direction = gradient - 2 * penalty * change.detach()
            norm = direction.flatten(1).norm(dim=1)[:, None, None, None]
            change = change.detach() + reach * direction / (norm + 1e-8)
            progress("class images", step + 1, steps, "rounds")
    real, fake = (
        Ascent(Frame(_pixels(change[i]), scores_so_far[i][-1], steps), matched[i], scores_so_far[i])
        for i in range(2)
    )
    return real, fake


def _frozen(network: nn.Module) -> nn.Module:
    """A copy in evaluation mode whose weights take no gradient."""
    copied = copy.deepcopy(network).eval().requires_grad_(False)
    if isinstance(copied, PatchNetwork):
        copied = fold_batch_norm(copied).requires_grad_(False)
    return copied.to(memory_format=torch.channels_last)


def _pixels(change: torch.Tensor) -> npt.NDArray[np.float32]:
    picture: npt.NDArray[np.float32] = (
        (_GREY + change.detach()).permute(1, 2, 0).contiguous().cpu().numpy()
    )
    return picture


def class_images(
    fitted: FormedNetwork,
    held_out: HeldOut,
    scores: Scores,
    out: Path,
    *,
    steps: int = STEPS,
    progress: Progress = silent,
) -> list[Picture]:
    """Draws "most real" and "most fake", each at the end of the ascent and where it is matched.

    The score runs away from anything an image has, so the end of the ascent exaggerates. The
    matched picture is the first one that the network takes for as real, or as fake, as it takes
    the 95th percentile of the class's own test images.

    Args:
        fitted: The network; it is not changed.
        held_out: The test part, ``[n]``.
        scores: float64 ``[n]``, the network's own scores of it.
        out: Folder of the record.
        steps: Number of steps.
        progress: Told how many steps are done.
    """
    quantiles = [
        float(np.quantile(sign * scores[class_places(held_out.labels, label)], _REACHED))
        for label, _, sign in _CLASSES
    ]
    ascents = ascend(
        fitted,
        (quantiles[0], quantiles[1]),
        seed=held_out.seed,
        side=min(SIDE, *held_out.pixels(0).shape[:2]),
        steps=steps,
        progress=progress,
    )
    pictures: list[Picture] = []
    for (_, kind, sign), quantile, ascent in zip(_CLASSES, quantiles, ascents, strict=True):
        pictures += _class_pictures(kind, sign, quantile, ascent, out)
    return pictures


def _class_pictures(
    kind: str, sign: float, quantile: float, ascent: Ascent, out: Path
) -> Iterator[Picture]:
    own = f"95 % of the {kind} test images have a logit {_below(sign)} {sign * quantile:.3g}"
    last, matched = ascent.last, ascent.matched
    yield Picture(
        name=f"most-{kind}",
        file=_saved(last.picture, out, f"most-{kind}"),
        display=f"Most {kind}" + (", exaggerated" if last.score > quantile else ""),
        caption=(
            f"What raises the network's belief in “{kind}” most: {last.step} steps of gradient "
            f"ascent from faint noise on grey, with a penalty of {PENALTY:g} on the squared "
            f"change. Its logit is {sign * last.score:.3g}; {own}. It is no typical {kind} image."
            + ("" if matched else " No picture on the way was as clear as those.")
        ),
    )
    if matched is None:
        return
    contrast = _contrast(matched.picture)
    yield Picture(
        name=f"most-{kind}-matched",
        file=_saved(_GREY + contrast * (matched.picture - _GREY), out, f"most-{kind}-matched"),
        display=f"Just {kind} enough",
        caption=(
            f"The first picture on the same way ({matched.step} steps) that the network takes for "
            f"as {kind} as the clearest test images: logit {sign * matched.score:.3g}; {own}. The "
            f"least pattern that it takes for {kind}."
            + (f" Shown with {contrast} times its contrast." if contrast > 1 else "")
        ),
    )


def _contrast(picture: npt.NDArray[np.float32]) -> int:
    """How many times a pattern's contrast may be raised before 1 % of it is cut off."""
    strongest = float(np.quantile(np.abs(picture - _GREY), 0.99))
    return max(1, int(_GREY / max(strongest, 1e-3)))


def _below(sign: float) -> str:
    return "below" if sign > 0 else "above"


def _saved(picture: npt.NDArray[np.float32], out: Path, name: str) -> str:
    pixels: Pixels = np.rint(np.clip(picture, 0, 1) * 255).astype(np.uint8)
    return save_picture(enlarged(Image.fromarray(pixels)), out, name)
