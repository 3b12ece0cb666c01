"""From image files to the distance, against figures that peers printed on the same files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from ganeval.features.cache import FeatureCache
from ganeval.features.devices import choose_engine
from ganeval.features.extraction import Features, extract
from ganeval.features.inception import Inception2015
from ganeval.features.plan import Plan
from ganeval.images import open_image_set
from ganeval.metrics.frechet import frechet_distance

pytestmark = [pytest.mark.peer, pytest.mark.shared_data]

# Features agree to 1e-4 image by image, with errors of either sign; the distance averages them.
RELATIVE = 1e-5
HORSES = ("horse2zebra/horses", "horse2zebra/fake-zebras")
MODES = {"pytorch-fid": "pf", "clean": "clean", "tf1": "tf1_"}


@pytest.fixture(scope="module")
def extractor_weights(shared: Path) -> Path:
    return shared / "weights" / "fid-inception-2015-partial.pth"


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> FeatureCache:
    """Features of a folder are extracted once for all comparisons of this file."""
    return FeatureCache.open(tmp_path_factory.mktemp("features"))


def features_of(folder: Path, mode: str, weights: Path, cache: FeatureCache) -> dict[str, Features]:
    extractor = Inception2015()
    plan = Plan(
        extractor=extractor,
        layers=list(extractor.layers),
        resize=mode,
        engine=choose_engine("auto", "cpu"),
        weights=extractor.weights(weights, None),
        cache=cache,
    )
    return extract(open_image_set(folder), plan).features


def peers_distances(shared: Path, pair: tuple[str, str]) -> dict[str, float]:
    peers = json.loads((shared / "reference" / "peers.json").read_text("utf-8"))
    figures = peers["pairs"][f"{pair[0]} vs {pair[1]}"]
    return {
        name: value["exact_cross_gram"]
        for name, value in figures.items()
        if isinstance(value, dict) and "exact_cross_gram" in value
    }


def check_pair(
    shared: Path, pair: tuple[str, str], mode: str, weights: Path, cache: FeatureCache
) -> None:
    real, fake = (features_of(shared / "data" / folder, mode, weights, cache) for folder in pair)
    figures = peers_distances(shared, pair)
    compared = 0
    for layer in real:
        name = f"{MODES[mode]}{layer}"
        if name in figures:
            ours = frechet_distance(real[layer].values, fake[layer].values)
            assert ours == pytest.approx(figures[name], rel=RELATIVE), name
            compared += 1
    assert compared == (4 if mode == "pytorch-fid" else 1)


def first_files(folder: Path, count: int | None, place: Path) -> Path:
    """Links the first files of a folder by name into another one; None: all of them."""
    place.mkdir()
    files = sorted(folder.iterdir())[:count]
    assert len(files) == count or count is None
    for file in files:
        (place / file.name).symlink_to(file)
    return place


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_horses_give_the_peers_distances(
    shared: Path, extractor_weights: Path, cache: FeatureCache, mode: str
) -> None:
    check_pair(shared, HORSES, mode, extractor_weights, cache)


@pytest.mark.parametrize("count", [16, pytest.param(None, marks=pytest.mark.slow)])
def test_horses_give_pytorch_fids_features(
    shared: Path, extractor_weights: Path, cache: FeatureCache, tmp_path: Path, count: int | None
) -> None:
    folder = first_files(shared / "data" / HORSES[1], count, tmp_path / "fakes")
    ours = features_of(folder, "pytorch-fid", extractor_weights, cache)
    file = shared / "reference" / f"features-{HORSES[1].replace('/', '-')}.npz"
    with np.load(file) as peers:
        for layer in ("768", "2048"):
            theirs = peers[f"pf{layer}"][:count]
            assert ours[layer].values.shape == theirs.shape
            error = np.linalg.norm(ours[layer].values - theirs, axis=1)
            assert (error / np.linalg.norm(theirs, axis=1)).max() <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("fake", ["photos", "fake-resnet", "fake-unet32"])
@pytest.mark.parametrize("mode", MODES)
def test_paintings_give_the_peers_distances(
    shared: Path, extractor_weights: Path, cache: FeatureCache, mode: str, fake: str
) -> None:
    check_pair(shared, ("monet/paintings", f"monet/{fake}"), mode, extractor_weights, cache)
