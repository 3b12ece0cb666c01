"""Maps of functions whose maps are known by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from saliency.map_networks import SIDE, Linear, Quadratic, keys, normal, random_images, wrapped
from torch import nn

from ganeval.saliency.explain import explain
from ganeval.saliency.maps.baselines import baseline_of
from ganeval.saliency.maps.integrated_gradients import gauss_legendre
from ganeval.saliency.maps.occlusion_grid import occlusion_grid

TARGETS = [0, 2, 1]

# Gradients of the float64 functions are handed back as float32: 2^-24 relative, a few roundings.
CLOSE = {"rtol": 1e-6, "atol": 1e-6}


def linear() -> tuple[Linear, np.ndarray]:
    """A linear function, and the weights of each image's target."""
    network = Linear()
    return network, network.weight.detach().numpy()[TARGETS]


@pytest.mark.parametrize("method", ["gradient", "smoothgrad"])
def test_a_linear_functions_map_is_its_largest_weight(method: str) -> None:
    network, weights = linear()
    with wrapped(network) as model:
        made = explain(model, random_images(3), [method], TARGETS, keys=keys(3), n_samples=5)
    np.testing.assert_allclose(made[method].values, np.abs(weights).max(1), **CLOSE)
    logits = network(random_images(3)).detach().numpy()[range(3), TARGETS]
    np.testing.assert_allclose(made[method].info["logit"], logits, **CLOSE)


def test_the_size_of_the_gradient_is_a_mean_over_pixels_and_channels() -> None:
    network, weights = linear()
    with wrapped(network) as model:
        made = explain(model, random_images(3), ["gradient"], TARGETS, keys=keys(3))
    expected = np.abs(weights).mean((1, 2, 3))
    np.testing.assert_allclose(made["gradient"].info["grad_l1"], expected, **CLOSE)


def test_squares_and_spread_of_equal_gradients() -> None:
    network, weights = linear()
    names = ["vargrad", "smoothgrad-sq"]
    with wrapped(network) as model:
        made = explain(model, random_images(3), names, TARGETS, keys=keys(3), n_samples=5)
    np.testing.assert_allclose(made["smoothgrad-sq"].values, (weights**2).sum(1), **CLOSE)
    assert not made["vargrad"].values.any()
    assert made["vargrad"].flags == ["zero_map"] * 3


def test_spread_of_unequal_gradients_is_that_of_the_noise() -> None:
    # S = sum of a x^2: g_k = 2 a (x + e_k), so the variance of g_k is 4 a^2 sigma^2.
    network = Quadratic()
    network.next.data.zero_()
    image = random_images(1, seed=5)
    with wrapped(network) as model:
        made = explain(model, image, ["vargrad"], [0], keys=["a"], n_samples=200)
    sigma = 0.15 * float(image.max() - image.min())
    expected = 4 * sigma**2 * (network.own.detach().numpy() ** 2).sum(0)
    # A variance of 200 draws has a relative error of sqrt(2/199) = 0.1; the mean over 256 pixels of
    # 1 to 3 effective channels, at most 0.0063; four of those.
    ratio = float((made["vargrad"].values[0] / expected).mean())
    assert abs(ratio - 1) < 0.025


@pytest.mark.parametrize("baseline", ["blur", "mean", "black", "white"])
def test_integrated_gradients_of_a_linear_function(baseline: str) -> None:
    network, weights = linear()
    images = random_images(3)
    with wrapped(network) as model:
        made = explain(
            model, images, ["integrated-gradients"], TARGETS, keys=keys(3), baseline=baseline
        )["integrated-gradients"]
    away = np.stack([(x - baseline_of(x, baseline)).double().numpy() for x in images])
    np.testing.assert_allclose(made.values, (weights * away).sum(1), **CLOSE)
    # Complete for every baseline.
    np.testing.assert_allclose(made.values.sum((1, 2)), made.info["change"], rtol=1e-5, atol=1e-5)
    assert made.info["absolute_error"].max() < 1e-5
    assert made.flags == [None] * 3


def test_random_baselines_are_means_over_other_images() -> None:
    network, weights = linear()
    images = random_images(3)
    with wrapped(network) as model:
        made = explain(
            model, images, ["integrated-gradients"], TARGETS, keys=keys(3), baseline="random"
        )["integrated-gradients"]
    # Of three images, both others.
    others = np.stack([images[[j for j in range(3) if j != i]].mean(0).numpy() for i in range(3)])
    expected = (weights * (images.numpy() - others)).sum(1)
    np.testing.assert_allclose(made.values, expected, rtol=1e-5, atol=2e-6)
    assert made.info["baselines"] == 2


def test_two_nodes_integrate_a_quadratic_exactly() -> None:
    network = Quadratic()
    image = random_images(1)
    with wrapped(network) as model:
        made = explain(
            model,
            image,
            ["integrated-gradients"],
            [0],
            keys=["a"],
            baseline="black",
            ig_steps=2,
        )["integrated-gradients"]
    x = image[0].double()
    own, beside = network.own.detach(), network.next.detach()
    # By hand, from black: x times the mean gradient, which is half of the one at x.
    gradient = 2 * own * x + beside * x.roll(1, dims=2) + (beside * x).roll(-1, dims=2)
    np.testing.assert_allclose(made.values[0], (x * gradient / 2).sum(0).numpy(), **CLOSE)
    assert made.info["nodes"].tolist() == [2]


def test_weights_of_the_nodes_sum_to_one() -> None:
    for nodes in (1, 2, 64, 512):
        places, weights = np.array(gauss_legendre(nodes)).T
        assert abs(weights.sum() - 1) < 1e-13
        assert abs((weights * places).sum() - 0.5) < 1e-13


class Step(nn.Module):
    """A steep step on the way from black to the image, which few nodes miss."""

    def __init__(self, steepness: float) -> None:
        super().__init__()
        self.steepness = steepness

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        away = self.steepness * (x.double().mean((1, 2, 3)) - 0.201)
        return torch.stack([away.sigmoid(), -away.sigmoid() - 1], 1)


def test_nodes_are_doubled_for_the_images_that_need_it_alone() -> None:
    images = torch.stack([torch.full((3, 8, 8), 0.05), torch.full((3, 8, 8), 0.9)])
    with wrapped(Step(200.0), side=8) as model:
        made = explain(
            model,
            images,
            ["integrated-gradients"],
            [0, 0],
            keys=keys(2),
            baseline="black",
            ig_steps=4,
        )["integrated-gradients"]
    few, many = made.info["nodes"]
    assert few == 4
    assert many > 4
    assert made.info["relative_error"][1] < 0.05
    # The first image's score hardly changes, so there is nothing to divide by.
    assert np.isnan(made.info["relative_error"][0])
    assert made.flags == [None, None]


def test_what_does_not_converge_is_flagged() -> None:
    with wrapped(Step(1e6), side=8) as model:
        made = explain(
            model,
            torch.full((1, 3, 8, 8), 0.9),
            ["integrated-gradients"],
            [0],
            keys=["a"],
            baseline="black",
        )["integrated-gradients"]
    assert made.flags == ["not_converged"]
    assert made.info["nodes"].tolist() == [512]
    assert made.info["relative_error"][0] > 0.05


def test_without_refinement_the_first_nodes_are_kept_whatever_they_miss() -> None:
    with wrapped(Step(200.0), side=8) as model:
        made = explain(
            model,
            torch.full((1, 3, 8, 8), 0.9),
            ["integrated-gradients"],
            [0],
            keys=["a"],
            baseline="black",
            ig_steps=4,
            refine=False,
        )["integrated-gradients"]
    assert made.flags == [None]
    assert made.info["nodes"].tolist() == [4]
    assert made.info["relative_error"][0] > 0.05


@pytest.mark.parametrize("side", [16, 30])
def test_occlusion_of_a_linear_function(side: int) -> None:
    network = Linear(side=side)
    images = random_images(2, side=side)
    with wrapped(network, side=side) as model:
        made = explain(
            model, images, ["occlusion"], [1, 0], keys=keys(2), baseline="black", micro_batch=7
        )["occlusion"]
    grid = occlusion_grid(side)
    hidden = (network.weight.detach()[[1, 0]] * images).sum(1).numpy()
    total, covers = np.zeros_like(hidden), np.zeros((side, side))
    squares = 0
    for top in range(0, side - grid.square + grid.stride, grid.stride):
        for left in range(0, side - grid.square + grid.stride, grid.stride):
            place = (slice(top, top + grid.square), slice(left, left + grid.square))
            total[:, *place] += hidden[:, *place].sum((1, 2))[:, None, None]
            covers[place] += 1
            squares += 1
    assert squares == grid.squares == made.info["squares"]
    np.testing.assert_allclose(made.values, total / covers, rtol=1e-6, atol=1e-5)


def test_occlusion_squares_of_a_usual_image() -> None:
    grid = occlusion_grid(224)
    assert (grid.square, grid.stride, grid.squares) == (16, 8, 729)


def test_contrast_is_the_gradient_of_a_difference() -> None:
    network, weights = linear()
    against = [1, 0, 2]
    with wrapped(network) as model:
        made = explain(
            model, random_images(3), ["contrast"], TARGETS, keys=keys(3), against=against
        )["contrast"]
    expected = np.abs(weights - network.weight.detach().numpy()[against]).max(1)
    np.testing.assert_allclose(made.values, expected, **CLOSE)


def test_contrast_of_two_classes_needs_no_other_and_of_one_logit_is_its_gradient() -> None:
    two, one = Linear(classes=2), Linear(classes=1)
    images = random_images(2)
    with wrapped(two) as model:
        made = explain(model, images, ["contrast"], [0, 1], keys=keys(2))["contrast"]
    weights = two.weight.detach().numpy()
    expected = np.abs(weights[0] - weights[1]).max(0)
    np.testing.assert_allclose(made.values, np.stack([expected, expected]), **CLOSE)
    with wrapped(one, detector=True) as model:
        made_one = explain(model, images, ["contrast", "gradient"], [0, 0], keys=keys(2))
    np.testing.assert_array_equal(made_one["contrast"].values, made_one["gradient"].values)


def test_baselines_are_what_they_are_called() -> None:
    image = random_images(1, side=40)[0]
    assert not baseline_of(image, "black").any()
    assert bool((baseline_of(image, "white") == 1).all())
    mean = baseline_of(image, "mean")
    assert bool((mean == mean[:, :1, :1]).all())
    np.testing.assert_allclose(mean[:, 0, 0].numpy(), image.numpy().mean((1, 2)), rtol=1e-6)
    # Mirrored at the edges, a blur keeps the mean and a constant stays what it is.
    blurred = baseline_of(image, "blur")
    np.testing.assert_allclose(blurred.mean((1, 2)), image.mean((1, 2)), atol=1e-4)
    assert float(blurred.std()) < 0.1 * float(image.std())
    flat = torch.full((3, SIDE, SIDE), 0.3)
    np.testing.assert_allclose(baseline_of(flat, "blur").numpy(), 0.3, rtol=1e-6)
    # Far from the edges it is the Gaussian itself: a point spreads to a height of 1/(2 pi 100).
    point = torch.zeros(3, 101, 101)
    point[:, 50, 50] = 1
    # Cut at four standard deviations, and summed over pixels instead of integrated.
    height = float(baseline_of(point, "blur")[0, 50, 50])
    assert height == pytest.approx(1 / (2 * np.pi * 100), rel=1e-3)


def test_noise_is_a_share_of_the_images_range() -> None:
    class Cubic(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            cubes = (x.double() ** 3).sum((1, 2, 3))
            return torch.stack([cubes, -cubes], 1)

    grey = (0.5 + 0.1 * normal(1, 1, 32, 32, seed=8).clamp(-1, 1).float()).repeat(1, 3, 1, 1)
    with wrapped(Cubic(), side=32) as model:
        plain = explain(model, grey, ["gradient"], [0], keys=["a"])["gradient"].values
        squared = explain(model, grey, ["smoothgrad-sq"], [0], keys=["a"], n_samples=100)
    sigma = 0.15 * float(grey.max() - grey.min())
    x = grey[0, 0].double().numpy()
    np.testing.assert_allclose(plain[0], 3 * x**2, rtol=1e-6)
    # E g^2 = 9 E (x + e)^4 = 9 (x^4 + 6 x^2 s^2 + 3 s^4), times three channels.
    expected = 27 * (x**4 + 6 * x**2 * sigma**2 + 3 * sigma**4)
    # The mean of 3 x 100 x 1024 draws of a variable whose relative spread is about 4 s/x = 0.25.
    assert squared["smoothgrad-sq"].values.mean() == pytest.approx(expected.mean(), rel=3e-3)
