"""``ganeval translate`` as it is typed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from commands.conftest import Outcome, make_folder
from ganeval_cyclegan.config import TrainConfig
from ganeval_cyclegan.nets.build import build_networks
from ganeval_cyclegan.streams import Streams

Call = Callable[..., Outcome]


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    """Both generators as the published code names them."""
    config = TrainConfig.model_validate({"nets": {"G": {"ngf": 4, "n_blocks": 1}}})
    nets = build_networks(config, Streams(0))
    folder = tmp_path / "weights"
    folder.mkdir()
    for name in ("G_A", "G_B"):
        torch.save(getattr(nets, name).state_dict(), folder / f"latest_net_{name}.pth")
    torch.save(nets.G_A.state_dict(), tmp_path / "latest_net_G.pth")
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return make_folder(tmp_path / "photos", 3, seed=1)


def test_translations_are_written_and_told(
    ganeval: Call, weights: Path, photos: Path, tmp_path: Path
) -> None:
    done = ganeval("translate", weights / "latest_net_G_A.pth", photos, tmp_path / "out")
    assert done.code == 0
    assert f"3 translations in {tmp_path / 'out'}" in done.out
    assert "resnet instance" in done.out
    assert "AtoB" in done.out
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [
        "000.png",
        "001.png",
        "002.png",
    ]
    written = json.loads((tmp_path / "out/translate.json").read_text())
    assert written["argv"][:2] == ["ganeval", "translate"]


def test_quiet_prints_one_number(
    ganeval: Call, weights: Path, photos: Path, tmp_path: Path
) -> None:
    options = ["--uint8", "truncate", "--quiet"]
    done = ganeval("translate", tmp_path / "latest_net_G.pth", photos, tmp_path / "out", *options)
    assert (done.code, done.out, done.err) == (0, "3\n", "")


def test_everything_at_once(ganeval: Call, weights: Path, photos: Path, tmp_path: Path) -> None:
    done = ganeval(
        *("translate", weights, photos, tmp_path / "out", "--direction", "BtoA"),
        *("--with", "recovered,identity", "--size", "24x20", "--format", "jpg", "--quality", "90"),
        *("--archive", tmp_path / "all.zip", "--uint8", "truncate", "--limit", "2", "--seed", "3"),
        *("--norm-mode", "train", "--batch-size", "2", "--device", "cpu", "--on-error", "skip"),
    )
    assert done.code == 0
    for folder in ("out", "out-recovered", "out-identity"):
        assert len(list((tmp_path / folder).glob("*.jpg"))) == 2
    assert f"2 images identity in {tmp_path / 'out-identity'}" in done.out
    assert f"2 files in {tmp_path / 'all.zip'}" in done.out
    for code in ("jpeg", "truncated", "norm_mode", "stretched", "archive_count"):
        assert f"! {code}:" in done.err


def test_a_folder_that_is_not_empty_needs_overwrite(
    ganeval: Call, weights: Path, photos: Path, tmp_path: Path
) -> None:
    command = ["translate", weights / "latest_net_G_A.pth", photos, tmp_path / "out"]
    assert ganeval(*command).code == 0
    again = ganeval(*command)
    assert again.code == 2
    assert "not empty" in again.err
    assert "--overwrite" in again.err
    assert ganeval(*command, "--overwrite").code == 0


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--with", "recoverd"], "did you mean recovered?"),
        (["--size", "0"], "none of keep"),
        (["--size", "12x"], "none of keep"),
        (["--quality", "90"], "add --format jpg"),
        (["--on-error", "ignore"], "none of fail, skip"),
        (["--device", "tpu"], "--device tpu"),
        (["--ema"], "holds no generator"),
        (["--checkpoint", "best"], "run folder"),
        (["--direction", "BtoA"], "BtoA"),
        (["--archive", "nowhere/all.zip"], "nowhere does not exist"),
    ],
)
def test_wrong_options_are_told_in_a_sentence(
    ganeval: Call, weights: Path, photos: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    out = tmp_path / "out"
    done = ganeval("translate", weights / "latest_net_G_A.pth", photos, out, *options)
    assert done.code == 2
    assert words in done.err
    assert not out.exists()


def test_what_is_no_generator_is_told(
    ganeval: Call, weights: Path, photos: Path, tmp_path: Path
) -> None:
    for wrong in (photos, photos / "000.png"):
        done = ganeval("translate", wrong, photos, tmp_path / "out")
        assert done.code == 2
        assert f"Error: {wrong}: " in done.err
    both = ganeval("translate", weights, photos, tmp_path / "out")
    assert both.code == 2
    assert "--direction AtoB" in both.err


def test_images_without_a_folder_are_told(ganeval: Call, weights: Path, tmp_path: Path) -> None:
    done = ganeval("translate", tmp_path / "latest_net_G.pth", tmp_path / "photo", tmp_path / "out")
    assert done.code == 2
    assert "no such file or folder" in done.err
