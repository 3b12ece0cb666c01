"""Maps of the same images by captum and by ganeval: time, and how far they agree.

captum runs as its users run it: the network as it was loaded (weights that want gradients, channels
first), one image after the other, as its tutorials do; and a second time with as many images per
call as ganeval takes. SmoothGrad cannot agree, since captum draws its noise from the global
generator and takes the absolute value before the mean.

Without ``--images``, crops of the photographs that scikit-learn ships are made.
"""

from __future__ import annotations

import argparse
import copy
import os
import tempfile
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from bench_inputs import make_jpegs
from captum.attr import (
    GuidedBackprop,
    IntegratedGradients,
    LayerAttribution,
    LayerGradCam,
    NoiseTunnel,
    Occlusion,
    Saliency,
)
from PIL import Image
from rich.console import Console
from rich.table import Table
from torch import nn

from ganeval.environment import environment
from ganeval.saliency.explain import explain
from ganeval.saliency.images import to_side
from ganeval.saliency.layers import auto_layer
from ganeval.saliency.loading import load_pixel_model
from ganeval.saliency.maps.baselines import baseline_of
from ganeval.saliency.maps.occlusion_grid import occlusion_grid
from ganeval.saliency.maps.registry import METHODS
from ganeval.saliency.model import PixelModel

USUAL = (
    "gradient",
    "smoothgrad",
    "integrated-gradients",
    "guided-backprop",
    "grad-cam",
)
Maker = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


class PlainClassifier(nn.Module):
    """Normalisation and network in one module, which is how captum is given a model."""

    def __init__(self, model: PixelModel) -> None:
        super().__init__()
        self.network = copy.deepcopy(model.network).to(memory_format=torch.contiguous_format)
        self.network.requires_grad_(True).eval()
        scale = model.facts.preprocessing
        self.register_buffer("mean", torch.tensor(scale.mean).view(1, 3, 1, 1) / 255)
        self.register_buffer("std", torch.tensor(scale.std).view(1, 3, 1, 1) / 255)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Returns the logits."""
        logits: torch.Tensor = self.network((x - self.mean) / self.std)
        return logits


@dataclass(frozen=True)
class Choices:
    """What both sides are asked for."""

    samples: int
    steps: int
    micro_batch: int


def captum_maker(
    method: str, plain: PlainClassifier, layer: str, choices: Choices, *, in_batches: bool
) -> Maker:
    """Captum's map of that name for a batch of images and targets, ``[n, S, S]``.

    With ``in_batches`` memory is kept to what ganeval needs, where captum offers that.
    """
    if method == "gradient":
        return lambda x, t: Saliency(plain).attribute(x, target=t).amax(1)
    if method == "smoothgrad":

        def smoothgrad(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            return (
                NoiseTunnel(Saliency(plain))
                .attribute(
                    x,
                    target=t,
                    nt_type="smoothgrad",
                    nt_samples=choices.samples,
                    nt_samples_batch_size=1 if in_batches else None,
                    stdevs=0.15 * float(x.max() - x.min()),
                )
                .amax(1)
            )

        return smoothgrad
    if method == "integrated-gradients":

        def integrated(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            return (
                IntegratedGradients(plain)
                .attribute(
                    x,
                    baselines=torch.stack([baseline_of(image, "blur") for image in x]),
                    target=t,
                    n_steps=choices.steps,
                    internal_batch_size=choices.micro_batch if in_batches else None,
                )
                .sum(1)
            )

        return integrated
    if method == "guided-backprop":
        return lambda x, t: GuidedBackprop(plain).attribute(x, target=t).abs().amax(1)
    if method == "grad-cam":
        module = plain.network.get_submodule(layer)

        def grad_cam(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
            cells = LayerGradCam(plain, module).attribute(x, target=t, relu_attributions=True)
            return LayerAttribution.interpolate(cells, tuple(x.shape[2:]), "bilinear")[:, 0]

        return grad_cam

    def occlusion(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        grid = occlusion_grid(x.shape[-1])
        return (
            Occlusion(plain)
            .attribute(
                x,
                sliding_window_shapes=(3, grid.square, grid.square),
                strides=(3, grid.stride, grid.stride),
                baselines=torch.stack([baseline_of(image, "blur") for image in x]),
                target=t,
                perturbations_per_eval=choices.micro_batch // len(x) if in_batches else 1,
            )
            .mean(1)
        )

    return occlusion


def by_captum(
    maker: Maker, images: torch.Tensor, targets: torch.Tensor, at_once: int
) -> tuple[float, np.ndarray]:
    """Seconds, and the maps."""
    made = []
    start = time.perf_counter()
    for first in range(0, len(images), at_once):
        x = images[first : first + at_once].clone()
        made.append(maker(x, targets[first : first + at_once]).detach())
    return time.perf_counter() - start, torch.cat(made).numpy()


def by_ganeval(
    method: str,
    model: PixelModel,
    images: torch.Tensor,
    targets: torch.Tensor,
    layer: str,
    choices: Choices,
) -> tuple[float, np.ndarray, dict[str, object]]:
    """Seconds, the maps, and what is told of them."""
    start = time.perf_counter()
    maps = explain(
        model,
        images,
        [method],
        targets,
        keys=[str(i) for i in range(len(images))],
        layer=layer,
        micro_batch=choices.micro_batch,
        n_samples=choices.samples,
        ig_steps=choices.steps,
    )[method]
    return time.perf_counter() - start, maps.values, maps.info


def agreement(method: str, ours: np.ndarray, theirs: np.ndarray, info: dict[str, object]) -> str:
    """Largest difference of two maps in units of the largest value, over the images."""
    if method == "smoothgrad":
        return "other noise"
    if method == "guided-backprop" and not any(
        isinstance(module, nn.ReLU)
        for module in info["modules"]  # type: ignore[attr-defined]
    ):
        return "captum guides nothing here"
    size = np.abs(ours).max((1, 2))
    size[size == 0] = 1
    worst = (np.abs(ours - theirs).max((1, 2)) / size).max()
    return f"{worst:.1e}"


def opened_images(source: Path | None, count: int, side: int) -> torch.Tensor:
    """The first images of a folder, or made ones, float32 ``[n, 3, side, side]``."""
    with tempfile.TemporaryDirectory() as work:
        files = sorted(make_jpegs(Path(work) / "images", count, source, seed=0).iterdir())
        pixels = [np.asarray(Image.open(file).convert("RGB")) for file in files]
    return torch.stack([torch.as_tensor(to_side(image, side, "whole")) for image in pixels])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="efficientnet-lite0")
    parser.add_argument("--weights", type=Path, help="for models that are not bundled")
    parser.add_argument("--images", type=Path, help="folder")
    parser.add_argument("--count", type=int, default=16, help="images")
    parser.add_argument(
        "--methods", default=",".join(USUAL), help="also occlusion, which captum computes for both"
    )
    parser.add_argument("--n-samples", type=int, default=16)
    parser.add_argument("--ig-steps", type=int, default=32)
    parser.add_argument("--micro-batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=2, help="the fastest of each counts")
    options = parser.parse_args()
    choices = Choices(options.n_samples, options.ig_steps, options.micro_batch)
    console = Console()
    threads = f"{torch.get_num_threads()} threads on {os.cpu_count()} cores"
    console.print(f"{threads}, torch {torch.__version__}, {environment().processor}")
    table = Table(title=f"{options.model}: seconds for {options.count} images")
    for column in (
        "map",
        "captum, one by one",
        f"captum, {choices.micro_batch} at once",
        "ganeval",
        "times faster",
        "largest difference",
    ):
        table.add_column(column, justify="left" if column == "map" else "right")
    with load_pixel_model(options.model, weights=options.weights, device="cpu") as model:
        images = opened_images(options.images, options.count, model.side)
        with torch.no_grad():
            targets = torch.cat([model.logits(part).argmax(1) for part in images.split(8)])
        plain = PlainClassifier(model)
        for method in options.methods.split(","):
            console.print(f"{METHODS[method].title} ...")
            table.add_row(
                method, *compared(method, model, plain, images, targets, options, choices)
            )
    console.print(table)


def compared(
    method: str,
    model: PixelModel,
    plain: PlainClassifier,
    images: torch.Tensor,
    targets: torch.Tensor,
    options: argparse.Namespace,
    choices: Choices,
) -> list[str]:
    """A row of the table."""
    layer = auto_layer(model)
    seconds: dict[str, list[float]] = {"one": [], "batch": [], "ganeval": []}
    at_once = 1 if method == "occlusion" else choices.micro_batch
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # captum warns at every call
        for _ in range(options.rounds):
            one = captum_maker(method, plain, layer, choices, in_batches=False)
            batch = captum_maker(method, plain, layer, choices, in_batches=True)
            seconds["one"].append(by_captum(one, images, targets, 1)[0])
            spent, theirs = by_captum(batch, images, targets, at_once)
            seconds["batch"].append(spent)
            spent, ours, info = by_ganeval(method, model, images, targets, layer, choices)
            seconds["ganeval"].append(spent)
    best = {name: min(times) for name, times in seconds.items()}
    info["modules"] = list(model.network.modules())
    return [
        *(f"{best[name]:.1f}" for name in ("one", "batch", "ganeval")),
        f"{best['one'] / best['ganeval']:.1f}, {best['batch'] / best['ganeval']:.1f}",
        agreement(method, ours, theirs, info),
    ]


if __name__ == "__main__":
    main()
