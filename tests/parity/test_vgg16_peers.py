"""VGG16's fc2 against torch-fidelity's extractor with the same weights."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision.models import vgg16

from ganeval.errors import InputError
from ganeval.features.preprocess import apply_with_torch
from ganeval.features.vgg16 import Vgg16Fc2

pytestmark = pytest.mark.peer


@pytest.mark.slow
def test_features_equal_torch_fidelitys(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(10)
    network = vgg16(weights=None, init_weights=False)
    for parameter in network.parameters():
        fan_in = parameter[0].numel() if parameter.ndim > 1 else 100.0
        parameter.data.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
    path = tmp_path / "vgg16.pth"
    torch.save(network.state_dict(), path)
    images = np.random.default_rng(11).integers(0, 256, (2, 12, 10, 3), dtype=np.uint8)
    images = images.repeat(9, axis=1).repeat(11, axis=2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from torch_fidelity.feature_extractor_vgg16 import FeatureExtractorVGG16

        peer = FeatureExtractorVGG16(
            "vgg16", ["fc2_relu"], feature_extractor_weights_path=str(path)
        )
        with torch.inference_mode():
            (theirs,) = peer(torch.from_numpy(images).permute(0, 3, 1, 2))
    extractor = Vgg16Fc2()
    weights = extractor.weights(path, None)
    with torch.inference_mode():
        x = apply_with_torch(torch.from_numpy(images), extractor.preprocess("tf1"))
        (ours,) = extractor.network(weights)(x)
    assert ours.shape == (2, extractor.layers["4096"])
    assert float((theirs == 0).float().mean()) > 0.1  # after ReLU
    error = (ours - theirs).norm(dim=1) / theirs.norm(dim=1)
    # Equal pixels, but channels-last in memory, so other kernels sum in another order: up to 25088
    # terms of float32 in fc1.
    assert float(error.max()) <= 1e-5


def test_other_weights_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "other.pth"
    torch.save({"features.0.weight": torch.zeros(64, 3, 3, 3)}, path)
    extractor = Vgg16Fc2()
    weights = extractor.weights(path, None)
    with pytest.raises(InputError, match="not the weights of torchvision's VGG16"):
        extractor.network(weights)
