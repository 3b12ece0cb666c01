"""One image has one map: alone, in company, in any order; and the network is left as it was."""

from __future__ import annotations

import copy
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
import torch
from saliency.map_networks import SIDE, Convolutional, keys, random_images, wrapped
from torch import nn

from ganeval.errors import InputError
from ganeval.saliency.explain import Maps, explain
from ganeval.saliency.maps.registry import METHODS, find_methods
from ganeval.saliency.maps.settings import MapSettings

COUNT = 9
FAST: dict[str, Any] = {"n_samples": 3, "ig_steps": 8, "micro_batch": 4}


def network() -> Convolutional:
    return Convolutional(nn.ReLU6, seed=2)


def all_maps(
    rows: list[int] | None = None, net: nn.Module | None = None, **changes: Any
) -> dict[str, Maps]:
    rows = list(range(COUNT)) if rows is None else rows
    targets = np.arange(COUNT) % 4
    against = (targets + 1) % 4
    names = [keys(COUNT)[row] for row in rows]
    with wrapped(net or network()) as model:
        return explain(
            model,
            random_images(COUNT)[rows],
            list(METHODS),
            targets[rows],
            keys=names,
            against=against[rows],
            **{**FAST, **changes},
        )


@pytest.fixture(scope="module")
def together() -> dict[str, Maps]:
    return all_maps()


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_maps(together: dict[str, Maps], method: str) -> None:
    made = together[method]
    assert made.values.shape == (COUNT, SIDE, SIDE)
    assert made.values.dtype == np.float32
    without = "no_positive_evidence" if method == "grad-cam" else "zero_map"
    assert made.flags == [None if values.any() else without for values in made.values]
    assert made.flags.count(None) >= COUNT - 3
    assert bool((made.values < 0).any()) == METHODS[method].signed
    assert made.info["logit"].shape == (COUNT,)
    np.testing.assert_allclose(made.info["logit"], together["gradient"].info["logit"], rtol=1e-5)


@pytest.mark.parametrize("rows", [[5], [8, 0, 3, 1, 7, 2, 6, 4, 5], [5, 2, 6]])
def test_the_map_of_an_image_does_not_depend_on_its_company(
    together: dict[str, Maps], rows: list[int]
) -> None:
    again = all_maps(rows)
    for name, made in again.items():
        np.testing.assert_array_equal(made.values, together[name].values[rows], err_msg=name)
        for fact, values in made.info.items():
            if isinstance(values, np.ndarray):
                np.testing.assert_array_equal(values, together[name].info[fact][rows])


def test_methods_alone_give_the_maps_of_methods_together(together: dict[str, Maps]) -> None:
    for name in METHODS:
        with wrapped(network()) as model:
            made = explain(
                model,
                random_images(COUNT),
                [name],
                np.arange(COUNT) % 4,
                keys=keys(COUNT),
                against=(np.arange(COUNT) + 1) % 4,
                **FAST,
            )
        np.testing.assert_array_equal(made[name].values, together[name].values)


def some_maps(rows: list[int], methods: list[str], **changes: Any) -> dict[str, Maps]:
    with wrapped(network()) as model:
        return explain(
            model,
            random_images(COUNT)[rows],
            methods,
            [row % 4 for row in rows],
            keys=[keys(COUNT)[row] for row in rows],
            **{**FAST, **changes},
        )


def test_random_baselines_do_not_depend_on_the_order() -> None:
    rows, names = [2, 0, 3, 1], ["integrated-gradients", "occlusion"]
    straight = some_maps([0, 1, 2, 3], names, baseline="random")
    shuffled = some_maps(rows, names, baseline="random")
    for name in names:
        np.testing.assert_array_equal(shuffled[name].values, straight[name].values[rows])
        assert straight[name].info["baselines"] == 3


def test_the_number_of_threads_means_nothing(together: dict[str, Maps]) -> None:
    before = torch.get_num_threads()
    names = ["gradient", "smoothgrad", "guided-backprop", "grad-cam"]
    try:
        torch.set_num_threads(2 if before == 1 else 1)
        again = some_maps([0, 1, 2, 3], names)
    finally:
        torch.set_num_threads(before)
    for name in names:
        np.testing.assert_array_equal(again[name].values, together[name].values[:4], err_msg=name)


def test_arrays_and_tensors_of_inference_mode_are_taken(together: dict[str, Maps]) -> None:
    targets = np.arange(COUNT) % 4
    with wrapped(network()) as model:
        with torch.inference_mode():
            images = random_images(COUNT) * 1
            inside = explain(model, images, ["gradient"], targets, keys=keys(COUNT), micro_batch=4)
        with torch.no_grad():
            array = random_images(COUNT).numpy()
            given = explain(model, array, ["gradient"], targets, keys=keys(COUNT), micro_batch=4)
    for made in (inside, given):
        np.testing.assert_array_equal(made["gradient"].values, together["gradient"].values)


def test_mixed_precision_around_the_call_changes_nothing(together: dict[str, Maps]) -> None:
    names = ["gradient", "guided-backprop", "grad-cam"]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        again = some_maps([0, 1, 2, 3], names)
    for name, made in again.items():
        np.testing.assert_array_equal(made.values, together[name].values[:4], err_msg=name)


def test_images_of_one_key_share_their_noise_and_seeds_differ() -> None:
    image = random_images(1).repeat(3, 1, 1, 1)
    with wrapped(network()) as model:

        def made(seed: int) -> np.ndarray:
            names = ["same", "same", "other"]
            maps = explain(model, image, ["smoothgrad"], [0, 0, 0], keys=names, seed=seed, **FAST)
            return maps["smoothgrad"].values

        zero, one = made(0), made(1)
    np.testing.assert_array_equal(zero[0], zero[1])
    assert (zero[0] != zero[2]).any()
    assert (zero[0] != one[0]).any()


def state_of(net: nn.Module) -> dict[str, Any]:
    return {
        "values": {name: tensor.clone() for name, tensor in net.state_dict().items()},
        "modes": [module.training for module in net.modules()],
        "wanted": [weights.requires_grad for weights in net.parameters()],
        "gradients": [weights.grad for weights in net.parameters()],
        "hooks": [
            (len(module._forward_hooks), len(module._backward_hooks)) for module in net.modules()
        ],
        "classes": [type(module) for module in net.modules()],
    }


def assert_unchanged(net: nn.Module, before: dict[str, Any]) -> None:
    after = state_of(net)
    for name, tensor in before.pop("values").items():
        assert torch.equal(tensor, after["values"][name])
    after.pop("values")
    assert after == before


def test_network_and_global_generators_are_left_as_they_were() -> None:
    net = network().train()
    net.first.eval()
    before, torch_state = state_of(net), torch.get_rng_state()
    numpy_state = copy.deepcopy(np.random.get_state(legacy=False))  # noqa: NPY002
    made = all_maps(net=net)
    assert_unchanged(net, before)
    assert torch.equal(torch.get_rng_state(), torch_state)
    np.testing.assert_equal(np.random.get_state(legacy=False), numpy_state)  # noqa: NPY002
    assert made.keys() == METHODS.keys()
    torch.manual_seed(123)
    with_seed = some_maps([0], ["smoothgrad"])["smoothgrad"]
    np.testing.assert_array_equal(with_seed.values, made["smoothgrad"].values[:1])


def test_the_network_is_left_as_it_was_after_an_exception() -> None:
    class Failing(Convolutional):
        calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += 1
            if self.calls > self.allowed:
                raise RuntimeError("broken")
            return super().forward(x)

        allowed = 10**9

    for method in METHODS:
        net = Failing(seed=1).train()
        before = state_of(net)
        with wrapped(net) as model:
            net.allowed = net.calls + 2
            with pytest.raises(InputError, match="broken"):
                explain(
                    model,
                    random_images(COUNT),
                    [method],
                    [0] * COUNT,
                    keys=keys(COUNT),
                    against=[1] * COUNT,
                    **FAST,
                )
        assert_unchanged(net, before)
        # Activations are themselves again.
        x = torch.full((1,), -1.0, requires_grad=True)
        torch.relu(x).backward()
        assert x.grad is not None


def test_a_dead_target_is_flagged_for_every_map_of_it() -> None:
    net = Convolutional(last_relu=True)
    net.last.bias.data = torch.tensor([5.0, -50.0, 5.0, 5.0])
    with wrapped(net) as model:
        made = explain(
            model,
            random_images(3),
            list(METHODS),
            [0, 1, 2],
            keys=keys(3),
            against=[2, 2, 1],
            **FAST,
        )
    for name, maps in made.items():
        assert maps.flags == [None, None if name == "contrast" else "dead_target", None], name
        assert maps.info["logit"][1] == 0


def test_maps_with_values_that_are_no_numbers_are_flagged() -> None:
    class Square(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            root = (x.mean((1, 2, 3)) - 0.25).sqrt()  # its slope at 0 is infinite
            return torch.stack([root, 1 - root], 1)

    images = torch.stack([torch.full((3, 8, 8), 0.25), torch.full((3, 8, 8), 0.75)])
    with wrapped(Square(), side=8) as model:
        made = explain(model, images, ["gradient"], [1, 1], keys=keys(2))
    assert made["gradient"].flags == ["not_finite", None]


def test_progress_counts_passes() -> None:
    told: dict[str, list[tuple[int, int]]] = {}

    def progress(label: str, done: int, total: int, unit: str = "images") -> None:
        told.setdefault(label, []).append((done, total))

    all_maps(progress=progress)
    assert told["gradient"] == [(4, 9), (8, 9), (9, 9)]
    assert told["smoothgrad/smoothgrad-sq/vargrad"][-1] == (27, 27)
    assert all(steps[-1][0] == steps[-1][1] for steps in told.values())


def test_costs_are_known_beforehand() -> None:
    settings = MapSettings(n_samples=5, ig_steps=16)
    costs = {name: method.passes(settings, 224) for name, method in METHODS.items()}
    assert costs["gradient"] == costs["guided-backprop"] == costs["grad-cam"] == 1
    assert costs["smoothgrad"] == costs["smoothgrad-sq"] == costs["vargrad"] == 5
    assert costs["integrated-gradients"] == 16
    assert costs["occlusion"] == 729
    random = MapSettings(ig_steps=16, baseline="random")
    assert METHODS["integrated-gradients"].passes(random, 224) == 8 * 16


def test_the_list_of_methods_loads_no_torch() -> None:
    code = "import sys, ganeval.saliency.maps.registry; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"methods": ["gradcam"]}, "no method 'gradcam'; did you mean grad-cam"),
        ({"methods": ["gradient", "gradient"]}, "gradient is given twice"),
        ({"methods": []}, "there is none"),
        ({"images": torch.zeros(2, 3, 8, 8)}, r"\[n, 3, 16, 16\]"),
        ({"images": torch.zeros(2, 3, 16, 16).double()}, "float64, not float32"),
        ({"images": torch.full((2, 3, 16, 16), 255.0)}, "from 255 to 255, not within 0 and 1"),
        ({"images": torch.full((2, 3, 16, 16), float("nan"))}, "not within 0 and 1"),
        ({"targets": [0, 4]}, "there is no class 4; the model has the outputs 0 to 3"),
        ({"targets": [-1, 0]}, "there is no class -1"),
        ({"targets": [0]}, r"shape \(1,\) for 2 images"),
        ({"targets": [0.0, 1.0]}, "not whole numbers"),
        ({"keys": ["a"]}, "there are 1 keys for 2 images"),
        ({"baseline": "grey"}, "no baseline 'grey'"),
        ({"n_samples": 0}, "--n-samples 0"),
        ({"micro_batch": 0}, "--micro-batch 0"),
        ({"ig_steps": 513}, "--ig-steps 513"),
        ({"seed": -1}, "--seed -1"),
        ({"methods": ["vargrad"], "n_samples": 1}, "vargrad needs at least 2"),
        ({"methods": ["contrast"]}, "the model has 4 classes"),
        ({"methods": ["contrast"], "against": [1, 0]}, "compared with itself"),
        ({"methods": ["contrast"], "against": [1, 9]}, "against: there is no class 9"),
        (
            {"methods": ["occlusion"], "baseline": "random", "keys": ["a", "a"]},
            "no other image to compare with",
        ),
    ],
)
def test_wrong_arguments_are_named(changes: dict[str, Any], message: str) -> None:
    given: dict[str, Any] = {
        "images": random_images(2),
        "methods": ["gradient"],
        "targets": [0, 0],
        "keys": keys(2),
        **changes,
    }
    with wrapped(network()) as model, pytest.raises(InputError, match=message):
        explain(model, **given)


def test_a_network_that_cuts_its_gradient_is_refused() -> None:
    class Cut(Convolutional):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return super().forward(x.detach())

    with wrapped(Cut()) as model, pytest.raises(InputError, match="there is no gradient"):
        explain(model, random_images(1), ["gradient"], [0], keys=["a"])


@pytest.mark.parametrize("method", ["guided-backprop", "grad-cam"])
def test_torchscript_is_refused_where_modules_are_needed(method: str) -> None:
    with wrapped(network()) as model:
        model.scripted = True
        with pytest.raises(InputError, match=f"{method}: .* is a TorchScript program"):
            explain(model, random_images(1), [method], [0], keys=["a"])
        made = explain(model, random_images(1), ["gradient"], [0], keys=["a"])
    assert made["gradient"].flags == [None]


def test_methods_are_found_in_the_order_asked_for() -> None:
    assert [method.name for method in find_methods(["vargrad", "gradient"])] == [
        "vargrad",
        "gradient",
    ]


def test_float64_networks_are_explained_too() -> None:
    net = network().double()
    with wrapped(net) as model:
        made = explain(model, random_images(2), list(METHODS)[:7], [0, 1], keys=keys(2), **FAST)
    with wrapped(network()) as model:
        single = explain(model, random_images(2), list(METHODS)[:7], [0, 1], keys=keys(2), **FAST)
    for name, maps in made.items():
        assert maps.values.dtype == np.float32
        largest = np.abs(maps.values).max()
        # Few values lie within float32's rounding of a ReLU6's kinks.
        close = np.abs(maps.values - single[name].values) < 1e-4 * largest
        assert close.mean() > 0.95, name


@pytest.mark.parametrize("method", METHODS)
def test_the_network_never_sees_more_than_a_micro_batch(method: str) -> None:
    class Watched(Convolutional):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            sizes.add(len(x))
            return super().forward(x)

    sizes: set[int] = set()
    count = 1 if method == "occlusion" else 5  # which takes image by image anyway
    with wrapped(Watched(seed=2)) as model:
        sizes.clear()
        explain(
            model,
            random_images(count),
            [method],
            [0] * count,
            keys=keys(count),
            against=[1] * count,
            **{**FAST, "n_samples": 20, "ig_steps": 20},
        )
    # Grad-CAM looks for its layer with one grey image.
    assert sizes - {1} == {4}
    assert (1 in sizes) == (method == "grad-cam")
