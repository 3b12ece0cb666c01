"""Maps against captum's on the same network, images and draws."""

from __future__ import annotations

import warnings
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from saliency.map_networks import SIDE, Convolutional, keys, random_images, wrapped
from torch import nn
from torch.nn import functional

from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.explain import Maps, explain
from ganeval.saliency.maps.baselines import baseline_of
from ganeval.saliency.maps.integrated_gradients import gauss_legendre
from ganeval.saliency.maps.occlusion_grid import occlusion_grid
from ganeval.saliency.model import PixelModel

pytestmark = pytest.mark.peer

COUNT = 4
TARGETS = torch.tensor([0, 1, 3, 2])

# Both differentiate the same float32 graph, in equal batches; captum's tensors are not channels
# last, so kernels may sum some hundred products in another order.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


@pytest.fixture(scope="module")
def model() -> Iterator[PixelModel]:
    with wrapped(Convolutional(nn.ReLU, seed=4)) as opened:
        yield opened


@pytest.fixture(autouse=True)
def _captums_warnings() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def ours(model: PixelModel, method: str, **settings: object) -> Maps:
    return explain(
        model,
        random_images(COUNT),
        [method],
        TARGETS,
        keys=keys(COUNT),
        micro_batch=COUNT,
        **settings,  # type: ignore[arg-type]
    )[method]


def largest(attribution: torch.Tensor) -> np.ndarray:
    return attribution.detach().abs().amax(1).numpy()


def test_gradient(model: PixelModel) -> None:
    from captum.attr import Saliency

    theirs = Saliency(model.logits).attribute(random_images(COUNT), target=TARGETS, abs=False)
    np.testing.assert_allclose(ours(model, "gradient").values, largest(theirs), **CLOSE)


@pytest.mark.parametrize("method", ["smoothgrad", "smoothgrad-sq", "vargrad"])
def test_smoothgrad_of_the_same_noise(model: PixelModel, method: str) -> None:
    from captum.attr import Saliency

    saliency = Saliency(model.logits)
    images, samples = random_images(COUNT), 6
    sigma = 0.15 * (images.amax((1, 2, 3)) - images.amin((1, 2, 3)))
    sources = [keyed_generator(0, "smoothgrad", key) for key in keys(COUNT)]
    drawn = []
    for _ in range(samples):
        noise = torch.stack([torch.randn(3, SIDE, SIDE, generator=source) for source in sources])
        noisy = images + sigma[:, None, None, None] * noise
        drawn.append(saliency.attribute(noisy, target=TARGETS, abs=False))
    gradients = torch.stack(drawn).double()
    expected = {
        "smoothgrad": gradients.mean(0).abs().amax(1),
        "smoothgrad-sq": gradients.square().mean(0).sum(1),
        "vargrad": gradients.var(0, correction=1).sum(1),
    }[method]
    made = ours(model, method, n_samples=samples).values
    np.testing.assert_allclose(made, expected.numpy(), **CLOSE)


@pytest.mark.parametrize("baseline", ["black", "blur"])
def test_integrated_gradients_of_the_same_nodes(model: PixelModel, baseline: str) -> None:
    from captum.attr import IntegratedGradients

    images = random_images(COUNT)
    away = torch.stack([baseline_of(image, baseline) for image in images])
    made = ours(model, "integrated-gradients", baseline=baseline)
    # Whatever number of nodes completeness asked for; each image with its own.
    for row in range(COUNT):
        nodes = int(made.info["nodes"][row])
        theirs = IntegratedGradients(model.logits, multiply_by_inputs=True).attribute(
            images[row : row + 1],
            baselines=away[row : row + 1],
            target=TARGETS[row : row + 1],
            n_steps=nodes,
            method="gausslegendre",
            internal_batch_size=64,
        )
        summed = theirs.detach().double().sum(1)[0].numpy()
        # captum takes float32 sums of the nodes.
        np.testing.assert_allclose(
            made.values[row], summed, rtol=1e-4, atol=1e-5 * np.abs(summed).max()
        )
    assert len(gauss_legendre(64)) == 64


@pytest.mark.parametrize("inplace", [False, True])
def test_guided_backpropagation_of_modules_is_equal_to_the_last_bit(inplace: bool) -> None:
    from captum.attr import GuidedBackprop

    class Inner(nn.Module):
        """What captum hooks; it takes ganeval's logits, so the arithmetic is the same."""

        def __init__(self, opened: PixelModel) -> None:
            super().__init__()
            self.network, self.logits = opened.network, opened.logits

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.logits(x)

    images = random_images(COUNT).contiguous(memory_format=torch.channels_last)
    with wrapped(Convolutional(lambda: nn.ReLU(inplace=inplace), seed=4)) as model:
        made = ours(model, "guided-backprop").values
        theirs = GuidedBackprop(Inner(model)).attribute(images, target=TARGETS)
    np.testing.assert_array_equal(made, largest(theirs))


def test_captums_guided_backpropagation_of_functions_is_the_gradient(model: PixelModel) -> None:
    """The trap that ours does not fall into: captum sees no activation and says nothing."""
    from captum.attr import GuidedBackprop

    class Functional(Convolutional):
        def features(self, x: torch.Tensor) -> torch.Tensor:
            hidden = functional.relu(self.first(x))
            return functional.relu(self.norm(self.second(hidden)))

    network = Functional(seed=4)
    with wrapped(network) as opened:
        theirs = GuidedBackprop(network).attribute(random_images(COUNT), target=TARGETS)
        made = ours(opened, "guided-backprop").values
    np.testing.assert_allclose(largest(theirs), ours(model, "gradient").values, **CLOSE)
    np.testing.assert_array_equal(made, ours(model, "guided-backprop").values)
    assert not np.allclose(made, largest(theirs), rtol=0.1)


@pytest.mark.parametrize("layer", ["act2", "norm", "first"])
def test_grad_cam(model: PixelModel, layer: str) -> None:
    from captum.attr import LayerAttribution, LayerGradCam

    cam = LayerGradCam(model.logits, model.network.get_submodule(layer))
    # An image of its own in each call: captum sums over the batch otherwise in the same way.
    cells = cam.attribute(random_images(COUNT), target=TARGETS, relu_attributions=True)
    large = LayerAttribution.interpolate(cells, (SIDE, SIDE), "bilinear")
    expected = large.detach()[:, 0].numpy()
    assert expected.any()
    made = ours(model, "grad-cam", layer=layer).values
    np.testing.assert_allclose(made, expected, rtol=1e-4, atol=1e-5 * expected.max())


@pytest.mark.parametrize("baseline", ["blur", "white"])
def test_occlusion_one_square_at_a_time(model: PixelModel, baseline: str) -> None:
    """captum moves our squares; what comes out is held against every square hidden by hand."""
    made = ours(model, "occlusion", baseline=baseline).values
    grid = occlusion_grid(SIDE)
    for row, image in enumerate(random_images(COUNT)):
        away = baseline_of(image, baseline)
        with torch.no_grad():
            own = float(model.logits(image[None])[0, TARGETS[row]])
            total, covers = np.zeros((SIDE, SIDE)), np.zeros((SIDE, SIDE))
            for top in range(0, SIDE - grid.square + grid.stride, grid.stride):
                for left in range(0, SIDE - grid.square + grid.stride, grid.stride):
                    place = (slice(top, top + grid.square), slice(left, left + grid.square))
                    hidden = image.clone()
                    hidden[:, *place] = away[:, *place]
                    total[place] += own - float(model.logits(hidden[None])[0, TARGETS[row]])
                    covers[place] += 1
        # One square of one pixel moves a logit by some thousandths, which float32 logits of about 2
        # resolve to 2e-7.
        np.testing.assert_allclose(made[row], total / covers, atol=2e-6)
