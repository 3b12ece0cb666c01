"""Statistics files across packages: theirs are read here, ours are read there."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cleanfid.features
import cleanfid.fid
import numpy as np
import pytest
import torch
from pytorch_fid.fid_score import compute_statistics_of_path
from torch_fidelity.metric_fid import fid_featuresdict_to_statistics_cached
from torch_fidelity.utils import cache_lookup_group_recompute_all_on_any_miss

from ganeval.images import source_kind
from ganeval.metrics.converting import convert_statistics
from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.kernel import kid
from ganeval.metrics.merging import merge_statistics
from ganeval.metrics.moments import Moments
from ganeval.metrics.statistics_file import SavedStatistics, load_statistics, save_statistics
from ganeval.records import Environment, FeatureSpec, InputInfo

pytestmark = pytest.mark.peer

ROWS = np.abs(np.random.default_rng(0).normal(size=(40, 16))).astype(np.float32)
OTHER = np.abs(np.random.default_rng(1).normal(size=(50, 16))).astype(np.float32)
# The covariances are summed in float64 by all of them, in different orders; the means in float32
# by torch-fidelity and clean-fid (6e-8 relative per operation).
FLOAT32 = 1e-5


def own(path: Path, rows: np.ndarray, keep_features: Any = "auto") -> SavedStatistics:
    """Saves rows as the project does and reads them again."""
    spec = FeatureSpec(
        extractor="inception-2015",
        layer="2048",
        dimension=rows.shape[1],
        weights_sha256="ab" * 32,
        resize="clean",
        size=299,
        normalisation="-1..1",
        decode="correct",
    )
    save_statistics(
        path,
        rows,
        spec=spec,
        source=InputInfo(role="real", label="a", kind="folder", path="a/", n=len(rows)),
        environment=Environment(ganeval="1", python="3"),
        keep_features=keep_features,
    )
    return load_statistics(path)


@pytest.fixture
def ours(tmp_path: Path) -> SavedStatistics:
    """A file of the project's own."""
    return own(tmp_path / "ours.npz", ROWS)


@pytest.fixture
def clean_fid_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where clean-fid keeps statistics, moved out of the installed package."""
    monkeypatch.setattr(cleanfid, "__file__", str(tmp_path / "__init__.py"))
    (tmp_path / "stats").mkdir()
    return tmp_path / "stats"


def test_pytorch_fid_reads_own_and_converted_files(ours: SavedStatistics, tmp_path: Path) -> None:
    convert_statistics(ours, tmp_path / "theirs.npz", "pytorch-fid")
    for path in (ours.path, tmp_path / "theirs.npz"):
        mean, covariance = compute_statistics_of_path(str(path), None, 1, 16, "cpu")
        np.testing.assert_allclose(mean, ROWS.mean(axis=0, dtype=np.float64), rtol=1e-12)
        np.testing.assert_allclose(covariance, np.cov(ROWS.T.astype(np.float64)), atol=1e-12)


def test_clean_fid_finds_converted_files(ours: SavedStatistics, clean_fid_place: Path) -> None:
    convert_statistics(ours, clean_fid_place / "mine_clean_custom_na.npz", "clean-fid")
    convert_statistics(ours, clean_fid_place / "mine_clean_custom_na_kid.npz", "clean-fid-kid")
    read: Callable[..., Any] = cleanfid.features.get_reference_statistics
    mean, covariance = read("mine", 0, split="custom", metric="FID")
    np.testing.assert_allclose(mean, ROWS.mean(axis=0, dtype=np.float64), rtol=1e-12)
    np.testing.assert_allclose(covariance, np.cov(ROWS.T.astype(np.float64)), atol=1e-12)
    features = read("mine", 0, split="custom", metric="KID")
    assert features.dtype == np.float32
    np.testing.assert_array_equal(features, ROWS)


def test_what_clean_fid_saves_is_read(
    clean_fid_place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its own code computes and writes; only the network is left out.
    monkeypatch.setattr(cleanfid.fid, "build_feature_extractor", lambda *_a, **_k: None)
    monkeypatch.setattr(cleanfid.fid, "get_folder_features", lambda *_a, **_k: ROWS)
    cleanfid.fid.make_custom_stats("mine", "a/", device="cpu")
    for_fid = load_statistics(clean_fid_place / "mine_clean_custom_na.npz")
    for_kid = load_statistics(clean_fid_place / "mine_clean_custom_na_kid.npz")
    assert (for_fid.layout, for_fid.n) == ("pytorch-fid", None)
    assert (for_kid.layout, for_kid.n) == ("clean-fid-kid", 40)
    exact = frechet_distance(ROWS, OTHER)
    assert frechet_distance(for_fid.side, OTHER) == pytest.approx(exact, rel=FLOAT32)
    assert frechet_distance(for_kid.side, OTHER) == exact
    assert for_kid.features is not None
    assert kid(for_kid.features, OTHER).estimate == kid(ROWS, OTHER).estimate


def test_what_torch_fidelity_caches_is_read(tmp_path: Path) -> None:
    class Network:
        def get_name(self) -> str:
            return "inception-v3-compat"

    place = {"cache": True, "cache_root": str(tmp_path), "verbose": False}
    features = {"2048": torch.from_numpy(ROWS)}
    cache_lookup_group_recompute_all_on_any_miss("a-features-", ["2048"], lambda: features, **place)
    fid_featuresdict_to_statistics_cached(features, "a", Network(), "2048", **place)
    rows = load_statistics(tmp_path / "a-features-2048.pt")
    moments = load_statistics(tmp_path / "a-inception-v3-compat-stat-fid-2048.pt")
    assert source_kind(rows.path) == source_kind(moments.path) == "statistics"
    assert rows.layout == moments.layout == "torch-fidelity"
    assert (rows.n, moments.n) == (40, None)
    np.testing.assert_array_equal(rows.features, ROWS)
    exact = frechet_distance(ROWS, OTHER)
    assert frechet_distance(rows.side, OTHER) == exact
    assert frechet_distance(moments.side, OTHER) == pytest.approx(exact, rel=FLOAT32)


@pytest.mark.slow
@pytest.mark.shared_data
def test_merged_and_converted_statistics_give_the_distance_of_the_features(
    shared: Path, tmp_path: Path
) -> None:
    real, fake = (
        np.load(shared / "reference" / f"features-monet-{name}.npz")["pf2048"]
        for name in ("paintings", "fake-resnet")
    )
    parts = [
        own(tmp_path / f"{i}.npz", real[rows], "never")
        for i, rows in enumerate((slice(0, 40), slice(40, None)))
    ]
    merge_statistics(parts, tmp_path / "whole.npz")
    convert_statistics(
        load_statistics(tmp_path / "whole.npz"), tmp_path / "theirs.npz", "pytorch-fid"
    )
    read = compute_statistics_of_path(str(tmp_path / "theirs.npz"), None, 1, 2048, "cpu")
    # `exact_cross_gram` of reference/peers.json, computed from the features themselves; the
    # deficient covariance is factored by its eigenvectors here, which costs a few digits at most.
    assert frechet_distance(Moments.from_statistics(*read), fake) == pytest.approx(
        66.87674216916157, rel=1e-9
    )
