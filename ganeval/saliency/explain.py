"""Maps of images by several methods: the way in from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from ganeval.errors import InputError
from ganeval.metrics.settings import Progress, silent
from ganeval.saliency.maps.registry import Method, find_methods
from ganeval.saliency.maps.result import Maps, flagged
from ganeval.saliency.maps.settings import MapSettings
from ganeval.saliency.maps.task import Task, score_gradients
from ganeval.saliency.model import PixelModel

__all__ = ["Maps", "explain"]


def explain(
    model: PixelModel,
    images: torch.Tensor | npt.NDArray[Any],
    methods: Sequence[str],
    targets: torch.Tensor | npt.NDArray[Any] | Sequence[int],
    *,
    keys: Sequence[str],
    seed: int = 0,
    micro_batch: int = 16,
    layer: str | None = None,
    baseline: str = "blur",
    n_samples: int = 32,
    ig_steps: int = 64,
    refine: bool = True,
    against: torch.Tensor | npt.NDArray[Any] | Sequence[int] | None = None,
    others: tuple[torch.Tensor | npt.NDArray[Any], Sequence[str]] | None = None,
    progress: Progress = silent,
) -> dict[str, Maps]:
    """Makes the maps of images for given target classes.

    An image has the same map alone and in any company, except with random baselines, which are
    other images of the call unless ``others`` are given: on a CPU the same bits. torch's global
    generator is neither read nor set, and the network is left as it was.

    Args:
        model: The classifier, open.
        images: float32 ``[n, 3, S, S]`` in [0, 1], where S is the model's side.
        methods: Names of `METHODS`.
        targets: int64 ``[n]``: the class whose logit is explained; 0 for a detector with one logit.
        keys: ``n`` names; random draws belong to them. Images before and after a transfer share
            the key of their pair, and so their noise.
        seed: Random seed of the run.
        micro_batch: Images per call of the network; part of the result.
        layer: Path of Grad-CAM's layer; None: chosen by itself.
        baseline: For integrated gradients and occlusion: ``blur``, ``mean``, ``black``, ``white``,
            ``random`` (other images of the call, or of ``others``).
        n_samples: Noisy copies of each image for SmoothGrad and its relatives.
        ig_steps: Quadrature nodes of integrated gradients to begin with.
        refine: More nodes where integrated gradients miss the change of the score, and a flag where
            that does not help; False: the map of ``ig_steps`` nodes, whatever it misses.
        against: int64 ``[n]``: for ``contrast``, the class whose logit is subtracted; None: the
            other one of two.
        others: Images that random baselines are drawn from, as ``images``, and their keys; an image
            is never compared with one of its own key. None: those of the call.
        progress: Told of the passes through the network, method by method.

    Returns:
        The maps by method, in the order asked for.

    Raises:
        InputError: An argument does not fit the model or is out of its range, or a method cannot
            look into this model.
        GanevalError: There is too little memory.
    """
    chosen = find_methods(methods)
    settings = MapSettings(seed, micro_batch, layer, baseline, n_samples, ig_steps, refine)
    for method in chosen:
        _check_modules(method, model)
    # A caller's inference mode would forbid gradients, its mixed precision would change them.
    with (
        torch.inference_mode(False),
        torch.enable_grad(),
        torch.autocast(model.device.type, enabled=False),
    ):
        pixels = _checked_images(images, model)
        count = len(pixels)
        if len(keys) != count:
            raise InputError(f"there are {len(keys)} keys for {count} images")
        task = Task(
            model,
            pixels,
            _checked_classes(targets, "targets", count, model),
            None if against is None else _checked_classes(against, "against", count, model),
            tuple(keys),
            settings,
            progress,
            None if others is None else (torch.as_tensor(others[0]), tuple(others[1])),
        )
        made = _by_family(task, chosen)
        dead = _dead(task, made[chosen[0].name].info["logit"])
    return {
        method.name: flagged(made[method.name], dead, target_alone=method.name != "contrast")
        for method in chosen
    }


def _by_family(task: Task, methods: list[Method]) -> dict[str, Maps]:
    """Makes all maps; methods of one family share their passes."""
    families: dict[str, list[Method]] = {}
    for method in methods:
        families.setdefault(method.family, []).append(method)
    made: dict[str, Maps] = {}
    for members in families.values():
        made |= members[0].load()(task, tuple(method.name for method in members))
    return made


def _dead(task: Task, logits: npt.NDArray[np.float64]) -> list[bool]:
    """Whether a target's logit is exactly 0 and no pixel changes it, as behind a ReLU."""
    zero = np.flatnonzero(logits == 0)
    dead = [False] * len(task)
    if len(zero):
        (still,) = task.each(
            lambda batch: (
                (score_gradients(task.score(batch), batch.x)[1] == 0).all((1, 2, 3))[:, None],
            ),
            zero.tolist(),
        )
        for row, is_still in zip(zero.tolist(), still.ravel().tolist(), strict=True):
            dead[row] = is_still
    return dead


def _check_modules(method: Method, model: PixelModel) -> None:
    if "modules" in method.needs and model.scripted:
        raise InputError(
            f"{method.name}: {model.facts.name} is a TorchScript program, which cannot be looked "
            "into",
            hint="Give the network as module:factory with --weights, or use other methods.",
        )


def _checked_images(images: torch.Tensor | npt.NDArray[Any], model: PixelModel) -> torch.Tensor:
    pixels = torch.from_numpy(images) if isinstance(images, np.ndarray) else images
    pixels = pixels.detach().cpu()
    wanted = (3, model.side, model.side)
    if pixels.ndim != 4 or tuple(pixels.shape[1:]) != wanted or len(pixels) == 0:
        raise InputError(
            f"images have the shape {tuple(pixels.shape)}, not [n, {', '.join(map(str, wanted))}]"
        )
    if pixels.dtype != torch.float32:
        raise InputError(f"images are {pixels.dtype}, not float32 in [0, 1]")
    low, high = float(pixels.min()), float(pixels.max())
    if not (low >= 0 and high <= 1):  # also where one is NaN
        raise InputError(f"images have values from {low:g} to {high:g}, not within 0 and 1")
    return pixels


def _checked_classes(
    given: torch.Tensor | npt.NDArray[Any] | Sequence[int],
    name: str,
    count: int,
    model: PixelModel,
) -> torch.Tensor:
    classes = torch.as_tensor(given).detach().cpu()
    if classes.is_floating_point() or classes.is_complex() or classes.dtype == torch.bool:
        raise InputError(f"{name} are {classes.dtype}, not whole numbers")
    if classes.shape != (count,):
        raise InputError(f"{name} have the shape {tuple(classes.shape)} for {count} images")
    classes = classes.to(torch.int64)
    outside = classes[(classes < 0) | (classes >= model.outputs)]
    if len(outside):
        raise InputError(
            f"{name}: there is no class {int(outside[0])}; the model has the outputs 0 to "
            f"{model.outputs - 1}"
        )
    return classes
