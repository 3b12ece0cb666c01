"""Maps of trained networks: which calls are guided, which layer is taken, the same bits again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.datasets import load_sample_images

from ganeval.saliency.explain import Maps, explain
from ganeval.saliency.loading import load_pixel_model
from ganeval.saliency.maps.registry import METHODS
from ganeval.saliency.model import PixelModel

pytestmark = pytest.mark.slow

QUICK = [name for name in METHODS if name not in ("occlusion", "contrast")]


def photos(side: int) -> torch.Tensor:
    """Three parts of photographs, float32 ``[3, 3, side, side]``."""
    first, second = (np.asarray(image, np.float32) / 255 for image in load_sample_images().images)
    parts = [first[:side, :side], first[-side:, -side:], second[:side, -side:]]
    return torch.stack([torch.from_numpy(part.transpose(2, 0, 1).copy()) for part in parts])


def maps_of(model: PixelModel, rows: list[int], images: torch.Tensor) -> dict[str, Maps]:
    with torch.no_grad():
        targets = model.logits(images).argmax(1)[rows]
    return explain(
        model,
        images[rows],
        QUICK,
        targets,
        keys=[f"photo{row}" for row in rows],
        micro_batch=2,
        n_samples=2,
        ig_steps=8,
    )


def check(model: PixelModel, *, layer: str, relus: int) -> None:
    images = photos(model.side)
    together = maps_of(model, [0, 1, 2], images)
    alone = maps_of(model, [1], images)
    shuffled = maps_of(model, [2, 0, 1], images)
    for name, made in together.items():
        assert made.flags == [None] * 3, name
        np.testing.assert_array_equal(alone[name].values[0], made.values[1], err_msg=name)
        np.testing.assert_array_equal(shuffled[name].values, made.values[[2, 0, 1]], err_msg=name)
    assert together["grad-cam"].info["layer"] == layer
    guided = together["guided-backprop"].info
    assert (guided["guided"], guided["nonlinearities"]) == (relus, relus)
    assert (together["guided-backprop"].values != together["gradient"].values).any()


def test_efficientnet_lite0() -> None:
    with load_pixel_model("efficientnet-lite0", device="cpu") as model:
        check(model, layer="bn2", relus=33)  # all of them ReLU6 inside batch norm modules


def test_squeezenet(shared: Path) -> None:
    weights = shared / "weights" / "squeezenet1_1-fp16-rounded.pth"
    with load_pixel_model("squeezenet1_1", weights=weights, device="cpu") as model:
        check(model, layer="features", relus=26)


def test_a_class_behind_squeezenets_last_relu_is_dead(shared: Path) -> None:
    weights = shared / "weights" / "squeezenet1_1-fp16-rounded.pth"
    with load_pixel_model("squeezenet1_1", weights=weights, device="cpu") as model:
        # The network's mean colour: 16 of its 1000 classes are at exactly 0.
        colour = torch.tensor(model.facts.preprocessing.mean) / 255
        image = colour[None, :, None, None].repeat(1, 1, model.side, model.side)
        with torch.no_grad():
            logits = model.logits(image)[0]
        dead = int((logits == 0).nonzero()[0, 0])
        assert int((logits == 0).sum()) == 16
        targets = [dead, int(logits.argmax())]
        made = explain(
            model, image.repeat(2, 1, 1, 1), ["gradient", "grad-cam"], targets, keys=["a", "b"]
        )
    for maps in made.values():
        assert maps.flags == ["dead_target", None]
