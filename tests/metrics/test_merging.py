"""Statistics of parts of a set, merged into those of the whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ganeval.metrics.merging as module
from ganeval.errors import InputError
from ganeval.metrics.merging import merge_statistics
from ganeval.metrics.moments import Moments
from ganeval.metrics.statistics_file import (
    SavedStatistics,
    load_statistics,
    save_statistics,
    stated,
)
from ganeval.records import Environment, FeatureSpec, InputInfo

ROWS = np.random.default_rng(0).normal(size=(60, 5)).astype(np.float32) + 3
SPATIAL = np.random.default_rng(1).normal(size=(60, 4))
PARTS = (slice(0, 10), slice(10, 45), slice(45, 60))
SPEC = FeatureSpec(
    extractor="inception-2015",
    layer="2048",
    dimension=5,
    weights_sha256="ab" * 32,
    resize="clean",
    size=299,
    normalisation="-1..1",
    decode="correct",
)


def part(path: Path, rows: slice, *, features: bool = True, **other: Any) -> SavedStatistics:
    """Saves some of the rows and reads them again."""
    names = [f"{i:02d}" for i in range(60)[rows]]
    n = len(names)
    source = InputInfo(
        role="real", label="a", kind="folder", path=f"{path.stem}/", n=n, formats={"PNG": n}
    )
    save_statistics(
        path,
        ROWS[rows],
        spec=SPEC.model_copy(update=other),
        source=source,
        environment=Environment(ganeval="1", python="3"),
        keys=[f"{name}.png" for name in names],
        digests=names,
        groups=[name[0] for name in names],
        spatial=Moments.of(SPATIAL[rows]),
        keep_features="always" if features else "never",
    )
    return load_statistics(path)


def foreign(path: Path, rows: slice) -> SavedStatistics:
    """Some of the rows as pytorch-fid would save them."""
    np.savez(path, mu=ROWS[rows].mean(axis=0), sigma=np.cov(ROWS[rows].T))
    return load_statistics(path)


@pytest.mark.parametrize("features", [True, False])
def test_merged_parts_are_the_whole(features: bool, tmp_path: Path) -> None:
    # Of one part without features it follows that the whole has none.
    parts = [
        part(tmp_path / f"{i}.npz", rows, features=features or i != 1)
        for i, rows in enumerate(PARTS)
    ]
    merged = merge_statistics(parts, tmp_path / "whole.npz")
    whole = load_statistics(tmp_path / "whole.npz")
    assert (merged.n, merged.has_features, merged.notices) == (60, features, [])
    assert whole.n == 60
    # Merging in any split agrees to rounding (Chan, Golub and LeVeque 1983).
    expected, spatial = Moments.of(ROWS), Moments.of(SPATIAL)
    np.testing.assert_allclose(whole.moments.mean, expected.mean, rtol=1e-12)
    np.testing.assert_allclose(whole.moments.scatter, expected.scatter, rtol=1e-12, atol=1e-12)
    assert whole.spatial is not None
    np.testing.assert_allclose(whole.spatial.scatter, spatial.scatter, rtol=1e-12, atol=1e-12)
    assert whole.spec == SPEC
    assert whole.meta is not None
    assert whole.meta.source.formats == {"PNG": 60}
    if features:
        np.testing.assert_array_equal(whole.features, ROWS)
        assert whole.keys == [f"{i:02d}.png" for i in range(60)]
        assert (whole.digests, whole.meta.source.n_groups) == ([k[:2] for k in whole.keys], 6)
    else:
        assert whole.features is None


def test_features_stay_out_of_large_sets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parts = [part(tmp_path / f"{i}.npz", rows) for i, rows in enumerate(PARTS)]
    monkeypatch.setattr(module, "MOST_ROWS", 59)
    assert not merge_statistics(parts, tmp_path / "whole.npz").has_features
    assert load_statistics(tmp_path / "whole.npz").n == 60


def test_images_in_two_files_are_told_of(tmp_path: Path) -> None:
    one = part(tmp_path / "one.npz", slice(0, 30))
    two = part(tmp_path / "two.npz", slice(27, 60))
    (notice,) = merge_statistics([one, two], tmp_path / "whole.npz").notices
    assert (notice.code, notice.data) == ("duplicate_images", {"shared": 3})
    whole = load_statistics(tmp_path / "whole.npz")
    # Keys name images, so that equal ones must be told apart.
    assert whole.keys is not None
    assert whole.keys[28:31] == ["0-one/28.png", "0-one/29.png", "1-two/27.png"]
    twice = part(tmp_path / "three.npz", slice(0, 30), features=False)
    (notice,) = merge_statistics([twice, twice], tmp_path / "twice.npz").notices
    assert notice.data == {"shared": 30}


def test_other_packages_files_merge_when_their_n_is_stated(tmp_path: Path) -> None:
    parts = [foreign(tmp_path / f"{i}.npz", rows) for i, rows in enumerate(PARTS)]
    with pytest.raises(InputError, match=r"0\.npz: does not tell its number") as caught:
        merge_statistics(parts, tmp_path / "whole.npz")
    assert "--ref-n N" in str(caught.value)
    known = [stated(one, "clean", n) for one, n in zip(parts, (10, 35, 15), strict=True)]
    merged = merge_statistics(known, tmp_path / "whole.npz")
    assert [notice.code for notice in merged.notices] == ["stats_provenance_unknown"]
    whole = load_statistics(tmp_path / "whole.npz")
    assert (whole.n, whole.resize, whole.meta) == (60, "clean", None)
    np.testing.assert_allclose(whole.moments.covariance(), np.cov(ROWS.T), rtol=1e-5)  # float32 mu


def test_parts_of_different_protocols_are_refused(tmp_path: Path) -> None:
    one = part(tmp_path / "one.npz", PARTS[0])
    target = tmp_path / "whole.npz"
    other = part(tmp_path / "other.npz", PARTS[1], resize="tf1", decode="peer")
    with pytest.raises(InputError, match=r"\(resize: tf1, clean; decode: peer, correct\)"):
        merge_statistics([one, other], target)
    theirs = stated(foreign(tmp_path / "theirs.npz", PARTS[2]), n=15)
    with pytest.raises(InputError, match=r"theirs\.npz does not tell its own"):
        merge_statistics([one, theirs], target)
    another = stated(foreign(tmp_path / "tf1.npz", PARTS[1]), "tf1", 35)
    with pytest.raises(InputError, match="resize: tf1, None"):
        merge_statistics([theirs, another], target)
    np.savez(tmp_path / "wide.npz", feats=np.ones((4, 9)))
    with pytest.raises(InputError, match=r"wide\.npz: holds 9 features per image, .* 5"):
        merge_statistics([one, load_statistics(tmp_path / "wide.npz")], target)
    with pytest.raises(InputError, match="at least 2 files"):
        merge_statistics([one], target)
    assert not target.exists()
