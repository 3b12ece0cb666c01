"""Files of torch.save: numbers are read, nothing else is ever built."""

from __future__ import annotations

import os
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
import torch

from ganeval.errors import InputError
from ganeval.metrics.statistics_file import load_statistics

ROWS = np.random.default_rng(0).normal(size=(30, 6)).astype(np.float32)
MU, SIGMA = ROWS.mean(axis=0), np.cov(ROWS.T)


def written(path: Path, held: object) -> Path:
    torch.save(held, path)
    return path


@pytest.mark.parametrize("tensors", [True, False])
@pytest.mark.parametrize("extra", [{}, {"n_used": np.float64(3), "name": "x"}])
def test_mean_and_covariance_are_read(
    tensors: bool, extra: dict[str, object], tmp_path: Path
) -> None:
    arrays = {"mu": MU, "sigma": SIGMA}
    held = {k: torch.from_numpy(v) if tensors else v for k, v in arrays.items()}
    again = load_statistics(written(tmp_path / "a.pt", held | extra))
    assert (again.n, again.features, again.layout) == (None, None, "torch-fidelity")
    np.testing.assert_allclose(again.moments.covariance(), SIGMA, rtol=1e-15)


@pytest.mark.parametrize(
    "held",
    [
        torch.from_numpy(ROWS),
        torch.from_numpy(ROWS).requires_grad_(),
        ROWS,
        {"features": torch.from_numpy(ROWS), "labels": [1]},
        OrderedDict(feats=torch.from_numpy(ROWS)),
    ],
    ids=["tensor", "gradient", "array", "dictionary", "ordered"],
)
def test_features_are_read(held: object, tmp_path: Path) -> None:
    again = load_statistics(written(tmp_path / "a.pt", held))
    np.testing.assert_array_equal(again.features, ROWS)
    assert again.n == 30


class Trap:
    """Would run a command when unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, ("sprung",)


@pytest.mark.parametrize("held", [Trap(), {"mu": MU, "sigma": Trap()}, {"mu": [Trap()]}])
def test_nothing_but_numbers_is_built(
    held: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written(tmp_path / "trap.pt", held)
    with pytest.raises(InputError, match=r"trap\.pt: holds more than tensors .* run any program"):
        load_statistics("trap.pt")
    assert not (tmp_path / "sprung").exists()


REFUSED = {
    "only conv.weight": {"conv.weight": torch.zeros(3)},
    "at least 2": torch.zeros(1, 4),
    r"\[n, d\]": torch.zeros(3, 4, 4),
    "holds list, not": [1, 2],
    "bfloat16": torch.zeros(3, 4, dtype=torch.bfloat16),
    "negative eigenvalue": {"mu": MU, "sigma": -SIGMA},
    "holds str, not": {"mu": "a", "sigma": SIGMA},
    "run any program": {"mu": MU, "sigma": np.array([[None]])},
    "sparse": torch.eye(3).to_sparse(),
}


@pytest.mark.parametrize("reason", REFUSED)
def test_what_cannot_be_statistics_is_refused(reason: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.pt", REFUSED[reason])
    with pytest.raises(InputError, match=reason) as caught:
        load_statistics(path)
    assert str(path) in str(caught.value)


def test_damaged_and_old_files_are_named(tmp_path: Path) -> None:
    whole = written(tmp_path / "a.pt", torch.from_numpy(ROWS)).read_bytes()
    middle = len(whole) // 2
    (tmp_path / "half.pt").write_bytes(whole[:middle])
    start = whole.index(b"data.pkl") + 8
    (tmp_path / "bits.pt").write_bytes(whole[:start] + bytes(150) + whole[start + 150 :])
    torch.save(ROWS, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    for name in ("half.pt", "bits.pt", "old.pt"):
        with pytest.raises(InputError, match=name):
            load_statistics(tmp_path / name)
