"""``ganeval stats``: what is saved can stand for the images."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganeval.records import MetricsRecord

from .conftest import Outcome

Ganeval = Callable[..., Outcome]
PROJECTION = ("--extractor", "random-projection")


def record(outcome: Outcome) -> MetricsRecord:
    assert outcome.code == 0, outcome.err
    return MetricsRecord.model_validate(json.loads(outcome.out))


def test_a_saved_set_gives_the_numbers_of_its_images(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.npz"
    saved = ganeval("stats", "save", real, file, *PROJECTION)
    assert saved.code == 0, saved.err
    assert "30 images" in saved.out
    one = record(ganeval("fid", real, fake, *PROJECTION, "--json"))
    other = record(ganeval("fid", file, fake, *PROJECTION, "--json"))
    for name in ("fid", "kid"):
        assert one.metric(name) == other.metric(name)
    assert "stats_provenance_unknown" not in [w.code for w in other.warnings]


def test_without_features_the_distance_stays_and_kid_goes(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION, "--features", "never")
    one = record(ganeval("fid", real, fake, *PROJECTION, "--json"))
    other = record(ganeval("fid", file, fake, *PROJECTION, "--json"))
    assert [m.name for m in other.metrics] == ["fid"]
    expected = one.metric("fid").estimate.value
    assert other.metric("fid").estimate.value == pytest.approx(expected, rel=1e-9)


def test_statistics_of_another_protocol_are_refused(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION)
    outcome = ganeval("fid", file, fake, *PROJECTION, "--decode", "peer")
    assert outcome.code == 2
    assert "decode: correct there, peer here" in outcome.err


def test_show_tells_where_a_file_comes_from(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION)
    shown = ganeval("stats", "show", file).out
    for part in ("30", "random-projection", str(real), "area"):
        assert part in shown
    np.savez(tmp_path / "theirs.npz", mu=np.zeros(4), sigma=np.eye(4))
    assert "another package" in ganeval("stats", "show", tmp_path / "theirs.npz").out


def test_statistics_are_not_saved_of_statistics(
    ganeval: Ganeval, real: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION)
    outcome = ganeval("stats", "save", file, tmp_path / "again.npz", *PROJECTION)
    assert outcome.code == 2
    assert not (tmp_path / "again.npz").exists()


@pytest.mark.peer
def test_pytorch_fid_reads_what_is_saved(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    from pytorch_fid.fid_score import compute_statistics_of_path

    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION)
    mean, covariance = compute_statistics_of_path(str(file), None, 1, 64, "cpu")
    assert mean.shape == (64,)
    assert covariance.shape == (64, 64)
