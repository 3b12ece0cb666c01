"""Data sets known by name: MNIST and SVHN, as torchvision keeps and fetches them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import platformdirs

from ganeval.errors import MissingFileError

NAMED_SETS = ("mnist", "svhn")


def named_images(name: str, root: Path | None) -> npt.NDArray[np.uint8]:
    """Returns the training images of a named set, downloaded if they are not there yet.

    Args:
        name: One of `NAMED_SETS`.
        root: Folder that torchvision keeps data sets in; None: ``datasets`` in ganeval's cache.

    Returns:
        uint8 ``[n, 28, 28]`` of MNIST, ``[n, 3, 32, 32]`` of SVHN.

    Raises:
        MissingFileError: They are not there and cannot be downloaded.
    """
    from torchvision import datasets

    folder = root if root is not None else _default_root()
    try:
        found: Any
        if name == "mnist":
            found = datasets.MNIST(str(folder), train=True, download=True)
        else:
            found = datasets.SVHN(str(folder), split="train", download=True)
    except (OSError, RuntimeError, ValueError) as error:
        place = "MNIST/raw/train-images-idx3-ubyte" if name == "mnist" else "train_32x32.mat"
        raise MissingFileError(
            f"{name}: is not in {folder} and cannot be downloaded: {_reason(error)}",
            hint=f"Put {place} into {folder}, or name a folder, zip, npy or IDX file of images.",
        ) from error
    return np.asarray(found.data)


def _reason(error: Exception) -> str:
    """The last line of an error, which of torchvision's lists of mirrors names the cause."""
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[-1].strip(" <>") if lines else type(error).__name__


def _default_root() -> Path:
    cache = os.environ.get("GANEVAL_CACHE") or platformdirs.user_cache_dir("ganeval")
    return Path(cache) / "datasets"
