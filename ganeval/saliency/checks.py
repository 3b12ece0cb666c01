"""What a classifier must be like before its maps mean anything, tried on four made images."""

from __future__ import annotations

import torch
from torch.nn import functional

from ganeval.errors import GanevalError, InputError
from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.model import PixelModel

_SUM_TOLERANCE = 1e-4  # of rows of probabilities in float32


def check_outputs(model: PixelModel) -> None:
    """Refuses a model whose outputs are no logits.

    The gradient of a softmax is zero where it is sure: 3e-8 against 4e-2 on the logits in a trial.

    Args:
        model: Probabilities are expected of one that was opened with ``probabilities``.

    Raises:
        InputError: Outputs are probabilities and not expected to be, or the other way round.
        GanevalError: Outputs are no finite numbers, or the same for every image.
    """
    images = probe_images(model.side).to(model.device, model.dtype)
    with torch.no_grad():
        found = model.logits(images).double()
    raw = found.exp() if model.probabilities else found
    name = model.facts.name
    if not bool(torch.isfinite(found).all()):
        raise GanevalError(
            f"{name}: gives no finite numbers for {int((~torch.isfinite(found)).any(1).sum())} of "
            "4 test images",
            hint="The weights file is damaged, or is not that of this network.",
        )
    if model.probabilities and not _are_probabilities(raw):
        raise _no_probabilities(name)
    if not model.probabilities and _are_probabilities(raw):
        raise InputError(
            f"{name}: gives probabilities (rows sum to 1), and their gradient vanishes where the "
            "model is sure",
            hint="Give the network without its softmax, or --accept-probabilities to explain "
            "log p.",
        )
    # Each image must be told from the others by more than float32's rounding.
    spread = (found.amax(0) - found.amin(0)).max()
    if float(spread) <= torch.finfo(torch.float32).eps * float(found.abs().max()):
        raise GanevalError(
            f"{name}: gives the same outputs for 4 different test images",
            hint="The weights file is damaged, or is not that of this network.",
        )


def probe_images(side: int) -> torch.Tensor:
    """Returns four images that differ in brightness, colour and structure.

    Args:
        side: Pixels.

    Returns:
        float32 ``[4, 3, side, side]`` in [0, 1]: pixel noise, coarse patches, a coloured ramp, a
        bright disc.
    """
    draws = keyed_generator(0, "probe", "images")
    noise = torch.rand(3, side, side, generator=draws)
    coarse = torch.rand(1, 3, 4, 4, generator=draws)
    patches = functional.interpolate(coarse, size=(side, side), mode="nearest")[0]
    ramp = torch.linspace(0, 1, side)
    across, down = ramp.expand(side, side), ramp[:, None].expand(side, side)
    colours = torch.stack([across, down, 1 - across])
    disc = ((across - 0.5) ** 2 + (down - 0.5) ** 2 < 0.1).float()
    bright = torch.stack([0.2 + 0.7 * disc, 0.1 + 0.8 * disc, 0.3 + 0.3 * disc])
    return torch.stack([noise, patches, colours, bright])


def _are_probabilities(found: torch.Tensor) -> bool:
    if found.shape[1] < 2:
        return False
    near = (found.sum(1) - 1).abs() <= _SUM_TOLERANCE
    return bool((found >= 0).all()) and bool(near.all())


def _no_probabilities(name: str) -> InputError:
    return InputError(
        f"{name}: --accept-probabilities, but its outputs are no probabilities",
        hint="Leave the option out: the outputs are taken as logits.",
    )
