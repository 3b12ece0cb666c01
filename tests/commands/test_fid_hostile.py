"""``ganeval fid`` under odd paths, broken files, full disks and closed streams."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from ganeval.features import devices
from ganeval.metrics.settings import Settings
from ganeval.metrics.suite import compare_sets
from ganeval.records import read_record, write_text

from .conftest import Outcome

Ganeval = Callable[..., Outcome]
PROJECTION = ("--extractor", "random-projection")

posix = pytest.mark.skipif(os.name != "posix", reason="needs pipes and byte paths")


def process(*args: str | Path, **options: object) -> subprocess.CompletedProcess[bytes]:
    """Runs a command line in a process of its own, stderr captured."""
    command = [sys.executable, "-m", "ganeval", *map(str, args)]
    return subprocess.run(command, stderr=subprocess.PIPE, check=False, **options)  # type: ignore[call-overload, no-any-return]


# Where results go


@posix
def test_a_pipe_is_written_to_and_stays_a_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE)
    write_text(pipe, "whole")
    assert reader.communicate(timeout=30)[0] == b"whole"
    assert pipe.is_fifo()


@posix
def test_a_link_stays_a_link_to_the_new_file(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    (tmp_path / "results").mkdir()
    link = tmp_path / "latest.json"
    link.symlink_to(tmp_path / "results" / "fid.json")
    assert ganeval("fid", real, fake, *PROJECTION, "--out", link).code == 0
    assert link.is_symlink()
    assert read_record(tmp_path / "results" / "fid.json").command == "fid"


@pytest.mark.parametrize("option", ["--out", "--html"])
@pytest.mark.parametrize(("file", "said"), [("", "empty"), ("-", "--json")])
def test_files_without_a_name_are_refused_before_the_work(
    ganeval: Ganeval, real: Path, option: str, file: str, said: str
) -> None:
    outcome = ganeval("fid", real, real.parent / "missing", *PROJECTION, option, file)
    assert outcome.code == 2
    assert option in outcome.err
    assert said in outcome.err


def test_one_file_for_two_forms_is_refused(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    both = ("--out", tmp_path / "x", "--html", tmp_path / "." / "x")
    outcome = ganeval("fid", real, fake, *PROJECTION, *both)
    assert outcome.code == 2
    assert "--out and --html" in outcome.err
    assert not (tmp_path / "x").exists()


def test_an_unwritable_folder_is_refused_before_the_work(
    ganeval: Ganeval, real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Permissions bind no superuser, who may be running this.
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    out = ("--out", tmp_path / "x.json")
    outcome = ganeval("fid", real, real.parent / "missing", *PROJECTION, *out)
    assert outcome.code == 2
    assert "not writable" in outcome.err


def test_a_file_that_cannot_be_written_costs_neither_the_result_nor_the_other_file(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    too_long = tmp_path / f"{'x' * 254}"  # a name that leaves no room for a temporary one
    html = tmp_path / "x.html"
    outcome = ganeval("fid", real, fake, *PROJECTION, "--out", too_long, "--html", html)
    assert outcome.code == 1
    assert outcome.out.startswith("FD(random-projection)")
    assert f"{too_long}: cannot be written" in outcome.err
    assert html.read_text("utf-8").rstrip().endswith("</html>")


def test_images_deleted_after_extraction_are_missing_from_the_page_only(
    real: Path, fake: Path
) -> None:
    comparison = compare_sets(real, [fake], ("fid", "kid"), Settings(extractor="random-projection"))
    assert comparison.load_image("fake", "000.png") is not None
    (fake / "000.png").unlink()
    assert comparison.load_image("fake", "000.png") is None


# Paths


def test_an_empty_path_is_not_the_current_folder(ganeval: Ganeval, real: Path) -> None:
    for paths in ((real, ""), ("", real)):
        outcome = ganeval("fid", *paths, *PROJECTION)
        assert outcome.code == 2
        assert "the path is empty" in outcome.err
    assert ganeval("stats", "save", "", real / "x.npz", *PROJECTION).code == 2


@posix
def test_a_folder_name_that_is_no_utf_8_reaches_the_record_escaped(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/odd\xff"))
    try:
        shutil.copytree(fake, odd)
    except OSError:
        pytest.skip("this file system takes UTF-8 names only")
    html = tmp_path / "x.html"
    outcome = ganeval("fid", real, odd, *PROJECTION, "--json", "--html", html)
    assert outcome.code == 0, outcome.err
    record = json.loads(outcome.out)
    assert record["inputs"][1]["label"] == r"odd\xff"
    assert record["argv"][3].endswith(r"odd\xff")
    assert html.read_text("utf-8").rstrip().endswith("</html>")


@posix
def test_a_current_folder_that_is_gone_is_said(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    script = 'cd "$1" && rmdir "$1" && exec "$2" -m ganeval fid a b --extractor random-projection'
    done = subprocess.run(
        ["sh", "-c", script, "sh", gone, sys.executable], capture_output=True, check=False
    )
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
    assert b"the current folder does not exist" in done.stderr


def test_the_folder_of_a_list_is_given_in_full(
    ganeval: Ganeval, real: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "list.txt").write_text("gone.png\n")
    monkeypatch.chdir(tmp_path)
    outcome = ganeval("fid", real, "list.txt", *PROJECTION)
    assert outcome.code == 2
    assert str(tmp_path) in outcome.err


# Streams


@posix
def test_a_reader_that_leaves_is_no_failure(real: Path, fake: Path) -> None:
    end, start = os.pipe()
    os.close(end)
    try:
        done = process("fid", real, fake, *PROJECTION, "--json", stdout=start)
    finally:
        os.close(start)
    assert (done.returncode, done.stderr) == (0, b"")


def test_an_ascii_stream_gets_escapes_and_json_stays_utf_8(
    real: Path, fake: Path, tmp_path: Path
) -> None:
    accented = shutil.copytree(fake, tmp_path / "é")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    options = {"stdout": subprocess.PIPE, "env": environment}
    text = process("fid", real, accented, *PROJECTION, **options)
    assert text.returncode == 0, text.stderr
    assert rb" \xb1 " in text.stdout
    document = process("fid", real, accented, *PROJECTION, "--json", **options)
    assert json.loads(document.stdout.decode("utf-8"))["inputs"][1]["label"] == "é"


def test_clearing_the_cache_without_stdin_asks_for_yes(
    ganeval: Ganeval, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    outcome = ganeval("cache", "clear")
    assert outcome.code == 2
    assert "--yes" in outcome.err


def test_a_cache_that_cannot_be_opened_says_what_may_be_deleted(
    ganeval: Ganeval, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("GANEVAL_CACHE", str(tmp_path / "file"))
    outcome = ganeval("cache", "clear", "--yes")
    assert outcome.code == 1
    assert f"{tmp_path / 'file' / 'features'}: the feature cache" in outcome.err
    assert "Errno" not in outcome.err
    assert "deleted" in outcome.err


# Broken inputs


def _encrypted(file: Path) -> None:
    """Marks every member of a zip archive as encrypted."""
    data = bytearray(file.read_bytes())
    for magic, flags in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = data.find(magic)
        while position >= 0:
            data[position + flags] |= 1
            position = data.find(magic, position + 4)
    file.write_bytes(data)


@pytest.mark.parametrize("entries", [{"arr_0": np.zeros((9, 8, 8, 3), np.uint8)}, {"feats": 1.0}])
def test_encrypted_arrays_are_named(
    ganeval: Ganeval, real: Path, tmp_path: Path, entries: dict[str, np.ndarray]
) -> None:
    file = tmp_path / "locked.npz"
    np.savez_compressed(file, **entries)
    _encrypted(file)
    outcome = ganeval("fid", real, file, *PROJECTION)
    assert outcome.code == 2
    assert "locked.npz" in outcome.err
    assert "encrypted" in outcome.err


@pytest.mark.parametrize("name", ["images.npy", "arr_0.npz", "feats.npz"])
def test_an_array_whose_header_does_not_end_is_named(
    ganeval: Ganeval, real: Path, tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    np.save(tmp_path / "whole.npy", np.zeros((9, 8, 8, 3), np.uint8))
    header = (tmp_path / "whole.npy").read_bytes().replace(b"(9, 8, 8, 3)", b"(9, 8, 8, 3(")
    if file.suffix == ".npy":
        file.write_bytes(header)
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{file.stem}.npy", header)
    outcome = ganeval("fid", real, file, *PROJECTION)
    assert outcome.code == 2
    assert name in outcome.err


class _Program:
    """Makes a folder when it is unpickled."""

    def __init__(self, folder: str) -> None:
        self.folder = folder

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (self.folder,)


def test_weights_that_are_a_program_are_neither_run_nor_recommended(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path
) -> None:
    trap = tmp_path / "trap"
    file = tmp_path / "program.pth"
    file.write_bytes(pickle.dumps(_Program(str(trap)), protocol=2))
    outcome = ganeval("fid", real, fake, "--weights", file)
    assert outcome.code == 2
    assert not trap.exists()
    assert "program.pth: cannot be read as weights: it is damaged, or a pickle" in outcome.err
    assert "weights_only" not in outcome.err  # torch's advice: load it without that protection


@pytest.mark.parametrize("content", [b"", b"plain text\n", b"\x93NUMPY"])
def test_weights_that_are_no_weights_are_said_to_be_damaged_or_empty(
    ganeval: Ganeval, real: Path, fake: Path, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "w.pth"
    file.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # as the command line's entry point does for torch's
        outcome = ganeval("fid", real, fake, "--weights", file)
    assert outcome.code == 2
    assert "w.pth: cannot be read as weights: it is " in outcome.err


# Options that would do nothing


@pytest.mark.parametrize("options", [("--device", "cuda:9"), ("--backend", "torch")])
def test_an_extractor_without_a_network_refuses_where_to_run_it(
    ganeval: Ganeval, real: Path, fake: Path, options: tuple[str, str]
) -> None:
    outcome = ganeval("fid", real, fake, *PROJECTION, *options)
    assert outcome.code == 2
    assert " ".join(options) in outcome.err


@pytest.mark.parametrize("device", ["foo", "meta", "cuda:", "gpu"])
def test_an_unknown_device_is_answered_with_those_there_are(
    ganeval: Ganeval, real: Path, fake: Path, device: str
) -> None:
    network = ("--extractor", "efficientnet-lite0", "--device", device)
    outcome = ganeval("fid", real, fake, *network)
    assert outcome.code == 2
    assert f"--device {device!r}" in outcome.err
    assert "cuda:N" in outcome.err


def test_an_openvino_that_cannot_be_imported_leads_to_torch(
    ganeval: Ganeval, real: Path, fake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "_installed", lambda package: True)
    monkeypatch.setitem(sys.modules, "openvino", None)  # importing it raises ImportError
    network = ("--extractor", "efficientnet-lite0", "--device", "cpu")
    outcome = ganeval("fid", real, fake, *network)
    assert outcome.code == 1
    assert "openvino cannot be imported" in outcome.err
    assert "--backend torch" in outcome.err
    assert outcome.out == ""


def test_a_missing_table_of_groups_is_named_with_its_option(
    ganeval: Ganeval, real: Path, fake: Path
) -> None:
    outcome = ganeval("fid", real, fake, *PROJECTION, "--groups", "no.csv")
    assert outcome.code == 2
    assert "--groups no.csv" in outcome.err
    assert "Errno" not in outcome.err
