"""Saved statistics: our own, those of other packages, and what is refused."""

from __future__ import annotations

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import ganeval.metrics.statistics_file as module
from ganeval.errors import GanevalError, InputError
from ganeval.metrics.frechet import frechet_distance
from ganeval.metrics.moments import Moments
from ganeval.metrics.statistics_file import check_dimension, load_statistics, save_statistics
from ganeval.records import Environment, FeatureSpec, InputInfo

ROWS = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
KEYS = [f"a/{i}-ö.png" for i in range(30)]
SPEC = FeatureSpec(
    extractor="inception-2015",
    layer="2048",
    dimension=6,
    weights_sha256="ab" * 32,
    resize="pytorch-fid",
    size=299,
    normalisation="-1..1",
    decode="correct",
)
ORIGIN: dict[str, Any] = {
    "spec": SPEC,
    "source": InputInfo(role="real", label="a", kind="folder", path="a/", n=30, fingerprint="f"),
    "environment": Environment(ganeval="1", python="3"),
}
MU, SIGMA = ROWS.mean(axis=0), np.cov(ROWS.T)


def saved(path: Path, **entries: object) -> Path:
    """Writes an .npz as another package would."""
    np.savez(path, **entries)  # type: ignore[arg-type]
    return path


def test_round_trip_keeps_everything(tmp_path: Path) -> None:
    path = tmp_path / "ref.npz"
    groups = [str(i // 3) for i in range(30)]
    save_statistics(path, ROWS, **ORIGIN, keys=KEYS, digests=KEYS[::-1], groups=groups)
    again = load_statistics(path)
    np.testing.assert_array_equal(again.features, ROWS)
    assert again.features.dtype == np.float32
    assert (again.keys, again.digests, again.groups) == (KEYS, KEYS[::-1], groups)
    assert (again.n, again.spec, again.meta.source) == (30, SPEC, ORIGIN["source"])
    assert again.side is again.features
    assert len(again.digest) == 64
    # One multiplication and one division by n - 1.
    np.testing.assert_allclose(again.moments.scatter, Moments.of(ROWS).scatter, rtol=1e-15)


@pytest.mark.parametrize(("choice", "limit", "kept"), [
    ("auto", 30, True), ("auto", 29, False), ("always", 29, True), ("never", 30, False),
])  # fmt: skip
def test_features_are_kept_as_asked(
    choice: Any, limit: int, kept: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST_ROWS", limit)
    save_statistics(tmp_path / "ref.npz", ROWS, **ORIGIN, keys=KEYS, keep_features=choice)
    again = load_statistics(tmp_path / "ref.npz")
    assert (again.features is not None) == (again.keys is not None) == kept
    assert again.n == 30
    assert again.side is (again.features if kept else again.moments)


def test_moments_are_saved_without_features(tmp_path: Path) -> None:
    save_statistics(tmp_path / "ref.npz", Moments.of(ROWS), **ORIGIN)
    again = load_statistics(tmp_path / "ref.npz")
    assert again.features is None
    assert frechet_distance(again.side, ROWS) < 1e-12
    unknown = Moments.from_statistics(MU, SIGMA)
    save_statistics(tmp_path / "converted.npz", unknown, **ORIGIN)
    assert load_statistics(tmp_path / "converted.npz").n is None


LAYOUTS = {
    "pytorch-fid": {"mu": MU, "sigma": SIGMA},
    "another order of sums": {"mu": MU, "sigma": SIGMA + np.triu(SIGMA, 1) * 1e-8},
    "edm": {"mu": MU.astype(np.float64), "sigma": SIGMA.astype(np.float32)},
    "guided-diffusion": {
        "arr_0": np.zeros((2, 4, 4, 3), np.uint8),
        "mu": MU,
        "sigma": SIGMA,
        "mu_s": np.zeros(3),
        "sigma_s": np.eye(3),
    },
}


@pytest.mark.parametrize("package", LAYOUTS)
def test_files_of_other_packages_are_read(package: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "ref.npz", **LAYOUTS[package])
    again = load_statistics(path)
    assert (again.n, again.spec, again.features, again.path) == (None, None, None, path)
    assert again.moments.mean.dtype == again.moments.scatter.dtype == np.float64
    np.testing.assert_allclose(again.moments.covariance(), SIGMA, rtol=1e-6)  # float32 in one
    np.testing.assert_array_equal(again.moments.scatter, again.moments.scatter.T)


def test_both_pairs_of_the_adm_evaluator_are_kept(tmp_path: Path) -> None:
    spatial = ROWS[:, :4].astype(np.float64)
    pair = {"mu_s": spatial.mean(axis=0), "sigma_s": np.cov(spatial.T)}
    images = np.zeros((2, 4, 4, 3), np.uint8)
    for extra in ({}, {"arr_0": images}):
        path = saved(tmp_path / "ref.npz", mu=MU, sigma=SIGMA, **pair, **extra)
        again = load_statistics(path)
        assert (again.layout, again.n, again.moments.d) == ("adm", None, 6)
        assert again.spatial is not None
        assert frechet_distance(again.spatial, spatial) < 1e-12
        assert frechet_distance(again.moments, ROWS) < 1e-6  # mu is float32


def test_features_of_the_full_network_are_kept_in_float32(tmp_path: Path) -> None:
    rows = np.random.default_rng(2).normal(size=(20, 2048)).astype(np.float32)
    spec = SPEC.model_copy(update={"dimension": 2048})
    save_statistics(tmp_path / "ref.npz", rows, **(ORIGIN | {"spec": spec}))
    with np.load(tmp_path / "ref.npz") as archive:
        assert (archive["features"].dtype, archive["mu"].dtype) == (np.float32, np.float64)
        assert archive["sigma"].dtype == np.float64
    again = load_statistics(tmp_path / "ref.npz")
    np.testing.assert_array_equal(again.features, rows)


def test_features_of_clean_fid_are_read(tmp_path: Path) -> None:
    again = load_statistics(saved(tmp_path / "kid.npz", feats=ROWS))
    np.testing.assert_array_equal(again.side, ROWS)
    assert again.n == 30


LOPSIDED = SIGMA + np.triu(np.ones((6, 6)), 1) * 1e-3
REFUSED = {
    "mu holds NaN": {"mu": np.where(np.arange(6) == 2, np.nan, MU), "sigma": SIGMA},
    "sigma holds NaN": {"mu": MU, "sigma": SIGMA * np.inf},
    "not symmetric": {"mu": MU, "sigma": LOPSIDED},
    "negative eigenvalue": {"mu": MU, "sigma": SIGMA - 2 * np.eye(6)},
    r"not of shapes \[d\]": {"mu": MU[:5], "sigma": SIGMA},
    "not real numbers": {"mu": MU * 1j, "sigma": SIGMA},
    "only images, labels": {"images": ROWS, "labels": ROWS},
    "row 3 of the features": {"feats": np.where(np.arange(30)[:, None] == 3, np.nan, ROWS)},
    "at least 2": {"mu": MU, "sigma": SIGMA, "n": np.array(1)},
    "whole number": {"mu": MU, "sigma": SIGMA, "n": np.array([30.0])},
    "do not fit n = 29": {"mu": MU, "sigma": SIGMA, "n": np.array(29), "features": ROWS},
    "keys are not 30 texts": {"mu": MU, "sigma": SIGMA, "n": np.array(30), "keys": ["a"]},
    "mu_s holds NaN": {"mu": MU, "sigma": SIGMA, "mu_s": MU * np.nan, "sigma_s": SIGMA},
    "sigma_s is not symmetric": {"mu": MU, "sigma": SIGMA, "mu_s": MU, "sigma_s": LOPSIDED},
    "resize is no text": {"mu": MU, "sigma": SIGMA, "resize": np.array(3)},
    "meta cannot be read": {"mu": MU, "sigma": SIGMA, "meta": '{"schema_version": "9"}'},
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_statistics_is_refused(reason: str, tmp_path: Path) -> None:
    path = saved(tmp_path / "ref.npz", **REFUSED[reason])
    with pytest.raises(InputError, match=reason) as caught:
        load_statistics(path)
    assert str(path) in str(caught.value)


def test_rounding_of_a_deficient_covariance_is_accepted(tmp_path: Path) -> None:
    deficient = np.cov(ROWS[:4].T) - 1e-9 * np.eye(6)
    again = load_statistics(saved(tmp_path / "ref.npz", mu=MU, sigma=deficient))
    assert frechet_distance(again.moments, ROWS) > 0
    nothing = load_statistics(saved(tmp_path / "zero.npz", mu=MU, sigma=np.zeros((6, 6))))
    assert frechet_distance(nothing.moments, ROWS) == pytest.approx(np.trace(SIGMA), rel=1e-6)


class Trap:
    """Would run a command when unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("sprung",)


def test_pickles_are_never_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "edm2.pkl").write_bytes(pickle.dumps({"fid": Trap()}))
    with pytest.raises(InputError, match="is a pickle") as caught:
        load_statistics("edm2.pkl")
    assert "mu and sigma" in str(caught.value)
    np.savez("inside.npz", mu=np.array([Trap()], dtype=object), sigma=SIGMA, allow_pickle=True)
    with pytest.raises(InputError, match="cannot be read as saved statistics"):
        load_statistics("inside.npz")
    assert not (tmp_path / "sprung").exists()


def test_damaged_and_missing_files_are_named(tmp_path: Path) -> None:
    whole = saved(tmp_path / "ref.npz", mu=MU, sigma=SIGMA).read_bytes()
    for name, content in {
        "half.npz": whole[: len(whole) // 2],
        "bits.npz": whole[:200] + bytes(50) + whole[250:],
        "empty.npz": b"",
        "text.npz": b"mu sigma",
    }.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(InputError, match=name):
            load_statistics(tmp_path / name)
    with pytest.raises(InputError, match=r"absent\.npz: cannot be read: No such file"):
        load_statistics(tmp_path / "absent.npz")


def test_another_dimension_is_refused(tmp_path: Path) -> None:
    again = load_statistics(saved(tmp_path / "ref.npz", mu=MU, sigma=SIGMA))
    check_dimension(again, 6)
    with pytest.raises(InputError, match=r"ref\.npz: holds 6 features per image, 2048 are needed"):
        check_dimension(again, 2048)


def test_what_should_not_be_saved_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ref.npz"
    reduced = ORIGIN | {"spec": SPEC.model_copy(update={"precision": "bf16"})}
    with pytest.raises(InputError, match="precision bf16"):
        save_statistics(path, ROWS, **reduced)
    with pytest.raises(InputError, match="2 keys were given for 30 images"):
        save_statistics(path, ROWS, **ORIGIN, keys=["a", "b"])
    with pytest.raises(InputError, match="at least 2 images"):
        save_statistics(path, ROWS[:1], **ORIGIN)
    assert not list(tmp_path.iterdir())


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ref.npz"
    save_statistics(path, ROWS, **ORIGIN)
    before = path.read_bytes()

    def full(stream: Any, **_: object) -> None:
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(GanevalError, match="No space left"):
        save_statistics(path, ROWS * 2, **ORIGIN)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
