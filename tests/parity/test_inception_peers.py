"""The FID Inception against pytorch-fid's and torch-fidelity's networks with the same weights."""

from __future__ import annotations

import copy
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from ganeval.features.backend import Batch
from ganeval.features.inception import Inception2015
from ganeval.features.inception_network import FIDInception
from ganeval.features.preprocess import apply_with_torch
from ganeval.features.state import load_state
from ganeval.features.torch_backend import TorchBackend, fold_batch_norm

pytestmark = pytest.mark.peer
LAYERS = list(Inception2015.layers)
POOLED = ["64", "192", "768", "2048"]
MIXED_6D = "blocks.2.6"  # of pytorch-fid's wrapper: block 2 holds Mixed_5b .. Mixed_6e in order


def relative(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Largest relative norm of the difference over images."""
    error = np.linalg.norm(ours - theirs, axis=1) / np.linalg.norm(theirs, axis=1)
    return float(error.max())


@pytest.fixture(scope="module")
def images() -> np.ndarray:
    """uint8 ``[3, 96, 80, 3]`` with structure at several scales."""
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (3, 12, 10, 3)).repeat(8, axis=1).repeat(8, axis=2)
    return np.clip(coarse + rng.normal(0, 15, coarse.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def network(inception_weights: Path) -> FIDInception:
    """Ours, which no test changes."""
    return FIDInception.load(inception_weights)


def pytorch_fid_features(
    state: dict[str, torch.Tensor], unit: torch.Tensor
) -> dict[str, np.ndarray]:
    """Features of pytorch-fid's own wrapper, its download replaced by a state dict.

    sFID's are those of the branch itself, as the ADM evaluator reads them from its graph
    (``mixed_6/conv:0``, which is ``[n, 17, 17, 192]`` there, cut to seven channels).
    """
    from pytorch_fid import inception as peer

    with pytest.MonkeyPatch.context() as patch, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        patch.setattr(peer, "load_state_dict_from_url", lambda *_, **__: state)
        network = peer.InceptionV3([0, 1, 2, 3]).eval()
    branch: list[torch.Tensor] = []
    (block,) = [m.branch1x1 for name, m in network.named_modules() if name == MIXED_6D]
    block.register_forward_hook(lambda module, inputs, output: branch.append(output))
    with torch.inference_mode():
        features = [y.mean((2, 3)).numpy() for y in network(unit)]
    (spatial,) = branch
    assert spatial.shape == (len(unit), 192, 17, 17)
    in_tensorflows_order = spatial.permute(0, 2, 3, 1)[..., :7]  # [n, 17, 17, 7]
    return {
        **dict(zip(POOLED, features, strict=True)),
        "sfid": in_tensorflows_order.reshape(len(unit), -1).numpy(),
    }


def test_features_equal_pytorch_fids(
    inception_weights: Path, network: FIDInception, images: np.ndarray
) -> None:
    unit = torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255
    state = torch.load(inception_weights, weights_only=True)
    theirs = pytorch_fid_features(state, unit)
    with torch.inference_mode():
        ours = network(
            apply_with_torch(torch.from_numpy(images), Inception2015().preprocess("pytorch-fid"))
        )
    by_layer = dict(zip(LAYERS, ours, strict=True))
    for layer, b in theirs.items():
        # Equal operators on inputs that differ by one float32 rounding of the normalisation. It
        # averages out over the pixels of a layer, but not in sFID's single activations.
        tolerance = 1e-5 if layer == "sfid" else 1e-6
        assert relative(by_layer[layer].numpy(), b) <= tolerance, layer


def test_features_equal_torch_fidelitys(
    inception_weights: Path, network: FIDInception, images: np.ndarray
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        peer = FeatureExtractorInceptionV3(
            "inception-v3-compat",
            [*POOLED, "logits_unbiased"],
            feature_extractor_weights_path=str(inception_weights),
        )
        with torch.inference_mode():
            theirs = peer(torch.from_numpy(images).permute(0, 3, 1, 2))
    with torch.inference_mode():
        ours = network(
            apply_with_torch(torch.from_numpy(images), Inception2015().preprocess("tf1"))
        )
    by_layer = dict(zip(LAYERS, ours, strict=True))
    for layer, b in zip([*POOLED, "logits"], theirs, strict=True):
        assert relative(by_layer[layer].numpy(), b.numpy()) <= 1e-6, layer


def test_torchvisions_own_blocks_would_be_noticed(
    inception_weights: Path, network: FIDInception, images: np.ndarray
) -> None:
    from torchvision.models import inception_v3

    unpatched = FIDInception()
    unpatched.inception = inception_v3(
        num_classes=1008, aux_logits=False, weights=None, init_weights=False
    )
    load_state(unpatched.inception, inception_weights, network="torchvision's Inception")
    x = apply_with_torch(torch.from_numpy(images), Inception2015().preprocess("pytorch-fid"))
    with torch.inference_mode():
        right, wrong = network(x)[3].numpy(), unpatched.eval()(x)[3].numpy()
    assert relative(wrong, right) > 0.01


def test_folding_batch_norm_changes_nothing_that_matters(
    network: FIDInception, images: np.ndarray
) -> None:
    x = apply_with_torch(torch.from_numpy(images), Inception2015().preprocess("clean"))
    with torch.inference_mode():
        before = network(x)[3].numpy()
        folded = fold_batch_norm(copy.deepcopy(network))
        after = folded(x)[3].numpy()
    assert not any(isinstance(m, nn.BatchNorm2d) for m in folded.modules())
    assert relative(after, before) <= 1e-5  # 94 layers of one float32 rounding each


@pytest.fixture(scope="module")
def backends(inception_weights: Path, tmp_path_factory: pytest.TempPathFactory) -> object:
    """Both backends on the same weights, made once."""
    pytest.importorskip("openvino")
    from ganeval.features.openvino_backend import OpenVINOBackend

    extractor = Inception2015()
    weights = extractor.weights(inception_weights, None)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANEVAL_CACHE", str(tmp_path_factory.mktemp("networks")))
        openvino = OpenVINOBackend(extractor, weights, layers=LAYERS, resize="pytorch-fid")
    on_torch = TorchBackend(extractor, weights, device="cpu", layers=LAYERS, resize="pytorch-fid")
    return openvino, on_torch


def rows_of(
    backend: object, images: np.ndarray, positions: list[list[int]]
) -> dict[str, np.ndarray]:
    layers = Inception2015.layers
    out = {layer: np.zeros((len(images), d), np.float32) for layer, d in layers.items()}
    ready = [backend.prepare(image) for image in images]  # type: ignore[attr-defined]
    batches = [Batch(part, np.stack([ready[i] for i in part])) for part in positions]
    for rows in backend.run(batches):  # type: ignore[attr-defined]
        for layer, values in rows.layers.items():
            out[layer][rows.positions] = values
    return out


def test_backends_agree_image_by_image(backends: tuple[object, object], images: np.ndarray) -> None:
    first, second = (rows_of(b, images, [[0, 1], [2]]) for b in backends)
    for layer in LAYERS:
        # Different kernels and positions of the resize; 1e-4 is what FID at 1e-5 can bear.
        assert relative(first[layer], second[layer]) <= 1e-4, layer


@pytest.mark.parametrize("which", [0, 1], ids=["openvino", "torch"])
def test_features_do_not_depend_on_the_batch(
    which: int, backends: tuple[object, object], images: np.ndarray
) -> None:
    alone = rows_of(backends[which], images, [[0], [1], [2]])
    together = rows_of(backends[which], images, [[2, 0, 1]])
    for layer in LAYERS:
        if which == 0:
            assert np.array_equal(alone[layer], together[layer]), layer
        else:  # torch may choose another kernel for another batch: rounding only
            assert relative(alone[layer], together[layer]) <= 1e-6, layer


def test_openvino_computes_in_float32(backends: tuple[object, object]) -> None:
    assert backends[0].info.precision == "f32"  # type: ignore[attr-defined]
