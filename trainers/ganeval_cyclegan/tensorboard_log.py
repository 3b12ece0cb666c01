"""The numbers of ``metrics.jsonl`` once more, for TensorBoard, under the same names."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ganeval.errors import InputError

_CONTEXT = ("v", "kind", "update", "epoch", "images_A", "images_B")


class TensorBoardLog:
    """Writes event files below a folder.

    Args:
        folder: Made if needed; events of an earlier part of the run stay.
        from_update: Events of later updates are hidden: a resumed run writes them again.

    Raises:
        InputError: The package tensorboard is not installed.
    """

    def __init__(self, folder: Path, from_update: int) -> None:
        check_installed()
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=from_update + 1)

    def append(self, line: Mapping[str, Any]) -> None:
        """Writes the numbers of one line of the metrics file."""
        for name, value in scalars(line):
            self._writer.add_scalar(f"{line['kind']}/{name}", value, line["update"])

    def close(self) -> None:
        """Writes out what is held back."""
        self._writer.close()


def check_installed() -> None:
    """Looks for the package tensorboard without loading it.

    Raises:
        InputError: It is not installed.
    """
    if importlib.util.find_spec("tensorboard") is None:
        raise InputError(
            "--tensorboard: the package tensorboard is not installed",
            hint="Run `pip install 'ganeval[tensorboard]'`, or leave it out: metrics.jsonl holds "
            "the same numbers.",
        )


def scalars(line: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, float]]:
    """Yields name and number of everything numeric; nested names are joined by slashes."""
    for key, value in line.items():
        if not prefix and key in _CONTEXT:
            continue
        if isinstance(value, Mapping):
            yield from scalars(value, f"{prefix}{key}/")
        elif isinstance(value, int | float) and not isinstance(value, bool):
            yield f"{prefix}{key}", float(value)
