"""Fetching from a server on this computer that answers as real ones do on bad days."""

from __future__ import annotations

import dataclasses
import hashlib
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from ganeval.errors import ExitCode, GanevalError, MissingFileError
from ganeval.features.weights import PUBLISHED, resolve_weights
from ganeval.paths import cache_folder

NAME = "inception-2015"
CONTENT = np.random.default_rng(0).bytes(1_000_000)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
OTHER = CONTENT[:-1] + b"?"


class Answers(http.server.BaseHTTPRequestHandler):
    """One path per kind of answer."""

    def do_GET(self) -> None:
        kind = self.path.strip("/")
        if kind == "silence":
            self.server.release.wait(10)  # type: ignore[attr-defined]
            return
        if kind == "absent":
            self.send_error(404)
            return
        body = {"other": OTHER, "truncated": CONTENT[:4000], "short": CONTENT[:4000]}.get(
            kind, CONTENT + b"more" if kind == "long" else CONTENT
        )
        self.send_response(200)
        if kind not in ("short", "long"):  # without a length, the end of the body is the end
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Keeps the test output clean."""


@pytest.fixture
def server() -> Iterator[str]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        running.release = threading.Event()  # type: ignore[attr-defined]
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.release.set()  # type: ignore[attr-defined]
        running.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("GANEVAL_OFFLINE", raising=False)


def publish(monkeypatch: pytest.MonkeyPatch, url: str) -> Path:
    """Makes ``url`` the published place; returns where the fetched file belongs."""
    entry = dataclasses.replace(PUBLISHED[NAME], url=url, sha256=SHA256, size=len(CONTENT))
    monkeypatch.setitem(PUBLISHED, NAME, entry)
    return cache_folder() / "weights" / entry.file


def leftovers() -> list[str]:
    return sorted(path.name for path in (cache_folder() / "weights").glob("*"))


def test_a_good_file_arrives_whole_and_is_fetched_once(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = publish(monkeypatch, f"{server}/good")
    reports: list[tuple[int, int]] = []
    found = resolve_weights(NAME, progress=lambda done, total: reports.append((done, total)))
    assert (found.path, found.sha256, found.verified) == (target, SHA256, True)
    assert target.read_bytes() == CONTENT
    assert leftovers() == [target.name]
    done = [report[0] for report in reports]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, len(CONTENT))
    assert {total for _, total in reports} == {len(CONTENT)}
    publish(monkeypatch, f"{server}/absent")
    assert resolve_weights(NAME) == found


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("other", hashlib.sha256(OTHER).hexdigest()),
        ("truncated", "the connection broke off"),
        ("short", "4000 bytes came, 1000000 were expected"),
        ("long", "more than 1000000 bytes came"),
        ("absent", "the server answered 404 Not Found"),
    ],
)
def test_a_bad_answer_leaves_nothing_and_says_why(
    server: str, monkeypatch: pytest.MonkeyPatch, kind: str, reason: str
) -> None:
    target = publish(monkeypatch, f"{server}/{kind}")
    with pytest.raises(MissingFileError) as caught:
        resolve_weights(NAME)
    assert reason in caught.value.message
    assert leftovers() == []
    for part in (target.name, SHA256, "1.0 MB", f"{server}/{kind}", str(target.parent)):
        assert part in str(caught.value)
    assert "--extractor efficientnet-lite0" in str(caught.value.hint)
    assert caught.value.exit_code == ExitCode.MISSING


def test_a_server_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    publish(monkeypatch, f"http://127.0.0.1:{port}/file")
    with pytest.raises(MissingFileError, match="no connection to the server"):
        resolve_weights(NAME)
    assert leftovers() == []


def test_a_server_that_says_nothing(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ganeval.features.fetch._READ_SECONDS", 0.05)
    publish(monkeypatch, f"{server}/silence")
    with pytest.raises(MissingFileError, match="did not answer in time"):
        resolve_weights(NAME)
    assert leftovers() == []


def test_offline_nothing_is_asked(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, f"{server}/good")
    monkeypatch.setenv("GANEVAL_OFFLINE", "1")
    with pytest.raises(MissingFileError, match="GANEVAL_OFFLINE"):
        resolve_weights(NAME)
    monkeypatch.setenv("GANEVAL_OFFLINE", "0")
    assert resolve_weights(NAME).verified


def test_a_folder_that_cannot_be_written_is_named(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("GANEVAL_CACHE", str(tmp_path / "file"))
    target = publish(monkeypatch, f"{server}/good")
    with pytest.raises(GanevalError, match="cannot be written") as caught:
        resolve_weights(NAME)
    assert str(target) in caught.value.message
    assert "GANEVAL_CACHE" in str(caught.value.hint)


def test_an_interrupted_fetch_leaves_nothing(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(monkeypatch, f"{server}/good")

    def interrupt(done: int, _: int) -> None:
        if done:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        resolve_weights(NAME, progress=interrupt)
    assert leftovers() == []


def test_what_killed_fetches_left_is_removed_and_running_ones_are_not(
    server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = publish(monkeypatch, f"{server}/good")
    target.parent.mkdir(parents=True)
    running, killed = (target.with_name(f"{target.name}.part-{pid}") for pid in (1, 2))
    for part in (running, killed):
        part.write_bytes(b"half")
    os.utime(killed, (time.time() - 7200,) * 2)
    resolve_weights(NAME)
    assert leftovers() == [target.name, running.name]


def test_processes_may_race(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    target = publish(monkeypatch, f"{server}/good")
    code = (
        "import dataclasses as d, sys; from ganeval.features import weights as w;"
        f"w.PUBLISHED[{NAME!r}] = d.replace(w.PUBLISHED[{NAME!r}], url={server + '/good'!r},"
        f"sha256={SHA256!r}, size={len(CONTENT)}); print('ready', flush=True); input();"
        f"print(w.resolve_weights({NAME!r}).path)"
    )
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    for racer in racers:
        assert racer.stdout is not None
        assert racer.stdout.readline() == "ready\n"
    for racer in racers:
        assert racer.stdin is not None
        racer.stdin.write("\n")
        racer.stdin.flush()
    for racer in racers:
        out, err = racer.communicate(timeout=60)
        assert racer.returncode == 0, err
        assert out.strip() == str(target)
    assert target.read_bytes() == CONTENT
    assert leftovers() == [target.name]
