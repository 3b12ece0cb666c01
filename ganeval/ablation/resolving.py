"""From settings to the whole configuration of a cell, by the trainer's own rules, without torch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Protocol

from ganeval.ablation.study_form import CommandTrainer, Settings, Study, StudyBudget
from ganeval.errors import GanevalError
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


def resolver_of(study: Study) -> Resolver:
    """Returns what resolves the arms of a study.

    Args:
        study: Whose trainer, base and budget.

    Raises:
        InputError: The trainer offers no way to resolve settings.
    """
    if isinstance(study.trainer, CommandTrainer):
        return _CommandResolver(study.trainer, study.base.set)
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
    trainer: Any = TRAINERS.get(_BUILT_IN)()
    changed: dict[str, Any] = trainer.preset_changes(preset)
    return changed


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
