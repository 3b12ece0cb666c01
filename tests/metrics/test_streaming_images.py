"""Batches from any framework, and a caller whose own state stays as it is."""

from __future__ import annotations

import contextlib
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

import ganeval.features.plan as plan_module
from ganeval.errors import InputError
from ganeval.metrics.streaming import FrechetDistance

PROJECTION = "random-projection"
BUNDLED = "efficientnet-lite0"

IMAGES = np.random.default_rng(0).integers(0, 256, (12, 10, 14, 3), dtype=np.uint8)


class Foreign:
    """An array of a framework that only speaks NumPy's protocol, as JAX and TensorFlow do."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self._array = array

    def __array__(self, dtype: npt.DTypeLike = None, copy: bool | None = None) -> npt.NDArray[Any]:
        return self._array.astype(dtype or self._array.dtype)


class Capsule:
    """An array that speaks DLPack only."""

    def __init__(self, array: npt.NDArray[Any]) -> None:
        self._array = array

    def __dlpack__(self, **options: Any) -> object:
        return self._array.__dlpack__(**options)

    def __dlpack_device__(self) -> tuple[int, int]:
        return self._array.__dlpack_device__()


class Distant:
    """An array that refuses to leave its device by itself, as CuPy's do."""

    def __array__(self, *_: object, **__: object) -> npt.NDArray[Any]:
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")


def state(metric: FrechetDistance) -> npt.NDArray[Any]:
    return metric.state_dict()["fake/random-projection/64/area/rows"]


def fed(images: object, **options: Any) -> FrechetDistance:
    metric = FrechetDistance(PROJECTION, **options)
    metric.update(images, real=False)
    return metric


EXPECTED = state(fed(IMAGES))


@pytest.mark.parametrize(
    "turned",
    [
        lambda x: x.transpose(0, 3, 1, 2),
        Foreign,
        Capsule,
        lambda x: [Foreign(image) for image in x],
        lambda x: [Image.fromarray(image) for image in x],
        lambda x: ((image, 1) for image in x),
        lambda x: [x[:5], x[5:]],
    ],
    ids=["nchw", "__array__", "dlpack", "list", "pil", "labelled", "batches"],
)
def test_images_of_any_kind_give_the_same_features(
    turned: Callable[[npt.NDArray[Any]], object],
) -> None:
    np.testing.assert_array_equal(state(fed(turned(IMAGES))), EXPECTED)


@pytest.mark.parametrize(
    "dtype", ["uint8", "float32", "float64"], ids=["uint8", "float32", "float64"]
)
def test_torch_tensors_that_are_part_of_a_graph_are_taken(dtype: str) -> None:
    import torch

    tensor = torch.from_numpy(IMAGES).permute(0, 3, 1, 2)
    if dtype != "uint8":
        tensor = (tensor.to(getattr(torch, dtype)) / 127.5 - 1).requires_grad_() * 1.0
    metric = fed(tensor, value_range=(-1, 1))
    np.testing.assert_array_equal(state(metric), EXPECTED)


def test_half_precision_rounds_to_the_nearest_level() -> None:
    import torch

    tensor = torch.from_numpy(IMAGES).permute(0, 3, 1, 2).to(torch.bfloat16) / 255
    levels = np.rint(tensor.float().numpy().astype(np.float64) * 255).astype(np.uint8)
    expected = state(fed(levels))
    np.testing.assert_array_equal(state(fed(tensor, value_range=(0, 1))), expected)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (IMAGES / 255, "holds floats"),
        ("folder/", "not the path 'folder/'"),
        (IMAGES[0], "no stack of images"),
        (IMAGES.astype(np.int32), "neither uint8 nor float"),
        (Distant(), "Distant cannot be read as a NumPy array: Implicit conversion"),
        (3, "cannot read images from a int"),
        ([], "no images"),
    ],
    ids=["float", "path", "single", "int", "device", "number", "empty"],
)
def test_what_is_no_batch_is_refused_and_changes_nothing(given: object, message: str) -> None:
    metric = FrechetDistance(PROJECTION)
    with pytest.raises(InputError, match=message):
        metric.update(given, real=False)
    assert metric.n["fake"] == 0


def test_a_value_range_that_is_wrong_is_refused() -> None:
    with pytest.raises(InputError, match="lie outside 0,1"):
        fed(IMAGES / 127.5 - 1, value_range=(0, 1))


def test_images_without_an_extractor_are_refused() -> None:
    with pytest.raises(InputError, match="takes features only"):
        FrechetDistance(None).update(IMAGES, real=True)


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_the_network_is_built_once(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    built = []
    original = plan_module._open_backend
    monkeypatch.setattr(
        plan_module, "_open_backend", lambda plan: built.append(plan) or original(plan)
    )
    metric = FrechetDistance(BUNDLED, reference=IMAGES[:6], backend=backend)
    metric.update(IMAGES[6:9], real=False)
    metric.update(IMAGES[9:], real=False)
    assert metric.compute().value is not None
    assert len(built) == 1


@pytest.mark.parametrize("backend", ["openvino", "torch"])
def test_the_state_of_the_caller_stays_as_it_is(backend: str) -> None:
    import torch

    torch.manual_seed(3)
    np.random.seed(3)  # noqa: NPY002
    random.seed(3)

    def everything() -> list[object]:
        return [
            torch.get_rng_state().tolist(),
            np.random.get_state()[1].tolist(),  # noqa: NPY002
            random.getstate(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            torch.get_default_dtype(),
            torch.get_default_device(),
            torch.get_num_threads(),
            torch.is_autocast_enabled("cpu"),
            threading.active_count(),
        ]

    metric = FrechetDistance(BUNDLED, backend=backend, device="cpu")
    before = everything()
    metric.update(IMAGES[:6], real=True)
    metric.update(IMAGES[6:], real=False)
    metric.compute()
    assert everything() == before


def network_rows(backend: str) -> npt.NDArray[Any]:
    metric = FrechetDistance(BUNDLED, backend=backend, device="cpu")
    metric.update(IMAGES[:3], real=False)
    return next(array for name, array in metric.state_dict().items() if name.endswith("rows"))


@contextlib.contextmanager
def default_dtype() -> Iterator[None]:
    import torch

    torch.set_default_dtype(torch.float64)
    try:
        yield
        assert torch.get_default_dtype() == torch.float64
    finally:
        torch.set_default_dtype(torch.float32)


def modes() -> dict[str, contextlib.AbstractContextManager[object]]:
    """States a training loop may be in when it calls."""
    import torch

    return {
        "autocast": torch.autocast("cpu", dtype=torch.bfloat16),
        "inference": torch.inference_mode(),
        "float64": default_dtype(),
        "device": torch.device("meta"),
        "no_grad": torch.no_grad(),
    }


@pytest.mark.parametrize("mode", ["autocast", "inference", "float64", "device", "no_grad"])
def test_modes_of_the_caller_do_not_change_the_features(mode: str) -> None:
    expected = network_rows("torch")
    with modes()[mode]:
        found = network_rows("torch")
    np.testing.assert_array_equal(found, expected)


@pytest.mark.slow  # converts the network anew
def test_modes_of_the_caller_do_not_change_a_converted_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = network_rows("openvino")
    monkeypatch.setenv("GANEVAL_CACHE", str(tmp_path))  # holds no converted network
    with contextlib.ExitStack() as stack:
        for mode in modes().values():
            stack.enter_context(mode)
        found = network_rows("openvino")
    np.testing.assert_array_equal(found, expected)


def test_torch_is_not_loaded_where_it_is_not_used() -> None:
    code = (
        "import sys, numpy as np\n"
        "from ganeval.metrics.streaming import Evaluation\n"
        "images = np.random.default_rng(0).integers(0, 256, (12, 8, 8, 3), dtype=np.uint8)\n"
        f"metric = Evaluation('fid,kid', '{PROJECTION}')\n"
        "metric.update(images[:6], real=True)\n"
        "metric.update(images[6:], real=False)\n"
        "metric.compute()\n"
        "print(sorted({'torch', 'torchvision', 'pandas'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
