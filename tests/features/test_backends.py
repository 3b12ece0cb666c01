"""Backends take batches as they come, side by side, and forget what is abandoned."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganeval.features.backend import Backend, Batch, DirectBackend, Rows
from ganeval.features.efficientnet import EfficientNetLite0
from ganeval.features.random_projection import RandomProjection

LAYER = "1280"


def openvino_backend() -> Backend:
    pytest.importorskip("openvino")
    from ganeval.features.openvino_backend import OpenVINOBackend

    extractor = EfficientNetLite0()
    weights = extractor.weights(None, None)
    return OpenVINOBackend(extractor, weights, layers=[LAYER], resize="clean", batch_size=2)


def torch_backend() -> Backend:
    from ganeval.features.torch_backend import TorchBackend

    extractor = EfficientNetLite0()
    weights = extractor.weights(None, None)
    return TorchBackend(
        extractor, weights, device="cpu", layers=[LAYER], resize="clean", batch_size=2
    )


def direct_backend() -> Backend:
    return DirectBackend(RandomProjection(), ["64"])


@pytest.fixture(params=[openvino_backend, torch_backend, direct_backend])
def backend(request: pytest.FixtureRequest) -> Backend:
    make: Callable[[], Backend] = request.param
    return make()


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (24, 40, 40, 3), dtype=np.uint8)


def batches(backend: Backend, images: np.ndarray, size: int = 2) -> list[Batch]:
    ready = np.stack([backend.prepare(image) for image in images])
    return [
        Batch(list(range(i, i + size)), ready[i : i + size]) for i in range(0, len(images), size)
    ]


def gathered(results: list[Rows]) -> np.ndarray:
    """Rows by position; every position must be there once."""
    positions = [p for rows in results for p in rows.positions]
    assert sorted(positions) == list(range(len(positions)))
    values = np.concatenate([v for rows in results for v in rows.layers.values()])
    ordered: np.ndarray = values[np.argsort(positions)]
    return ordered


def test_every_batch_comes_back_once(backend: Backend, images: np.ndarray) -> None:
    pushed: list[Rows] = []
    for batch in batches(backend, images):
        pushed += backend.submit(batch)
    pushed += backend.finish()
    assert list(backend.finish()) == []
    np.testing.assert_array_equal(
        gathered(pushed), gathered(list(backend.run(batches(backend, images))))
    )


def test_backends_fed_in_turn_do_not_disturb_each_other(
    backend: Backend, images: np.ndarray
) -> None:
    alone = gathered(list(backend.run(batches(backend, images))))
    other = direct_backend()
    results: dict[Backend, list[Rows]] = {backend: [], other: []}
    for pair in zip(batches(backend, images), batches(other, images), strict=True):
        for one, batch in zip(results, pair, strict=True):
            results[one] += one.submit(batch)
    for one, rows in results.items():
        rows += one.finish()
    np.testing.assert_array_equal(gathered(results[backend]), alone)


def test_what_is_abandoned_never_comes_back(backend: Backend, images: np.ndarray) -> None:
    expected = gathered(list(backend.run(batches(backend, images[:4]))))
    for batch in batches(backend, images[4:12]):
        backend.submit(batch)
    backend.abandon()
    assert list(backend.finish()) == []
    np.testing.assert_array_equal(
        gathered(list(backend.run(batches(backend, images[:4])))), expected
    )


def test_a_stream_that_breaks_off_leaves_nothing_behind(
    backend: Backend, images: np.ndarray
) -> None:
    def breaking() -> object:
        yield from batches(backend, images[:4])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(backend.run(breaking()))  # type: ignore[arg-type]
    assert list(backend.finish()) == []


def test_backends_agree_on_a_network_that_hides_an_activation_in_its_batch_norm(
    tmp_path: Path, images: np.ndarray
) -> None:
    """timm's ByobNet calls norm and ReLU together ``bn``; folding it away would lose the ReLU."""
    pytest.importorskip("openvino")
    import timm
    import torch

    from ganeval.features.openvino_backend import OpenVINOBackend
    from ganeval.features.timm_extractor import TimmExtractor
    from ganeval.features.torch_backend import TorchBackend

    torch.manual_seed(0)
    network = timm.create_model("test_byobnet", pretrained=False)
    torch.save(network.state_dict(), tmp_path / "byobnet.pth")
    extractor = TimmExtractor("test_byobnet")
    weights = extractor.weights(tmp_path / "byobnet.pth", None)
    layer = extractor.default_layer
    rows = []
    for kind, device in ((OpenVINOBackend, {}), (TorchBackend, {"device": "cpu"})):
        backend = kind(extractor, weights, layers=[layer], resize="own", batch_size=2, **device)
        rows.append(gathered(list(backend.run(batches(backend, images)))))
    # Float32 arithmetic in another order; the definition's bound for any backend.
    assert np.linalg.norm(rows[0] - rows[1]) < 1e-4 * np.linalg.norm(rows[0])
