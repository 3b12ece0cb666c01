"""Statistics in other packages' layouts, and what only the user knows of theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ganeval.errors import InputError
from ganeval.metrics.converting import convert_statistics
from ganeval.metrics.moments import Moments
from ganeval.metrics.statistics_file import (
    SavedStatistics,
    load_statistics,
    save_statistics,
    spatial_statistics,
    stated,
)

from .test_merging import ROWS, SPEC, part

MU, SIGMA = ROWS.mean(axis=0, dtype=np.float64), np.cov(ROWS.T.astype(np.float64))
WHOLE = slice(0, 60)


def names(path: Path) -> set[str]:
    with np.load(path, allow_pickle=False) as archive:
        return set(archive.files)


LAYOUTS: dict[Any, set[str]] = {
    "pytorch-fid": {"mu", "sigma"},
    "clean-fid": {"mu", "sigma"},
    "clean-fid-kid": {"feats"},
    "adm": {"mu", "sigma", "mu_s", "sigma_s"},
}


@pytest.mark.parametrize("to", LAYOUTS)
def test_a_layout_holds_what_its_readers_look_for(to: Any, tmp_path: Path) -> None:
    saved = part(tmp_path / "own.npz", WHOLE)
    convert_statistics(saved, tmp_path / "theirs.npz", to)
    assert names(tmp_path / "theirs.npz") == LAYOUTS[to]
    again = load_statistics(tmp_path / "theirs.npz")
    assert again.layout == ("pytorch-fid" if to == "clean-fid" else to)
    np.testing.assert_allclose(again.moments.mean, MU, rtol=1e-12)
    np.testing.assert_allclose(again.moments.covariance(), SIGMA, rtol=1e-10, atol=1e-13)


def test_own_layout_loses_nothing(tmp_path: Path) -> None:
    saved = part(tmp_path / "own.npz", WHOLE)
    convert_statistics(saved, tmp_path / "again.npz", "ganeval")
    again = load_statistics(tmp_path / "again.npz")
    assert (again.meta, again.keys, again.digests) == (saved.meta, saved.keys, saved.digests)
    np.testing.assert_array_equal(again.features, saved.features)
    assert again.spatial is not None


def test_what_a_layout_lacks_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "theirs.npz", mu=MU, sigma=SIGMA)
    theirs = load_statistics(tmp_path / "theirs.npz")
    with pytest.raises(InputError, match="--features always"):
        convert_statistics(theirs, tmp_path / "new.npz", "clean-fid-kid")
    with pytest.raises(InputError, match="--with-spatial"):
        convert_statistics(theirs, tmp_path / "new.npz", "adm")
    with pytest.raises(InputError, match=r"must end in \.npz"):
        convert_statistics(theirs, tmp_path / "new.pt", "pytorch-fid")
    assert names(tmp_path / "theirs.npz") == {"mu", "sigma"}
    assert [path.name for path in tmp_path.iterdir()] == ["theirs.npz"]


def test_what_the_user_states_is_kept(tmp_path: Path) -> None:
    np.savez(tmp_path / "adm.npz", mu=MU, sigma=SIGMA, mu_s=np.ones(4), sigma_s=np.eye(4))
    theirs = load_statistics(tmp_path / "adm.npz")
    assert (theirs.layout, theirs.n, theirs.resize) == ("adm", None, None)
    known = stated(theirs, "tf1", 500)
    convert_statistics(known, tmp_path / "own.npz", "ganeval")
    again = load_statistics(tmp_path / "own.npz")
    assert (again.layout, again.n, again.resize, again.spec) == ("ganeval", 500, "tf1", None)
    np.testing.assert_allclose(again.moments.covariance(), SIGMA, rtol=1e-14)
    spatial = spatial_statistics(again)
    assert spatial is not None
    assert (spatial.moments.d, spatial.n, spatial.resize) == (4, 500, "tf1")
    np.testing.assert_allclose(spatial.moments.covariance(), np.eye(4), rtol=1e-14)
    assert stated(again, "tf1", 500) == again
    with pytest.raises(InputError, match=r"--ref-resize clean: .*own\.npz tells tf1 itself"):
        stated(again, "clean")
    with pytest.raises(InputError, match=r"--ref-n 30: .*own\.npz tells 500 itself"):
        stated(again, n=30)
    with pytest.raises(InputError, match="at least 2 images"):
        stated(theirs, n=1)
    with pytest.raises(InputError, match="did you mean clean"):
        stated(of_inception(tmp_path / "pool.npz"), "clena")


def of_inception(path: Path) -> SavedStatistics:
    np.savez(path, mu=np.zeros(64), sigma=np.eye(64))
    return load_statistics(path)


def test_spatial_statistics_tell_their_layer(tmp_path: Path) -> None:
    saved = part(tmp_path / "own.npz", WHOLE)
    spatial = spatial_statistics(saved)
    assert spatial is not None
    assert spatial.spec == SPEC.model_copy(update={"layer": "sfid", "dimension": 4})
    assert spatial.features is None
    assert saved.spec == SPEC
    assert spatial_statistics(of_inception(tmp_path / "pool.npz")) is None


def test_spatial_moments_are_checked(tmp_path: Path) -> None:
    saved = part(tmp_path / "own.npz", WHOLE)
    assert saved.meta is not None
    origin = {"source": saved.meta.source, "environment": saved.meta.environment, "spec": SPEC}
    with pytest.raises(InputError, match="9 images have spatial features, 60 others"):
        save_statistics(tmp_path / "new.npz", ROWS, **origin, spatial=Moments.of(ROWS[:9]))
    np.savez(tmp_path / "bad.npz", mu=MU, sigma=SIGMA, mu_s=np.ones(4), sigma_s=-np.eye(4))
    with pytest.raises(InputError, match="sigma_s has a negative eigenvalue"):
        load_statistics(tmp_path / "bad.npz")
