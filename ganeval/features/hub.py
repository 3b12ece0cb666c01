"""Weights on the Hugging Face hub, in the hub's own cache on disk."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ganeval.errors import InputError, MissingFileError
from ganeval.features.fetch import ProgressSink
from ganeval.features.weights import WeightsFile
from ganeval.images.digests import DigestHints, file_sha256
from ganeval.paths import cache_folder

_FILES = ("model.safetensors", "pytorch_model.bin")  # in the order in which timm looks for them
_TIMEOUT_SECONDS = 10.0


def resolve_hub_weights(
    name: str, repository: str, explicit: Path | None, *, progress: ProgressSink | None = None
) -> WeightsFile:
    """Finds the weights of a repository in the hub's cache, or fetches them there.

    The hub's cache names a file by its sha256; where it does, the digest is verified.
    ``GANEVAL_OFFLINE=1`` and ``HF_HUB_OFFLINE=1`` forbid fetching.

    Args:
        name: What the weights are for, for messages.
        repository: As in ``timm/resnet18.a1_in1k``; a revision may follow ``@``.
        explicit: A file that the user named; it is taken whatever it is.
        progress: Is told the size when a fetch begins and when it is over; the hub's own bar
            shows what is between.

    Raises:
        InputError: The file cannot be read.
        MissingFileError: It is nowhere and cannot be fetched, or its bytes are not the hub's.
    """
    if explicit is not None:
        if not explicit.is_file():
            raise MissingFileError(f"--weights {explicit}: no such file")
        return WeightsFile(explicit, _digest(explicit), verified=False)
    path = _cached(repository) or _fetch(name, repository, progress)
    digest = _digest(path)
    published = path.resolve().name
    known = re.fullmatch("[0-9a-f]{64}", published) is not None
    if known and digest != published:
        raise MissingFileError(
            f"{path}: its sha256 is {digest}, but the hub publishes it with {published}",
            hint="Delete it, so that it is fetched again; or name it with --weights FILE.",
        )
    return WeightsFile(path, digest, verified=known)


def _digest(path: Path) -> str:
    try:
        return file_sha256(path, DigestHints(cache_folder()))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror or error}") from error


def _split(repository: str) -> tuple[str, str | None]:
    name, _, revision = repository.partition("@")
    return name, revision or None


def _cached(repository: str) -> Path | None:
    # Imported here, because a run that fetches nothing of the hub has no use for it.
    from huggingface_hub import try_to_load_from_cache

    name, revision = _split(repository)
    for file in _FILES:
        found = try_to_load_from_cache(name, file, revision=revision)
        if isinstance(found, str):
            return Path(found)
    return None


def _fetch(name: str, repository: str, progress: ProgressSink | None) -> Path:
    for variable in ("GANEVAL_OFFLINE", "HF_HUB_OFFLINE"):
        if os.environ.get(variable, "0") not in ("", "0"):
            raise _missing(name, repository, f"{variable} forbids fetching it")
    from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    repository_name, revision = _split(repository)
    for file in _FILES:
        try:
            # Asked first and once: the download itself would try for half a minute.
            metadata = get_hf_file_metadata(
                hf_hub_url(repository_name, file, revision=revision), timeout=_TIMEOUT_SECONDS
            )
            size = metadata.size or 0
            if progress:
                progress(0, size)
            path = Path(hf_hub_download(repository_name, file, revision=revision))
            if progress:
                progress(size, size)
            return path
        except EntryNotFoundError as error:
            if isinstance(error, LocalEntryNotFoundError):  # the connection broke, says the hub
                raise _missing(name, repository, f"fetching it failed: {error}") from error
        except Exception as error:  # whatever the hub's transport of the day raises
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            raise _missing(name, repository, f"fetching it failed: {reason}") from error
    raise _missing(name, repository, f"the repository holds neither {' nor '.join(_FILES)}")


def _missing(name: str, repository: str, reason: str) -> MissingFileError:
    from huggingface_hub.constants import HF_HUB_CACHE

    return MissingFileError(
        f"weights {name}: {_FILES[0]} of huggingface.co/{repository} is not on this computer, and "
        f"{reason}",
        hint=f"It would lie in the hub's cache, {HF_HUB_CACHE}; or name a file with --weights "
        "FILE.\n--extractor efficientnet-lite0 goes on without it.",
    )
