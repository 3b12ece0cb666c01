"""Fixtures shared by all rooms."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of real images, weights and peers' figures beside the checkout."""
    if not (SHARED / "reference" / "peers.json").is_file():
        pytest.skip("needs the folder 'shared' beside the checkout")
    return SHARED


@pytest.fixture(scope="session")
def _networks(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Converted networks: named by their content, so tests may share them."""
    return tmp_path_factory.mktemp("networks")


@pytest.fixture(scope="session")
def _caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Names for caches in a folder of their own.

    ``mktemp`` looks through all names before each new one, which costs seconds in thousands.
    """
    root = tmp_path_factory.mktemp("caches")
    return (root / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_cache(_caches: Iterator[Path], monkeypatch: pytest.MonkeyPatch, _networks: Path) -> None:
    """Every test has a cache of its own, so that none depends on what ran before."""
    cache = next(_caches)
    cache.mkdir()
    (cache / "networks").symlink_to(_networks, target_is_directory=True)
    monkeypatch.setenv("GANEVAL_CACHE", str(cache))
    monkeypatch.delenv("GANEVAL_WEIGHTS", raising=False)


@pytest.fixture(scope="session")
def inception_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seeded random Inception weights in pytorch-fid's layout: right for parity, never for FID."""
    import torch

    from ganeval.features.inception_network import FIDInception

    generator = torch.Generator().manual_seed(0)
    network = FIDInception().inception
    for module in network.modules():
        if isinstance(module, torch.nn.Conv2d):
            fan_in = module.weight[0].numel()
            module.weight.data.normal_(0, (2 / fan_in) ** 0.5, generator=generator)
    path = tmp_path_factory.mktemp("weights") / "random-inception.pth"
    torch.save(network.state_dict(), path)
    return path
