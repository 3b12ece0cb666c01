"""Means of what the updates measured, gathered without waiting for the device."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

_NO_LOSS = "d_"  # of discriminators: accuracies, areas; they may be undefined


class Meters:
    """Sums per name over the updates since the last line, and since the last epoch.

    Values stay on their device until `settle`. They are added one by one in float64, so that the
    moments of settling, which saving and the kind of device decide, leave no trace in the means.
    """

    def __init__(self) -> None:
        self._pending: list[tuple[int, dict[str, Tensor]]] = []
        self._sums: dict[str, dict[str, list[float]]] = {"step": {}, "epoch": {}}
        self.latest: dict[str, float] = {}
        """Values of the last update that was settled; not part of the state."""

    def add(self, update: int, measured: Mapping[str, Tensor]) -> None:
        """Takes in the 0-d tensors of one update."""
        self._pending.append((update, dict(measured)))

    def settle(self) -> tuple[int, str] | None:
        """Fetches what is pending and adds it; returns the first update and loss not finite."""
        if not self._pending:
            return None
        flat = torch.stack([one.float() for _, named in self._pending for one in named.values()])
        values = iter(flat.tolist())
        broken = None
        for update, named in self._pending:
            self.latest = {}
            for name in named:
                value = self.latest[name] = next(values)
                is_loss = not name.startswith(_NO_LOSS)
                if is_loss and broken is None and not math.isfinite(value):
                    broken = update, name
                if is_loss or math.isfinite(value):
                    for sums in self._sums.values():
                        entry = sums.setdefault(name, [0.0, 0])
                        entry[0] += value
                        entry[1] += 1
        self._pending.clear()
        return broken

    def has(self, window: str) -> bool:
        """Tells whether a window has values."""
        return bool(self._sums[window])

    def means(self, window: str) -> dict[str, float]:
        """Returns the means of a window, ``step`` or ``epoch``, and starts it anew."""
        taken = self._sums[window]
        self._sums[window] = {}
        return {name: total / count for name, (total, count) in taken.items()}

    def state(self) -> dict[str, Any]:
        """Returns the sums; call `settle` before."""
        return {
            window: {name: list(entry) for name, entry in sums.items()}
            for window, sums in self._sums.items()
        }

    def load(self, state: dict[str, Any]) -> None:
        """Takes up what `state` returned."""
        self._pending.clear()
        self._sums = {
            window: {name: list(entry) for name, entry in sums.items()}
            for window, sums in state.items()
        }


def measured_line(means: Mapping[str, float]) -> dict[str, Any]:
    """Returns means as they stand in a line: losses by name, accuracies of discriminators nested.

    ``d_acc_A_real`` becomes ``{"d_acc": {"A": {"real": ...}}}``.
    """
    line: dict[str, Any] = {}
    for name, value in means.items():
        if not name.startswith(_NO_LOSS):
            line[name] = value
            continue
        kind, domain, what = _parts(name)
        if what is None:
            line.setdefault(kind, {})[domain] = value
        else:
            line.setdefault(kind, {}).setdefault(domain, {})[what] = value
    return line


def _parts(name: str) -> tuple[str, str, str | None]:
    """Splits ``d_acc_image_A_real`` into kind, discriminator and what of it, ``d_auc_A`` in two."""
    parts = name.split("_")
    if parts[-1] in ("A", "B"):
        return "_".join(parts[:-1]), parts[-1], None
    return "_".join(parts[:-2]), parts[-2], parts[-1]
