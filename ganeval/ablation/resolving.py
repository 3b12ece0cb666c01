"""From settings to the whole configuration of a cell, by the trainer's own rules, without torch."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from ganeval.ablation.study_form import CommandTrainer, Settings, Study, StudyBudget
from ganeval.errors import GanevalError, InputError
from ganeval.training.trainers import TRAINERS

_BUILT_IN: Final = "cyclegan"
# Where, and how fast, a cell runs, and what it tells meanwhile; the images it makes stay the same.
_VOLATILE: Final = ("data.workers", "data.cache", "run.threads", "run.log_every")
_VOLATILE_SECTIONS: Final = ("samples.", "checkpoint.")


class Resolver(Protocol):
    """A trainer as a study sees it.

    Attributes:
        name: Of the trainer.
        version: Of its numbers: another one makes other cells.
    """

    name: str
    version: int | str

    def resolve(self, changes: Mapping[str, Any], budget: StudyBudget) -> dict[str, Any]:
        """Returns every dotted key of a cell's configuration but the seed, as plain values.

        Args:
            changes: Dotted keys over the base, each of which has to do something.
            budget: Of the cell.

        Raises:
            InputError: A key or value is unknown, or contradicts another.
        """


def resolver_of(study: Study, folder: Path) -> Resolver:
    """Returns what resolves the arms of a study.

    Args:
        study: Whose trainer, base and budget.
        folder: For files on the way; it has to stay until all is resolved.

    Raises:
        InputError: The trainer offers no way to resolve settings.
    """
    if isinstance(study.trainer, CommandTrainer):
        return _CommandResolver(study.trainer, study.base.set)
    if study.trainer == _BUILT_IN:
        return _CycleGANResolver(study.base.preset, study.base.set, folder)
    offered: Any = TRAINERS.get(study.trainer)()
    if not callable(getattr(offered, "resolve", None)):
        raise study.places.error(
            "trainer",
            f"{study.trainer} has no method resolve, so its options cannot be compared",
            "Use cyclegan, or a mapping with a command.",
        )
    return _OfferedResolver(study.trainer, offered, study.base.preset, study.base.set)


def preset_keys(preset: str | None) -> dict[str, Any]:
    """Returns the dotted keys in which a preset of the CycleGAN differs from its reference.

    Raises:
        InputError: There is no such preset.
    """
    from ganeval_cyclegan.resolve import resolve

    return resolve(preset=preset).changed


def is_volatile(key: str) -> bool:
    """Tells whether a key changes where a cell runs but not what comes out."""
    return key in _VOLATILE or key.startswith(_VOLATILE_SECTIONS)


def flat(tree: Mapping[str, Any]) -> dict[str, Any]:
    """Returns the leaves of nested sections by their dotted names."""
    leaves: dict[str, Any] = {}
    for name, value in tree.items():
        if isinstance(value, Mapping):
            leaves.update({f"{name}.{key}": leaf for key, leaf in flat(value).items()})
        else:
            leaves[name] = value
    return leaves


class _CycleGANResolver:
    """The trainer that comes with ganeval."""

    name = _BUILT_IN
    version: int | str = 1

    def __init__(self, preset: str | None, base: Settings, folder: Path) -> None:
        # A file, since its keys are what the user chose for all arms: one that an arm puts out of
        # use, such as the blocks of a ResNet under a UNet, is no mistake of that arm.
        self._file = folder / "base.yaml"
        content = {"preset": preset or "reference", **_nested(base)}
        self._file.write_text(json.dumps(content), "utf-8")

    def resolve(self, changes: Mapping[str, Any], budget: StudyBudget) -> dict[str, Any]:
        from ganeval_cyclegan.nets.sizes import check_sizes
        from ganeval_cyclegan.resolve import resolve

        typed = [f"{key}={json.dumps(value)}" for key, value in changes.items()]
        try:
            found = resolve(
                config_file=self._file,
                changes=typed,
                updates=budget.updates,
                images=budget.images,
            )
            check_sizes(found.config)
        except InputError as error:
            raise InputError(self._plain(error.message, typed), hint=error.hint) from error
        config = flat(found.config.model_dump(mode="json"))
        del config["seed"]
        return config

    def _plain(self, message: str, typed: list[str]) -> str:
        """Takes out where the trainer believes that keys stand."""
        for change in typed:
            message = message.replace(f"--set {change}: ", "")
        return re.sub(rf"{re.escape(str(self._file))}(, line \d+)?: ", "", message)


class _OfferedResolver:
    """A trainer of another package: ``resolve(config, overrides)`` returns its whole config."""

    def __init__(self, name: str, trainer: Any, preset: str | None, base: Settings) -> None:
        self.name = name
        self.version: int | str = getattr(trainer, "step_version", 1)
        self._trainer = trainer
        self._config = {"preset": preset, "set": base}

    def resolve(self, changes: Mapping[str, Any], budget: StudyBudget) -> dict[str, Any]:
        limits = budget.model_dump(exclude_none=True)
        found = self._trainer.resolve({**self._config, "budget": limits}, dict(changes))
        if not isinstance(found, Mapping):
            raise GanevalError(f"trainer {self.name}: resolve returned no mapping: {found!r}")
        return flat(found)


class _CommandResolver:
    """A program: its configuration is what the study says, and nothing checks it."""

    def __init__(self, trainer: CommandTrainer, base: Settings) -> None:
        self.name = trainer.name
        self.version: int | str = trainer.version
        self._base = base

    def resolve(self, changes: Mapping[str, Any], budget: StudyBudget) -> dict[str, Any]:
        limits = {f"budget.{key}": v for key, v in budget.model_dump(exclude_none=True).items()}
        return {**self._base, **changes, **limits}


def _nested(settings: Settings) -> dict[str, Any]:
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
