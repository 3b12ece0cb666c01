"""What every registered extractor must do, whatever it is."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image

from ganeval.errors import MissingFileError
from ganeval.features.devices import choose_engine
from ganeval.features.extraction import extract
from ganeval.features.extractor import EXTRACTORS, Extractor, get_extractor
from ganeval.features.plan import Plan
from ganeval.images import open_image_set

SIZES = [(40, 40), (64, 48), (40, 40), (40, 40), (33, 70), (64, 48)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six pictures of three sizes."""
    rng = np.random.default_rng(3)
    for i, (width, height) in enumerate(SIZES):
        pixels = rng.integers(0, 256, (6, 6, 3), dtype=np.uint8)
        picture = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
        picture.save(tmp_path / f"{i}.png")
    return tmp_path


@pytest.fixture(scope="module")
def weights_at_hand(
    tmp_path_factory: pytest.TempPathFactory, inception_weights: Path
) -> dict[str, Path]:
    """Seeded random weights of the networks that are small enough to be made here."""
    path = tmp_path_factory.mktemp("weights") / "squeezenet.pth"
    torch.manual_seed(0)
    torch.save(torchvision.models.squeezenet1_1().state_dict(), path)
    return {"inception-2015": inception_weights, "torchvision:squeezenet1_1": path}


def plan_for(extractor: Extractor, at_hand: dict[str, Path], **options: int) -> Plan:
    explicit = at_hand.get(extractor.name)
    return Plan(
        extractor=extractor,
        layers=list(extractor.layers),
        resize=extractor.default_resize,
        engine=choose_engine("auto", "cpu"),
        weights=extractor.weights(explicit, None),
        **options,
    )


@pytest.mark.parametrize(
    "name",
    [
        # The largest; tests/parity/test_inception_peers.py asks the same of it.
        pytest.param(name, marks=pytest.mark.slow if name == "inception-2015" else [])
        for name in [*EXTRACTORS.names(), "torchvision:squeezenet1_1"]
    ],
)
def test_features_have_the_declared_shape_and_do_not_depend_on_batches(
    name: str,
    folder: Path,
    weights_at_hand: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    extractor = get_extractor(name)
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")
    try:
        extractor.weights(weights_at_hand.get(name), None)
    except MissingFileError as error:
        pytest.skip(error.message)
    images = open_image_set(folder)
    runs = [
        extract(images, plan_for(extractor, weights_at_hand, **options)).features
        for options in ({}, {"batch_size": 1, "workers": 1}, {"batch_size": 3})
    ]
    for layer, dimension in extractor.layers.items():
        values = runs[0][layer].values
        assert values.shape == (6, dimension)
        assert values.dtype == np.float32
        assert np.isfinite(values).all()
        assert np.ptp(values, axis=0).max() > 0  # different images, different features
        for other in runs[1:]:
            assert np.array_equal(values, other[layer].values)


@pytest.mark.parametrize("name", EXTRACTORS.names())
def test_defaults_are_among_the_choices(name: str) -> None:
    extractor = get_extractor(name)
    assert extractor.name == name
    assert extractor.default_layer in extractor.layers
    assert extractor.default_resize in extractor.resize_modes
    for mode in extractor.resize_modes:
        assert extractor.normalisation(mode)
