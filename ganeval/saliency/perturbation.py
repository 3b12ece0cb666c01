"""How well a map tells what small changes of the image do, and how steady it is under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from captum.metrics import infidelity as captum_infidelity

from ganeval.metrics.settings import silent
from ganeval.saliency.batches import keyed_generator, micro_batched
from ganeval.saliency.maps.settings import MapSettings
from ganeval.saliency.maps.task import Batch, Task, chosen_logits
from ganeval.saliency.model import PixelModel
from ganeval.saliency.removal import Classes, Images, Values, measurable, removal_task

NOISE: Final = 0.02
"""Standard deviation of the noise of `infidelity`, white = 1."""

NOISE_DRAWS: Final = 64
"""Noisy copies of each image for `infidelity`."""

RADIUS: Final = 0.02
"""Largest change of a value of the image for `max_sensitivity`, white = 1."""

NEARBY_DRAWS: Final = 10
"""Changed copies of each image for `max_sensitivity`."""


def infidelity(
    model: PixelModel,
    images: Images,
    targets: Classes,
    maps: npt.NDArray[Any],
    *,
    keys: Sequence[str],
    settings: MapSettings | None = None,
    baselines: Images | None = None,
) -> Values:
    """Returns how badly signed maps tell what noise does to the target's logit.

    With noise I of standard deviation .02, the same in the three channels of a pixel, and the map
    A: mean of (b I.A - (S(x) - S(x - I)))^2 over mean of (S(x) - S(x - I))^2, over 64 draws, with
    the scale b that suits best. 0 is perfect, 1 no better than a map of zeros.

    A map that was multiplied by the image's difference to a baseline, as those of integrated
    gradients and occlusion, answers another question: there the noise moves every pixel along that
    difference d, I = z d with one normal z per pixel, its root mean square .02 too, and z takes
    the place of I beside A. Maps of absolute values have lost the sign and cannot do well.

    Args:
        model: The classifier, open.
        images: float32 ``[n, 3, S, S]`` in [0, 1].
        targets: int64 ``[n]``.
        maps: float ``[n, S, S]``, signed.
        keys: ``n`` names, to which the noise belongs.
        settings: Seed and images per call; None: the defaults.
        baselines: float32 ``[n, 3, S, S]`` for maps that were multiplied; None: they were not.

    Returns:
        float64 ``[n]`` in 0..1; NaN where a map is zero everywhere or not finite, where the noise
        does not move the logit, or where the baseline is the image.

    Raises:
        ValueError: The shapes do not fit each other.

    Source: Yeh et al., arXiv 1901.09392; computed by captum.
    """
    task = removal_task(model, images, targets, maps, keys, settings, None, silent)
    if baselines is not None and baselines.shape != images.shape:
        raise ValueError(f"baselines of {baselines.shape} do not fit images of {images.shape}")
    found = np.full(len(task), np.nan)
    for row in measurable(maps):
        batch = task.batch(torch.tensor([row]))
        toward = torch.ones_like(batch.x)
        if baselines is not None:
            toward = batch.x - torch.from_numpy(baselines[[row]]).to(batch.x.device)
        size = float(toward.double().square().mean().sqrt())
        if size > 0:
            found[row] = _infidelity(task, batch, maps[row], toward.double() * (NOISE / size))
    return found


def max_sensitivity(
    remake: Callable[[Images], Mapping[str, npt.NDArray[Any]]],
    images: Images,
    maps: Mapping[str, npt.NDArray[Any]],
    *,
    keys: Sequence[str],
    seed: int,
) -> dict[str, Values]:
    """Returns the largest relative change of maps under changes of the image that nobody sees.

    That is the maximum over 10 draws of norm(M(y) - M(x))/norm(M(x)), where no value of y differs
    from x by more than .02. Lower is steadier; a map that ignores the image scores 0.

    Args:
        remake: Makes the maps of changed images, by method.
        images: float32 ``[n, 3, S, S]`` in [0, 1].
        maps: Theirs, by method, float ``[n, S, S]``.
        keys: ``n`` names, to which the draws belong.
        seed: Random seed of the run.

    Returns:
        By method float64 ``[n]``; NaN where a map is zero everywhere or one is not finite.

    Raises:
        ValueError: There is not one key for each image.

    Source: Yeh et al., arXiv 1901.09392.
    """
    if len(keys) != len(images):
        raise ValueError(f"there are {len(keys)} keys for {len(images)} images")
    worst = {name: np.zeros(len(images)) for name in maps}
    for changed in _nearby(images, keys, seed):
        made = remake(changed)
        for name, own in maps.items():
            worst[name] = np.maximum(worst[name], _relative_change(own, made[name]))
    return worst


def _infidelity(task: Task, batch: Batch, values: npt.NDArray[Any], toward: torch.Tensor) -> float:
    """Captum's number of a map over that of a map of zeros; NaN where nothing moves the score.

    Captum gets the image twice, once with each map, and both copies get the same noise.

    Args:
        task: Model, keys and settings.
        batch: One image.
        values: Its map.
        toward: What one standard deviation of the noise does, float64 ``[1, 3, S, S]``.
    """
    row, size, side = int(batch.rows[0]), task.settings.micro_batch, task.model.side
    source = keyed_generator(task.settings.seed, "infidelity", task.keys[row])

    def perturbed(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        drawn = torch.stack(
            [torch.randn((1, side, side), generator=source) for _ in range(len(x) // 2)]
        )
        noise = torch.cat([drawn, drawn]).to(x.device).double()
        return noise.expand(-1, 3, -1, -1), (x - noise * toward).to(x.dtype)

    def score(part: torch.Tensor) -> torch.Tensor:
        return chosen_logits(task.model.logits(part), batch.targets.expand(len(part)))

    with torch.no_grad():
        unchanged = micro_batched(score, batch.x, size).double()

    def scores(x: torch.Tensor) -> torch.Tensor:
        half = x[: len(x) // 2]
        if torch.equal(half, batch.x):  # captum asks for it again with every call
            return unchanged.repeat(2)
        return micro_batched(score, half, size).double().repeat(2)

    # A pixel's value stands for its three channels together.
    own = torch.from_numpy(values.astype(np.float64) / 3).to(batch.x.device)
    own = (own / own.abs().max()).expand(1, 3, side, side)
    both = torch.cat([own, torch.zeros_like(own)])
    found, nothing = captum_infidelity(
        scores,
        perturbed,
        batch.x.expand(2, -1, -1, -1),
        both,
        n_perturb_samples=NOISE_DRAWS,
        max_examples_per_batch=2 * min(size, NOISE_DRAWS),
        normalize=True,
    ).tolist()
    return max(0.0, found / nothing) if nothing > 0 else float("nan")


def _nearby(images: Images, keys: Sequence[str], seed: int) -> Iterator[Images]:
    """Images with another uniform change of every value, as often as there are draws."""
    sources = [keyed_generator(seed, "nearby", key) for key in keys]
    for _ in range(NEARBY_DRAWS):
        drawn = [torch.rand(images.shape[1:], generator=source).numpy() for source in sources]
        changed = images + np.float32(RADIUS) * (2 * np.stack(drawn) - 1)
        yield changed.clip(0, 1)


def _relative_change(own: npt.NDArray[Any], other: npt.NDArray[Any]) -> Values:
    wide = own.reshape(len(own), -1).astype(np.float64)
    change = np.linalg.norm(other.reshape(len(own), -1) - wide, axis=1)
    size = np.linalg.norm(wide, axis=1)
    missing = np.full(len(own), np.nan)
    found: Values = np.divide(change, size, out=missing, where=np.isfinite(size) & (size > 0))
    return found
