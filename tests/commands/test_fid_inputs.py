"""What may stand for a set, and what is said when sets do not fit together."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ganeval.records import FeatureSpec, MetricsRecord

from .conftest import Outcome, make_folder

Ganeval = Callable[..., Outcome]
PROJECTION = ("--extractor", "random-projection")


def record_of(outcome: Outcome) -> MetricsRecord:
    assert outcome.code == 0, outcome.err
    return MetricsRecord.model_validate(json.loads(outcome.out))


def codes(record: MetricsRecord) -> list[str]:
    return [notice.code for notice in record.warnings]


def stack_of(folder: Path) -> np.ndarray:
    return np.stack([np.asarray(Image.open(file)) for file in sorted(folder.iterdir())])


def test_float_arrays_say_what_they_span(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    file = tmp_path / "fake.npy"
    np.save(file, (stack_of(fake) / 127.5 - 1).astype(np.float32))
    refused = ganeval("fid", real, file, *PROJECTION)
    assert refused.code == 2
    assert "--range -1,1" in refused.err
    array = ganeval("fid", real, file, *PROJECTION, "--range", "-1,1", "--quiet")
    folder = ganeval("fid", real, fake, *PROJECTION, "--quiet")
    # The digests of array images are others, so the same sums are taken in another order.
    assert float(array.out) == pytest.approx(float(folder.out), rel=1e-12)


def test_copies_inside_a_set_count_as_one_image_and_are_told(
    ganeval: Ganeval, real: Path, tmp_path: Path
) -> None:
    few = make_folder(tmp_path / "few", 8, seed=7)
    copied = tmp_path / "copied"
    copied.mkdir()
    for file in few.iterdir():
        for i in range(5):
            shutil.copy(file, copied / f"{i}-{file.name}")
    record = record_of(ganeval("fid", real, copied, *PROJECTION, "--json"))
    assert "duplicate_images" in codes(record)
    assert record.input("fake").n == 40
    assert record.input("fake").n_groups == 8
    alone = record_of(ganeval("fid", real, few, *PROJECTION, "--json"))
    se, se_alone = (r.metric("fid").estimate.se for r in (record, alone))
    assert se is not None
    assert se_alone is not None
    assert se > 0.7 * se_alone  # 40 independent images would give about 0.45 of it


def test_a_copy_in_another_format_is_the_same_set(
    ganeval: Ganeval, real: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in real.iterdir():
        Image.open(file).save(copy / f"{file.stem}.bmp")
    record = record_of(ganeval("fid", real, copy, *PROJECTION, "--json"))
    assert record.metric("fid").estimate.value == 0.0
    assert "identical_sets" in codes(record)
    assert "same images" in record.verdict


def test_statistics_of_a_set_against_the_set_are_exactly_zero(
    ganeval: Ganeval, real: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION, "--features", "never")
    assert ganeval("fid", file, real, *PROJECTION, "--quiet").out == "0.0\n"


def save_moments(path: Path, weights: str | None) -> Path:
    """Statistics that tell their weights, or the bare ones of another package."""
    rng = np.random.default_rng(len(path.name))
    features = rng.normal(size=(50, 8))
    entries = {"mu": features.mean(0), "sigma": np.cov(features, rowvar=False)}
    if weights is not None:
        spec = FeatureSpec(
            extractor="inception-2015",
            layer="768",
            dimension=8,
            weights_sha256=weights * 64,
            resize="clean",
            size=299,
            normalisation="",
            decode="correct",
        )
        meta = {
            "schema_version": "ganeval.statistics/1",
            "spec": spec.model_dump(),
            "source": {"role": "real", "label": "x", "kind": "folder", "path": "x", "n": 50},
            "environment": {"ganeval": "0.1.0", "python": "3.12"},
        }
        entries |= {"n": np.array(50), "meta": np.array(json.dumps(meta))}
    np.savez(path, **entries)
    return path


def test_two_statistics_must_agree_with_each_other(ganeval: Ganeval, tmp_path: Path) -> None:
    one, same = save_moments(tmp_path / "a.npz", "a"), save_moments(tmp_path / "aa.npz", "a")
    other = save_moments(tmp_path / "bbb.npz", "b")
    record = record_of(ganeval("fid", one, same, "--json"))
    assert record.metric("fid").display == "FD(inception:aaaaaaaa, 768)"
    assert record.metric("fid").params["resize"] == "clean"
    refused = ganeval("fid", one, other)
    assert refused.code == 2
    assert "weights_sha256" in refused.err


def test_two_statistics_of_unknown_making_claim_no_network(
    ganeval: Ganeval, tmp_path: Path
) -> None:
    files = save_moments(tmp_path / "a.npz", None), save_moments(tmp_path / "bb.npz", None)
    record = record_of(ganeval("fid", *files, "--json"))
    assert record.metric("fid").display == "FD(unknown network)"
    assert record.metric("fid").params["extractor"] is None
    assert "stats_provenance_unknown" in codes(record)
    refused = ganeval("fid", *files, "--limit", "10")
    assert refused.code == 2
    assert "--limit" in refused.err


def test_fakes_made_from_these_very_reals_are_noticed(
    ganeval: Ganeval, real: Path, tmp_path: Path
) -> None:
    shifted = tmp_path / "shifted"
    shifted.mkdir()
    for file in real.iterdir():
        pixels = np.asarray(Image.open(file)).astype(int)
        Image.fromarray(np.clip(pixels + 1, 0, 255).astype(np.uint8)).save(shifted / file.name)
    record = record_of(ganeval("fid", real, shifted, *PROJECTION, "--json"))
    assert "negative_excess" in codes(record)


def test_a_run_answered_by_the_cache_loads_no_network_library(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    network = ("--extractor", "efficientnet-lite0", "--device", "cpu", "--quiet")
    assert ganeval("fid", real, fake, *network).code == 0  # fills the cache
    code = (
        "import sys; from ganeval.cli import run;"
        f"assert run({['fid', str(real), str(fake), *network]!r}) == 0;"
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(done.stderr.split())
    assert "ganeval.cli" in loaded
    assert not loaded & {"torch", "torchvision", "timm", "openvino", "pandas", "scipy.stats"}
