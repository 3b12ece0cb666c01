"""Settings of an ablation's arm as a whole configuration, by the same rules as a run's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ganeval.errors import InputError
from ganeval_cyclegan.nets.sizes import check_sizes
from ganeval_cyclegan.resolve import Resolved, resolve


def resolve_arm(config: Mapping[str, Any], overrides: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the sections of an arm's configuration but the seed, as plain values.

    Args:
        config: ``preset``, a name or None; ``set``, dotted keys over it that all arms share;
            ``budget``, ``updates`` or ``images``.
        overrides: Dotted keys of the arm, each of which has to do something.

    Raises:
        InputError: A key or value is unknown, or contradicts another.
    """
    typed = [f"{key}={json.dumps(value)}" for key, value in overrides.items()]
    with TemporaryDirectory(prefix="ganeval-") as folder:
        # A file, since its keys are what the user chose for all arms: one that an arm puts out of
        # use, such as the blocks of a ResNet under a UNet, is no mistake of that arm.
        file = Path(folder) / "base.yaml"
        content = {"preset": config["preset"] or "reference", **_nested(config["set"])}
        file.write_text(json.dumps(content), "utf-8")
        try:
            found: Resolved = resolve(
                config_file=file,
                changes=typed,
                updates=config["budget"].get("updates"),
                images=config["budget"].get("images"),
            )
            check_sizes(found.config)
        except InputError as error:
            raise InputError(_plain(error.message, typed, file), hint=error.hint) from error
    sections: dict[str, Any] = found.config.model_dump(mode="json")
    del sections["seed"]
    return sections


def _plain(message: str, typed: list[str], file: Path) -> str:
    """Takes out where a run's resolution believes that keys stand."""
    for change in typed:
        message = message.replace(f"--set {change}: ", "")
    return re.sub(rf"{re.escape(str(file))}(, line \d+)?: ", "", message)


def _nested(settings: Mapping[str, Any]) -> dict[str, Any]:
    tree: dict[str, Any] = {}
    for key, value in settings.items():
        *sections, leaf = key.split(".")
        below = tree
        for name in sections:
            below = below.setdefault(name, {})
            if not isinstance(below, dict):
                raise InputError(f"base.set.{key}: {name} has a value of its own already")
        below[leaf] = value
    return tree
