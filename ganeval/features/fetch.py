"""Fetching one published file: whole and with the right digest, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ganeval.errors import GanevalError

if TYPE_CHECKING:
    import requests

_CONNECT_SECONDS = 10.0
_READ_SECONDS = 30.0
_CHUNK_BYTES = 1 << 18
_ABANDONED_SECONDS = 3600.0


class ProgressSink(Protocol):
    """What is told how far a fetch has come."""

    def __call__(self, done_bytes: int, total_bytes: int, /) -> None:
        """Called with 0 bytes done when the server has answered, then after every piece."""


class FetchError(GanevalError):
    """The file could not be fetched; the message is the reason, without the file's name."""


def fetch_file(
    url: str, target: Path, *, sha256: str, size: int | None, progress: ProgressSink | None = None
) -> None:
    """Fetches ``url`` to ``target``, atomically; of two processes doing so the last one counts.

    Args:
        url: Where the file is published.
        target: Where it goes; its folder is made.
        sha256: The published digest, or its first digits where no more is published.
        size: The published size, bytes; None where it is not known.
        progress: Is told about every piece.

    Raises:
        FetchError: No answer, another answer than the file, or not the published bytes.
        GanevalError: The target's folder cannot be written.
    """
    # Only a run that fetches pays for importing it.
    import requests

    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(target)
        part = target.with_name(f"{target.name}.part-{os.getpid()}")
        try:
            with requests.get(
                url,
                stream=True,
                timeout=(_CONNECT_SECONDS, _READ_SECONDS),
                headers={"Accept-Encoding": "identity"},
            ) as response:
                response.raise_for_status()
                _save(response, part, sha256, size, progress)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
    # requests' exceptions are OSErrors too, so they come first.
    except requests.RequestException as error:
        raise FetchError(_reason(error)) from error
    except OSError as error:
        raise GanevalError(
            f"{target}: cannot be written: {error.strerror or error}",
            hint="Set GANEVAL_CACHE to a writable folder with room.",
        ) from error


def _save(
    response: requests.Response,
    part: Path,
    sha256: str,
    size: int | None,
    progress: ProgressSink | None,
) -> None:
    """Streams the body to ``part``, to disk, and checks size and digest."""
    digest = hashlib.sha256()
    done = 0
    total = size if size is not None else int(response.headers.get("Content-Length", 0))
    with part.open("wb") as stream:
        if progress:
            progress(done, total)
        for piece in response.iter_content(_CHUNK_BYTES):
            stream.write(piece)
            digest.update(piece)
            done += len(piece)
            if size is not None and done > size:
                break
            if progress:
                progress(done, total)
        stream.flush()
        os.fsync(stream.fileno())
    if size is not None and done != size:
        more = "more than " if done > size else ""
        raise FetchError(f"{more}{min(done, size)} bytes came, {size} were expected")
    if not digest.hexdigest().startswith(sha256):
        raise FetchError(f"what came has the sha256 {digest.hexdigest()}, not {sha256}")


def _reason(error: requests.RequestException) -> str:
    """Says in a few words what the nested exceptions of requests mean."""
    import requests

    if isinstance(error, requests.HTTPError):
        return f"the server answered {error.response.status_code} {error.response.reason}"
    for kind, reason in (
        (requests.Timeout, "the server did not answer in time"),
        (requests.exceptions.SSLError, "the server's certificate was not accepted"),
        (requests.exceptions.ProxyError, "the proxy was not reached or refused"),
        (requests.exceptions.ChunkedEncodingError, "the connection broke off"),
        (requests.ConnectionError, "no connection to the server"),
    ):
        if isinstance(error, kind):
            return reason
    return str(error)


def _remove_abandoned(target: Path) -> None:
    """Deletes what killed processes left; one that still fetches writes all the time."""
    for part in target.parent.glob(f"{target.name}.part-*"):
        with contextlib.suppress(FileNotFoundError):
            if part.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                part.unlink()
