"""Checkpoints survive kills, damage and full disks."""

from __future__ import annotations

import hashlib
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from ganeval.errors import InputError
from ganeval_cyclegan.checkpoints import (
    SCHEMA,
    CheckpointError,
    Checkpoints,
    latest_checkpoint,
    read_checkpoint,
    sidecar,
)


def state(value: float) -> dict[str, object]:
    return {"weights": torch.full((3, 4), value), "counters": {"seen": [1, 2]}, "text": "a"}


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    saved = Checkpoints(tmp_path).save(7, state(1.5))
    path = tmp_path / saved.path
    found = read_checkpoint(path)
    assert torch.equal(found["weights"], torch.full((3, 4), 1.5))
    assert (found["counters"], found["text"], found["update"]) == ({"seen": [1, 2]}, "a", 7)
    assert saved.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert saved.bytes == path.stat().st_size
    assert sidecar(path).read_text() == f"{saved.sha256}  {path.name}\n"


@pytest.mark.parametrize("damage", ["flip", "truncate", "no digest", "empty"])
def test_a_damaged_checkpoint_is_passed_over_for_the_one_before(
    tmp_path: Path, damage: str
) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(100, state(1))
    path = tmp_path / checkpoints.save(200, state(2)).path
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    elif damage == "truncate":
        path.write_bytes(content[:-1])
    elif damage == "empty":
        path.write_bytes(b"")
    else:
        sidecar(path).unlink()
    told: list[str] = []
    found = checkpoints.newest_good(told.append)
    assert found is not None
    assert found[0].update == 100
    assert torch.equal(found[1]["weights"], torch.full((3, 4), 1.0))
    assert len(told) == 1
    assert "u00000200.pt" in told[0]
    assert latest_checkpoint(tmp_path).name == "u00000100.pt"


def test_where_all_are_damaged_nothing_starts_anew_in_silence(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    (tmp_path / checkpoints.save(1, state(1)).path).write_bytes(b"x")
    with pytest.raises(InputError, match="every checkpoint is damaged"):
        checkpoints.newest_good([].append)


def test_an_empty_folder_has_no_checkpoint(tmp_path: Path) -> None:
    assert Checkpoints(tmp_path).newest_good() is None
    with pytest.raises(InputError, match="holds no checkpoint"):
        latest_checkpoint(tmp_path)


def test_a_newer_schema_is_refused_not_passed_over(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(1, state(1))
    checkpoints.save(2, {**state(2), "schema": SCHEMA + 1})
    with pytest.raises(InputError, match=f"schema {SCHEMA + 1}; this version reads up to"):
        checkpoints.newest_good()


def test_the_last_ones_and_the_named_ones_are_kept(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for update in (10, 20, 30, 40, 50):
        checkpoints.save(update, state(update))
    checkpoints.prune(keep_last=2, kept=[20])
    assert [one.update for one in checkpoints.listed()] == [20, 40, 50]
    assert len(list(checkpoints.folder.iterdir())) == 6  # each with its digest


def test_half_written_files_count_for_nothing_and_are_cleared(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(10, state(1))
    part = checkpoints.folder / ".u00000020.pt.part"
    part.write_bytes(b"half")
    assert [one.update for one in checkpoints.listed()] == [10]
    checkpoints.clear_parts()
    assert not part.exists()


_FILL = """
import resource, sys
from pathlib import Path
import torch
from ganeval_cyclegan.checkpoints import CheckpointError, Checkpoints
checkpoints = Checkpoints(Path(sys.argv[1]))
checkpoints.save(100, {"weights": torch.zeros(1000)})
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    checkpoints.save(200, {"weights": torch.zeros(1_000_000)})
except CheckpointError as error:
    print(error)
    sys.exit(9)
"""


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="needs a limit on file sizes")
def test_without_space_the_last_checkpoint_stays_and_is_named(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", _FILL, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 9, done.stderr
    assert "no space left for the checkpoint" in done.stdout
    assert f"{tmp_path}/checkpoints/u00000100.pt is whole" in done.stdout
    names = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    assert names == ["u00000100.pt", "u00000100.pt.sha256"]


def test_a_write_error_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "checkpoints").write_text("a file where the folder should be")
    with pytest.raises(CheckpointError, match="cannot be written"):
        Checkpoints(tmp_path).save(1, state(1))
