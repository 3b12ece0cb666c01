"""``ganeval stats``: what is saved can stand for the images."""

from __future__ import annotations

import json
import re
import runpy
import shlex
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganeval.images import open_image_set
from ganeval.metrics.moments import Moments
from ganeval.metrics.statistics_file import load_statistics
from ganeval.records import MetricsRecord

from .conftest import Outcome

Ganeval = Callable[..., Outcome]
ROOT = Path(__file__).resolve().parents[2]
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


def halves(ganeval: Ganeval, real: Path, tmp_path: Path) -> list[Path]:
    """Saves a set in two parts of 12 and 18 images."""
    files = []
    for name, start, stop in (("first", 0, 12), ("second", 12, 30)):
        (tmp_path / name).mkdir()
        for image in sorted(real.iterdir())[start:stop]:
            shutil.copy(image, tmp_path / name)
        files.append(tmp_path / f"{name}.npz")
        outcome = ganeval("stats", "save", tmp_path / name, files[-1], *PROJECTION)
        assert outcome.code == 0, outcome.err
    return files


def test_merged_parts_are_the_whole_set(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    files = halves(ganeval, real, tmp_path)
    merged = ganeval("stats", "merge", *files, tmp_path / "merged.npz")
    assert (merged.code, merged.err) == (0, "")
    assert "30 images, with features" in merged.out
    ganeval("stats", "save", real, tmp_path / "whole.npz", *PROJECTION)
    one, other = (load_statistics(tmp_path / name) for name in ("merged.npz", "whole.npz"))
    np.testing.assert_allclose(one.moments.scatter, other.moments.scatter, rtol=1e-9, atol=1e-9)
    # Merging also brings back what tells a set of the same images.
    assert one.meta is not None
    content = open_image_set(real).content_fingerprint
    assert one.meta.source.content_fingerprint == content


def test_merge_writes_over_nothing(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    files = halves(ganeval, real, tmp_path)
    before = files[1].read_bytes()
    outcome = ganeval("stats", "merge", *files)
    assert outcome.code == 2
    assert "exists already" in outcome.err
    assert files[1].read_bytes() == before
    outcome = ganeval("stats", "merge", files[0], tmp_path / "new.npz")
    assert outcome.code == 2
    assert "at least 2 files" in outcome.err
    outcome = ganeval("stats", "merge", files[0], files[0], tmp_path / "twice.npz")
    assert "duplicate_images" in outcome.err


def test_converted_files_say_what_the_user_says(ganeval: Ganeval, tmp_path: Path) -> None:
    theirs, own = tmp_path / "theirs.npz", tmp_path / "own.npz"
    np.savez(theirs, mu=np.zeros(64), sigma=np.eye(64))
    stated = ("--ref-n", "500", "--ref-resize", "tf1")
    outcome = ganeval("stats", "convert", theirs, own, "--to", "ganeval", *stated)
    assert outcome.code == 0, outcome.err
    told = json.loads(ganeval("stats", "show", own, "--json").out)
    assert (told["n"], told["resize"], told["meta"]) == (500, "tf1", None)
    assert "tf1, as stated by a user" in ganeval("stats", "show", own).out
    outcome = ganeval("stats", "convert", theirs, tmp_path / "x.npz", "--to", "adm", *stated)
    assert outcome.code == 2
    assert "no place for --ref-resize and --ref-n" in outcome.err
    outcome = ganeval("stats", "convert", theirs, tmp_path / "x.npz", "--to", "adm")
    assert outcome.code == 2
    assert "holds no spatial features" in outcome.err
    assert not (tmp_path / "x.npz").exists()


def test_show_speaks_json_of_every_layout(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    import torch

    own = tmp_path / "own.npz"
    ganeval("stats", "save", real, own, *PROJECTION)
    for to in ("pytorch-fid", "clean-fid-kid"):
        ganeval("stats", "convert", own, tmp_path / f"{to}.npz", "--to", to)
    torch.save(load_statistics(own).features, tmp_path / "torch-fidelity.pt")
    for layout, n in (("pytorch-fid", None), ("clean-fid-kid", 30), ("torch-fidelity", 30)):
        (file,) = tmp_path.glob(f"{layout}.*")
        told = json.loads(ganeval("stats", "show", file, "--json").out)
        assert (told["layout"], told["n"], told["dimension"]) == (layout, n, 64)
    told = json.loads(ganeval("stats", "show", own, "--json").out)
    assert told["meta"]["spec"]["extractor"] == "random-projection"


def test_spatial_features_need_a_network_that_has_them(
    ganeval: Ganeval, real: Path, tmp_path: Path
) -> None:
    file = tmp_path / "real.npz"
    outcome = ganeval("stats", "save", real, file, *PROJECTION, "--with-spatial")
    assert outcome.code == 2
    assert "no layer of random-projection 'sfid'" in outcome.err
    outcome = ganeval("stats", "save", real, file, "--layer", "sfid", "--with-spatial")
    assert outcome.code == 2
    assert "saved already" in outcome.err


@pytest.mark.slow
def test_spatial_features_are_saved_for_the_adm_evaluator(
    ganeval: Ganeval, real: Path, tmp_path: Path, inception_weights: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for image in sorted(real.iterdir())[:4]:
        shutil.copy(image, few)
    network = ("--layer", "64", "--weights", inception_weights)
    outcome = ganeval("stats", "save", few, tmp_path / "own.npz", *network, "--with-spatial")
    assert outcome.code == 0, outcome.err
    ganeval("stats", "convert", tmp_path / "own.npz", tmp_path / "adm.npz", "--to", "adm")
    saved = ganeval("stats", "save", few, tmp_path / "s.npz", *network[2:], "--layer", "sfid")
    assert saved.code == 0, saved.err
    with np.load(tmp_path / "adm.npz") as theirs:
        assert theirs["mu"].shape == (64,)
        expected = Moments.of(load_statistics(tmp_path / "s.npz").features)
        np.testing.assert_allclose(theirs["mu_s"], expected.mean, rtol=1e-12)
        np.testing.assert_allclose(theirs["sigma_s"], expected.covariance(), atol=1e-12)


def masked(text: str) -> list[str]:
    """Words with digests and digits masked: other processors may change the last of them."""
    text = re.sub(r"(sha256|fingerprint) +[0-9a-f]+", r"\1 #", text)
    return re.sub(r"\d+(\.\d+)?", "#", text).split()


@pytest.mark.slow
def test_the_page_on_statistics_prints_what_it_shows(
    ganeval: Ganeval, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, inception_weights: Path
) -> None:
    runpy.run_path(str(ROOT / "examples" / "make_demo_images.py"))["main"](tmp_path)
    for name, keep in (("part1", 0), ("part2", 1)):
        (tmp_path / name).mkdir()
        for image in sorted((tmp_path / "real").iterdir())[keep::2]:
            shutil.copy(image, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GANEVAL_WEIGHTS", str(inception_weights))
    text = (ROOT / "docs" / "statistics.md").read_text("utf-8")
    blocks = "".join(re.findall(r"```console\n(.*?)```", text, re.S))
    commands = re.split(r"^\$ ", blocks, flags=re.M)[1:]
    assert len(commands) == 12
    for part in commands:
        command, _, output = part.partition("\n")
        outcome = ganeval(*shlex.split(command)[1:])
        assert (outcome.code, masked(outcome.out)) == (0, masked(output)), command


@pytest.mark.peer
def test_pytorch_fid_reads_what_is_saved(ganeval: Ganeval, real: Path, tmp_path: Path) -> None:
    from pytorch_fid.fid_score import compute_statistics_of_path

    file = tmp_path / "real.npz"
    ganeval("stats", "save", real, file, *PROJECTION)
    mean, covariance = compute_statistics_of_path(str(file), None, 1, 64, "cpu")
    assert mean.shape == (64,)
    assert covariance.shape == (64, 64)


def test_a_resize_mode_is_stated_in_the_terms_of_the_extractor_of_the_run(
    ganeval: Callable[..., Outcome], tmp_path: Path, fake: Path
) -> None:
    """Statistics of 64 numbers need not be of the Inception's layer 64."""
    saved = tmp_path / "theirs.npz"
    np.savez(saved, mu=np.zeros(64), sigma=np.eye(64))
    options = ("--extractor", "random-projection", "--ref-resize")
    assert ganeval("fid", saved, fake, *options, "area").code == 0
    refused = ganeval("fid", saved, fake, *options, "clean")
    assert refused.code == 2
    assert "resize mode of random-projection" in refused.err
    ignored = ganeval("fid", fake, fake, *options, "area")
    assert ignored.code == 2
    assert "REAL is images" in ignored.err
