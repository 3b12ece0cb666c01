"""Removed pixels, noise and small changes on networks whose answer is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest
import torch
from saliency.map_networks import SIDE, Linear, keys, random_images, wrapped
from saliency.saliency_toys import Colours, make_images
from torch import nn

from ganeval.saliency.batches import keyed_generator
from ganeval.saliency.faithfulness import (
    deletion,
    forward_passes,
    infidelity,
    insertion,
    max_sensitivity,
    measure_faithfulness,
    random_maps,
    sobel_maps,
)
from ganeval.saliency.mapping import Mapper, Subject
from ganeval.saliency.maps.baselines import baseline_of
from ganeval.saliency.maps.registry import METHODS
from ganeval.saliency.maps.settings import MapSettings
from ganeval.saliency.measuring import MapStacks, map_pairs
from ganeval.saliency.model import PixelModel
from ganeval.saliency.perturbation import _nearby
from ganeval.saliency.settings import SaliencySettings
from ganeval.saliency.tables import MethodTable

COUNT = 3
TARGETS = np.array([0, 2, 1])
KEYS = keys(COUNT)
IMAGES = random_images(COUNT).numpy()
BLACK = MapSettings(micro_batch=2, baseline="black")
PIXELS = SIDE**2


@pytest.fixture(scope="module")
def model() -> Iterator[PixelModel]:
    with wrapped(Linear()) as opened:
        opened.network.weight.data.mul_(0.1)  # type: ignore[union-attr, operator]
        yield opened


def weights(model: PixelModel) -> np.ndarray:
    """Weights of the target of each image, ``[n, 3, S, S]``."""
    return model.network.weight.numpy()[TARGETS]  # type: ignore[union-attr, operator]


def blurred() -> np.ndarray:
    return np.stack([baseline_of(torch.from_numpy(one), "blur").numpy() for one in IMAGES])


def mean_softmax(model: PixelModel, row: int, end: np.ndarray, order: list[int]) -> float:
    """Pixel by pixel, from the linear model's own weights."""
    weight = model.network.weight.numpy()  # type: ignore[union-attr, operator]
    bias = model.network.bias.numpy()  # type: ignore[union-attr, operator]
    found = []
    for step in range(51):
        image = IMAGES[row].copy()
        for pixel in order[: round(step * PIXELS / 50)]:
            at = divmod(pixel, SIDE)
            image[:, *at] = end[:, *at]
        logits = (weight * image).sum((1, 2, 3)) + bias
        found.append(float(np.exp(logits[TARGETS[row]] - logits.max())))
        found[-1] /= float(np.exp(logits - logits.max()).sum())
    return float(np.mean(found))


def highest_first(values: np.ndarray) -> list[int]:
    return sorted(range(PIXELS), key=lambda pixel: -values.ravel()[pixel])


def removed(model: PixelModel, maps: np.ndarray, settings: MapSettings = BLACK) -> np.ndarray:
    return deletion(model, IMAGES, TARGETS, maps, keys=KEYS, settings=settings)


def inserted(model: PixelModel, maps: np.ndarray, settings: MapSettings = BLACK) -> np.ndarray:
    return insertion(model, IMAGES, TARGETS, maps, keys=KEYS, settings=settings)


def any_maps(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(COUNT, SIDE, SIDE)).astype(np.float32)


@pytest.mark.parametrize("baseline", ["black", "blur"])
def test_deletion_is_the_mean_softmax_of_the_target_step_by_step(
    model: PixelModel, baseline: str
) -> None:
    maps = any_maps()
    ends = np.zeros_like(IMAGES) if baseline == "black" else blurred()
    found = removed(model, maps, MapSettings(micro_batch=2, baseline=baseline))
    expected = [mean_softmax(model, i, ends[i], highest_first(maps[i])) for i in range(COUNT)]
    # Float32 pixels times float64 weights, in another order of summation.
    np.testing.assert_allclose(found, expected, rtol=1e-6)
    assert found.dtype == np.float64


def test_insertion_runs_from_the_blurred_image_whatever_the_baseline(model: PixelModel) -> None:
    maps = any_maps()
    found = inserted(model, maps, BLACK)
    # Putting pixels back, highest first, is removing them, lowest first, the other way round; 51
    # steps of 256 pixels are the same counts from both ends but for rounding of halves, of which
    # there are none: 256 k / 50 is never a half.
    expected = [mean_softmax(model, i, blurred()[i], highest_first(-maps[i])) for i in range(COUNT)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_random_baselines_are_averaged(model: PixelModel) -> None:
    others = (random_images(2, seed=5).numpy(), ["other0", "other1"])
    maps = any_maps()
    found = deletion(
        model,
        IMAGES,
        TARGETS,
        maps,
        keys=KEYS,
        settings=MapSettings(micro_batch=2, baseline="random"),
        others=others,
    )
    expected = [
        np.mean([mean_softmax(model, i, end, highest_first(maps[i])) for end in others[0]])
        for i in range(COUNT)
    ]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_the_map_of_what_pixels_add_is_better_than_any_other(model: PixelModel) -> None:
    # Of one linear logit no order lowers the score faster than the pixels' own shares, at any step.
    class One(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.inner = model.network

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.inner(x)[:, :1]

    shares = (model.network.weight.numpy()[0] * IMAGES).sum(1)  # type: ignore[union-attr, operator]
    one_class = np.zeros(COUNT, np.int64)
    with wrapped(One()) as single:
        arguments = {"keys": KEYS, "settings": BLACK}

        def of(maps: np.ndarray) -> np.ndarray:
            return deletion(single, IMAGES, one_class, maps, **arguments)  # type: ignore[arg-type]

        best, worst = of(shares), of(-shares)
        for other in (random_maps(KEYS, SIDE, 0), sobel_maps(IMAGES), any_maps()):
            between = of(other)
            assert (best < between).all()
            assert (between < worst).all()


def test_equal_pixels_go_in_the_random_order_that_maps_are_held_against(model: PixelModel) -> None:
    flat, random = np.ones((COUNT, SIDE, SIDE)), random_maps(KEYS, SIDE, 0)
    for measure in (removed, inserted):
        np.testing.assert_array_equal(measure(model, flat), measure(model, random))
    assert sorted(random[0].ravel()) == list(range(1, PIXELS + 1))
    assert (random_maps(KEYS, SIDE, 1) != random).any()


def test_one_logit_is_read_by_the_logistic_function() -> None:
    with wrapped(Linear(classes=1), detector=True) as detector:
        detector.network.weight.data.zero_()  # type: ignore[union-attr, operator]
        detector.network.bias.data.fill_(2.0)  # type: ignore[union-attr, operator]
        arguments = {"keys": KEYS, "settings": BLACK}
        zeros = np.zeros(COUNT, np.int64)
        found = deletion(detector, IMAGES, zeros, any_maps(), **arguments)  # type: ignore[arg-type]
    np.testing.assert_allclose(found, 1 / (1 + np.exp(-2)), rtol=1e-12)


def test_edges_of_a_step_lie_along_it() -> None:
    image = np.zeros((1, 3, 8, 8), np.float32)
    image[..., 4:] = 1
    edges = sobel_maps(image)
    # Both columns beside the step see all of its height 1 with the weights 1, 2 and 1.
    np.testing.assert_allclose(edges[0, :, 3:5], 4.0, rtol=1e-6)
    np.testing.assert_allclose(edges[0, :, :3], 0, atol=1e-6)
    np.testing.assert_allclose(edges[0, :, 5:], 0, atol=1e-6)


def noisy(model: PixelModel, maps: np.ndarray, **options: object) -> np.ndarray:
    return infidelity(
        model,
        IMAGES,
        TARGETS,
        maps,
        keys=KEYS,
        settings=MapSettings(micro_batch=5),
        **options,  # type: ignore[arg-type]
    )


def test_the_gradient_of_a_linear_model_tells_all_that_noise_does(model: PixelModel) -> None:
    exact = weights(model).sum(1)
    # Noisy pixels are rounded to float32: 3e-8 of .02, squared.
    np.testing.assert_allclose(noisy(model, exact), 0, atol=1e-9)
    np.testing.assert_allclose(noisy(model, -7 * exact), 0, atol=1e-9)
    assert (noisy(model, np.abs(exact)) > 0.5).all()


def test_infidelity_is_one_less_the_squared_correlation_over_the_draws(model: PixelModel) -> None:
    maps = any_maps(3)
    found = noisy(model, maps)
    for row in range(COUNT):
        source = keyed_generator(0, "infidelity", KEYS[row])
        drawn = torch.stack([torch.randn((1, SIDE, SIDE), generator=source) for _ in range(64)])
        noise = 0.02 * drawn[:, 0].double().numpy()
        changes = (noise * weights(model)[row].sum(0)).sum((1, 2))
        told = (noise * maps[row]).sum((1, 2))
        explained = (told @ changes) ** 2 / ((told @ told) * (changes @ changes))
        assert found[row] == pytest.approx(1 - explained, abs=1e-5)


def test_a_map_that_was_multiplied_is_asked_along_the_difference_to_the_baseline(
    model: PixelModel,
) -> None:
    baselines = blurred()
    exact = (weights(model) * (IMAGES - baselines)).sum(1)  # integrated gradients
    np.testing.assert_allclose(noisy(model, exact, baselines=baselines), 0, atol=1e-9)
    assert (noisy(model, exact) > 0.2).all()  # plain noise asks another question


def test_sensitivity_is_captums_of_the_same_draws() -> None:
    from captum.metrics import sensitivity_max

    def squares(images: torch.Tensor) -> torch.Tensor:
        return images.square().sum(1)

    maps = squares(torch.from_numpy(IMAGES)).numpy()
    found = max_sensitivity(
        lambda images: {"squares": squares(torch.from_numpy(images)).numpy()},
        IMAGES,
        {"squares": maps},
        keys=KEYS,
        seed=4,
    )["squares"]
    draws = [torch.from_numpy(one) for one in _nearby(IMAGES, KEYS, 4)]
    for row in range(COUNT):

        def given(*_: object, place: int = row) -> torch.Tensor:
            return torch.stack([draw[place] for draw in draws])

        theirs = sensitivity_max(
            lambda x: (squares(x if isinstance(x, torch.Tensor) else x[0]),),
            torch.from_numpy(IMAGES[row : row + 1]),
            given,
            n_perturb_samples=10,
        )
        assert found[row] == pytest.approx(float(theirs), rel=1e-5)  # theirs is float32


def test_nearby_images_stay_near_and_within_black_and_white() -> None:
    draws = list(_nearby(IMAGES, KEYS, 0))
    assert len(draws) == 10
    assert (draws[0] != draws[1]).any()
    for images in draws:
        assert images.dtype == np.float32
        assert images.min() >= 0
        assert images.max() <= 1
        assert 0.019 < np.abs(images - IMAGES).max() <= 0.02 + 1e-6


def test_a_map_that_ignores_the_image_is_steady_and_scale_means_nothing() -> None:
    flat = np.ones((COUNT, SIDE, SIDE))

    def remake(images: np.ndarray) -> dict[str, np.ndarray]:
        grey = images.mean(1)
        return {"flat": flat, "grey": grey, "large": 1000 * grey}

    maps = remake(IMAGES)
    found = max_sensitivity(remake, IMAGES, maps, keys=KEYS, seed=0)
    np.testing.assert_array_equal(found["flat"], 0)
    np.testing.assert_allclose(found["large"], found["grey"], rtol=1e-5)
    assert (found["grey"] > 0).all()


def test_maps_without_measures_are_missing_and_leave_the_others_alone(model: PixelModel) -> None:
    maps = any_maps()
    broken = maps.copy()
    broken[0], broken[1, 2, 3] = 0, np.nan
    for measure in (removed, inserted, noisy):
        found = measure(model, broken)
        assert np.isnan(found[:2]).all()
        assert found[2] == measure(model, maps)[2]
    found = max_sensitivity(lambda _: {"m": maps}, IMAGES, {"m": broken}, keys=KEYS, seed=0)["m"]
    assert np.isnan(found[:2]).all()
    assert found[2] == 0


def test_an_image_has_the_same_numbers_alone_and_the_global_generator_is_not_touched(
    model: PixelModel,
) -> None:
    maps = any_maps()
    state = torch.get_rng_state()
    measures: list[Callable[..., np.ndarray]] = [deletion, insertion, infidelity]
    for measure in measures:
        together = measure(model, IMAGES, TARGETS, maps, keys=KEYS, settings=BLACK)
        alone = measure(model, IMAGES[1:2], TARGETS[1:2], maps[1:2], keys=KEYS[1:2], settings=BLACK)
        assert alone[0] == together[1]
    max_sensitivity(lambda images: {"m": images[:, 0]}, IMAGES, {"m": maps}, keys=KEYS, seed=0)
    assert torch.equal(state, torch.get_rng_state())


def test_shapes_that_do_not_fit_are_refused(model: PixelModel) -> None:
    with pytest.raises(ValueError, match="maps of"):
        removed(model, any_maps()[:2])
    with pytest.raises(ValueError, match="2 keys for 3 images"):
        deletion(model, IMAGES, TARGETS, any_maps(), keys=KEYS[:2])


Looked = tuple[Mapper, SaliencySettings, Subject, dict[str, MapStacks], dict[str, MethodTable]]


def looked(model: PixelModel, names: tuple[str, ...], **options: object) -> Looked:
    settings = SaliencySettings(
        methods=names,
        n_samples=2,
        ig_steps=4,
        cache=False,
        **options,  # type: ignore[arg-type]
    )
    images = make_images(4).transpose(0, 3, 1, 2).astype(np.float32) / 255
    subject = Subject(np.ascontiguousarray(images), np.arange(4) % 3, keys(4))
    chosen = [METHODS[name] for name in names]
    mapper = Mapper(model, chosen, settings, (subject.images, subject.keys), None)
    stacks, tables = map_pairs(mapper, subject, None, None, 1 << 20)
    return mapper, settings, subject, stacks, tables


@pytest.mark.parametrize("baseline", ["blur", pytest.param("random", marks=pytest.mark.slow)])
def test_columns_are_differences_to_random_order_of_the_pairs_looked_at(baseline: str) -> None:
    with wrapped(Colours()) as model:
        names = ("gradient", "integrated-gradients")
        mapper, settings, subject, stacks, tables = looked(
            model, names, baseline=baseline, micro_batch=3
        )
        tables["gradient"].flags["before"][2] = "dead_target"
        places = [3, 2, 1]
        measure_faithfulness(mapper, settings, subject, places, stacks, tables)
        for name in names:
            faithful = tables[name].faithful
            wanted = {"deletion", "deletion_sobel", "insertion", "insertion_sobel"}
            wanted |= {"max_sensitivity"} | ({"infidelity"} if METHODS[name].signed else set())
            assert set(faithful) == wanted
            for found in faithful.values():
                missing = [0] + ([2] if name == "gradient" else [])
                assert list(np.flatnonzero(np.isnan(found))) == sorted(missing)
        some = subject.take(places)

        def mean(maps: np.ndarray) -> np.ndarray:
            return deletion(
                model,
                some.images,
                some.targets,
                maps,
                keys=some.keys,
                settings=settings.map_settings,
                others=(subject.images, subject.keys),
            )

        own = mean(stacks["integrated-gradients"].before[places])
        chance = mean(random_maps(some.keys, SIDE, settings.seed))
        found = tables["integrated-gradients"].faithful
        np.testing.assert_array_equal(found["deletion"][places], own - chance)
        edges = mean(sobel_maps(some.images)) - chance
        np.testing.assert_array_equal(found["deletion_sobel"][places], edges)


def test_the_passes_that_are_announced_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("gradient", "integrated-gradients")
    with wrapped(Colours()) as model:
        # Two images that no call has to be filled up for.
        mapper, settings, subject, stacks, tables = looked(model, names, micro_batch=2)
        forwards = []
        inner = model.logits

        def counted(x: torch.Tensor) -> torch.Tensor:
            if not torch.is_grad_enabled():
                forwards.append(len(x))
            return inner(x)

        monkeypatch.setattr(model, "logits", counted)
        chunks = mapper.chunks
        inside: list[int] = []

        def apart(*args: object) -> Iterator[object]:
            start = len(forwards)
            yield from list(chunks(*args))  # type: ignore[arg-type]
            inside.append(sum(forwards[start:]))

        monkeypatch.setattr(mapper, "chunks", apart)
        measure_faithfulness(mapper, settings, subject, [0, 1], stacks, tables)
    assert len(inside) == 10
    assert sum(forwards) - sum(inside) == 2 * forward_passes(mapper.methods, settings)
