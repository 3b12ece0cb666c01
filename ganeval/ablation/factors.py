"""Which keys of a configuration are one factor: what must move together counts once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from ganeval.ablation.axis_cells import words

# Name of the factor, and beginnings of the keys that belong to it.
_TOGETHER: Final[Mapping[str, tuple[str, ...]]] = {
    "pool": ("pool.",),
    "augment.diffaug": ("augment.diffaug",),
    "augment.classic": ("augment.classic",),
    "data.A.subset": ("data.A.subset.",),
    "data.B.subset": ("data.B.subset.",),
    "size": (
        "data.load_size",
        "data.crop_size",
        "data.A.size",
        "data.B.size",
        "data.adapter",
    ),
    "domain B": ("data.B.channels",),
    "schedule": ("schedule.",),
    # Two-headed discriminators are trained with the loss of their own.
    "loss.gan": ("loss.gan", "loss.alternate", "loss.saturating", "dual."),
    "loss.gp": ("loss.gp",),
    "loss.labels": ("loss.labels",),
    "identity": ("loss.lambda_identity", "loss.identity_mode"),
    "nets.init": ("nets.init.",),
    # Gradients can leak only where both are computed before either step.
    "optim.order": ("optim.order", "optim.leak"),
    "warm_start": ("warm_start.",),
    "run": ("run.",),
}


def factors_of(keys: Iterable[str]) -> list[str]:
    """Returns the factors that keys belong to, each once, in order; most keys are their own."""
    found: dict[str, None] = {}
    for key in keys:
        name = next((one for one, begins in _TOGETHER.items() if key.startswith(begins)), key)
        found[name] = None
    return list(found)


def factor_words(settings: Mapping[str, Any]) -> str:
    """Returns what a change sets, in words: ``pool.strategy=none``."""
    text = ", ".join(f"{key}={words(value)}" for key, value in settings.items())
    several = len(factors_of(settings)) > 1
    return f"several factors changed: {text}" if several else text
