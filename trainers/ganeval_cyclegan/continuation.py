"""Whether a run may go on under the configuration and with the images that are there now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from ganeval.errors import InputError
from ganeval_cyclegan.config_keys import flat, shown

_LISTED: Final = 8

_FREE: Final = (
    "budget.",
    "schedule.constant",
    "schedule.decay",
    "schedule.start",
    "eval.best_",
    "eval.every",
    "eval.metrics",
    "eval.moving_average",
    "eval.save_best",
    "samples.",
    "checkpoint.",
    "data.workers",
    "data.cache",
    "run.compile",
    "run.device",
    "run.log_every",
    "run.threads",
)
"""Keys that may change in a run, or what they begin with: its end, what is looked at, and where."""


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, Any, Any]]:
    """Yields dotted key, old and new value of everything in which two configurations differ."""
    left, right = flat(old), flat(new)
    for key in left | right:
        if left.get(key) != right.get(key):
            yield key, left.get(key), right.get(key)


def allowed_changes(
    where: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> list[tuple[str, Any, Any]]:
    """Returns what has changed in the configuration of a run, all of it harmless.

    Args:
        where: The run folder, for messages.
        old: As the run was begun.
        new: As it would go on.

    Raises:
        InputError: Something has changed that would make it another run.
    """
    changes = list(differences(old, new))
    refused = [one for one in changes if not one[0].startswith(_FREE)]
    if refused:
        lines = [f"{key}: {shown(was)} there, {shown(now)} now" for key, was, now in refused]
        raise InputError(
            "\n  ".join([f"{where}: holds a run with another configuration:", *_first(lines)]),
            hint="Give the options it was begun with, or another --out.",
        )
    return changes


def check_images(where: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
    """Compares the images of a run with those that are there now.

    Args:
        where: The run folder, for messages.
        old: Manifest as the run was begun: per domain, digests by key, trained on and held out.
        new: Manifest as it would go on.

    Raises:
        InputError: Images were added, are gone, have changed, or are used otherwise.
    """
    left, right = _files(old), _files(new)
    lines = [f"new: {key}" for key in right if key not in left]
    lines += [f"gone: {key}" for key in left if key not in right]
    lines += [f"changed: {key}" for key in left if key in right and left[key] != right[key]]
    if not lines and old != new:
        lines = ["other images are held out for evaluation"]
    if lines:
        text = f"{where}: the images are not those the run was begun with:"
        raise InputError(
            "\n  ".join([text, *_first(lines)]),
            hint="Bring them back to go on, or start a run in another --out.",
        )


def _files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """Digest of every image by domain and key."""
    return {
        f"{domain} {key}": digest
        for domain, content in manifest.items()
        for part in ("train", "held_out")
        for key, digest in content[part].items()
    }


def _first(lines: list[str]) -> list[str]:
    more = [f"and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else []
    return lines[:_LISTED] + more
