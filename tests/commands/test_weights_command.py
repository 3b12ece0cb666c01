from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ganeval.commands.weights import weights
from ganeval.errors import ExitCode, GanevalError, InputError, MissingFileError
from ganeval.features.published import PUBLISHED
from ganeval.images.digests import DigestHints
from ganeval.paths import cache_folder

NAME = "inception-2015"
LITE = "efficientnet-lite0"
REAL = b"the published weights"
OTHER = b"weights of somebody else"


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(autouse=True)
def _small_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Weights that a test can write, on a computer that has none and no network."""
    entry = dataclasses.replace(PUBLISHED[NAME], sha256=sha256(REAL), size=len(REAL))
    monkeypatch.setitem(PUBLISHED, NAME, entry)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")


def run(*args: str) -> Result:
    return CliRunner().invoke(weights, args)


def put(content: bytes) -> Path:
    path = cache_folder() / "weights" / PUBLISHED[NAME].file
    path.parent.mkdir(parents=True)
    path.write_bytes(content)
    return path


def state(name: str) -> dict[str, str | None]:
    rows = {row["name"]: row for row in json.loads(run("list", "--json").stdout)}
    assert rows.keys() == PUBLISHED.keys()
    found: dict[str, str | None] = rows[name]
    return found


def test_list_says_what_is_found_missing_or_wrong() -> None:
    assert (state(NAME)["state"], state(NAME)["path"]) == ("not found", None)
    path = put(OTHER)
    assert (state(NAME)["state"], state(NAME)["path"]) == ("wrong digest", str(path))
    path.write_bytes(REAL)
    assert (state(NAME)["state"], state(NAME)["path"]) == ("found", str(path))
    assert state(LITE)["state"] == "found"


def test_the_table_has_a_whole_line_per_file() -> None:
    path = put(REAL)
    result = run("list")
    assert result.exit_code == 0
    (line,) = [line for line in result.stdout.splitlines() if line.startswith(NAME)]
    for part in (PUBLISHED[NAME].file, "21 bytes", sha256(REAL)[:8], f"found: {path}"):
        assert part in line


def test_path_prints_the_path_alone() -> None:
    path = put(REAL)
    result = run("path", NAME)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{path}\n", "")


def test_path_of_absent_weights_is_exit_code_3() -> None:
    result = run("path", NAME)
    assert isinstance(result.exception, MissingFileError)
    assert result.exception.exit_code == ExitCode.MISSING
    assert "ganeval weights fetch inception-2015" in str(result.exception)
    assert result.stdout == ""


def test_path_of_wrong_weights_is_an_error() -> None:
    put(OTHER)
    assert isinstance(run("path", NAME).exception, MissingFileError)


def test_fetch_of_what_is_there_prints_where() -> None:
    path = put(REAL)
    result = run("fetch", NAME)
    assert (result.exit_code, result.stdout, result.stderr) == (0, f"{path}\n", "")


def test_fetch_of_what_cannot_be_had_is_exit_code_3() -> None:
    result = run("fetch", NAME)
    assert isinstance(result.exception, MissingFileError)
    assert "GANEVAL_OFFLINE" in str(result.exception)


@pytest.mark.parametrize("command", ["path", "fetch", "verify"])
def test_an_unknown_name_is_wrong_usage(command: str) -> None:
    result = run(command, "inception")
    assert isinstance(result.exception, InputError)
    assert "inception-2015" in str(result.exception)


def test_verify_reads_the_bytes_and_not_the_hints() -> None:
    path = put(REAL)
    os.utime(path, (0, 0))
    assert run("verify", NAME).exit_code == 0
    assert run("path", NAME).exit_code == 0  # remembers the digest
    path.write_bytes(REAL[::-1])
    os.utime(path, (0, 0))
    hints = DigestHints(cache_folder())
    assert hints.get_many([path]) == {path: sha256(REAL)}
    result = run("verify", NAME)
    assert isinstance(result.exception, GanevalError)
    assert result.exception.exit_code == ExitCode.FAILED
    for part in (str(path), sha256(REAL[::-1]), sha256(REAL)):
        assert part in str(result.exception)


def test_verify_of_all_checks_the_others_too_and_passes_over_absent_ones() -> None:
    result = run("verify")
    assert result.exit_code == 0
    assert f"{NAME}: not found" in result.stdout
    assert f"{LITE}: sha256 {PUBLISHED[LITE].sha256} as published" in result.stdout
    put(OTHER)
    result = run("verify")
    assert result.exit_code == 1
    assert f"{LITE}: sha256" in result.stdout


def test_verify_of_one_that_is_absent_is_exit_code_3() -> None:
    assert isinstance(run("verify", NAME).exception, MissingFileError)


def test_the_weights_of_a_torchvision_model_go_by_its_name() -> None:
    name = "torchvision:resnet18"
    assert isinstance(run("path", name).exception, MissingFileError)
    result = run("fetch", name)
    assert isinstance(result.exception, MissingFileError)
    assert "resnet18-f37072fd.pth" in str(result.exception)
    path = cache_folder() / "weights" / "resnet18-f37072fd.pth"
    path.parent.mkdir(parents=True)
    path.write_bytes(OTHER)
    result = run("verify", name)
    assert isinstance(result.exception, GanevalError)
    for part in (str(path), sha256(OTHER), "f37072fd"):
        assert part in str(result.exception)
    assert isinstance(run("fetch", "torchvision:resnet1").exception, InputError)
